// Pictures of bytes that layers are cut from, read between their pixels.
//
// Bytes, since that is how they were stored: a quarter of the memory of floats, and nothing is lost.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace visema {

// (x, y) -> (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]).
struct Affine {
    double m[6];
    float x(double x, double y) const { return static_cast<float>(m[0] * x + m[1] * y + m[2]); }
    float y(double x, double y) const { return static_cast<float>(m[3] * x + m[4] * y + m[5]); }
};

// What leads back; a flat one leads to its origin.
Affine inverse(const Affine& affine);

// 0 below `low`, 1 above `high`, a smooth cubic between.
inline float smoothly(float low, float high, float value) {
    const float t = std::min(std::max(0.f, (value - low) / (high - low)), 1.f);
    return t * t * (3.f - 2.f * t);
}

constexpr int kPhaseBits = 5, kPhases = 1 << kPhaseBits;

// Keys' cubic (1981, a = -0.75) at 32 places between two pixels, as OpenCV reads bytes.
const float (&cubic_weights())[kPhases][4];

// A picture of `Channels` interleaved bytes a pixel, never empty. Any place may be asked for, even one that is no number.
template <int Channels>
class Sheet {
  public:
    Sheet(const std::uint8_t* at, int width, int height)
        : width_(width), height_(height), bytes_(at, at + static_cast<std::size_t>(width) * height * Channels) {}
    int width() const { return width_; }
    int height() const { return height_; }
    const std::uint8_t* pixel(int x, int y) const {
        return bytes_.data() + (static_cast<std::size_t>(y) * width_ + x) * Channels;
    }

    // Linearly, the border carried on beyond it.
    void linear(float x, float y, float* to) const {
        x = std::min(std::max(0.f, x), static_cast<float>(width_ - 1));
        y = std::min(std::max(0.f, y), static_cast<float>(height_ - 1));
        const int left = static_cast<int>(x), top = static_cast<int>(y);
        const int right = std::min(left + 1, width_ - 1), bottom = std::min(top + 1, height_ - 1);
        const float fx = x - static_cast<float>(left), fy = y - static_cast<float>(top);
        const std::uint8_t *a = pixel(left, top), *b = pixel(right, top), *c = pixel(left, bottom), *d = pixel(right, bottom);
        for (int i = 0; i < Channels; ++i) {
            const float above = a[i] + (b[i] - a[i]) * fx, below = c[i] + (d[i] - c[i]) * fx;
            to[i] = above + (below - above) * fy;
        }
    }

    // Linearly, with nothing (0) around it. False where that leaves nothing at all; `to` is then as it was.
    bool linear_alone(float x, float y, float* to) const {
        if (!(x > -1.f && y > -1.f && x < static_cast<float>(width_) && y < static_cast<float>(height_))) return false;
        const int left = static_cast<int>(std::floor(x)), top = static_cast<int>(std::floor(y));
        const float fx = x - static_cast<float>(left), fy = y - static_cast<float>(top);
        if (left >= 0 && top >= 0 && left + 1 < width_ && top + 1 < height_) {
            const std::uint8_t *a = pixel(left, top), *c = pixel(left, top + 1);
            for (int i = 0; i < Channels; ++i) {
                const float above = a[i] + (a[i + Channels] - a[i]) * fx, below = c[i] + (c[i + Channels] - c[i]) * fx;
                to[i] = above + (below - above) * fy;
            }
            return true;
        }
        std::fill(to, to + Channels, 0.f);
        add(left, top, (1.f - fx) * (1.f - fy), to);
        add(left + 1, top, fx * (1.f - fy), to);
        add(left, top + 1, (1.f - fx) * fy, to);
        add(left + 1, top + 1, fx * fy, to);
        return true;
    }

    // With Keys' cubic, within 0 to 255, the border carried on beyond it.
    void cubic(float x, float y, float* to) const {
        const int at_x = phase(x, width_), at_y = phase(y, height_);
        const float *across = cubic_weights()[at_x & (kPhases - 1)], *down = cubic_weights()[at_y & (kPhases - 1)];
        const int left = (at_x >> kPhaseBits) - 1, top = (at_y >> kPhaseBits) - 1;
        int columns[4];
        for (int i = 0; i < 4; ++i) columns[i] = Channels * std::min(std::max(left + i, 0), width_ - 1);
        float sum[Channels] = {};
        for (int j = 0; j < 4; ++j) {
            const std::uint8_t* row = pixel(0, std::min(std::max(top + j, 0), height_ - 1));
            for (int i = 0; i < Channels; ++i)
                sum[i] += down[j] * (across[0] * row[columns[0] + i] + across[1] * row[columns[1] + i] +
                                     across[2] * row[columns[2] + i] + across[3] * row[columns[3] + i]);
        }
        for (int i = 0; i < Channels; ++i) to[i] = std::min(std::max(0.f, sum[i]), 255.f);
    }

  private:
    // A place in 32nds of a pixel, at most a few pixels outside.
    static int phase(float at, int length) {
        const float inside = std::min(std::max(-4.f, at), static_cast<float>(length + 3));
        return static_cast<int>(std::lrint(inside * kPhases));
    }
    void add(int x, int y, float weight, float* to) const {
        if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
        const std::uint8_t* at = pixel(x, y);
        for (int i = 0; i < Channels; ++i) to[i] += at[i] * weight;
    }

    int width_, height_;
    std::vector<std::uint8_t> bytes_;
};

}  // namespace visema
