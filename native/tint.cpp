#include "tint.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "simd.hpp"

namespace visema {
namespace {

// Where a pixel lies between two of the small picture's: the first one's number, and the share of the next.
struct Between {
    int first, next;
    float share;
};

Between between(int at, int length, int small) {
    const float place = (static_cast<float>(at) + 0.5f) * static_cast<float>(small) / static_cast<float>(length) - 0.5f;
    const float inside = std::min(std::max(place, 0.f), static_cast<float>(small - 1));
    const int first = static_cast<int>(inside);
    return {first, std::min(first + 1, small - 1), inside - static_cast<float>(first)};
}

bool is_level(const std::uint8_t* row, int width, int level) {
    return std::all_of(row, row + width, [level](std::uint8_t shade) { return shade == level; });
}

// A number within 0 to 255 as the nearest byte.
std::uint8_t byte(float value) { return static_cast<std::uint8_t>(std::lrint(std::min(std::max(0.f, value), 255.f))); }

}  // namespace

void tint(const Pixels& pixels, const Shades& shades, const float gain[3]) {
    if (pixels.width <= 0 || pixels.height <= 0 || shades.width <= 0 || shades.height <= 0) return;
    thread_local std::vector<Between> columns;
    thread_local std::vector<float> line;
    columns.clear();
    for (int x = 0; x < pixels.width; ++x) columns.push_back(between(x, pixels.width, shades.width));
    line.resize(static_cast<std::size_t>(shades.width));
    const auto level = static_cast<float>(shades.level);
    for (int y = 0; y < pixels.height; ++y) {
        const Between rows = between(y, pixels.height, shades.height);
        const std::uint8_t *upper = shades.at + static_cast<std::ptrdiff_t>(rows.first) * shades.width,
                           *lower = shades.at + static_cast<std::ptrdiff_t>(rows.next) * shades.width;
        if (is_level(upper, shades.width, shades.level) && is_level(lower, shades.width, shades.level)) continue;
        for (int x = 0; x < shades.width; ++x) {
            const float above = static_cast<float>(upper[x]) - level, below = static_cast<float>(lower[x]) - level;
            line[static_cast<std::size_t>(x)] = above + (below - above) * rows.share;
        }
        std::uint8_t* at = pixels.at + y * pixels.stride;
        for (int x = 0; x < pixels.width; ++x, at += 3) {
            const Between& column = columns[static_cast<std::size_t>(x)];
            const float first = line[static_cast<std::size_t>(column.first)], next = line[static_cast<std::size_t>(column.next)];
            if (first == 0.f && next == 0.f) continue;
            const float shade = first + (next - first) * column.share;
            for (int c = 0; c < 3; ++c) at[c] = byte(static_cast<float>(at[c]) * (1.f + gain[c] * shade));
        }
    }
}

}  // namespace visema
