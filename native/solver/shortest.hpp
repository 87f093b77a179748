// Least squares where columns depend on each other.
#pragma once

#include <algorithm>
#include <limits>

namespace visema {

// A number this much smaller than the largest counts as nothing.
inline double negligible(int rows) { return std::max(rows, 1) * std::numeric_limits<double>::epsilon(); }

// The shortest x for which |A x - target| is least; A (rows, columns), column after column. Both are spoilt.
void solve_shortest(double* matrix, int rows, int columns, double* target, double* out);

}  // namespace visema
