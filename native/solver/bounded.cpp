#include "bounded.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace visema {
namespace {

// Where the largest urge to move changes by less than this, nothing more comes of going on; SDK: bvls.cpp.
constexpr double kStill = 1e-6;

}  // namespace

BoundedSolver::BoundedSolver(const Triangle& triangle, double tolerance)
    : triangle_(triangle), subset_(triangle), tolerance_(tolerance), x_(triangle.columns()), wanted_(triangle.columns()),
      rest_(triangle.rows()), gradient_(triangle.columns()), places_(triangle.columns()) {}

const std::vector<double>& BoundedSolver::solve(const std::vector<double>& target, const std::vector<double>& lower,
                                                const std::vector<double>& upper) {
    target_ = &target, lower_ = &lower, upper_ = &upper;
    triangle_.transposed_times(target.data(), gradient_.data());
    unit_ = 0;
    for (double pull : gradient_) unit_ = std::max(unit_, std::abs(pull));
    unit_ = std::min(unit_, 1.0);
    begin();
    walk();
    return x_;
}

// Without bounds at first; whatever lies outside is held at its bound, until nothing more does.
void BoundedSolver::begin() {
    free_.resize(x_.size());
    std::iota(free_.begin(), free_.end(), 0);
    std::fill(places_.begin(), places_.end(), kFree);
    do solve_free();
    while (clip() && !free_.empty());
}

void BoundedSolver::fix(int number, Place place) {
    places_[number] = place;
    x_[number] = place == kLow ? (*lower_)[number] : (*upper_)[number];
}

bool BoundedSolver::clip() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < free_.size(); ++i) {
        const int number = free_[i];
        if (wanted_[i] < (*lower_)[number]) fix(number, kLow);
        else if (wanted_[i] > (*upper_)[number]) fix(number, kHigh);
        else x_[number] = wanted_[i], free_[kept++] = number;
    }
    const bool clipped = kept < free_.size();
    free_.resize(kept);
    return clipped;
}

// What is free moves to `wanted_`, the rest stays: |R_free s - (target - R x_fixed)| is least.
void BoundedSolver::solve_free() {
    std::copy(target_->begin(), target_->begin() + triangle_.rows(), rest_.begin());
    for (int number = 0; number < triangle_.columns(); ++number) {
        if (places_[number] == kFree || x_[number] == 0) continue;
        const double* column = triangle_.column(number);
        for (int row = 0; row < triangle_.filled(number); ++row) rest_[row] -= column[row] * x_[number];
    }
    subset_.solve(free_, rest_.data(), wanted_.data());
}

// At most as many rounds as there are variables, as the SDK and SciPy have it.
void BoundedSolver::walk() {
    judge();
    for (int round = 0; round < triangle_.columns(); ++round) {
        const double cost = cost_, urge = urge_;
        if (urge < tolerance_ * unit_ || !release()) return;
        settle();
        judge();
        if (!(cost_ < cost) || std::abs(urge - urge_) < kStill * unit_) return;
    }
}

// Frees what most wants to leave its bound.
bool BoundedSolver::release() {
    int best = -1;
    double most = 0;
    for (int number = 0; number < triangle_.columns(); ++number) {
        const double pull = gradient_[number] * places_[number];
        if (pull > most) best = number, most = pull;
    }
    if (best < 0) return false;
    places_[best] = kFree;
    free_.insert(std::lower_bound(free_.begin(), free_.end(), best), best);
    return true;
}

void BoundedSolver::settle() {
    do solve_free();
    while (step_to_bound());
}

// Goes towards what is wanted as far as every bound lets it; what blocked is held. False once all has arrived.
bool BoundedSolver::step_to_bound() {
    double share = 1;
    int blocking = -1;
    for (std::size_t i = 0; i < free_.size(); ++i) {
        const int number = free_[i];
        const double low = (*lower_)[number], high = (*upper_)[number];
        if (wanted_[i] >= low && wanted_[i] <= high) continue;
        const double reach = ((wanted_[i] < low ? low : high) - x_[number]) / (wanted_[i] - x_[number]);
        if (blocking < 0 || reach < share) share = reach, blocking = static_cast<int>(i);
    }
    for (std::size_t i = 0; i < free_.size(); ++i) {
        const int number = free_[i];
        const double moved = blocking < 0 ? wanted_[i] : (1 - share) * x_[number] + share * wanted_[i];
        x_[number] = std::min(std::max(moved, (*lower_)[number]), (*upper_)[number]);
    }
    if (blocking < 0) return false;
    const int number = free_[blocking];
    fix(number, wanted_[blocking] < (*lower_)[number] ? kLow : kHigh);
    free_.erase(free_.begin() + blocking);
    return true;
}

// Half the squared error, its gradient, and the largest urge of any variable to move.
void BoundedSolver::judge() {
    triangle_.times(x_.data(), rest_.data());
    cost_ = 0;
    for (int row = 0; row < triangle_.rows(); ++row) {
        rest_[row] -= (*target_)[row];
        cost_ += 0.5 * rest_[row] * rest_[row];
    }
    triangle_.transposed_times(rest_.data(), gradient_.data());
    urge_ = 0;
    for (int number = 0; number < triangle_.columns(); ++number)
        urge_ = std::max(urge_, places_[number] == kFree ? std::abs(gradient_[number]) : gradient_[number] * places_[number]);
}

}  // namespace visema
