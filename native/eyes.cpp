#include "eyes.hpp"

#include <vector>

namespace visema {
namespace {

// As in eyes.py, eyes_cover.py and eyes_lashes.py, where they are explained; in iod.
constexpr float kSoft = 0.003f, kBallRoom = 0.01f, kLidRoom = 0.11f, kShadow = 0.014f;
constexpr float kHairAbove = 0.085f, kBeside = 0.07f, kCreaseAbove = 0.016f, kCreaseDepth = 0.07f;
constexpr float kHanging = 0.55f, kMeetingHalf = 0.008f, kMeeting = 0.55f;
constexpr float kUnseen = 0.02f;

struct Masks {
    std::vector<float> opening, near;
};

void cover_window(const EyePose& pose, const Box& box, float iod, std::vector<float>& mask) {
    mask.resize(static_cast<std::size_t>(box.width()) * box.height());
    cover(pose.outline, pose.corners, box, mask.data());
    blur(mask.data(), box.width(), box.height(), 1, std::max(kSoft * iod, 0.35f), 4.f);
}

float square(float value) { return value * value; }

// A table read at a place that was found by `find`.
struct Spot {
    int at;
    float share;
    float operator()(const Heights& table) const { return table[at] + (table[at + 1] - table[at]) * share; }
};

Spot find(const EyeLook& look, float s) {
    const float step = std::max((look.last - look.first) / (kAlong - 1), 1e-6f);
    const float at = std::min(std::max(0.f, (s - look.first) / step), static_cast<float>(kAlong - 1));
    const int whole = std::min(static_cast<int>(at), kAlong - 2);
    return {whole, at - static_cast<float>(whole)};
}

void mix(std::uint8_t* pixel, const float* colour, float share) {
    for (int c = 0; c < 3; ++c) pixel[c] = to_byte(pixel[c] + (colour[c] - pixel[c]) * share);
}

}  // namespace

void Eye::paint(const Pixels& frame, const EyePose& pose) const {
    paint_ball(frame, pose);
    if (pose.closing() || pose.change > 0.f) paint_lid(frame, pose);
}

void Eye::paint_ball(const Pixels& frame, const EyePose& pose) const {
    const Box box = box_around(pose.outline, pose.corners, kBallRoom * look.iod + 2.f, frame);
    if (box.empty()) return;
    thread_local Masks masks;
    cover_window(pose, box, look.iod, masks.opening);
    const std::vector<float>& mask = masks.opening;
    if (*std::max_element(mask.begin(), mask.end()) < kUnseen) return;
    const float spread = std::max(kShadow * look.iod, 0.7f);
    if (pose.change > 0.f) {
        masks.near = mask;
        blur(masks.near.data(), box.width(), box.height(), 1, spread, 4.f);
        moved(masks.near, box.width(), box.height(), 0.8f * spread * look.down[0], 0.8f * spread * look.down[1]);
    }
    std::size_t i = 0;
    for (int y = box.top; y < box.bottom; ++y)
        for (int x = box.left; x < box.right; ++x, ++i) {
            if (mask[i] <= 0.f) continue;
            const float light = pose.change > 0.f ? smoothly(0.10f, 0.80f, masks.near[i]) : 1.f;
            float colour[3];
            ball(pose.to_crop.x(x, y), pose.to_crop.y(x, y), pose, 1.f - pose.change * (1.f - look.shade) * (1.f - light), colour);
            mix(frame.at + y * frame.stride + 3 * x, colour, mask[i]);
        }
}

// The eyeball in its shade at a place of the crop. The white and the reflections stay in place.
void Eye::ball(float x, float y, const EyePose& pose, float shade, float* colour) const {
    if (pose.change < 1.f) photo.cubic(x, y, colour);
    if (pose.change <= 0.f) return;
    float part[4] = {}, whole[3], shine[3];
    x -= pose.gaze[0], y -= pose.gaze[1];
    if (disc.holds(x, y)) iris.cubic(x, y, part);
    white.linear(x + pose.gaze[0], y + pose.gaze[1], whole);
    glint.linear(x + pose.gaze[0], y + pose.gaze[1], shine);
    const float cover = part[3] / 255.f;
    for (int c = 0; c < 3; ++c) {
        const float drawn = (whole[c] + (part[c] - whole[c]) * cover) * shade + shine[c] * (0.25f + 0.75f * cover);
        colour[c] = pose.change < 1.f ? colour[c] + (drawn - colour[c]) * pose.change : drawn;
    }
}

void Eye::paint_lid(const Pixels& frame, const EyePose& pose) const {
    const Box box = box_around(pose.outline, pose.corners, (pose.closing() ? kLidRoom + pose.drop : kBallRoom) * look.iod + 2.f, frame);
    if (box.empty()) return;
    thread_local Masks masks;
    cover_window(pose, box, look.iod, masks.opening);
    std::size_t i = 0;
    for (int y = box.top; y < box.bottom; ++y)
        for (int x = box.left; x < box.right; ++x, ++i) {
            float weight = masks.opening[i] * pose.change;
            if (!pose.closing() && weight <= 0.f) continue;
            const float crop_x = pose.to_crop.x(x, y), crop_y = pose.to_crop.y(x, y);
            const float s = look.right[0] * crop_x + look.right[1] * crop_y, v = look.down[0] * crop_x + look.down[1] * crop_y;
            const Spot spot = find(look, s);
            std::uint8_t* pixel = frame.at + y * frame.stride + 3 * x;
            float below[3] = {static_cast<float>(pixel[0]), static_cast<float>(pixel[1]), static_cast<float>(pixel[2])};
            if (pose.closing()) {
                weight = std::max(weight, pose.redrawn);
                const float still = spot(look.still), cover = lid_cover(s, v, spot(pose.edge), still, pose.redrawn);
                if (cover > 0.f) {
                    float colour[3];
                    skin.linear(crop_x, crop_y, colour);
                    const float light = lid_light(s, v, spot(pose.upper), still, pose.share);
                    for (int c = 0; c < 3; ++c) below[c] += (colour[c] * light - below[c]) * cover;
                }
            }
            const float drawn = lashes_cover(s, v - spot(pose.fringe), pose) * weight;
            for (int c = 0; c < 3; ++c) pixel[c] = to_byte(below[c] + (look.lashes[c] - below[c]) * drawn);
        }
}

float Eye::lid_cover(float s, float v, float edge, float still, float redrawn) const {
    const float beside = std::max(look.first - s, s - look.last) / look.iod;
    const float below = smoothly(-0.5f, 0.5f, (edge - v) / std::max(0.006f * look.iod, 0.8f));
    const float above = smoothly(-0.9f * kHairAbove, -0.4f * kHairAbove, (v - (still - look.roots)) / look.iod);
    return below * above * smoothly(0.5f * kBeside, -0.4f * kBeside, beside) * redrawn;
}

float Eye::lid_light(float s, float v, float upper, float still, float share) const {
    const float height = std::max(upper - still, 0.02f * look.iod), down = (v - still) / height;
    const float bulge = std::exp(-square((down - 0.45f) / 0.45f)) * 0.05f - 0.09f * smoothly(0.55f, 1.1f, down);
    const float crease = std::exp(-square(((v - still) / look.iod + kCreaseAbove) / 0.010f)) * kCreaseDepth;
    const float ends = smoothly(0.f, 0.06f * look.iod, std::min(s - look.first, look.last - s));
    return 1.f + share * ends * (bulge - crease);
}

// How far lashes, or the line where shut lids meet, cover a place along the eye and `below` their roots.
float Eye::lashes_cover(float s, float below, const EyePose& pose) const {
    const float column = s - look.left, roots = look.roots;
    float drawn = below >= -roots ? hairs(column, below) : 0.f;
    if (pose.raised > 0.f && below < -roots)
        drawn = hairs(column, -roots + (below + roots) / std::max(pose.raised, 0.1f)) * std::min(pose.raised / 0.4f, 1.f);
    if (!(pose.raised > 0.f) && below > 0.f)
        drawn = std::max(drawn, hairs(column, -roots + below / std::min(pose.raised, -0.1f)) * -pose.raised / kHanging);
    const float away = square(below / std::max(kMeetingHalf * look.iod, 0.7f));
    if (away > 12.f || pose.share <= 0.f) return drawn;
    const float ends = std::min(s - look.first, look.last - s) / (0.08f * look.iod);
    return std::max(drawn, std::exp(-away) * std::sqrt(std::min(std::max(0.f, ends), 1.f)) * kMeeting * pose.share);
}

float Eye::hairs(float column, float row) const {
    float found = 0.f;
    lashes.linear_alone(column, row - look.top, &found);
    return found / 255.f;
}

}  // namespace visema
