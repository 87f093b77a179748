#include "products.hpp"

#include <cstddef>

#include "../simd.hpp"
#include "deltas.hpp"

namespace visema {
namespace {

// Four sums side by side, whatever the processor's own width: the order of additions never changes.
constexpr int kLanes = 4;

#if defined(__GNUC__) && !defined(VISEMA_PORTABLE)
typedef double Four __attribute__((vector_size(32), aligned(8), may_alias));
typedef float FourFloats __attribute__((vector_size(16), aligned(4), may_alias));

VISEMA_INLINE void load(const double* at, Four& out) { out = *reinterpret_cast<const Four*>(at); }
VISEMA_INLINE void load(const float* at, Four& out) {
    out = __builtin_convertvector(*reinterpret_cast<const FourFloats*>(at), Four);
}
VISEMA_INLINE void add_product(const Four& a, const Four& b, Four& sum) { sum += a * b; }
#else
struct Four {
    double lane[kLanes] = {};
    double operator[](int number) const { return lane[number]; }
};

template <class Value>
void load(const Value* at, Four& out) {
    for (int i = 0; i < kLanes; ++i) out.lane[i] = static_cast<double>(at[i]);
}
inline void add_product(const Four& a, const Four& b, Four& sum) {
    for (int i = 0; i < kLanes; ++i) sum.lane[i] += a.lane[i] * b.lane[i];
}
#endif

template <int Poses, int Faces, class Value>
VISEMA_INLINE void add_block(const Value* deltas, const double* rests, double* sums, int stride) {
    Four found[Poses][Faces] = {};
    for (int i = 0; i < kTile; i += kLanes) {
        Four delta[Poses], rest[Faces];
        for (int p = 0; p < Poses; ++p) load(deltas + p * kTile + i, delta[p]);
        for (int f = 0; f < Faces; ++f) load(rests + f * kTile + i, rest[f]);
        for (int p = 0; p < Poses; ++p)
            for (int f = 0; f < Faces; ++f) add_product(delta[p], rest[f], found[p][f]);
    }
    for (int p = 0; p < Poses; ++p)
        for (int f = 0; f < Faces; ++f)
            sums[f * stride + p] += (found[p][f][0] + found[p][f][1]) + (found[p][f][2] + found[p][f][3]);
}

template <int Faces, class Value>
VISEMA_INLINE void add_rows(const Value* deltas, int poses, const double* rests, double* sums) {
    constexpr int kTogether = Faces > 1 ? 2 : 4;  // so many sums that none waits for the one before
    int pose = 0;
    for (; pose + kTogether <= poses; pose += kTogether)
        add_block<kTogether, Faces>(deltas + static_cast<std::size_t>(pose) * kTile, rests, sums + pose, poses);
    for (; pose < poses; ++pose) add_block<1, Faces>(deltas + static_cast<std::size_t>(pose) * kTile, rests, sums + pose, poses);
}

template <class Value>
VISEMA_INLINE void add_all(const Value* deltas, int poses, const double* rests, int faces, double* sums) {
    int face = 0;
    for (; face + 4 <= faces; face += 4)
        add_rows<4>(deltas, poses, rests + static_cast<std::size_t>(face) * kTile, sums + static_cast<std::size_t>(face) * poses);
    for (; face < faces; ++face)
        add_rows<1>(deltas, poses, rests + static_cast<std::size_t>(face) * kTile, sums + static_cast<std::size_t>(face) * poses);
}

#define PARAMETERS(Value) (const Value* deltas, int poses, const double* rests, int faces, double* sums)
VISEMA_FASTEST(add_floats, add_all, PARAMETERS(float), (deltas, poses, rests, faces, sums))
VISEMA_FASTEST(add_doubles, add_all, PARAMETERS(double), (deltas, poses, rests, faces, sums))
#undef PARAMETERS

}  // namespace

void add_products(const float* deltas, int poses, const double* rests, int faces, double* sums) {
    add_floats(deltas, poses, rests, faces, sums);
}

void add_products(const double* deltas, int poses, const double* rests, int faces, double* sums) {
    add_doubles(deltas, poses, rests, faces, sums);
}

}  // namespace visema
