#include "mouth.hpp"

#include <cmath>

namespace visema {
namespace {

// As in mouth.py and mouth_rim.py, where they are explained; widths in iod.
constexpr float kRoom = 0.05f, kSeam = 0.004f, kRim = 0.0085f, kContact = 0.2f, kShadow = 0.55f / 255.f;
constexpr float kLifted = 0.8f, kLiftedLower = 0.80f, kLiftedUpper = 0.52f, kWet = 0.11f;
constexpr float kTurned = 0.86f, kTurnedAway = 0.36f;
constexpr float kDeeper[3] = {1.f, 0.82f, 0.84f};
// Share of the missing light that flesh throws back.
constexpr float kThrownBack[3] = {0.20f, 0.05f, 0.f};

// x^exponent for x from 0 to 1: read from a table, since there are two for every pixel.
class Power {
  public:
    explicit Power(float exponent) {
        for (int i = 0; i <= kSteps; ++i) at_[i] = std::pow(static_cast<float>(i) / kSteps, exponent);
        at_[kSteps + 1] = at_[kSteps];
    }
    float operator()(float x) const {
        const float place = std::min(std::max(0.f, x), 1.f) * kSteps;
        const int whole = static_cast<int>(place);
        return at_[whole] + (at_[whole + 1] - at_[whole]) * (place - static_cast<float>(whole));
    }

  private:
    static constexpr int kSteps = 256;
    float at_[kSteps + 2];
};

// Over how far inside a pixel lies, in 255ths: cover of the rim, and light on it with its wet gleam.
struct RimTables {
    float cover[256], shade[256];
    RimTables() {
        for (int i = 0; i < 256; ++i) {
            const float border = static_cast<float>(i) / 255.f, wet = (border - 0.42f) / 0.13f;
            cover[i] = 1.f - smoothly(0.42f, 0.95f, border);
            shade[i] = kTurned + (kTurnedAway - kTurned) * smoothly(0.16f, 1.05f, border) + kWet * std::exp(-wet * wet);
        }
    }
};

const RimTables& rim_tables() {
    static const RimTables tables;
    return tables;
}

void warm(float light, float redness, float* channels) {
    for (int c = 0; c < 3; ++c) channels[c] = light * (1.f - kThrownBack[c] * redness) + kThrownBack[c] * redness;
}

// Takes what is left of the black line between closed lips off a pixel of the parted lips.
void lift_parting(std::uint8_t* pixel, const float* lip, float parting, float shown) {
    const float share = smoothly(0.04f, 0.35f, std::fabs(parting)) * kLifted * shown;
    if (share <= 0.f) return;
    const float level = parting > 0.f ? kLiftedLower : kLiftedUpper;
    for (int c = 0; c < 3; ++c) pixel[c] = to_byte(pixel[c] + std::max(level * lip[c] - pixel[c], 0.f) * share);
}

}  // namespace

void Mouth::lay(Part part, float u, float v, const MouthPose& pose, const float* light, float* colour) const {
    const Placed& placed = pose.parts[part];
    float found[4];
    if (placed.strength <= 0.f) return;
    if (!parts[part].linear_alone((u - placed.place.x) / placed.place.scale_x, (v - placed.place.y) / placed.place.scale_y, found)) return;
    const float left = 1.f - placed.strength * found[3] / 255.f;
    for (int c = 0; c < 3; ++c) colour[c] = colour[c] * left + found[c] * placed.strength * placed.gain * light[c];
}

// What lies behind the lips at a place of the plane. `light`: what the lips let in; `close`: what reaches the teeth of it.
void Mouth::inside(float u, float v, float light, float close, const MouthPose& pose, float* colour) const {
    float deep[3], near[3], shade = 0.f;
    warm(light, look.redness, deep);
    warm(close, look.redness, near);
    cavity.linear((u - pose.cavity.x) / pose.cavity.scale_x, (v - pose.cavity.y) / pose.cavity.scale_y, colour);
    for (int c = 0; c < 3; ++c) colour[c] *= deep[c];
    lay(kTongue, u, v, pose, deep, colour);
    lay(kLowerTeeth, u, v, pose, near, colour);
    lay(kTip, u, v, pose, near, colour);
    shadow.linear_alone((u - pose.shadow.x) / pose.shadow.scale_x, (v - pose.shadow.y) / pose.shadow.scale_y, &shade);
    for (int c = 0; c < 3; ++c) colour[c] *= 1.f - kShadow * shade;
    lay(kUpperTeeth, u, v, pose, near, colour);
}

void Mouth::paint(const Pixels& frame, const MouthPose& pose) const {
    const Box box = box_around(pose.outline, pose.corners, kRoom * look.iod + 3.f, frame);
    if (box.empty() || pose.seen <= 0.f) return;
    const Pixels pixels{frame.at + box.top * frame.stride + 3 * box.left, box.width(), box.height(), frame.stride};
    thread_local Opening opening;
    opening.width = box.width(), opening.height = box.height();
    opening.mask.resize(static_cast<std::size_t>(box.width()) * box.height());
    cover(pose.outline, pose.corners, box, opening.mask.data());
    blur(opening.mask.data(), box.width(), box.height(), 1, look.softness, 4.f);
    find_light(opening, look.iod, pose.rounded);
    soften_seam(pixels, opening.mask.data(), std::max(kSeam * look.iod, 0.8f));
    find_lips(opening, pixels, look);
    find_rims(opening, look.iod, pose.shown);
    const RimTables& tables = rim_tables();
    static const Power dimmed(0.4f);
    const Power close(pose.near);
    // A rim finer than a pixel must not cover one.
    const float fine = std::min(kRim * pose.shown * look.iod / 0.8f, 1.f);
    std::size_t i = 0;
    for (int y = 0; y < box.height(); ++y)
        for (int x = 0; x < box.width(); ++x, ++i) {
            std::uint8_t* pixel = pixels.at + y * pixels.stride + 3 * x;
            const float mask = opening.mask[i], light = opening.light[i], *lip = opening.lips.data() + 3 * i;
            lift_parting(pixel, lip, opening.parting[i], pose.shown);
            float contact[3], colour[3] = {};
            warm(1.f - kContact * pose.seen * opening.edge[i] * (1.f - mask), look.redness, contact);
            if (mask > 0.f) {
                const double column = box.left + x, row = box.top + y;
                inside(pose.to_plane.x(column, row), pose.to_plane.y(column, row), light, close(light), pose, colour);
                const std::uint8_t step = to_byte(255.f * opening.border[i]);
                const float cover = tables.cover[step] * mask * fine, shade = tables.shade[step] * dimmed(light);
                for (int c = 0; c < 3; ++c)
                    colour[c] += (lip[c] * shade * (1.f + (kDeeper[c] - 1.f) * look.redness) - colour[c]) * cover;
            }
            for (int c = 0; c < 3; ++c) {
                const float below = pixel[c] * contact[c];
                pixel[c] = to_byte(below + (colour[c] - below) * mask * pose.seen);
            }
        }
}

}  // namespace visema
