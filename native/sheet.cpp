#include "sheet.hpp"

namespace visema {

Affine inverse(const Affine& affine) {
    const double* m = affine.m;
    const double determinant = m[0] * m[4] - m[1] * m[3], scale = determinant != 0 ? 1 / determinant : 0;
    const double a = m[4] * scale, b = -m[1] * scale, c = -m[3] * scale, d = m[0] * scale;
    return {{a, b, -a * m[2] - b * m[5], c, d, -c * m[2] - d * m[5]}};
}

}  // namespace visema
