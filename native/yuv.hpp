// Frames as video encoders want them.
#pragma once

#include "sample.hpp"

namespace visema {

// A plane of bytes; rows of `stride` bytes.
struct BytePlane {
    std::uint8_t* at;
    std::ptrdiff_t stride;
};

// RGB to YUV 4:2:0, BT.709, limited range (ITU-R BT.709-6; 16 to 235, 16 to 240). Sides are even. A colour is the mean of
// two pixels across and of four rows down, weighted 1, 3, 3, 1, as FFmpeg's swscale has it.
void to_yuv420(const Pixels& rgb, const BytePlane& y, const BytePlane& u, const BytePlane& v);

}  // namespace visema
