// Blendshape weights of faces: the Audio2Face-3D SDK's normal equations, solved within [0, 1].
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "bounded.hpp"
#include "deltas.hpp"

namespace visema {

// Numbers beyond this would leave the range of doubles once they are multiplied.
constexpr double kLargest = 1e30;

// Added to DᵀD: to every entry, to the diagonal, for a symmetric pair; and `carry` times the weights before to Dᵀr.
struct Penalties {
    double everywhere, diagonal, symmetry, carry, tolerance;
};

using Pairs = std::vector<std::pair<int, int>>;

// Finds x for b of one matrix; knows nothing of faces. For one thread.
class WeightFinder {
  public:
    WeightFinder(const Triangle& triangle, const Pairs& cancel, double tolerance);
    // Dᵀr + carry·previous, in place of it x.
    void find(double* target);

  private:
    const Triangle& triangle_;
    const Pairs& cancel_;
    BoundedSolver bounded_;
    std::vector<double> target_, lower_, upper_;
};

// One rig. Faces are (vertices, 3) one after the other; weights (count, poses).
template <class Value>
class Solver {
  public:
    Solver(Deltas<Value> deltas, const Penalties& penalties, const Pairs& symmetry, Pairs cancel);

    int poses() const { return deltas_.poses(); }
    // False if a coordinate that counts is no number or too large. Any number of threads may call it at once.
    bool solve(const Value* faces, std::size_t size, int count, const double* previous, double* out, int threads) const;

  private:
    bool project(const Value* faces, std::size_t size, int count, double* out) const;
    void chain(const double* previous, int count, double* out) const;

    Deltas<Value> deltas_;
    Penalties penalties_;
    Pairs cancel_;
    std::unique_ptr<const Triangle> triangle_;
};

}  // namespace visema
