#include "warp.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "simd.hpp"

namespace visema {
namespace {

// Changes of brightness below one grey level are not worth their time.
constexpr float kVisibleShade = 0.004f;
// Skin in a crease is lit by skin: its shade is warm.
constexpr float kShade[3] = {0.75f, 1.f, 1.15f};
// Boxes smaller than this (pixels) are done before another thread has woken up.
constexpr long kWorthSharing = 40000;

#ifdef VISEMA_SSE2

void light(std::uint8_t* rgbx, float shade) {
    const __m128i zero = _mm_setzero_si128();
    int bytes;
    std::memcpy(&bytes, rgbx, 4);
    const __m128i wide = _mm_unpacklo_epi16(_mm_unpacklo_epi8(_mm_cvtsi32_si128(bytes), zero), zero);
    const __m128 shares = _mm_setr_ps(kShade[0], kShade[1], kShade[2], 0.f);
    const __m128 gain = _mm_add_ps(_mm_set1_ps(1.f), _mm_mul_ps(shares, _mm_set1_ps(shade)));
    const __m128 product = _mm_mul_ps(_mm_cvtepi32_ps(wide), gain);
    // In this order what is no number is black.
    const __m128 within = _mm_min_ps(_mm_max_ps(product, _mm_setzero_ps()), _mm_set1_ps(255.f));
    const __m128i lit = _mm_cvtps_epi32(within);
    bytes = _mm_cvtsi128_si32(_mm_packus_epi16(_mm_packs_epi32(lit, lit), zero));
    std::memcpy(rgbx, &bytes, 4);
}

#else

void light(std::uint8_t* rgbx, float shade) {
    for (int c = 0; c < 3; ++c) {
        const float lit = static_cast<float>(rgbx[c]) * (1.f + kShade[c] * shade);
        rgbx[c] = static_cast<std::uint8_t>(std::lrint(std::min(std::max(0.f, lit), 255.f)));
    }
}

#endif

void light_row(std::uint8_t* rgbx, const float* shade, int count) {
    for (int i = 0; i < count; ++i)
        if (std::fabs(shade[i]) > kVisibleShade) light(rgbx + 4 * i, shade[i]);
}

VISEMA_INLINE void pack_rest(const std::uint8_t* rgbx, int first, int count, std::uint8_t* rgb) {
    for (int i = first; i < count; ++i)
        for (int c = 0; c < 3; ++c) rgb[3 * i + c] = rgbx[4 * i + c];
}

#ifdef VISEMA_AVX2
VISEMA_WITH_AVX2 void pack_avx2(const std::uint8_t* rgbx, int count, std::uint8_t* rgb) {
    const __m128i order = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    int i = 0;
    // Sixteen bytes are written for twelve: the next pixels write over the rest, so the last ones go one by one.
    for (; i + 6 <= count; i += 4) {
        const __m128i four = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rgbx + 4 * i));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(rgb + 3 * i), _mm_shuffle_epi8(four, order));
    }
    pack_rest(rgbx, i, count, rgb);
}
#endif

void pack(const std::uint8_t* rgbx, int count, std::uint8_t* rgb) {
#ifdef VISEMA_AVX2
    if (has_avx2()) return pack_avx2(rgbx, count, rgb);
#endif
    pack_rest(rgbx, 0, count, rgb);
}

}  // namespace

Warper::Warper(const std::uint8_t* photo, int width, int height, Detail detail, int threads)
    : width_(width),
      height_(height),
      photo_(photo, photo + 3 * static_cast<std::size_t>(width) * height),
      detail_(std::move(detail)),
      team_(threads),
      benches_(static_cast<std::size_t>(team_.size())) {
    if (!detail_.picture) detail_.picture = std::make_unique<Picture>(photo, width, height);
}

Box Warper::warp(const TriangleMesh& mesh, std::uint8_t* frame) {
    const Box box = moving_box(mesh, width_, height_);
    raster_.set(mesh, box);
    copy_still(box, frame);
    if (box.empty()) return box;
    const long pixels = static_cast<long>(box.width()) * box.height();
    const Team::Job job = [&](int band, int thread) { fill(band, benches_[static_cast<std::size_t>(thread)], frame); };
    if (pixels < kWorthSharing)
        for (int band = 0; band < raster_.bands(); ++band) job(band, 0);
    else
        team_.run(raster_.bands(), job);
    return box;
}

void Warper::fill(int band, Bench& bench, std::uint8_t* frame) const {
    const Box rows = raster_.band(band);
    const auto width = static_cast<std::size_t>(rows.width()), count = width * kBandRows;
    bench.planes.resize(4 * count);
    bench.colours.resize(4 * count);
    float* at = bench.planes.data();
    const Map map{at, at + count, at + 2 * count, at + 3 * count};
    raster_.fill(band, map);
    const auto used = width * static_cast<std::size_t>(rows.height());
    to_detail(map.x, map.y, used);
    detail_.picture->sample(map.x, map.y, static_cast<int>(used), bench.colours.data());
    for (int y = rows.top; y < rows.bottom; ++y) {
        const std::size_t first = static_cast<std::size_t>(y - rows.top) * width;
        std::uint8_t* colours = bench.colours.data() + 4 * first;
        light_row(colours, map.shade + first, rows.width());
        pack(colours, rows.width(), frame + 3 * (static_cast<std::size_t>(y) * width_ + rows.left));
    }
}

void Warper::to_detail(float* x, float* y, std::size_t count) const {
    if (detail_.finer == 1.f && detail_.left == 0.f && detail_.top == 0.f) return;
    for (std::size_t i = 0; i < count; ++i) {
        x[i] = x[i] * detail_.finer - detail_.left;
        y[i] = y[i] * detail_.finer - detail_.top;
    }
}

void Warper::copy_still(const Box& box, std::uint8_t* frame) const {
    const std::size_t stride = 3 * static_cast<std::size_t>(width_);
    const auto copy = [&](std::size_t first, std::size_t last) {
        std::memcpy(frame + first, photo_.data() + first, last - first);
    };
    if (box.empty()) return copy(0, stride * height_);
    copy(0, stride * box.top);
    for (int y = box.top; y < box.bottom; ++y) {
        const std::size_t row = stride * static_cast<std::size_t>(y);
        copy(row, row + 3 * static_cast<std::size_t>(box.left));
        copy(row + 3 * static_cast<std::size_t>(box.right), row + stride);
    }
    copy(stride * box.bottom, stride * height_);
}

}  // namespace visema
