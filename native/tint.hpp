// A soft change of brightness, drawn small and laid over pixels.
#pragma once

#include "sample.hpp"

namespace visema {

// Grey levels of a small picture, rows packed; `level` stands for no change.
struct Shades {
    const std::uint8_t* at;
    int width, height;
    int level;
};

// Multiplies pixels by one plus `gain` times how far the shades, stretched over them, lie from their level; the gain is
// one for each channel, in share per grey level.
void tint(const Pixels& pixels, const Shades& shades, const float gain[3]);

}  // namespace visema
