// Colours between the pixels of a picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace visema {

// A view of pixels in memory: rows of `stride` bytes, three bytes a pixel.
struct Pixels {
    std::uint8_t* at;
    int width, height;
    std::ptrdiff_t stride;
};

// A picture to take samples from, four bytes a pixel (the fourth is not used), never changed once made.
//
// Between pixels it is read with Keys' cubic (1981, a = -0.75, as OpenCV does), and where the picture is so smooth
// that nobody could tell (kInvisible) with two linear steps. Beyond its border the picture goes on mirrored.
class Picture {
  public:
    // `at`: width x height x 3 bytes, rows packed.
    Picture(const std::uint8_t* at, int width, int height);
    int width() const { return width_; }
    int height() const { return height_; }

    // Writes the colours (r, g, b, one byte of no use) of `count` places, pixel centres at whole numbers.
    void sample(const float* x, const float* y, int count, std::uint8_t* rgbx) const;

  private:
    static constexpr int kTileBits = 3;
    const std::uint8_t* pixel(int x, int y) const {
        return pixels_.data() + 4 * (static_cast<std::size_t>(y) * width_ + x);
    }
    struct Places;
    void find(const float* x, const float* y, Places& places) const;
    void sample(const Places& places, int i, std::uint8_t* rgbx) const;
    void sample_pair(const Places& places, int i, std::uint8_t* rgbx) const;
    void find_smooth_tiles();
    void sample_at_border(int x, int y, int phase_x, int phase_y, std::uint8_t* rgbx) const;

    int width_, height_, tiles_across_;
    std::vector<std::uint8_t> pixels_;
    std::vector<std::uint8_t> smooth_;  // by tile: may be read linearly
};

}  // namespace visema
