// The corners of the mouth: as in mouth_corners.py, where it is explained.
#include <cmath>

#include "mouth.hpp"

namespace visema {
namespace {

constexpr float kReach = 0.13f, kThickest = 0.044f, kHalfHeight = 0.06f;
constexpr float kGrain[2] = {8.f, 28.f}, kHair[2] = {0.2f, 0.45f};

using Bytes = std::vector<std::uint8_t>;

// Darkest or brightest of `kernel` bytes above and below each other, rows of `length` bytes. Beyond the border is nothing.
template <class Choose>
void along_columns(const Bytes& from, int length, int height, int kernel, Choose choose, Bytes& to) {
    to = from;
    for (int y = 0; y < height; ++y) {
        std::uint8_t* at = to.data() + static_cast<std::size_t>(y) * length;
        for (int row = std::max(y - kernel / 2, 0); row < std::min(y - kernel / 2 + kernel, height); ++row) {
            const std::uint8_t* other = from.data() + static_cast<std::size_t>(row) * length;
            for (int i = 0; i < length; ++i) at[i] = choose(at[i], other[i]);
        }
    }
}

// Without dark and bright lines thinner than `kernel` rows: grey closing, then opening.
void flatten(Bytes& picture, int length, int height, int kernel) {
    const auto brightest = [](std::uint8_t a, std::uint8_t b) { return std::max(a, b); };
    const auto darkest = [](std::uint8_t a, std::uint8_t b) { return std::min(a, b); };
    thread_local Bytes other;
    along_columns(picture, length, height, kernel, brightest, other);
    along_columns(other, length, height, kernel, darkest, picture);
    along_columns(picture, length, height, kernel, darkest, other);
    along_columns(other, length, height, kernel, brightest, picture);
}

// 1 just beyond the corner, 0 at the reach, above, below and well inside. `x`, `y`: px from the corner.
float nearness(float x, float y, const float* outwards) {
    const float iod2 = outwards[0] * outwards[0] + outwards[1] * outwards[1];
    const float along = (x * outwards[0] + y * outwards[1]) / iod2, aside = (y * outwards[0] - x * outwards[1]) / iod2;
    return smoothly(-0.035f, -0.01f, along) * smoothly(kReach, 0.75f * kReach, along) *
           smoothly(kHalfHeight, 0.6f * kHalfHeight, std::fabs(aside));
}

}  // namespace

void lift_line(const Pixels& frame, const float* corner, const float* outwards, float strength) {
    const float iod = std::hypot(outwards[0], outwards[1]);
    const float middle[2] = {corner[0] + 0.5f * kReach * outwards[0], corner[1] + 0.5f * kReach * outwards[1]};
    const Box box = box_around(middle, 1, 0.7f * kReach * iod, frame);
    if (box.empty()) return;
    const int width = box.width(), height = box.height(), length = 3 * width;
    const int kernel = std::max(static_cast<int>(std::lrint(kThickest * iod)), 3);
    thread_local Bytes flat;
    thread_local std::vector<float> smooth, share;
    flat.resize(static_cast<std::size_t>(length) * height);
    for (int y = 0; y < height; ++y)
        std::copy_n(frame.at + (box.top + y) * frame.stride + 3 * box.left, length, flat.data() + static_cast<std::size_t>(y) * length);
    flatten(flat, length, height, kernel);
    smooth.assign(flat.begin(), flat.end());
    blur(smooth.data(), width, height, 3, 0.25f * static_cast<float>(kernel), 3.f);
    share.resize(static_cast<std::size_t>(width) * height);
    float all = 0.f, lines = 0.f;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const std::size_t i = static_cast<std::size_t>(y) * width + x;
            const std::uint8_t* pixel = frame.at + (box.top + y) * frame.stride + 3 * (box.left + x);
            float apart = 0.f;
            for (int c = 0; c < 3; ++c) apart = std::max(apart, std::fabs(std::round(smooth[3 * i + c]) - pixel[c]));
            const float near = nearness(static_cast<float>(box.left + x) - corner[0], static_cast<float>(box.top + y) - corner[1], outwards);
            share[i] = near * smoothly(kGrain[0], kGrain[1], apart);
            all += near, lines += share[i];
        }
    const float most = strength * (1.f - smoothly(kHair[0], kHair[1], lines / std::max(all, 1.f)));
    for (float& part : share) part *= most;
    blend({frame.at + box.top * frame.stride + 3 * box.left, width, height, frame.stride}, smooth.data(), share.data(), nullptr);
}

}  // namespace visema
