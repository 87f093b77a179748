// Runs the native core on random and on nasty input, and prints a checksum of all that came out.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "eyes.hpp"
#include "mouth.hpp"
#include "paint.hpp"
#include "rims.hpp"
#include "tint.hpp"
#include "warp.hpp"
#include "yuv.hpp"

namespace {

using Numbers = std::mt19937;

int whole(Numbers& any, int low, int high) { return std::uniform_int_distribution<int>(low, high)(any); }
float real(Numbers& any, float low, float high) { return std::uniform_real_distribution<float>(low, high)(any); }

// Mostly near the picture, now and then far outside, at the ends of what a float holds, or exactly on a border.
float coordinate(Numbers& any, float side) {
    switch (whole(any, 0, 11)) {
        case 0: return real(any, -1e6f, 1e6f);
        case 1: return whole(any, 0, 1) ? 3e38f : -3e38f;
        case 2: return static_cast<float>(whole(any, 0, static_cast<int>(side)));
        case 3: return whole(any, 0, 1) ? -0.5f : side - 0.5f;
        default: return real(any, -0.3f * side, 1.3f * side);
    }
}

std::vector<std::uint8_t> noise(Numbers& any, int width, int height) {
    std::vector<std::uint8_t> picture(3 * static_cast<std::size_t>(width) * height);
    for (std::uint8_t& byte : picture) byte = static_cast<std::uint8_t>(any());
    return picture;
}

// FNV-1a over bytes: equal for builds that give equal results.
class Sum {
  public:
    template <class Value>
    void add(const std::vector<Value>& values) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
        for (std::size_t i = 0; i < values.size() * sizeof(Value); ++i) sum_ = (sum_ ^ bytes[i]) * 1099511628211u;
    }
    unsigned long long value() const { return sum_; }

  private:
    unsigned long long sum_ = 14695981039346656037u;
};

void bend(Numbers& any, int threads, Sum& sum) {
    const int width = whole(any, 1, 90), height = whole(any, 1, 90), corners = whole(any, 3, 60);
    const auto photo = noise(any, width, height);
    visema::Detail detail;
    if (whole(any, 0, 1)) {
        const int across = whole(any, 1, 120), down = whole(any, 1, 120);
        detail = {std::make_unique<visema::Picture>(noise(any, across, down).data(), across, down), 2.f,
                  real(any, -50, 50), real(any, -50, 50)};
    }
    const auto still = noise(any, width, height), behind = noise(any, width, height), alpha = noise(any, width, height);
    const bool clear = whole(any, 0, 1) == 0;
    std::vector<float> away;
    for (int tile = 0; tile < ((width + 7) / 8) * ((height + 7) / 8); ++tile) away.push_back(coordinate(any, 30));
    std::unique_ptr<visema::Cutout> cutout;
    if (whole(any, 0, 2))
        cutout = std::make_unique<visema::Cutout>(
            visema::Layers{alpha.data(), clear ? nullptr : behind.data(), still.data(), away.data(), away.data()}, width, height);
    visema::Warper warper(photo.data(), width, height, std::move(detail), threads, std::move(cutout), whole(any, 0, 80));
    std::vector<std::uint8_t> frame(photo.size()), finished(photo.size() / 3 * 4);
    for (int turn = 0; turn < 3; ++turn) {
        std::vector<float> vertices, values;
        for (int i = 0; i < corners; ++i) {
            vertices.insert(vertices.end(), {coordinate(any, width), coordinate(any, height), coordinate(any, 20)});
            const bool still = whole(any, 0, 3) == 0;
            for (int k = 0; k < 3; ++k) values.push_back(still ? 0.f : whole(any, 0, 9) ? real(any, -9, 9) : 3e38f);
        }
        std::vector<std::int32_t> triangles(3 * static_cast<std::size_t>(whole(any, 0, 80)));
        for (std::int32_t& corner : triangles) corner = whole(any, 0, corners - 1);
        warper.warp({vertices.data(), values.data(), triangles.data(), static_cast<std::size_t>(corners),
                     triangles.size() / 3},
                    frame.data());
        if (warper.cutout() && warper.cutout()->transparent())
            warper.cutout()->finish(frame.data(), finished.data());
        else if (warper.cutout())
            warper.cutout()->finish(frame.data());
        sum.add(frame);
        sum.add(finished);
    }
}

void read_anywhere(Numbers& any, Sum& sum) {
    const int width = whole(any, 1, 40), height = whole(any, 1, 40), count = whole(any, 0, 300);
    const visema::Picture picture(noise(any, width, height).data(), width, height);
    std::vector<float> x, y;
    for (int i = 0; i < count; ++i) {
        x.push_back(whole(any, 0, 20) ? coordinate(any, width) : std::nanf(""));
        y.push_back(whole(any, 0, 20) ? coordinate(any, height) : -INFINITY);
    }
    std::vector<std::uint8_t> colours(4 * static_cast<std::size_t>(count));
    picture.sample(x.data(), y.data(), count, colours.data());
    for (std::size_t i = 3; i < colours.size(); i += 4) colours[i] = 0;
    sum.add(colours);
}

void paint(Numbers& any, Sum& sum) {
    const int width = whole(any, 1, 50), height = whole(any, 1, 50), left = whole(any, -20, 20), top = whole(any, -20, 20);
    const std::size_t pixels = static_cast<std::size_t>(width) * height;
    std::vector<float> polygon, mask(pixels), layer(3 * pixels), light(3 * pixels, 0.5f);
    for (int i = whole(any, 0, 30); i > 0; --i)
        polygon.insert(polygon.end(), {coordinate(any, width), coordinate(any, height)});
    visema::cover(polygon.data(), polygon.size() / 2, {left, top, left + width, top + height}, mask.data());
    for (float share : mask)
        if (!(share >= 0.f && share <= 1.f)) std::abort();
    visema::blur(mask.data(), width, height, 1, real(any, 0, 30), 4.f);
    for (float& colour : layer) colour = whole(any, 0, 30) ? real(any, -50, 400) : std::nanf("");
    auto picture = noise(any, width + 3, height);
    const visema::Pixels view{picture.data() + 9, width, height, 3 * (width + 3)};
    visema::blend(view, layer.data(), mask.data(), whole(any, 0, 1) ? light.data() : nullptr);
    visema::soften_seam(view, mask.data(), real(any, 0, 6));
    sum.add(picture);
    sum.add(mask);
    const int across = whole(any, 1, 30), down = whole(any, 1, 30);
    const float gain[3] = {real(any, -1, 1), 0.1f, 1e30f};
    visema::tint(view, {noise(any, across, down).data(), across, down, whole(any, 0, 255)}, gain);
    sum.add(picture);
    std::vector<float> sheet(4 * static_cast<std::size_t>(across) * down, 0.7f);
    visema::Sprite sprite{sheet.data(), across, down, {}};
    for (double& number : sprite.to_sprite) number = whole(any, 0, 5) ? real(any, -3, 3) : 1e300;
    visema::lay({layer.data(), width, height, 3 * width}, sprite, {light.data(), width, height, 3 * width}, 1.f, 0.8f);
}

template <int Channels>
visema::Sheet<Channels> sheet(Numbers& any, int width, int height) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(Channels) * width * height);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(whole(any, 0, 2) ? any() : 0);
    return {bytes.data(), width, height};
}

template <int Channels>
visema::Sheet<Channels> sheet(Numbers& any) {
    return sheet<Channels>(any, whole(any, 1, 30), whole(any, 1, 30));
}

// Mostly a gentle turn, now and then one that makes everything flat or huge.
visema::Affine affine(Numbers& any) {
    visema::Affine result{{real(any, 0.5f, 2), real(any, -1, 1), real(any, -40, 40), real(any, -1, 1), real(any, 0.5f, 2), real(any, -40, 40)}};
    if (!whole(any, 0, 7)) result.m[whole(any, 0, 5)] = whole(any, 0, 1) ? 0 : real(any, -1e8f, 1e8f);
    return result;
}

std::vector<float> polygon(Numbers& any, int width) {
    std::vector<float> points;
    for (int i = 2 * whole(any, 0, 30); i > 0; --i) points.push_back(coordinate(any, static_cast<float>(width)));
    return points;
}

visema::Heights heights(Numbers& any) {
    visema::Heights table;
    for (float& height : table) height = whole(any, 0, 30) ? real(any, 0, 30) : coordinate(any, 30);
    return table;
}

float share(Numbers& any) { return whole(any, 0, 2) ? real(any, 0, 1) : static_cast<float>(whole(any, 0, 1)); }

void look_around(Numbers& any, const visema::Pixels& frame) {
    const auto iris = sheet<4>(any);
    const float iod = real(any, 1, 150), turn = real(any, -3, 3);
    const visema::Eye eye{sheet<3>(any), sheet<3>(any), sheet<3>(any), sheet<3>(any), iris, sheet<1>(any),
                          {iod, share(any), real(any, 0, 9), real(any, -9, 9), real(any, -9, 9), {10, 20, 30}, {std::cos(turn), std::sin(turn)},
                           {-std::sin(turn), std::cos(turn)}, real(any, 0, 9), real(any, 0, 40), heights(any)}, iris.extent()};
    const auto outline = polygon(any, frame.width);
    const visema::EyePose pose{outline.data(), outline.size() / 2, affine(any), {coordinate(any, 9), coordinate(any, 9)}, share(any), share(any),
                               share(any), real(any, -1, 1), whole(any, 0, 1) ? share(any) : 0.f, heights(any), heights(any), heights(any)};
    eye.paint(frame, pose);
}

void speak(Numbers& any, const visema::Pixels& frame) {
    const auto stretch = [&any] { return visema::Stretch{real(any, 0.1f, 3), real(any, 0.1f, 3), coordinate(any, 20), coordinate(any, 20)}; };
    const visema::Mouth mouth{sheet<3>(any), sheet<1>(any), {sheet<4>(any), sheet<4>(any), sheet<4>(any), sheet<4>(any)},
                              {real(any, 1, 150), real(any, 0, 1), share(any), {200, 150, 140}}};
    const auto outline = polygon(any, frame.width);
    visema::MouthPose pose{outline.data(), outline.size() / 2, affine(any), share(any), share(any), share(any), real(any, 0, 3), stretch(), stretch(), {}};
    for (visema::Placed& part : pose.parts) part = {stretch(), real(any, 0, 2), share(any)};
    mouth.paint(frame, pose);
    const float corner[2] = {coordinate(any, 60), coordinate(any, 60)}, outwards[2] = {real(any, 1, 90), real(any, -90, 90)};
    visema::lift_line(frame, corner, outwards, share(any));
}

void paint_face(Numbers& any, Sum& sum) {
    const int width = whole(any, 1, 70), height = whole(any, 1, 70), across = whole(any, 1, 60), down = whole(any, 1, 60);
    auto picture = noise(any, width + 3, height);
    const visema::Pixels frame{picture.data() + 9, width, height, 3 * (width + 3)};
    look_around(any, frame);
    visema::Rims(sheet<3>(any, across, down), sheet<1>(any, across, down)).paint(frame, affine(any));
    speak(any, frame);
    sum.add(picture);
}

void encode(Numbers& any, Sum& sum) {
    const int width = 2 * whole(any, 1, 40), height = 2 * whole(any, 1, 40);
    auto picture = noise(any, width, height);
    std::vector<std::uint8_t> y(static_cast<std::size_t>(width) * height), u(y.size() / 4), v(y.size() / 4);
    visema::to_yuv420({picture.data(), width, height, 3 * width}, {y.data(), width}, {u.data(), width / 2},
                      {v.data(), width / 2});
    for (std::uint8_t level : y)
        if (level < 16 || level > 235) std::abort();
    sum.add(y);
    sum.add(u);
    sum.add(v);
}

}  // namespace

int main(int, char** arguments) {
    const int rounds = std::atoi(arguments[1]);
    Sum sums[2];
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 2; ++seed)
        threads.emplace_back([=, &sums] {
            Numbers any(seed);
            for (int round = 0; round < rounds; ++round) {
                bend(any, 1 + round % 3, sums[seed]);
                read_anywhere(any, sums[seed]);
                paint(any, sums[seed]);
                paint_face(any, sums[seed]);
                encode(any, sums[seed]);
            }
        });
    for (std::thread& thread : threads) thread.join();
    std::printf("%016llx%016llx\n", sums[0].value(), sums[1].value());
    return 0;
}
