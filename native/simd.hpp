// What the processor can do at once. Every path gives the same numbers; they differ in speed only.
#pragma once

// VISEMA_PORTABLE leaves all of it out.
#if (defined(__SSE2__) || defined(_M_X64)) && !defined(VISEMA_PORTABLE)
#define VISEMA_SSE2 1
#include <emmintrin.h>
#endif

#if defined(VISEMA_SSE2) && defined(__GNUC__) && defined(__x86_64__)
// Code for AVX2 lies beside that for any processor, and is taken where the processor has it.
#define VISEMA_AVX2 1
#define VISEMA_WITH_AVX2 __attribute__((target("avx2")))
#define VISEMA_INLINE inline __attribute__((always_inline))
#include <immintrin.h>
#else
#define VISEMA_INLINE inline
#endif

#if defined(_MSC_VER)
#define VISEMA_APART __restrict
#else
#define VISEMA_APART __restrict__
#endif

// Defines `name` as the fastest of two builds of the inline function `body` (of the same parameters).
#ifdef VISEMA_AVX2
#define VISEMA_FASTEST(name, body, parameters, arguments)                  \
    VISEMA_WITH_AVX2 void name##_avx2 parameters { body arguments; }       \
    void name parameters {                                                 \
        if (has_avx2()) return name##_avx2 arguments;                      \
        body arguments;                                                    \
    }
#else
#define VISEMA_FASTEST(name, body, parameters, arguments) \
    void name parameters { body arguments; }
#endif

namespace visema {

// Whether AVX2 is there and may be used.
inline bool has_avx2() {
#ifdef VISEMA_AVX2
    static const bool found = __builtin_cpu_supports("avx2");
    return found;
#else
    return false;
#endif
}

}  // namespace visema
