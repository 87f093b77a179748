#include "planes.hpp"

#include <algorithm>
#include <cmath>

namespace visema {

Box box_around(const float* points, std::size_t count, float margin, const Pixels& frame) {
    // Coordinates beyond these are outside of any picture, and too large for whole numbers.
    constexpr float kFar = 1e6f;
    float left = kFar, top = kFar, right = -kFar, bottom = -kFar;
    for (std::size_t i = 0; i < count; ++i) {
        left = std::min(left, points[2 * i]), right = std::max(right, points[2 * i]);
        top = std::min(top, points[2 * i + 1]), bottom = std::max(bottom, points[2 * i + 1]);
    }
    const auto whole = [](float value) { return static_cast<int>(std::min(std::max(-2.f * kFar, value), 2.f * kFar)); };
    return {std::max(whole(std::floor(left - margin)), 0), std::max(whole(std::floor(top - margin)), 0),
            std::min(whole(std::ceil(right + margin)) + 1, frame.width), std::min(whole(std::ceil(bottom + margin)) + 1, frame.height)};
}

void moved(std::vector<float>& plane, int width, int height, float right, float down) {
    const float most_x = static_cast<float>(width), most_y = static_cast<float>(height);
    right = std::min(std::max(-most_x, right), most_x), down = std::min(std::max(-most_y, down), most_y);
    const int across = static_cast<int>(std::floor(-right)), along = static_cast<int>(std::floor(-down));
    const float fx = -right - static_cast<float>(across), fy = -down - static_cast<float>(along);
    // Rows with room for what comes in.
    const std::size_t row = static_cast<std::size_t>(width) + 1;
    thread_local std::vector<float> mixed;
    mixed.assign(row * (static_cast<std::size_t>(height) + 1), 0.f);
    for (int y = 0; y <= height; ++y) {
        const int from_y = y + along;
        if (from_y < 0 || from_y >= height) continue;
        const float* from = plane.data() + static_cast<std::size_t>(from_y) * width;
        float* to = mixed.data() + row * y;
        const int start = std::max(-across, 0), last = std::min(width - across, width);
        for (int x = start; x < last; ++x) to[x] = from[x + across] * (1.f - fx);
        for (int x = std::max(start - 1, 0); x < std::min(last, width - 1 - across); ++x) to[x] += from[x + across + 1] * fx;
    }
    for (int y = 0; y < height; ++y) {
        const float *above = mixed.data() + row * y, *below = above + row;
        float* to = plane.data() + static_cast<std::size_t>(y) * width;
        for (int x = 0; x < width; ++x) to[x] = above[x] + (below[x] - above[x]) * fy;
    }
}

namespace {

// Which of `length` pixels, and how much of each, one of `count` covers: the first, the last, and both their shares.
struct Span {
    int first, last;
    float head, tail, whole;
};

Span span(int at, int count, int length) {
    const double scale = static_cast<double>(length) / count, start = at * scale, end = std::min(start + scale, static_cast<double>(length));
    const int first = static_cast<int>(start), last = std::min(static_cast<int>(std::ceil(end - 1e-9)) - 1, length - 1);
    const double sum = 1 / (end - start);
    if (last <= first) return {first, first, 1.f, 0.f, 0.f};
    return {first, last, static_cast<float>((first + 1 - start) * sum), static_cast<float>((end - last) * sum), static_cast<float>(sum)};
}

float share(const Span& span, int at) { return at == span.first ? span.head : at == span.last ? span.tail : span.whole; }

// Two neighbours among `length` pixels and the share of the second, for one of `count`.
struct Between {
    int first, second;
    float share;
};

Between between(int at, int count, int length) {
    const float place = (static_cast<float>(at) + 0.5f) * static_cast<float>(length) / static_cast<float>(count) - 0.5f;
    const float inside = std::min(std::max(0.f, place), static_cast<float>(length - 1));
    const int first = static_cast<int>(inside);
    return {first, std::min(first + 1, length - 1), inside - static_cast<float>(first)};
}

}  // namespace

void shrink(const float* from, int width, int height, int channels, int to_width, int to_height, std::vector<float>& to) {
    const std::size_t length = static_cast<std::size_t>(width) * channels;
    to.assign(static_cast<std::size_t>(to_width) * to_height * channels, 0.f);
    thread_local std::vector<float> row;
    float* out = to.data();
    for (int y = 0; y < to_height; ++y) {
        row.assign(length, 0.f);
        const Span rows = span(y, to_height, height);
        for (int j = rows.first; j <= rows.last; ++j) {
            const float weight = share(rows, j), *at = from + static_cast<std::size_t>(j) * length;
            for (std::size_t i = 0; i < length; ++i) row[i] += at[i] * weight;
        }
        for (int x = 0; x < to_width; ++x, out += channels) {
            const Span columns = span(x, to_width, width);
            for (int j = columns.first; j <= columns.last; ++j)
                for (int c = 0; c < channels; ++c) out[c] += row[static_cast<std::size_t>(j) * channels + c] * share(columns, j);
        }
    }
}

void widen(const float* from, int width, int height, int channels, int to_width, int to_height, std::vector<float>& to) {
    const std::size_t length = static_cast<std::size_t>(width) * channels;
    to.resize(static_cast<std::size_t>(to_width) * to_height * channels);
    thread_local std::vector<float> row;
    thread_local std::vector<Between> columns;
    row.resize(length);
    columns.resize(static_cast<std::size_t>(to_width));
    for (int x = 0; x < to_width; ++x) columns[static_cast<std::size_t>(x)] = between(x, to_width, width);
    float* out = to.data();
    for (int y = 0; y < to_height; ++y) {
        const Between rows = between(y, to_height, height);
        const float *above = from + static_cast<std::size_t>(rows.first) * length, *below = from + static_cast<std::size_t>(rows.second) * length;
        for (std::size_t i = 0; i < length; ++i) row[i] = above[i] + (below[i] - above[i]) * rows.share;
        for (const Between& place : columns) {
            const float *left = row.data() + place.first * channels, *right = row.data() + place.second * channels;
            for (int c = 0; c < channels; ++c) *out++ = left[c] + (right[c] - left[c]) * place.share;
        }
    }
}

}  // namespace visema
