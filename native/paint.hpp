// What layers need that are painted over a frame: masks with exact edges, soft edges, sprites and blending.
//
// Planes are float32, rows packed. Scratch memory is kept from call to call by each thread.
#pragma once

#include <algorithm>
#include <cstddef>

#include "planes.hpp"
#include "raster.hpp"
#include "sample.hpp"

namespace visema {

// How much of each pixel of `window` lies within a closed polygon (x, y each), by area: window.width x height planes.
// Parts that the outline goes around more than once count once.
void cover(const float* polygon, std::size_t corners, const Box& window, float* mask);

enum class Beyond { mirrored, nothing };  // what a plane is beyond its borders

// Gaussian blur in place of a plane of `channels` interleaved channels. `reach`: standard deviations out to which the bell
// is taken (OpenCV: 4 for floats, 3 for bytes).
void blur(float* plane, int width, int height, int channels, float sigma, float reach, Beyond beyond = Beyond::mirrored);

// A colour's channel as a byte.
inline std::uint8_t to_byte(float value) { return static_cast<std::uint8_t>(std::min(std::max(0.f, value), 255.f) + 0.5f); }

// Lays `layer` (3 channels) over pixels where `mask` is 1; `shade` (3 channels or null): light left on what is below.
void blend(const Pixels& pixels, const float* layer, const float* mask, const float* shade);

// Takes the stair-steps out of the pixels in a band along the edge of a mask, `radius` px to either side.
void soften_seam(const Pixels& pixels, const float* mask, float radius);

// 0 below low, 1 above high, a smooth cubic between.
void smoothstep(const float* from, std::size_t count, float low, float high, float* to);

// Three channels of light or colour; rows of `stride` floats.
struct Layer {
    float* at;
    int width, height;
    std::ptrdiff_t stride;
};

// A premultiplied sprite (r, g, b, cover; rows packed) and where it lies: `to_sprite` turns a pixel of the layer into one
// of the sprite, which is read linearly and has nothing around it.
struct Sprite {
    const float* at;
    int width, height;
    double to_sprite[6];
};

// Lays the sprite, lit by `light` (as the layer, times `gain`), over the layer.
void lay(const Layer& below, const Sprite& sprite, const Layer& light, float gain, float strength);

}  // namespace visema
