// Coordinates as whole pixels and the phase beyond them.
#pragma once

#include <algorithm>
#include <cmath>

#include "simd.hpp"

namespace visema {

// Places are read to this share of a pixel.
constexpr int kPhaseBits = 10, kPhases = 1 << kPhaseBits;
// Far beyond any picture; keeps arithmetic on places within an int.
constexpr float kFarthest = 1 << 20;

// Splits four coordinates. One that is no number is one far away.
#ifdef VISEMA_SSE2
inline void split(const float* at, int* whole, int* phase) {
    // In this order a coordinate that is no number is one far away.
    const __m128 inside = _mm_min_ps(_mm_max_ps(_mm_loadu_ps(at), _mm_set1_ps(-kFarthest)), _mm_set1_ps(kFarthest));
    const __m128i fine = _mm_cvtps_epi32(_mm_mul_ps(inside, _mm_set1_ps(kPhases)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(whole), _mm_srai_epi32(fine, kPhaseBits));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(phase), _mm_and_si128(fine, _mm_set1_epi32(kPhases - 1)));
}
#else
inline void split(const float* at, int* whole, int* phase) {
    for (int i = 0; i < 4; ++i) {
        const float inside = std::min(std::max(-kFarthest, at[i]), kFarthest);
        const int fine = static_cast<int>(std::lrint(inside * kPhases));
        whole[i] = fine >> kPhaseBits;
        phase[i] = fine & (kPhases - 1);
    }
}
#endif

}  // namespace visema
