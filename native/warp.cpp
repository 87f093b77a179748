#include "warp.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "places.hpp"
#include "simd.hpp"

namespace visema {
namespace {

// Changes of brightness below one grey level are not worth their time.
constexpr float kVisibleShade = 0.004f;
// Skin in a crease is lit by skin: its shade is warm.
constexpr float kShade[3] = {0.75f, 1.f, 1.15f};
// Boxes smaller than this (pixels) are done before another thread has woken up.
constexpr long kWorthSharing = 40000;
// Alpha is read from this many pixels further than what it is read for, at most.
constexpr float kSampled = 2.f;

// What is painted on reaches beyond its vertices by this share of their width, at most.
constexpr float kPaintedMargin = 0.1f;

float longest_way(const TriangleMesh& mesh) {
    float longest = 0.f;
    for (std::size_t i = 0; i < mesh.vertex_count; ++i)
        longest = std::max({longest, std::fabs(mesh.values[3 * i]), std::fabs(mesh.values[3 * i + 1])});
    return longest;
}

// The outline of the first `count` vertices and a little more, within a picture of width x height.
Box outline(const TriangleMesh& mesh, std::size_t count, int width, int height) {
    if (count == 0) return {0, 0, 0, 0};
    float low[2] = {kFarthest, kFarthest}, high[2] = {-kFarthest, -kFarthest};
    for (std::size_t i = 0; i < count; ++i)
        for (int axis = 0; axis < 2; ++axis) {
            low[axis] = std::min(low[axis], mesh.vertices[3 * i + axis]);
            high[axis] = std::max(high[axis], mesh.vertices[3 * i + axis]);
        }
    const float margin = kPaintedMargin * std::max(high[0] - low[0], 0.f);
    const auto within = [](float at, int side) {
        return static_cast<int>(std::min(std::max(at, 0.f), static_cast<float>(side)));
    };
    return {within(low[0] - margin, width), within(low[1] - margin, height), within(high[0] + margin + 1.f, width),
            within(high[1] + margin + 1.f, height)};
}

Box joined(const Box& a, const Box& b) {
    if (a.empty() || b.empty()) return a.empty() ? b : a;
    return {std::min(a.left, b.left), std::min(a.top, b.top), std::max(a.right, b.right), std::max(a.bottom, b.bottom)};
}

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

Warper::Warper(const std::uint8_t* photo, int width, int height, Detail detail, int threads,
               std::unique_ptr<Cutout> cutout, std::size_t painted)
    : width_(width),
      height_(height),
      photo_(photo, photo + 3 * static_cast<std::size_t>(width) * height),
      detail_(std::move(detail)),
      cutout_(std::move(cutout)),
      painted_(painted),
      team_(threads),
      benches_(static_cast<std::size_t>(team_.size())) {
    if (!detail_.picture) detail_.picture = std::make_unique<Picture>(photo, width, height);
}

Box Warper::warp(const TriangleMesh& mesh, std::uint8_t* frame) {
    const Box box = start(mesh);
    raster_.set(mesh, box);
    copy_still(box, frame);
    if (box.empty()) return box;
    const long pixels = static_cast<long>(box.width()) * box.height();
    const Team::Job job = [&](int band, int thread) {
        Bench& bench = benches_[static_cast<std::size_t>(thread)];
        cutout_ ? fill_over(band, bench, frame) : fill(band, bench, frame);
    };
    if (pixels < kWorthSharing)
        for (int band = 0; band < raster_.bands(); ++band) job(band, 0);
    else
        team_.run(raster_.bands(), job);
    return box;
}

// The box of the frame that is drawn anew.
Box Warper::start(const TriangleMesh& mesh) {
    Box box = moving_box(mesh, width_, height_);
    if (!cutout_) return box;
    const Box painted = outline(mesh, std::min(painted_, mesh.vertex_count), width_, height_);
    cutout_->start(painted);
    reach_ = longest_way(mesh) + kSampled;
    box = joined(box, painted);
    // Bands of rows are rows of tiles.
    box.top -= box.top % Cutout::kTile;
    return box;
}

Map Warper::fill_map(int band, const Box& rows, Bench& bench) const {
    const std::size_t count = static_cast<std::size_t>(rows.width()) * kBandRows;
    if (bench.planes.size() < 4 * count) bench.planes.resize(4 * count);
    float* at = bench.planes.data();
    const Map map{at, at + count, at + 2 * count, at + 3 * count};
    raster_.fill(band, rows, map);
    return map;
}

void Warper::fill(int band, Bench& bench, std::uint8_t* frame) const {
    const Box rows = raster_.band(band);
    const auto width = static_cast<std::size_t>(rows.width());
    const Map map = fill_map(band, rows, bench);
    bench.colours.resize(4 * width);
    for (int y = rows.top; y < rows.bottom; ++y)
        draw(map, static_cast<std::size_t>(y - rows.top) * width, rows.width(), bench.colours.data(),
             frame + 3 * (static_cast<std::size_t>(y) * width_ + rows.left));
}

// Some pixels of a row; they lie at `first` in the map.
void Warper::draw(const Map& map, std::size_t first, int count, std::uint8_t* colours, std::uint8_t* rgb) const {
    to_detail(map.x + first, map.y + first, static_cast<std::size_t>(count));
    detail_.picture->sample(map.x + first, map.y + first, count, colours);
    light_row(colours, map.shade + first, count);
    pack(colours, count, rgb);
}

void Warper::fill_over(int band, Bench& bench, std::uint8_t* frame) const {
    Box rows = raster_.band(band);
    cutout_->find_runs(rows, reach_, bench.runs);
    const auto drawn = [](const Run& run) { return run.kind != Run::outside; };
    const auto first = std::find_if(bench.runs.begin(), bench.runs.end(), drawn);
    Map map{};
    if (first != bench.runs.end()) {
        rows.left = first->left;
        rows.right = std::find_if(bench.runs.rbegin(), bench.runs.rend(), drawn)->right;
        map = fill_map(band, rows, bench);
        cutout_->refine_runs(rows, map, bench.runs, bench.refined);
        bench.colours.resize(4 * static_cast<std::size_t>(rows.width()));
        bench.alpha.resize(static_cast<std::size_t>(rows.width()));
        bench.stays.resize(bench.alpha.size());
    }
    for (int y = rows.top; y < rows.bottom; ++y)
        for (const Run& run : bench.runs) {
            const std::size_t at = static_cast<std::size_t>(y - rows.top) * rows.width() + (run.left - rows.left);
            std::uint8_t* rgb = frame + 3 * (static_cast<std::size_t>(y) * width_ + run.left);
            if (run.kind == Run::outside)
                cutout_->keep(run.left, y, run.right - run.left, rgb);
            else if (run.kind == Run::bare)
                cutout_->bare(run.left, y, run.right - run.left, rgb);
            else if (run.kind == Run::edge)
                draw_edge(run, y, map, at, bench, rgb);
            else
                draw_inside(run, y, map, at, bench, rgb);
        }
}

void Warper::draw_inside(const Run& run, int y, const Map& map, std::size_t first, Bench& bench, std::uint8_t* rgb) const {
    cutout_->cover(run.left, y, run.right - run.left);
    draw(map, first, run.right - run.left, bench.colours.data(), rgb);
}

void Warper::draw_edge(const Run& run, int y, const Map& map, std::size_t first, Bench& bench, std::uint8_t* rgb) const {
    const int count = run.right - run.left;
    std::uint8_t *alpha = bench.alpha.data(), *stays = bench.stays.data();
    cutout_->measure(run.left, y, {map.x + first, map.y + first, count}, alpha, stays);
    // Before the first pixel that shows something of the person there is nothing to draw, nor after the last.
    int begin = 0, end = count;
    while (begin < end && (alpha[begin] == 0 || stays[begin])) ++begin;
    while (begin < end && (alpha[end - 1] == 0 || stays[end - 1])) --end;
    std::memcpy(rgb, still(run.left, y), 3 * static_cast<std::size_t>(begin));
    std::memcpy(rgb + 3 * end, still(run.left + end, y), 3 * static_cast<std::size_t>(count - end));
    draw(map, first + static_cast<std::size_t>(begin), end - begin, bench.colours.data(), rgb + 3 * begin);
    cutout_->lay(run.left, y, count, alpha, stays, rgb);
}

void Warper::to_detail(float* x, float* y, std::size_t count) const {
    if (detail_.finer == 1.f && detail_.left == 0.f && detail_.top == 0.f) return;
    for (std::size_t i = 0; i < count; ++i) {
        x[i] = x[i] * detail_.finer - detail_.left;
        y[i] = y[i] * detail_.finer - detail_.top;
    }
}

const std::uint8_t* Warper::still(int x, int y) const {
    return (cutout_ ? cutout_->still() : photo_.data()) + 3 * (static_cast<std::size_t>(y) * width_ + x);
}

void Warper::copy_still(const Box& box, std::uint8_t* frame) const {
    const std::size_t stride = 3 * static_cast<std::size_t>(width_);
    const std::uint8_t* from = still(0, 0);
    const auto copy = [&](std::size_t first, std::size_t last) {
        std::memcpy(frame + first, from + first, last - first);
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
