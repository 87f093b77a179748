#include "deltas.hpp"

#include <algorithm>
#include <cmath>

#include "products.hpp"

namespace visema {

template <class Value>
Deltas<Value>::Deltas(const Value* neutral, const Value* deltas, int poses, std::vector<std::int32_t> vertices)
    : poses_(poses), tiles_((static_cast<int>(vertices.size()) * 3 + kTile - 1) / kTile), vertices_(std::move(vertices)),
      packed_(static_cast<std::size_t>(tiles_) * poses * kTile) {
    for (std::int32_t vertex : vertices_) neutral_.insert(neutral_.end(), neutral + 3 * std::size_t(vertex), neutral + 3 * std::size_t(vertex) + 3);
    const std::size_t rows = neutral_.size();
    for (std::size_t first = 0, at = 0; first < rows; first += kTile)
        for (int pose = 0; pose < poses; ++pose, at += kTile) {
            const Value* from = deltas + pose * rows + first;
            std::copy(from, from + std::min<std::size_t>(kTile, rows - first), packed_.begin() + static_cast<std::ptrdiff_t>(at));
        }
}

// How far one tile of a face lies from the neutral one. Returns the largest coordinate, infinity for what is no number.
template <class Value>
double Deltas<Value>::gather(const Value* face, int number, double* out) const {
    const std::size_t first = static_cast<std::size_t>(number) * kTile;
    const int rows = static_cast<int>(std::min<std::size_t>(kTile, neutral_.size() - first));
    double largest = 0, odd = 0;
    std::size_t vertex = first / 3, axis = first % 3;
    for (int row = 0; row < rows; ++row) {
        const double value = face[3 * static_cast<std::size_t>(vertices_[vertex]) + axis];
        out[row] = value - neutral_[first + row];
        largest = std::max(largest, std::abs(value));
        odd += value * 0;
        if (++axis == 3) axis = 0, ++vertex;
    }
    std::fill(out + rows, out + kTile, 0.0);
    return odd == 0 ? largest : INFINITY;
}

template <class Value>
bool Deltas<Value>::project(const Value* const* faces, int count, double limit, double* out) const {
    double rests[kFaces * kTile];
    std::fill(out, out + static_cast<std::size_t>(count) * poses_, 0.0);
    for (int number = 0; number < tiles_; ++number) {
        for (int face = 0; face < count; ++face)
            if (!(gather(faces[face], number, rests + face * kTile) <= limit)) return false;
        add_products(tile(number), poses_, rests, count, out);
    }
    return true;
}

template <class Value>
std::vector<double> Deltas<Value>::gram() const {
    std::vector<double> found(static_cast<std::size_t>(poses_) * poses_), rests(static_cast<std::size_t>(poses_) * kTile);
    for (int number = 0; number < tiles_; ++number) {
        std::copy(tile(number), tile(number) + rests.size(), rests.begin());
        add_products(tile(number), poses_, rests.data(), poses_, found.data());
    }
    return found;
}

template class Deltas<float>;
template class Deltas<double>;

}  // namespace visema
