// The deltas of all poses, laid out to be multiplied with many faces.
#pragma once

#include <cstdint>
#include <vector>

namespace visema {

// Rows (coordinates) that lie together, for every pose in turn.
constexpr int kTile = 128;
// Faces that are multiplied together.
constexpr int kFaces = 8;

// Vertices that count, of a face of `total` vertices. Value is float or double; sums are of doubles.
template <class Value>
class Deltas {
  public:
    // neutral (total, 3); deltas (poses, vertices, 3).
    Deltas(const Value* neutral, const Value* deltas, int poses, std::vector<std::int32_t> vertices);

    int poses() const { return poses_; }
    // Dᵀ(face - neutral) for up to kFaces faces of (total, 3): out (count, poses). False if one is no number, or above `limit`.
    bool project(const Value* const* faces, int count, double limit, double* out) const;
    // DᵀD, (poses, poses).
    std::vector<double> gram() const;

  private:
    const Value* tile(int number) const { return packed_.data() + static_cast<std::size_t>(number) * poses_ * kTile; }
    double gather(const Value* face, int number, double* out) const;

    int poses_, tiles_;
    std::vector<std::int32_t> vertices_;
    std::vector<Value> neutral_, packed_;
};

}  // namespace visema
