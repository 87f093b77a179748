#include "cutout.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "places.hpp"

namespace visema {
namespace {

// Pixels that come from less far away than this (pixels) stay as they are.
constexpr float kStill = 0.05f;

std::vector<std::uint8_t> copied(const std::uint8_t* at, std::size_t count) {
    return at ? std::vector<std::uint8_t>(at, at + count) : std::vector<std::uint8_t>();
}

int tiles(int length) { return (length + Cutout::kTile - 1) / Cutout::kTile; }

}  // namespace

Cutout::Cutout(const Layers& layers, int width, int height)
    : width_(width),
      height_(height),
      tiles_across_(tiles(width)),
      alpha_(copied(layers.alpha, index(0, height))),
      behind_(copied(layers.behind, 3 * index(0, height))),
      still_(copied(layers.still, 3 * index(0, height))),
      inner_(layers.inner, layers.inner + static_cast<std::size_t>(tiles_across_) * tiles(height)),
      outer_(layers.outer, layers.outer + static_cast<std::size_t>(tiles_across_) * tiles(height)),
      kinds_(inner_.size(), Run::edge),
      left_(alpha_.begin(), alpha_.end()) {
    find_kinds();
}

void Cutout::find_kinds() {
    for (int top = 0; top < height_; top += kTile)
        for (int left = 0; left < width_; left += kTile) {
            int low = 255, high = 0;
            for (int y = top; y < std::min(top + kTile + 1, height_); ++y)
                for (int x = left; x < std::min(left + kTile + 1, width_); ++x) {
                    low = std::min<int>(low, alpha_[index(x, y)]);
                    high = std::max<int>(high, alpha_[index(x, y)]);
                }
            kinds_[static_cast<std::size_t>(top / kTile) * tiles_across_ + left / kTile] =
                low == 255 ? Run::inside : high == 0 ? Run::outside : Run::edge;
        }
}

void Cutout::find_runs(const Box& rows, float reach, std::vector<Run>& runs) const {
    runs.clear();
    const std::size_t first = static_cast<std::size_t>(rows.top / kTile) * tiles_across_;
    for (int x = rows.left; x < rows.right;) {
        const std::size_t tile = first + static_cast<std::size_t>(x / kTile);
        const Run::Kind kind = inner_[tile] > reach ? Run::inside : outer_[tile] > reach ? Run::outside : Run::edge;
        const int right = std::min((x / kTile + 1) * kTile, rows.right);
        if (!runs.empty() && runs.back().kind == kind)
            runs.back().right = right;
        else
            runs.push_back({kind, x, right});
        x = right;
    }
}

// What a tile shows whose pixels come from the places at x and y, rows of `stride`.
Run::Kind Cutout::kind_of(const Box& tile, const float* x, const float* y, int stride) const {
    if (tile.width() != kTile) return Run::edge;
    float low_x[kTile], high_x[kTile], low_y[kTile], high_y[kTile];
    for (int i = 0; i < kTile; ++i) low_x[i] = high_x[i] = x[i], low_y[i] = high_y[i] = y[i];
    for (int row = 1; row < tile.height(); ++row) {
        x += stride, y += stride;
        for (int i = 0; i < kTile; ++i) {
            low_x[i] = std::min(low_x[i], x[i]), high_x[i] = std::max(high_x[i], x[i]);
            low_y[i] = std::min(low_y[i], y[i]), high_y[i] = std::max(high_y[i], y[i]);
        }
    }
    const float left = *std::min_element(low_x, low_x + kTile), right = *std::max_element(high_x, high_x + kTile);
    const float top = *std::min_element(low_y, low_y + kTile), bottom = *std::max_element(high_y, high_y + kTile);
    // Half a phase more, as places are rounded to phases.
    constexpr float kHalf = 0.5f / kPhases;
    if (!(left >= kHalf && top >= kHalf && right < static_cast<float>(width_) - 1.f &&
          bottom < static_cast<float>(height_) - 1.f))
        return Run::edge;
    const auto tile_of = [](float at) { return static_cast<int>(at) / kTile; };
    const std::uint8_t kind =
        kinds_[static_cast<std::size_t>(tile_of(top - kHalf)) * tiles_across_ + tile_of(left - kHalf)];
    for (int down = tile_of(top - kHalf); down <= tile_of(bottom + kHalf); ++down)
        for (int across = tile_of(left - kHalf); across <= tile_of(right + kHalf); ++across)
            if (kinds_[static_cast<std::size_t>(down) * tiles_across_ + across] != kind) return Run::edge;
    if (kind != Run::outside) return static_cast<Run::Kind>(kind);
    const bool painted = tile.left < painted_.right && tile.right > painted_.left && tile.top < painted_.bottom &&
                         tile.bottom > painted_.top;
    return transparent() || painted ? Run::edge : Run::bare;
}

void Cutout::refine_runs(const Box& rows, const Map& map, std::vector<Run>& runs, std::vector<Run>& refined) const {
    refined.clear();
    for (const Run& run : runs)
        for (int x = run.left; x < run.right;) {
            const int right = run.kind == Run::edge ? std::min((x / kTile + 1) * kTile, run.right) : run.right;
            const std::ptrdiff_t at = x - rows.left;
            const Run::Kind kind =
                run.kind == Run::edge ? kind_of({x, rows.top, right, rows.bottom}, map.x + at, map.y + at, rows.width()) : run.kind;
            if (!refined.empty() && refined.back().kind == kind)
                refined.back().right = right;
            else
                refined.push_back({kind, x, right});
            x = right;
        }
    runs.swap(refined);
}

std::uint8_t Cutout::share(int x, int y, int phase_x, int phase_y) const {
    if (x >= 0 && y >= 0 && x < width_ && y < height_) {
        const std::uint8_t kind = kinds_[static_cast<std::size_t>(y / kTile) * tiles_across_ + x / kTile];
        if (kind != Run::edge) return kind == Run::inside ? 255 : 0;
    }
    const auto within = [](int at, int length) { return std::min(std::max(at, 0), length - 1); };
    const int left = within(x, width_), right = within(x + 1, width_);
    const std::uint8_t *upper = alpha_.data() + index(0, within(y, height_)),
                       *lower = alpha_.data() + index(0, within(y + 1, height_));
    const int above = upper[left] * (kPhases - phase_x) + upper[right] * phase_x;
    const int below = lower[left] * (kPhases - phase_x) + lower[right] * phase_x;
    constexpr int kBits = 2 * kPhaseBits;
    return static_cast<std::uint8_t>((above * (kPhases - phase_y) + below * phase_y + (1 << (kBits - 1))) >> kBits);
}

void Cutout::measure(int x, int y, const Sources& from, std::uint8_t* alpha, std::uint8_t* stays) const {
    for (int start = 0; start < from.count; start += 4) {
        const int length = std::min(4, from.count - start);
        float near_x[4] = {}, near_y[4] = {};
        int whole_x[4], whole_y[4], phase_x[4], phase_y[4];
        std::copy(from.x + start, from.x + start + length, near_x);
        std::copy(from.y + start, from.y + start + length, near_y);
        split(near_x, whole_x, phase_x);
        split(near_y, whole_y, phase_y);
        for (int i = 0; i < length; ++i) {
            const std::uint8_t found = share(whole_x[i], whole_y[i], phase_x[i], phase_y[i]);
            const float way_x = near_x[i] - static_cast<float>(x + start + i), way_y = near_y[i] - static_cast<float>(y);
            alpha[start + i] = found;
            // Turned around, so that what is no number stays.
            stays[start + i] = found != 255 && !(std::max(std::fabs(way_x), std::fabs(way_y)) > kStill);
        }
    }
}

void Cutout::start(const Box& painted) {
    painted_ = painted;
    if (transparent()) return void(std::copy(alpha_.begin(), alpha_.end(), left_.begin()));
    for (int y = painted.top; y < painted.bottom; ++y)
        std::fill(left_.data() + index(painted.left, y), left_.data() + index(painted.right, y), std::uint16_t{255});
}

void Cutout::mix(std::size_t pixel, unsigned alpha, std::uint8_t* rgb) const {
    const std::uint8_t* behind = behind_.data() + 3 * pixel;
    for (int c = 0; c < 3; ++c) {
        const unsigned sum = rgb[c] * alpha + behind[c] * (255u - alpha) + 128u;
        rgb[c] = static_cast<std::uint8_t>((sum + (sum >> 8)) >> 8);
    }
}

void Cutout::restore(std::size_t pixel, std::uint8_t* rgb) const { std::memcpy(rgb, still_.data() + 3 * pixel, 3); }

void Cutout::keep(int x, int y, int count, std::uint8_t* rgb) {
    std::memcpy(rgb, still_.data() + 3 * index(x, y), 3 * static_cast<std::size_t>(count));
    const int left = std::max(x, painted_.left), right = std::min(x + count, painted_.right);
    if (y >= painted_.top && y < painted_.bottom && left < right)
        std::fill(left_.data() + index(left, y), left_.data() + index(right, y), kStays);
}

void Cutout::cover(int x, int y, int count) {
    if (transparent()) std::fill_n(left_.data() + index(x, y), count, std::uint16_t{255});
}

void Cutout::bare(int x, int y, int count, std::uint8_t* rgb) {
    std::memcpy(rgb, behind_.data() + 3 * index(x, y), 3 * static_cast<std::size_t>(count));
}

void Cutout::lay(int x, int y, int count, const std::uint8_t* alpha, const std::uint8_t* stays, std::uint8_t* rgb) {
    for (int i = 0; i < count; ++i) {
        if (alpha[i] == 255 && !transparent()) continue;
        const std::size_t pixel = index(x + i, y);
        if (transparent() || to_be_painted(x + i, y))
            left_[pixel] = stays[i] ? kStays : alpha[i];
        else
            stays[i] ? restore(pixel, rgb + 3 * i) : mix(pixel, alpha[i], rgb + 3 * i);
    }
}

void Cutout::finish(std::uint8_t* rgb) const {
    for (int y = painted_.top; y < painted_.bottom; ++y)
        for (std::size_t pixel = index(painted_.left, y); pixel < index(painted_.right, y); ++pixel)
            if (left_[pixel] != 255)
                left_[pixel] == kStays ? restore(pixel, rgb + 3 * pixel) : mix(pixel, left_[pixel], rgb + 3 * pixel);
}

void Cutout::finish(const std::uint8_t* rgb, std::uint8_t* rgba) const {
    for (std::size_t pixel = 0; pixel < left_.size(); ++pixel, rgb += 3, rgba += 4) {
        const bool stays = left_[pixel] == kStays;
        std::memcpy(rgba, stays ? still_.data() + 3 * pixel : rgb, 3);
        rgba[3] = static_cast<std::uint8_t>(stays ? alpha_[pixel] : left_[pixel]);
    }
}

}  // namespace visema
