#include "yuv.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "simd.hpp"

namespace visema {
namespace {

constexpr int kBits = 15;
// Out of 1 << kBits: shares of red, green and blue in brightness and in the two differences.
constexpr int kY[3] = {5983, 20127, 2032};
constexpr int kU[3] = {-3298, -11094, 14392};
constexpr int kV[3] = {14392, -13073, -1319};
// Sums of colours are 16 times too large: two pixels, and rows by 1, 3, 3, 1.
constexpr int kColourBits = kBits + 4;

#ifdef VISEMA_SSE2

__m128i factors(const int* shares) {
    const auto r = static_cast<short>(shares[0]), g = static_cast<short>(shares[1]), b = static_cast<short>(shares[2]);
    return _mm_setr_epi16(r, g, b, 0, r, g, b, 0);
}

// Two pixels each (r, g, b and one more) of two registers, weighted and added up: four numbers.
__m128i weigh(__m128i first, __m128i second, __m128i shares) {
    const __m128 a = _mm_castsi128_ps(_mm_madd_epi16(first, shares)), b = _mm_castsi128_ps(_mm_madd_epi16(second, shares));
    return _mm_add_epi32(_mm_castps_si128(_mm_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0))),
                         _mm_castps_si128(_mm_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1))));
}

void store4(__m128i numbers, std::uint8_t* to) {
    const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(_mm_packs_epi32(numbers, numbers), numbers));
    std::memcpy(to, &bytes, 4);
}

__m128i four_bytes(const std::uint8_t* at) {
    int bytes;
    std::memcpy(&bytes, at, 4);
    return _mm_cvtsi32_si128(bytes);
}

// As many pixels as can be done four at a time; returns how many.
int luma_by_fours(const std::uint8_t* rgb, int width, std::uint8_t* y) {
    const __m128i shares = factors(kY), zero = _mm_setzero_si128();
    const __m128i offset = _mm_set1_epi32((16 << kBits) + (1 << (kBits - 1)));
    int x = 0;
    // The last pixel is read with the byte after it.
    for (; x + 5 <= width; x += 4, rgb += 12) {
        const __m128i low = _mm_unpacklo_epi32(four_bytes(rgb), four_bytes(rgb + 3));
        const __m128i high = _mm_unpacklo_epi32(four_bytes(rgb + 6), four_bytes(rgb + 9));
        const __m128i sum = weigh(_mm_unpacklo_epi8(low, zero), _mm_unpacklo_epi8(high, zero), shares);
        store4(_mm_srai_epi32(_mm_add_epi32(sum, offset), kBits), y + x);
    }
    return x;
}

// Four pairs of pixels at a time from the sums of rows; returns how many pairs.
int chroma_by_fours(const std::int16_t* sums, int pairs, std::uint8_t* u, std::uint8_t* v) {
    const __m128i u_shares = factors(kU), v_shares = factors(kV);
    const __m128i offset = _mm_set1_epi32((128 << kColourBits) + (1 << (kColourBits - 1)));
    const auto pair = [](const std::int16_t* at) {
        return _mm_add_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at)),
                             _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at + 3)));
    };
    int x = 0;
    // The last pair is read with the number after it.
    for (; x + 5 <= pairs; x += 4, sums += 24) {
        const __m128i first = _mm_unpacklo_epi64(pair(sums), pair(sums + 6));
        const __m128i second = _mm_unpacklo_epi64(pair(sums + 12), pair(sums + 18));
        store4(_mm_srai_epi32(_mm_add_epi32(weigh(first, second, u_shares), offset), kColourBits), u + x);
        store4(_mm_srai_epi32(_mm_add_epi32(weigh(first, second, v_shares), offset), kColourBits), v + x);
    }
    return x;
}

#else

int luma_by_fours(const std::uint8_t*, int, std::uint8_t*) { return 0; }
int chroma_by_fours(const std::int16_t*, int, std::uint8_t*, std::uint8_t*) { return 0; }

#endif

int weighted(const int* shares, int r, int g, int b) { return shares[0] * r + shares[1] * g + shares[2] * b; }

void luma_row(const std::uint8_t* rgb, int width, std::uint8_t* y) {
    for (int x = luma_by_fours(rgb, width, y); x < width; ++x) {
        const std::uint8_t* at = rgb + 3 * x;
        y[x] = static_cast<std::uint8_t>((weighted(kY, at[0], at[1], at[2]) + (16 << kBits) + (1 << (kBits - 1))) >> kBits);
    }
}

std::uint8_t colour(const int* shares, const std::int16_t* at) {
    const int sum = weighted(shares, at[0] + at[3], at[1] + at[4], at[2] + at[5]);
    const int whole = (sum + (128 << kColourBits) + (1 << (kColourBits - 1))) >> kColourBits;
    return static_cast<std::uint8_t>(std::min(std::max(whole, 0), 255));
}

void chroma_row(const std::int16_t* sums, int pairs, std::uint8_t* u, std::uint8_t* v) {
    for (int x = chroma_by_fours(sums, pairs, u, v); x < pairs; ++x) {
        u[x] = colour(kU, sums + 6 * x);
        v[x] = colour(kV, sums + 6 * x);
    }
}

VISEMA_INLINE void add_rows(const std::uint8_t* const rows[4], int count, std::int16_t* sums) {
    const std::uint8_t *above = rows[0], *first = rows[1], *second = rows[2], *below = rows[3];
    for (int i = 0; i < count; ++i)
        sums[i] = static_cast<std::int16_t>(above[i] + 3 * (first[i] + second[i]) + below[i]);
}

VISEMA_FASTEST(sum_rows, add_rows, (const std::uint8_t* const rows[4], int count, std::int16_t* sums),
               (rows, count, sums))

}  // namespace

void to_yuv420(const Pixels& rgb, const BytePlane& y, const BytePlane& u, const BytePlane& v) {
    thread_local std::vector<std::int16_t> kept;
    const int length = 3 * rgb.width;
    kept.resize(static_cast<std::size_t>(length));
    std::int16_t* sums = kept.data();
    const auto row = [&](int number) { return rgb.at + std::min(std::max(number, 0), rgb.height - 1) * rgb.stride; };
    for (int pair = 0; pair < rgb.height / 2; ++pair) {
        const std::uint8_t* rows[4] = {row(2 * pair - 1), row(2 * pair), row(2 * pair + 1), row(2 * pair + 2)};
        luma_row(rows[1], rgb.width, y.at + 2 * pair * y.stride);
        luma_row(rows[2], rgb.width, y.at + (2 * pair + 1) * y.stride);
        sum_rows(rows, length, sums);
        chroma_row(sums, rgb.width / 2, u.at + pair * u.stride, v.at + pair * v.stride);
    }
}

}  // namespace visema
