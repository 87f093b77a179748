// Planes of floats: where a layer lies in a frame, and planes moved, made smaller and larger.
#pragma once

#include <vector>

#include "raster.hpp"
#include "sample.hpp"

namespace visema {

// The pixels of a frame that lie within `margin` px of one of `count` points (x, y each).
Box box_around(const float* points, std::size_t count, float margin, const Pixels& frame);

// A plane, moved by at most as many pixels as it has, or parts of one; nothing comes in from outside.
void moved(std::vector<float>& plane, int width, int height, float right, float down);

// `from` at another size, by the mean of what each pixel covers: never larger than it was. Interleaved channels.
void shrink(const float* from, int width, int height, int channels, int to_width, int to_height, std::vector<float>& to);

// `from` at another size, linearly: never smaller than it was.
void widen(const float* from, int width, int height, int channels, int to_width, int to_height, std::vector<float>& to);

}  // namespace visema
