// One eye of a photo, painted into frames: what engines/facemesh/eyes.py and eyes_cover.py do, in one go.
//
// A frame changes a few hundred pixels here, so that calls from Python cost more than the pixels do.
#pragma once

#include <array>

#include "paint.hpp"
#include "sheet.hpp"

namespace visema {

// Heights of a lid at evenly spaced places along the eye.
constexpr int kAlong = 49;
using Heights = std::array<float, kAlong>;

// What never changes; px and places of the crop that the sheets are. `shade`: light beside the upper lid. `roots`: height
// of the line of lashes above the lid's edge; `left`, `top`: where the sheet of lashes begins, along the eye and above
// its edge. `first`, `last`: the corners' places along the eye.
struct EyeLook {
    float iod, shade, roots, left, top;
    float lashes[3];
    float right[2], down[2];
    float first, last;
    Heights still;
};

// One frame. `outline`: (x, y) px of the frame each; `to_crop`: px of the frame to px of the crop. `gaze`: shift of the
// iris, px. `change`: how far the eye is drawn anew, 0 to 1; the lid is, too, by `redrawn` where it comes down. `share`: how far
// the eye is shut. `raised`: length and direction of the lashes above the edge. `edge`, `upper`, `fringe`: where the
// drawn lid ends, where its skin does, where its lashes stand. `drop`: iod that the lid has come down, 0 if it is not
// drawn anew.
struct EyePose {
    const float* outline;
    std::size_t corners;
    Affine to_crop;
    float gaze[2];
    float change, redrawn, share, raised;
    float drop;
    Heights edge, upper, fringe;

    bool closing() const { return drop > 0.f; }
};

class Eye {
  public:
    Sheet<3> photo, white, glint, skin;
    Sheet<4> iris;
    Sheet<1> lashes;
    EyeLook look;
    Sheet<4>::Extent disc;  // the iris's

    // Paints the eyeball, the lid over it and its lashes. May run on several threads at once.
    void paint(const Pixels& frame, const EyePose& pose) const;

  private:
    void paint_ball(const Pixels& frame, const EyePose& pose) const;
    void paint_lid(const Pixels& frame, const EyePose& pose) const;
    void ball(float x, float y, const EyePose& pose, float shade, float* colour) const;
    float lid_cover(float s, float v, float edge, float still, float redrawn) const;
    float lid_light(float s, float v, float upper, float still, float share) const;
    float lashes_cover(float s, float below, const EyePose& pose) const;
    float hairs(float column, float row) const;
};

}  // namespace visema
