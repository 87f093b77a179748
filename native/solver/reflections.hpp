// Householder reflections I - scale·v·vᵀ with v[0] = 1.
#pragma once

#include <cmath>

namespace visema {

// Makes the reflection that turns x into (±|x|, 0, 0, ...). That number is left in x[0], the rest of v behind it.
inline double make_reflection(double* x, int length) {
    double tail = 0;
    for (int i = 1; i < length; ++i) tail += x[i] * x[i];
    if (tail == 0) return 0;
    const double end = -std::copysign(std::sqrt(x[0] * x[0] + tail), x[0]), scale = (end - x[0]) / end;
    const double share = 1 / (x[0] - end);
    for (int i = 1; i < length; ++i) x[i] *= share;
    x[0] = end;
    return scale;
}

inline void reflect(const double* v, double scale, int length, double* x) {
    double along = x[0];
    for (int i = 1; i < length; ++i) along += v[i] * x[i];
    along *= scale;
    x[0] -= along;
    for (int i = 1; i < length; ++i) x[i] -= along * v[i];
}

}  // namespace visema
