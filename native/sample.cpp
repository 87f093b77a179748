#include "sample.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "places.hpp"
#include "simd.hpp"

namespace visema {
namespace {

constexpr int kScale = 1 << 14;
// Where a linear step differs from the cubic by less than this many grey levels, it is taken.
constexpr float kInvisible = 1.f;
// The cubic's weights: across as whole numbers out of kScale (pairs are multiplied at once), down as they are.
struct Cubic {
    std::array<std::array<std::int16_t, 4>, kPhases> across;
    std::array<std::array<float, 4>, kPhases> down;
};

Cubic make_cubic() {
    Cubic cubic;
    const double a = -0.75;
    for (int phase = 0; phase < kPhases; ++phase) {
        const double t = static_cast<double>(phase) / kPhases, u = 1 - t;
        const double w0 = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
        const double w1 = ((a + 2) * t - (a + 3)) * t * t + 1, w2 = ((a + 2) * u - (a + 3)) * u * u + 1;
        const double weights[4] = {w0, w1, w2, 1 - w0 - w1 - w2};
        int sum = 0;
        for (int i = 0; i < 4; ++i) {
            cubic.across[phase][i] = static_cast<std::int16_t>(std::lround(weights[i] * kScale));
            // The sums across come out kScale times too large.
            cubic.down[phase][i] = static_cast<float>(weights[i] / kScale);
            sum += cubic.across[phase][i];
        }
        cubic.across[phase][t < 0.5 ? 1 : 2] += static_cast<std::int16_t>(kScale - sum);
    }
    return cubic;
}

const Cubic& cubic() {
    static const Cubic tables = make_cubic();
    return tables;
}

int mirrored(int at, int length) {
    if (length == 1) return 0;
    const int period = 2 * (length - 1);
    at = std::abs(at) % period;
    return at < length ? at : period - at;
}

#ifdef VISEMA_SSE2

// Four neighbouring pixels in a row, weighted: r, g, b in the first three lanes.
__m128i across4(const std::uint8_t* at, __m128i weights01, __m128i weights23) {
    const __m128i zero = _mm_setzero_si128();
    const __m128i row = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i next = _mm_srli_si128(row, 4);
    const __m128i pixels01 = _mm_unpacklo_epi8(_mm_unpacklo_epi8(row, next), zero);
    const __m128i pixels23 = _mm_unpacklo_epi8(_mm_unpackhi_epi8(row, next), zero);
    return _mm_add_epi32(_mm_madd_epi16(pixels01, weights01), _mm_madd_epi16(pixels23, weights23));
}

void store(__m128 colour, std::uint8_t* rgbx) {
    const __m128i whole = _mm_cvtps_epi32(colour);
    const __m128i packed = _mm_packus_epi16(_mm_packs_epi32(whole, whole), whole);
    const int bytes = _mm_cvtsi128_si32(packed);
    std::memcpy(rgbx, &bytes, 4);
}

void sample_cubic(const std::uint8_t* at, std::size_t stride, int phase_x, int phase_y, std::uint8_t* rgbx) {
    const Cubic& tables = cubic();
    const __m128i weights = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(tables.across[phase_x].data()));
    const __m128i weights01 = _mm_shuffle_epi32(weights, 0x00), weights23 = _mm_shuffle_epi32(weights, 0x55);
    const float* down = tables.down[phase_y].data();
    __m128 sum = _mm_setzero_ps();
    for (int row = 0; row < 4; ++row, at += stride) {
        const __m128 colour = _mm_cvtepi32_ps(across4(at, weights01, weights23));
        sum = _mm_add_ps(sum, _mm_mul_ps(colour, _mm_set1_ps(down[row])));
    }
    store(sum, rgbx);
}

#ifdef VISEMA_AVX2

VISEMA_WITH_AVX2 __m256i both(const void* first, const void* second) {
    const __m128i low = _mm_loadu_si128(static_cast<const __m128i*>(first));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), _mm_loadu_si128(static_cast<const __m128i*>(second)), 1);
}

// Two places at once, one in each half of the register; the same arithmetic as for one.
VISEMA_WITH_AVX2 void sample_cubic_pair(const std::uint8_t* first, const std::uint8_t* second, std::size_t stride,
                                        const int* const phases[2], std::uint8_t* rgbx) {
    const Cubic& tables = cubic();
    const float *down0 = tables.down[phases[1][0]].data(), *down1 = tables.down[phases[1][1]].data();
    const __m256i weights = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(tables.across[phases[0][0]].data()))),
        _mm_loadl_epi64(reinterpret_cast<const __m128i*>(tables.across[phases[0][1]].data())), 1);
    const __m256i weights01 = _mm256_shuffle_epi32(weights, 0x00), weights23 = _mm256_shuffle_epi32(weights, 0x55);
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15));
    const __m256i zero = _mm256_setzero_si256();
    __m256 sum = _mm256_setzero_ps();
    for (int row = 0; row < 4; ++row, first += stride, second += stride) {
        const __m256i pixels = _mm256_shuffle_epi8(both(first, second), order);
        const __m256i line = _mm256_add_epi32(_mm256_madd_epi16(_mm256_unpacklo_epi8(pixels, zero), weights01),
                                              _mm256_madd_epi16(_mm256_unpackhi_epi8(pixels, zero), weights23));
        const __m256 down = _mm256_insertf128_ps(_mm256_broadcast_ss(down0 + row), _mm_broadcast_ss(down1 + row), 1);
        sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_cvtepi32_ps(line), down));
    }
    const __m256i whole = _mm256_cvtps_epi32(sum);
    const __m256i packed = _mm256_packus_epi16(_mm256_packs_epi32(whole, whole), whole);
    const int bytes[2] = {_mm256_extract_epi32(packed, 0), _mm256_extract_epi32(packed, 4)};
    std::memcpy(rgbx, bytes, 8);
}

#endif

void sample_linear(const std::uint8_t* at, std::size_t stride, int phase_x, int phase_y, std::uint8_t* rgbx) {
    const __m128i zero = _mm_setzero_si128();
    const int wx = phase_x * (kScale / kPhases);
    const __m128i weights = _mm_set1_epi32((wx << 16) | (kScale - wx));
    __m128 rows[2];
    for (int row = 0; row < 2; ++row, at += stride) {
        const __m128i pair = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at));
        const __m128i pixels = _mm_unpacklo_epi8(_mm_unpacklo_epi8(pair, _mm_srli_si128(pair, 4)), zero);
        rows[row] = _mm_cvtepi32_ps(_mm_madd_epi16(pixels, weights));
    }
    const float wy = static_cast<float>(phase_y) / kPhases;
    const __m128 upper = _mm_mul_ps(rows[0], _mm_set1_ps((1.f - wy) / kScale));
    store(_mm_add_ps(upper, _mm_mul_ps(rows[1], _mm_set1_ps(wy / kScale))), rgbx);
}

#else

std::uint8_t byte(float value) {
    return static_cast<std::uint8_t>(std::lrint(std::min(std::max(value, 0.f), 255.f)));
}

void sample_cubic(const std::uint8_t* at, std::size_t stride, int phase_x, int phase_y, std::uint8_t* rgbx) {
    const auto& across = cubic().across[phase_x];
    const auto& down = cubic().down[phase_y];
    for (int channel = 0; channel < 3; ++channel) {
        float sum = 0.f;
        for (int row = 0; row < 4; ++row) {
            const std::uint8_t* pixel = at + row * stride + channel;
            const int line = pixel[0] * across[0] + pixel[4] * across[1] + pixel[8] * across[2] + pixel[12] * across[3];
            sum += static_cast<float>(line) * down[row];
        }
        rgbx[channel] = byte(sum);
    }
}

void sample_linear(const std::uint8_t* at, std::size_t stride, int phase_x, int phase_y, std::uint8_t* rgbx) {
    const int wx = phase_x * (kScale / kPhases);
    const float wy = static_cast<float>(phase_y) / kPhases;
    for (int channel = 0; channel < 3; ++channel) {
        const std::uint8_t *upper = at + channel, *lower = upper + stride;
        const auto first = static_cast<float>(upper[0] * (kScale - wx) + upper[4] * wx);
        const auto second = static_cast<float>(lower[0] * (kScale - wx) + lower[4] * wx);
        rgbx[channel] = byte(first * ((1.f - wy) / kScale) + second * (wy / kScale));
    }
}

#endif

struct Three {
    const std::uint8_t *above, *here, *below;
};

// Keeps the largest second differences, across and down, of the bytes of a row of pixels but the first and the last.
VISEMA_INLINE void keep_bends(const Three& rows, int bytes, std::int16_t* across, std::int16_t* down) {
    const auto larger = [](int was, int bend) { return static_cast<std::int16_t>(std::max(was, bend < 0 ? -bend : bend)); };
    for (int i = 4; i < bytes - 4; ++i) {
        const int twice = 2 * rows.here[i];
        across[i] = larger(across[i], rows.here[i - 4] - twice + rows.here[i + 4]);
        down[i] = larger(down[i], rows.above[i] - twice + rows.below[i]);
    }
}

VISEMA_FASTEST(keep_bends_fast, keep_bends, (const Three& rows, int bytes, std::int16_t* across, std::int16_t* down),
               (rows, bytes, across, down))

}  // namespace

Picture::Picture(const std::uint8_t* at, int width, int height)
    : width_(width),
      height_(height),
      tiles_across_(((width - 1) >> kTileBits) + 1),
      pixels_(4 * static_cast<std::size_t>(width) * height) {
    std::uint8_t* to = pixels_.data();
    for (std::size_t i = 0; i < static_cast<std::size_t>(width) * height; ++i, at += 3, to += 4) {
        to[0] = at[0], to[1] = at[1], to[2] = at[2], to[3] = 0;
    }
    find_smooth_tiles();
}

// Where the cubic may be left out, by tile. It leaves the line between two pixels by at most 0.094 times the difference of
// their second differences. Two directions, one after the other, and both of those second differences may add up.
void Picture::find_smooth_tiles() {
    constexpr int kSide = 1 << kTileBits;
    const int tiles_down = ((height_ - 1) >> kTileBits) + 1, bytes = 4 * width_;
    smooth_.resize(static_cast<std::size_t>(tiles_across_) * tiles_down);
    std::vector<std::int16_t> across(static_cast<std::size_t>(bytes)), down(across.size());
    for (int tile = 0; tile < tiles_down; ++tile) {
        std::fill(across.begin(), across.end(), std::int16_t{0});
        std::fill(down.begin(), down.end(), std::int16_t{0});
        const int top = tile * kSide;
        for (int y = std::max(top - 1, 1); y < std::min(top + kSide + 2, height_ - 1); ++y)
            keep_bends_fast({pixel(0, y - 1), pixel(0, y), pixel(0, y + 1)}, bytes, across.data(), down.data());
        for (int x = 0; x < tiles_across_; ++x) {
            const int left = 4 * std::max(x * kSide - 1, 1), right = 4 * std::min(x * kSide + kSide + 2, width_ - 1);
            int bend_x = 0, bend_y = 0;
            for (int i = left; i < right; ++i) {
                bend_x = std::max<int>(bend_x, across[static_cast<std::size_t>(i)]);
                bend_y = std::max<int>(bend_y, down[static_cast<std::size_t>(i)]);
            }
            smooth_[static_cast<std::size_t>(tile) * tiles_across_ + x] = !(0.22f * static_cast<float>(bend_x + bend_y) > kInvisible);
        }
    }
}

void Picture::sample_at_border(int x, int y, int phase_x, int phase_y, std::uint8_t* rgbx) const {
    std::uint8_t around[4 * 4 * 4];
    for (int row = 0; row < 4; ++row)
        for (int column = 0; column < 4; ++column)
            std::memcpy(around + 4 * (4 * row + column),
                        pixel(mirrored(x - 1 + column, width_), mirrored(y - 1 + row, height_)), 4);
    sample_cubic(around, 16, phase_x, phase_y, rgbx);
}

// Some places at once: the pixel to the upper left of each, how far beyond it, and how it is to be read.
struct Picture::Places {
    static constexpr int kCount = 64;
    enum Way : int { cubic, linear, exact, border };
    int x[kCount], y[kCount], phase_x[kCount], phase_y[kCount], way[kCount];
};

void Picture::find(const float* x, const float* y, Places& places) const {
    for (int i = 0; i < Places::kCount; i += 4) {
        split(x + i, places.x + i, places.phase_x + i);
        split(y + i, places.y + i, places.phase_y + i);
    }
    for (int i = 0; i < Places::kCount; ++i) {
        const int inside = (places.x[i] > 0) & (places.y[i] > 0) & (places.x[i] < width_ - 2) & (places.y[i] < height_ - 2);
        const int exact = (places.phase_x[i] | places.phase_y[i]) == 0;
        places.way[i] = inside ? exact * Places::exact : static_cast<int>(Places::border);
    }
    for (int i = 0; i < Places::kCount; ++i)
        if (places.way[i] == Places::cubic)
            places.way[i] = smooth_[static_cast<std::size_t>(places.y[i] >> kTileBits) * tiles_across_ +
                                    (places.x[i] >> kTileBits)];
}

void Picture::sample(const Places& places, int i, std::uint8_t* rgbx) const {
    const std::size_t stride = 4 * static_cast<std::size_t>(width_);
    const int x = places.x[i], y = places.y[i], phase_x = places.phase_x[i], phase_y = places.phase_y[i];
    if (places.way[i] == Places::cubic)
        sample_cubic(pixel(x - 1, y - 1), stride, phase_x, phase_y, rgbx);
    else if (places.way[i] == Places::linear)
        sample_linear(pixel(x, y), stride, phase_x, phase_y, rgbx);
    else if (places.way[i] == Places::exact)
        std::memcpy(rgbx, pixel(x, y), 4);
    else
        sample_at_border(x, y, phase_x, phase_y, rgbx);
}

void Picture::sample(const float* x, const float* y, int count, std::uint8_t* rgbx) const {
    Places places;
    const bool pairs = has_avx2();
    for (int start = 0; start < count; start += Places::kCount) {
        const int length = std::min(Places::kCount, count - start);
        if (length == Places::kCount) {
            find(x + start, y + start, places);
        } else {
            float last_x[Places::kCount] = {}, last_y[Places::kCount] = {};
            std::copy(x + start, x + count, last_x);
            std::copy(y + start, y + count, last_y);
            find(last_x, last_y, places);
        }
        for (int i = 0; i < length; ++i, rgbx += 4) {
            if (pairs && places.way[i] == Places::cubic && i + 1 < length && places.way[i + 1] == Places::cubic) {
                sample_pair(places, i, rgbx);
                ++i, rgbx += 4;
            } else {
                sample(places, i, rgbx);
            }
        }
    }
}

void Picture::sample_pair(const Places& places, int i, std::uint8_t* rgbx) const {
#ifdef VISEMA_AVX2
    const int* phases[2] = {places.phase_x + i, places.phase_y + i};
    sample_cubic_pair(pixel(places.x[i] - 1, places.y[i] - 1), pixel(places.x[i + 1] - 1, places.y[i + 1] - 1),
                      4 * static_cast<std::size_t>(width_), phases, rgbx);
#else
    sample(places, i, rgbx);
    sample(places, i + 1, rgbx + 4);
#endif
}

}  // namespace visema
