// Light, lips and rims around the opening of a mouth: as in mouth_shade.py and mouth_rim.py, where it is explained.
#include <cmath>

#include "mouth.hpp"

namespace visema {
namespace {

constexpr float kReach = 0.032f, kFunnel = 0.9f, kUpperLipShade = 0.016f, kDarkest = 0.38f, kCrease = 0.011f;
constexpr float kCreaseBelow = 0.006f, kCoarseShade = 70.f;
constexpr float kRim = 0.0085f, kLowerWider = 0.0065f, kNeighbourhood = 0.022f, kCoarseLips = 80.f;

struct Size {
    int width, height;
    std::size_t count() const { return static_cast<std::size_t>(width) * height; }
};

Size scaled(const Opening& opening, float scale) {
    const auto side = [scale](int length) { return std::max(static_cast<int>(std::lrint(static_cast<double>(length) * scale)), 1); };
    return {side(opening.width), side(opening.height)};
}

}  // namespace

void find_light(Opening& opening, float iod, float rounded) {
    const float scale = std::min(1.f, kCoarseShade / iod);
    const Size size = scaled(opening, scale);
    thread_local std::vector<float> open_share;
    shrink(opening.mask.data(), opening.width, opening.height, 1, size.width, size.height, open_share);
    blur(open_share.data(), size.width, size.height, 1, kReach * (1.f + kFunnel * rounded) * iod * scale, 4.f, Beyond::nothing);
    moved(open_share, size.width, size.height, 0.f, kUpperLipShade * iod * scale);
    const float darkest = kDarkest * (1.f - 0.25f * rounded);
    for (float& share : open_share) share = darkest + (1.f - darkest) * smoothly(-0.06f, 0.86f, share);
    widen(open_share.data(), size.width, size.height, 1, opening.width, opening.height, opening.light);
    opening.edge = opening.mask;
    blur(opening.edge.data(), opening.width, opening.height, 1, std::max(kCrease * iod, 0.6f), 4.f, Beyond::nothing);
    thread_local std::vector<float> lowered;
    lowered = opening.edge;
    moved(lowered, opening.width, opening.height, 0.f, kCreaseBelow * iod);
    // At a straight edge the blurred mask is one half.
    for (std::size_t i = 0; i < lowered.size(); ++i) opening.light[i] *= 0.64f + 0.36f * smoothly(0.30f, 0.92f, lowered[i]);
}

void find_lips(Opening& opening, const Pixels& pixels, const MouthLook& look) {
    const float scale = std::min(1.f, kCoarseLips / look.iod), reach = kNeighbourhood * look.iod * scale;
    const Size size = scaled(opening, scale);
    thread_local std::vector<float> colours, small, edge, weighted;
    const std::size_t row = 3 * static_cast<std::size_t>(opening.width);
    colours.resize(row * opening.height);
    for (int y = 0; y < opening.height; ++y)
        std::copy_n(pixels.at + y * pixels.stride, row, colours.data() + row * y);
    shrink(colours.data(), opening.width, opening.height, 3, size.width, size.height, small);
    shrink(opening.mask.data(), opening.width, opening.height, 1, size.width, size.height, edge);
    blur(edge.data(), size.width, size.height, 1, 0.5f * reach, 4.f);
    weighted.resize(4 * size.count());
    for (std::size_t i = 0; i < size.count(); ++i) {
        const float away = 1.f - smoothly(0.05f, 0.5f, edge[i]), weight = away * away + 1e-4f;
        for (int c = 0; c < 3; ++c) weighted[4 * i + c] = small[3 * i + c] * weight;
        weighted[4 * i + 3] = weight;
    }
    blur(weighted.data(), size.width, size.height, 4, reach, 4.f);
    for (std::size_t i = 0; i < size.count(); ++i)
        for (int c = 0; c < 3; ++c) small[3 * i + c] = weighted[4 * i + c] / std::max(weighted[4 * i + 3], 1e-6f);
    widen(small.data(), size.width, size.height, 3, opening.width, opening.height, opening.lips);
    for (std::size_t i = 0; i < opening.lips.size(); ++i) opening.lips[i] = std::min(opening.lips[i], look.lips[i % 3]);
}

void find_rims(Opening& opening, float iod, float shown) {
    const float scale = iod * shown;
    opening.border = opening.mask;
    blur(opening.border.data(), opening.width, opening.height, 1, std::max(kRim * scale, 0.5f), 4.f);
    moved(opening.border, opening.width, opening.height, 0.f, -kLowerWider * scale);
    opening.parting = opening.mask;
    blur(opening.parting.data(), opening.width, opening.height, 1, std::max(1.6f * kRim * iod, 0.6f), 4.f);
    thread_local std::vector<float> lowered;
    lowered = opening.parting;
    moved(lowered, opening.width, opening.height, 0.f, 1.8f * kRim * iod);
    for (std::size_t i = 0; i < lowered.size(); ++i) opening.parting[i] = lowered[i] - opening.parting[i];
}

}  // namespace visema
