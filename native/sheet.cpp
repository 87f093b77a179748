#include "sheet.hpp"

namespace visema {
namespace {

struct Weights {
    float at[kPhases][4];
    Weights() {
        constexpr float a = -0.75f;
        for (int i = 0; i < kPhases; ++i) {
            const float t = static_cast<float>(i) / kPhases, u = 1.f - t;
            at[i][0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
            at[i][1] = ((a + 2) * t - (a + 3)) * t * t + 1;
            at[i][2] = ((a + 2) * u - (a + 3)) * u * u + 1;
            at[i][3] = 1.f - at[i][0] - at[i][1] - at[i][2];
        }
    }
};

}  // namespace

const float (&cubic_weights())[kPhases][4] {
    static const Weights weights;
    return weights.at;
}

Affine inverse(const Affine& affine) {
    const double* m = affine.m;
    const double determinant = m[0] * m[4] - m[1] * m[3], scale = determinant != 0 ? 1 / determinant : 0;
    const double a = m[4] * scale, b = -m[1] * scale, c = -m[3] * scale, d = m[0] * scale;
    return {{a, b, -a * m[2] - b * m[5], c, d, -c * m[2] - d * m[5]}};
}

}  // namespace visema
