// Pictures of bytes that layers are cut from, read between their pixels.
//
// Bytes, since that is how they were stored: a quarter of the memory of floats, and nothing is lost.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "simd.hpp"

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

// Keys' cubic (1981, a = -0.75, as OpenCV's) between the second and the third of four pixels.
struct Cubic {
    float weights[4];
    explicit Cubic(float t) {
        constexpr float a = -0.75f;
        const float u = 1.f - t;
        weights[0] = a * t * u * u;
        weights[1] = ((a + 2.f) * t - (a + 3.f)) * t * t + 1.f;
        weights[3] = a * u * t * t;
        weights[2] = 1.f - weights[0] - weights[1] - weights[3];
    }
};

// Sums of four channels at once, each in the order that one alone would be summed in.
class Four {
  public:
#ifdef VISEMA_SSE2
    void add(const std::uint8_t* at, float weight) {
        std::int32_t bits;
        std::memcpy(&bits, at, 4);
        const __m128i zero = _mm_setzero_si128(), wide = _mm_unpacklo_epi8(_mm_cvtsi32_si128(bits), zero);
        sum_ = _mm_add_ps(sum_, _mm_mul_ps(_mm_set1_ps(weight), _mm_cvtepi32_ps(_mm_unpacklo_epi16(wide, zero))));
    }
    void store(float* to) const { _mm_storeu_ps(to, sum_); }

  private:
    __m128 sum_ = _mm_setzero_ps();
#else
    void add(const std::uint8_t* at, float weight) {
        for (int i = 0; i < 4; ++i) sum_[i] += weight * static_cast<float>(at[i]);
    }
    void store(float* to) const { std::copy_n(sum_, 4, to); }

  private:
    float sum_[4] = {};
#endif
};

// A picture of `Channels` interleaved bytes a pixel, never empty. Any place may be asked for, even one that is no number.
template <int Channels>
class Sheet {
  public:
    Sheet(const std::uint8_t* at, int width, int height)
        : width_(width), height_(height), bytes_(at, at + static_cast<std::size_t>(width) * height * Channels) {
        bytes_.resize(bytes_.size() + 3);  // pixels are read as four channels
    }
    int width() const { return width_; }
    int height() const { return height_; }
    const std::uint8_t* pixel(int x, int y) const {
        return bytes_.data() + (static_cast<std::size_t>(y) * width_ + x) * Channels;
    }

    // Where readings can find anything in the last channel: cubic ones, too.
    struct Extent {
        float left, top, right, bottom;
        bool holds(float x, float y) const { return x > left && x < right && y > top && y < bottom; }
    };
    Extent extent() const {
        Extent found{1e9f, 1e9f, -1e9f, -1e9f};
        for (int y = 0; y < height_; ++y)
            for (int x = 0; x < width_; ++x) {
                if (!pixel(x, y)[Channels - 1]) continue;
                found.left = std::min(found.left, static_cast<float>(x - 2)), found.right = std::max(found.right, static_cast<float>(x + 2));
                found.top = std::min(found.top, static_cast<float>(y - 2)), found.bottom = std::max(found.bottom, static_cast<float>(y + 2));
            }
        // What reaches the border goes on beyond it.
        if (found.left <= -2.f) found.left = -1e9f;
        if (found.top <= -2.f) found.top = -1e9f;
        if (found.right >= static_cast<float>(width_ + 1)) found.right = 1e9f;
        if (found.bottom >= static_cast<float>(height_ + 1)) found.bottom = 1e9f;
        return found;
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
        x = std::min(std::max(-4.f, x), static_cast<float>(width_ + 3));
        y = std::min(std::max(-4.f, y), static_cast<float>(height_ + 3));
        const int left = static_cast<int>(x + 4.f) - 4, top = static_cast<int>(y + 4.f) - 4;
        const Cubic across(x - static_cast<float>(left)), down(y - static_cast<float>(top));
        int columns[4];
        for (int k = 0; k < 4; ++k) columns[k] = Channels * inside(left + k - 1, width_);
        Four sums;
        for (int j = 0; j < 4; ++j) {
            const std::uint8_t* row = pixel(0, inside(top + j - 1, height_));
            for (int k = 0; k < 4; ++k) sums.add(row + columns[k], across.weights[k] * down.weights[j]);
        }
        float sum[4];
        sums.store(sum);
        for (int i = 0; i < Channels; ++i) to[i] = std::min(std::max(0.f, sum[i]), 255.f);
    }

  private:
    static int inside(int at, int length) { return std::min(std::max(at, 0), length - 1); }
    void add(int x, int y, float weight, float* to) const {
        if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
        const std::uint8_t* at = pixel(x, y);
        for (int i = 0; i < Channels; ++i) to[i] += at[i] * weight;
    }

    int width_, height_;
    std::vector<std::uint8_t> bytes_;
};

}  // namespace visema
