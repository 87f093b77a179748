// The inner loops for any processor, and for one with AVX2 and FMA beside them.
#include <cstring>

#include "../simd.hpp"
#include "form.hpp"

#if defined(VISEMA_AVX2)
#define VISEMA_CONV_AVX2 1
#endif
#if defined(__clang__)
#define VISEMA_UNROLL(times) _Pragma("unroll")
#elif defined(__GNUC__)
#define VISEMA_UNROLL(times) _Pragma("GCC unroll 6")
#else
#define VISEMA_UNROLL(times)
#endif

namespace visema::conv::plain {

struct Lanes {
    float value[kLanes];

    Lanes& operator+=(const Lanes& other) {
        for (int i = 0; i < kLanes; ++i) value[i] += other.value[i];
        return *this;
    }
};

inline Lanes operator+(Lanes a, const Lanes& b) { return a += b; }

inline Lanes operator-(Lanes a, const Lanes& b) {
    for (int i = 0; i < kLanes; ++i) a.value[i] -= b.value[i];
    return a;
}

inline Lanes operator*(Lanes a, const Lanes& b) {
    for (int i = 0; i < kLanes; ++i) a.value[i] *= b.value[i];
    return a;
}

inline Lanes all(float value) {
    Lanes lanes;
    for (float& each : lanes.value) each = value;
    return lanes;
}

inline Lanes fused(const Lanes& a, const Lanes& b, Lanes sum) {
    for (int i = 0; i < kLanes; ++i) sum.value[i] += a.value[i] * b.value[i];
    return sum;
}

// b where either is no number.
inline Lanes larger(const Lanes& a, Lanes b) {
    for (int i = 0; i < kLanes; ++i) b.value[i] = a.value[i] > b.value[i] ? a.value[i] : b.value[i];
    return b;
}

}  // namespace visema::conv::plain

#define VISEMA_KERNELS plain
#define VISEMA_TARGET
#include "kernels.hpp"
#undef VISEMA_KERNELS
#undef VISEMA_TARGET

#ifdef VISEMA_CONV_AVX2
#define VISEMA_KERNELS avx2
#define VISEMA_TARGET __attribute__((target("avx2,fma")))

namespace visema::conv::avx2 {

using Lanes = __m256;

VISEMA_TARGET inline Lanes all(float value) { return _mm256_set1_ps(value); }
VISEMA_TARGET inline Lanes fused(Lanes a, Lanes b, Lanes sum) { return _mm256_fmadd_ps(a, b, sum); }
// b where either is no number.
VISEMA_TARGET inline Lanes larger(Lanes a, Lanes b) { return _mm256_max_ps(a, b); }

}  // namespace visema::conv::avx2

#include "kernels.hpp"
#undef VISEMA_KERNELS
#undef VISEMA_TARGET
#endif

namespace visema::conv {

bool has_own_code() {
#ifdef VISEMA_CONV_AVX2
    static const bool found = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return found;
#else
    return false;
#endif
}

const Form& same_form(bool portable) {
    static constexpr Form any = plain::form<plain::Same>();
#ifdef VISEMA_CONV_AVX2
    static constexpr Form own = avx2::form<avx2::Same>();
    if (!portable && has_own_code()) return own;
#endif
    static_cast<void>(portable);
    return any;
}

const Form& doubling_form(bool portable) {
    static constexpr Form any = plain::form<plain::Doubling>();
#ifdef VISEMA_CONV_AVX2
    static constexpr Form own = avx2::form<avx2::Doubling>();
    if (!portable && has_own_code()) return own;
#endif
    static_cast<void>(portable);
    return any;
}

}  // namespace visema::conv
