#include "rims.hpp"

#include <utility>

#include "paint.hpp"

namespace visema {

Rims::Rims(Sheet<3> photo, Sheet<1> cover)
    : photo_(std::move(photo)), cover_(std::move(cover)), across_((cover_.width() + kTile - 1) / kTile),
      down_((cover_.height() + kTile - 1) / kTile), near_(static_cast<std::size_t>(across_) * down_) {
    for (int y = 0; y < cover_.height(); ++y)
        for (int x = 0; x < cover_.width(); ++x) {
            if (!*cover_.pixel(x, y)) continue;
            for (int j = std::max(y / kTile - 1, 0); j <= std::min(y / kTile + 1, down_ - 1); ++j)
                for (int i = std::max(x / kTile - 1, 0); i <= std::min(x / kTile + 1, across_ - 1); ++i)
                    near_[static_cast<std::size_t>(j) * across_ + i] = 1;
        }
}

// Whether a rim may lie within a tile's length of a place.
bool Rims::near_rim(float x, float y) const {
    const float tile = kTile;
    if (!(x > -tile && y > -tile && x < tile * static_cast<float>(across_ + 1) && y < tile * static_cast<float>(down_ + 1))) return false;
    const int column = std::min(std::max(static_cast<int>(x) / kTile, 0), across_ - 1);
    const int row = std::min(std::max(static_cast<int>(y) / kTile, 0), down_ - 1);
    return near_[static_cast<std::size_t>(row) * across_ + column] != 0;
}

void Rims::paint(const Pixels& frame, const Affine& place) const {
    const Affine to_sheet = inverse(place);
    float corners[8];
    for (int i = 0; i < 4; ++i) {
        const double x = (i == 1 || i == 2) ? cover_.width() : 0, y = i > 1 ? cover_.height() : 0;
        corners[2 * i] = place.x(x, y), corners[2 * i + 1] = place.y(x, y);
    }
    const Box box = box_around(corners, 4, 1.f, frame);
    // A block's pixels lie within a tile's length of its middle, unless the picture is made very small.
    const double* m = to_sheet.m;
    const bool blocks = kBlock / 2 * (std::fabs(m[0]) + std::fabs(m[1])) < kTile - 2 && kBlock / 2 * (std::fabs(m[3]) + std::fabs(m[4])) < kTile - 2;
    for (int top = box.top; top < box.bottom; top += kBlock)
        for (int left = box.left; left < box.right; left += kBlock) {
            const double x = left + (kBlock - 1) / 2., y = top + (kBlock - 1) / 2.;
            if (blocks && !near_rim(to_sheet.x(x, y), to_sheet.y(x, y))) continue;
            const int bottom = std::min(top + kBlock, box.bottom), right = std::min(left + kBlock, box.right);
            for (int v = top; v < bottom; ++v)
                for (int u = left; u < right; ++u) {
                    const float from_x = to_sheet.x(u, v), from_y = to_sheet.y(u, v);
                    float share, rim[3];
                    if (!cover_.linear_alone(from_x, from_y, &share) || share <= 0.f) continue;
                    photo_.cubic(from_x, from_y, rim);
                    std::uint8_t* pixel = frame.at + v * frame.stride + 3 * u;
                    for (int c = 0; c < 3; ++c) pixel[c] = to_byte(pixel[c] + (rim[c] - pixel[c]) * (share / 255.f));
                }
        }
}

}  // namespace visema
