#include "solver.hpp"

#include <algorithm>
#include <atomic>

#include "../threads.hpp"

namespace visema {
namespace {

// The upper bound of what a stronger weight cancels; SDK: blendshape_solver.cpp.
constexpr double kCancelled = 1e-10;

std::vector<double> normal_matrix(std::vector<double> gram, int poses, const Penalties& penalties, const Pairs& symmetry) {
    for (double& entry : gram) entry += penalties.everywhere;
    const auto at = [&](int row, int column) -> double& { return gram[static_cast<std::size_t>(column) * poses + row]; };
    for (int pose = 0; pose < poses; ++pose) at(pose, pose) += penalties.diagonal;
    for (const auto& [one, other] : symmetry) {
        at(one, one) += penalties.symmetry, at(other, other) += penalties.symmetry;
        at(one, other) -= penalties.symmetry, at(other, one) -= penalties.symmetry;
    }
    return gram;
}

}  // namespace

WeightFinder::WeightFinder(const Triangle& triangle, const Pairs& cancel, double tolerance)
    : triangle_(triangle), cancel_(cancel), bounded_(triangle, tolerance), target_(triangle.columns()), lower_(triangle.columns(), 0.0),
      upper_(triangle.columns(), 1.0) {}

void WeightFinder::find(double* target) {
    std::copy(target, target + target_.size(), target_.begin());
    triangle_.turn(target_);
    std::fill(upper_.begin(), upper_.end(), 1.0);
    const std::vector<double>& found = bounded_.solve(target_, lower_, upper_);
    for (const auto& [one, other] : cancel_) upper_[found[one] >= found[other] ? other : one] = kCancelled;
    if (!cancel_.empty()) bounded_.solve(target_, lower_, upper_);
    std::copy(found.begin(), found.end(), target);
}

template <class Value>
Solver<Value>::Solver(Deltas<Value> deltas, const Penalties& penalties, const Pairs& symmetry, Pairs cancel)
    : deltas_(std::move(deltas)), penalties_(penalties), cancel_(std::move(cancel)),
      triangle_(std::make_unique<Triangle>(normal_matrix(deltas_.gram(), poses(), penalties, symmetry), poses(), poses())) {}

template <class Value>
bool Solver<Value>::solve(const Value* faces, std::size_t size, int count, const double* previous, double* out, int threads) const {
    std::atomic<bool> sound{true};
    Team team(std::min(threads, (count + kFaces - 1) / kFaces));
    team.run((count + kFaces - 1) / kFaces, [&](int block, int) {
        const std::size_t first = static_cast<std::size_t>(block) * kFaces;
        const int here = std::min(kFaces, count - static_cast<int>(first));
        double* found = out + first * poses();
        if (!project(faces + first * size, size, here, found)) sound = false;
        else if (penalties_.carry == 0) chain(nullptr, here, found);
    });
    if (sound && penalties_.carry != 0) chain(previous, count, out);
    return sound;
}

template <class Value>
bool Solver<Value>::project(const Value* faces, std::size_t size, int count, double* out) const {
    const Value* each[kFaces];
    for (int face = 0; face < count; ++face) each[face] = faces + face * size;
    return deltas_.project(each, count, kLargest, out);
}

// Face after face, each drawn towards the weights of the one before where there are `previous` ones.
template <class Value>
void Solver<Value>::chain(const double* previous, int count, double* out) const {
    WeightFinder finder(*triangle_, cancel_, penalties_.tolerance);
    for (int face = 0; face < count; ++face) {
        double* weights = out + static_cast<std::size_t>(face) * poses();
        for (int pose = 0; previous && pose < poses(); ++pose) weights[pose] += penalties_.carry * previous[pose];
        finder.find(weights);
        if (previous) previous = weights;
    }
}

template class Solver<float>;
template class Solver<double>;

}  // namespace visema
