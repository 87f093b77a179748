#include "paint.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "simd.hpp"

namespace visema {
namespace {

// Memory that stays with its thread, so that a frame takes none.
template <int kUse>
float* scratch(std::size_t count) {
    thread_local std::vector<float> kept;
    if (kept.size() < count) kept.resize(count);
    return kept.data();
}

// Adds one edge's part within a row to the row's running coverage. x in columns from the row's start, dy signed.
void add_to_row(float* row, int width, float x0, float x1, float dy) {
    const float limit = static_cast<float>(width);
    x0 = std::min(std::max(0.f, x0), limit);
    x1 = std::min(std::max(0.f, x1), limit);
    const float low = std::min(x0, x1), high = std::max(x0, x1);
    const int first = static_cast<int>(low), last = static_cast<int>(high);
    if (first == last || high - low < 1e-6f) {
        const float right = dy * (1.f - ((low + high) / 2 - static_cast<float>(first)));
        row[first] += right;
        row[first + 1] += dy - right;
        return;
    }
    for (int column = first; column <= last; ++column) {
        const float from = std::max(low, static_cast<float>(column)), to = std::min(high, static_cast<float>(column + 1));
        const float part = dy * (to - from) / (high - low);
        const float right = part * (1.f - ((from + to) / 2 - static_cast<float>(column)));
        row[column] += right;
        row[column + 1] += part - right;
    }
}

void add_edge(float* rows, int width, int height, const float* a, const float* b) {
    const float sign = a[1] < b[1] ? 1.f : -1.f;
    const float *upper = a[1] < b[1] ? a : b, *lower = a[1] < b[1] ? b : a;
    const float tall = lower[1] - upper[1];
    if (!(tall > 0.f) || upper[1] >= static_cast<float>(height) || lower[1] <= 0.f) return;
    const float slope = (lower[0] - upper[0]) / tall;
    const float top = std::max(upper[1], 0.f), bottom = std::min(lower[1], static_cast<float>(height));
    for (int y = static_cast<int>(top); y < height && static_cast<float>(y) < bottom; ++y) {
        const float from = std::max(top, static_cast<float>(y)), to = std::min(bottom, static_cast<float>(y + 1));
        add_to_row(rows + static_cast<std::size_t>(y) * (width + 2), width, upper[0] + (from - upper[1]) * slope,
                   upper[0] + (to - upper[1]) * slope, sign * (to - from));
    }
}

int mirrored(int at, int length) {
    if (length == 1) return 0;
    const int period = 2 * (length - 1);
    at = std::abs(at) % period;
    return at < length ? at : period - at;
}

// Half of a bell's weights, the middle first.
int bell(float sigma, float reach, std::vector<float>& weights) {
    const int radius = static_cast<int>(std::lrint(sigma * reach * 2 + 1)) / 2;
    weights.resize(static_cast<std::size_t>(radius) + 1);
    double sum = 0;
    for (int i = 0; i <= radius; ++i) {
        const double weight = std::exp(-0.5 * i * i / (static_cast<double>(sigma) * sigma));
        weights[static_cast<std::size_t>(i)] = static_cast<float>(weight);
        sum += i ? 2 * weight : weight;
    }
    for (float& weight : weights) weight = static_cast<float>(weight / sum);
    return radius;
}

// to = middle * weights[0] + the sum over taps of (at(-tap) + at(tap)) * weights[tap], for `count` numbers side by side.
struct Taps {
    const float* const* before;
    const float* const* after;
    const float* weights;
    int radius;
};

VISEMA_INLINE void sum_taps(const float* middle, const Taps& taps, int count, float* to) {
    int start = 0;
#ifdef __GNUC__
    // Sums that stay in registers; the compiler by itself would keep them in memory.
    using Eight = float __attribute__((vector_size(32), aligned(4), may_alias));
    for (; start + 16 <= count; start += 16) {
        Eight low = *reinterpret_cast<const Eight*>(middle + start) * taps.weights[0], high = *reinterpret_cast<const Eight*>(middle + start + 8) * taps.weights[0];
        for (int tap = 1; tap <= taps.radius; ++tap) {
            const float *before = taps.before[tap] + start, *after = taps.after[tap] + start;
            low += (*reinterpret_cast<const Eight*>(before) + *reinterpret_cast<const Eight*>(after)) * taps.weights[tap];
            high += (*reinterpret_cast<const Eight*>(before + 8) + *reinterpret_cast<const Eight*>(after + 8)) * taps.weights[tap];
        }
        *reinterpret_cast<Eight*>(to + start) = low;
        *reinterpret_cast<Eight*>(to + start + 8) = high;
    }
#endif
    for (; start < count; ++start) {
        float sum = middle[start] * taps.weights[0];
        for (int tap = 1; tap <= taps.radius; ++tap)
            sum += (taps.before[tap][start] + taps.after[tap][start]) * taps.weights[tap];
        to[start] = sum;
    }
}

VISEMA_FASTEST(sum_taps_fast, sum_taps, (const float* middle, const Taps& taps, int count, float* to),
               (middle, taps, count, to))

// A number within 0 to 255 as the nearest byte: adding this leaves the whole number in the lowest bits.
VISEMA_INLINE std::uint8_t nearest(float value) {
    const float moved = value + 12582912.f;
    std::uint32_t bits;
    std::memcpy(&bits, &moved, 4);
    return static_cast<std::uint8_t>(bits);
}

VISEMA_INLINE void mix(const float* layer, const float* mask, const float* shade, int count, std::uint8_t* at) {
    for (int i = 0; i < count; ++i) {
        const float below = static_cast<float>(at[i]) * shade[i];
        const float mixed = below + (layer[i] - below) * mask[i];
        at[i] = nearest(std::min(std::max(0.f, mixed), 255.f));
    }
}

VISEMA_FASTEST(mix_row, mix, (const float* layer, const float* mask, const float* shade, int count, std::uint8_t* at),
               (layer, mask, shade, count, at))

VISEMA_INLINE void step(const float* from, std::size_t count, float low, float scale, float* to) {
    for (std::size_t i = 0; i < count; ++i) {
        const float t = std::min(std::max(0.f, (from[i] - low) * scale), 1.f);
        to[i] = t * t * (3.f - 2.f * t);
    }
}

VISEMA_FASTEST(step_all, step, (const float* from, std::size_t count, float low, float scale, float* to),
               (from, count, low, scale, to))

}  // namespace

void cover(const float* polygon, std::size_t corners, const Box& window, float* mask) {
    const int width = window.width(), height = window.height();
    const std::size_t row = static_cast<std::size_t>(width) + 2, all = row * static_cast<std::size_t>(height);
    float* rows = scratch<0>(all);
    std::fill(rows, rows + all, 0.f);
    // A pixel's centre lies at a whole number, so its left and upper borders lie half a pixel before.
    const float left = static_cast<float>(window.left) - 0.5f, top = static_cast<float>(window.top) - 0.5f;
    for (std::size_t i = 0; i < corners; ++i) {
        const float *from = polygon + 2 * i, *to = polygon + 2 * ((i + 1) % corners);
        const float a[2] = {from[0] - left, from[1] - top}, b[2] = {to[0] - left, to[1] - top};
        add_edge(rows, width, height, a, b);
    }
    for (int y = 0; y < height; ++y, rows += row, mask += width) {
        float sum = 0.f;
        for (int x = 0; x < width; ++x) {
            sum += rows[x];
            mask[x] = std::min(std::fabs(sum), 1.f);
        }
    }
}

void blur(float* plane, int width, int height, int channels, float sigma, float reach, Beyond beyond) {
    if (width <= 0 || height <= 0 || !(sigma > 0.f)) return;
    thread_local std::vector<float> weights;
    thread_local std::vector<const float*> before, after;
    const int radius = bell(sigma, reach, weights), length = width * channels, edge = radius * channels;
    before.resize(weights.size());
    after.resize(weights.size());
    const Taps taps{before.data(), after.data(), weights.data(), radius};
    const bool alone = beyond == Beyond::nothing;
    float* rows = scratch<1>(static_cast<std::size_t>(length) * (height + 1));
    float* empty = rows + static_cast<std::size_t>(length) * height;
    std::fill(empty, empty + length, 0.f);
    float* padded = scratch<2>(static_cast<std::size_t>(length) + 2 * edge) + edge;
    for (int tap = 1; tap <= radius; ++tap) {
        before[static_cast<std::size_t>(tap)] = padded - tap * channels;
        after[static_cast<std::size_t>(tap)] = padded + tap * channels;
    }
    for (int y = 0; y < height; ++y) {
        const float* from = plane + static_cast<std::size_t>(y) * length;
        std::copy(from, from + length, padded);
        for (int i = 1; i <= radius; ++i)
            for (int c = 0; c < channels; ++c) {
                float &before_it = padded[-i * channels + c], &after_it = padded[(width - 1 + i) * channels + c];
                before_it = alone ? 0.f : from[mirrored(-i, width) * channels + c];
                after_it = alone ? 0.f : from[mirrored(width - 1 + i, width) * channels + c];
            }
        sum_taps_fast(padded, taps, length, rows + static_cast<std::size_t>(y) * length);
    }
    const auto row = [&](int y) {
        if (alone && (y < 0 || y >= height)) return static_cast<const float*>(empty);
        return static_cast<const float*>(rows + static_cast<std::size_t>(mirrored(y, height)) * length);
    };
    for (int y = 0; y < height; ++y) {
        for (int tap = 1; tap <= radius; ++tap) {
            before[static_cast<std::size_t>(tap)] = row(y - tap);
            after[static_cast<std::size_t>(tap)] = row(y + tap);
        }
        sum_taps_fast(row(y), taps, length, plane + static_cast<std::size_t>(y) * length);
    }
}

void blend(const Pixels& pixels, const float* layer, const float* mask, const float* shade) {
    const int length = 3 * pixels.width;
    float* wide = scratch<5>(2 * static_cast<std::size_t>(length));
    float* full = wide + length;
    std::fill(full, full + length, 1.f);
    for (int y = 0; y < pixels.height; ++y, mask += pixels.width, layer += length) {
        for (int x = 0; x < pixels.width; ++x) wide[3 * x] = wide[3 * x + 1] = wide[3 * x + 2] = mask[x];
        mix_row(layer, wide, shade ? shade : full, length, pixels.at + y * pixels.stride);
        if (shade) shade += length;
    }
}

void soften_seam(const Pixels& pixels, const float* mask, float radius) {
    const std::size_t length = 3 * static_cast<std::size_t>(pixels.width), count = length / 3 * pixels.height;
    float *near = scratch<3>(count), *soft = scratch<4>(3 * count);
    std::copy(mask, mask + count, near);
    blur(near, pixels.width, pixels.height, 1, radius, 4.f);
    for (int y = 0; y < pixels.height; ++y)
        std::copy(pixels.at + y * pixels.stride, pixels.at + y * pixels.stride + static_cast<std::ptrdiff_t>(length),
                  soft + static_cast<std::size_t>(y) * length);
    blur(soft, pixels.width, pixels.height, 3, radius, 3.f);
    for (std::size_t i = 0; i < count; ++i) near[i] = 4.f * near[i] * (1.f - near[i]);
    blend(pixels, soft, near, nullptr);
}

void smoothstep(const float* from, std::size_t count, float low, float high, float* to) {
    step_all(from, count, low, 1.f / (high - low), to);
}

namespace {

// One corner's share of a linear reading; nothing lies outside the sprite.
void add_corner(const Sprite& sprite, int x, int y, float weight, float* sum) {
    if (x < 0 || y < 0 || x >= sprite.width || y >= sprite.height) return;
    const float* at = sprite.at + 4 * (static_cast<std::size_t>(y) * sprite.width + x);
    for (int c = 0; c < 4; ++c) sum[c] += at[c] * weight;
}

// Whether a reading at (x, y) can touch the sprite. Also refuses what is no number.
bool touches(const Sprite& sprite, float x, float y) {
    return x > -1.f && y > -1.f && x < static_cast<float>(sprite.width) && y < static_cast<float>(sprite.height);
}

void read(const Sprite& sprite, float x, float y, float* sum) {
    const int left = static_cast<int>(std::floor(x)), top = static_cast<int>(std::floor(y));
    const float fx = x - static_cast<float>(left), fy = y - static_cast<float>(top);
    if (left >= 0 && top >= 0 && left + 1 < sprite.width && top + 1 < sprite.height) {
        const float* at = sprite.at + 4 * (static_cast<std::size_t>(top) * sprite.width + left);
        const float* below = at + 4 * static_cast<std::size_t>(sprite.width);
        for (int c = 0; c < 4; ++c) {
            const float first = at[c] + (at[c + 4] - at[c]) * fx, second = below[c] + (below[c + 4] - below[c]) * fx;
            sum[c] = first + (second - first) * fy;
        }
        return;
    }
    add_corner(sprite, left, top, (1.f - fx) * (1.f - fy), sum);
    add_corner(sprite, left + 1, top, fx * (1.f - fy), sum);
    add_corner(sprite, left, top + 1, (1.f - fx) * fy, sum);
    add_corner(sprite, left + 1, top + 1, fx * fy, sum);
}

}  // namespace

void lay(const Layer& below, const Sprite& sprite, const Layer& light, float gain, float strength) {
    const double* m = sprite.to_sprite;
    for (int y = 0; y < below.height; ++y) {
        float* at = below.at + y * below.stride;
        const float* lit = light.at + y * light.stride;
        for (int x = 0; x < below.width; ++x, at += 3, lit += 3) {
            const auto from_x = static_cast<float>(m[0] * x + m[1] * y + m[2]);
            const auto from_y = static_cast<float>(m[3] * x + m[4] * y + m[5]);
            if (!touches(sprite, from_x, from_y)) continue;
            float found[4] = {0.f, 0.f, 0.f, 0.f};
            read(sprite, from_x, from_y, found);
            const float left = 1.f - strength * found[3];
            for (int c = 0; c < 3; ++c) at[c] = at[c] * left + found[c] * (strength * gain * lit[c]);
        }
    }
}

}  // namespace visema
