// Least squares within bounds, by the active sets of Stark and Parker (1995), as the Audio2Face-3D SDK walks them.
#pragma once

#include <vector>

#include "triangle.hpp"

namespace visema {

// Works on |R x - target|² for one triangle. Not for several threads at once.
class BoundedSolver {
  public:
    BoundedSolver(const Triangle& triangle, double tolerance);

    // x within lower and upper, lower < upper, for a target already turned by the triangle.
    const std::vector<double>& solve(const std::vector<double>& target, const std::vector<double>& lower,
                                     const std::vector<double>& upper);

  private:
    enum Place : signed char { kLow = -1, kFree = 0, kHigh = 1 };

    void begin();
    bool clip();
    void walk();
    bool release();
    void settle();
    bool step_to_bound();
    void solve_free();
    void fix(int number, Place place);
    void judge();

    const Triangle& triangle_;
    SubsetSolver subset_;
    const double tolerance_;
    const std::vector<double>*target_ = nullptr, *lower_ = nullptr, *upper_ = nullptr;
    std::vector<double> x_, wanted_, rest_, gradient_;
    std::vector<Place> places_;
    std::vector<int> free_;
    double cost_ = 0, urge_ = 0, unit_ = 1;
};

}  // namespace visema
