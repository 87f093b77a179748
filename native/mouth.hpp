// The inside of the mouth of one photo, painted into frames: what engines/facemesh/mouth.py and the modules beside it do
// with NumPy, in one go.
#pragma once

#include <array>
#include <vector>

#include "paint.hpp"
#include "sheet.hpp"

namespace visema {

enum Part { kTongue, kLowerTeeth, kTip, kUpperTeeth, kParts };

// Where a part lies in the plane that all parts are painted in: stretched, then moved, px of the plane.
struct Stretch {
    float scale_x, scale_y, x, y;
};

// What never changes. `lips`: the brightest that the inner rim may be; `redness`: 0 like stone, 1 like living lips;
// `softness`: of the edge of the opening, px.
struct MouthLook {
    float iod, softness, redness;
    std::array<float, 3> lips;
};

// One part in one frame: the light on it, and how far it is there at all.
struct Placed {
    Stretch place;
    float gain, strength;
};

// One frame. `outline`: (x, y) px of the frame each; `to_plane`: px of the frame to px of the plane. 0 to 1: how far the
// inside is `seen`, the rims are `shown`, and the lips `rounded`. `near`: exponent of the light that reaches the teeth.
struct MouthPose {
    const float* outline;
    std::size_t corners;
    Affine to_plane;
    float seen, shown, rounded, near;
    Stretch cavity, shadow;
    std::array<Placed, kParts> parts;
};

class Mouth {
  public:
    Sheet<3> cavity;
    Sheet<1> shadow;
    std::array<Sheet<4>, kParts> parts;
    MouthLook look;

    // May run on several threads at once.
    void paint(const Pixels& frame, const MouthPose& pose) const;

  private:
    void inside(float u, float v, float light, float near, const MouthPose& pose, float* colour) const;
    void lay(Part part, float u, float v, const MouthPose& pose, const float* light, float* colour) const;
};

// Part of paint(): the shape of the opening and what follows from it, window by window; planes of floats.
struct Opening {
    int width, height;
    std::vector<float> mask, edge, light, lips, border, parting;
};

// Light that reaches the inside (`light`), and the softened mask (`edge`) that the shade at the lips goes by.
void find_light(Opening& opening, float iod, float rounded);

// Mean colours (`lips`, 3 channels) of the lips near each pixel, the opening and its dark edge left out.
void find_lips(Opening& opening, const Pixels& pixels, const MouthLook& look);

// How far inside the rims' inner border each pixel lies (`border`), and (`parting`) how far it lies at the edge of the lower
// lip, or, negative, of the upper one.
void find_rims(Opening& opening, float iod, float shown);

// Takes thin dark lines off that run on beyond a corner of parted lips. `outwards`: one iod away from the mouth, px.
void lift_line(const Pixels& frame, const float* corner, const float* outwards, float strength);

}  // namespace visema
