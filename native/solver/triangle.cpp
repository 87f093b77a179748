#include "triangle.hpp"

#include <algorithm>
#include <limits>

#include "reflections.hpp"
#include "shortest.hpp"

namespace visema {

Triangle::Triangle(std::vector<double> matrix, int rows, int columns)
    : height_(rows), columns_(columns), rows_(std::min(rows, columns)), packed_(std::move(matrix)), scales_(rows_) {
    for (int step = 0; step < rows_; ++step) {
        double* pivot = packed_.data() + static_cast<std::size_t>(step) * height_ + step;
        scales_[step] = make_reflection(pivot, height_ - step);
        for (int later = 1; later < columns_ - step; ++later)
            reflect(pivot, scales_[step], height_ - step, pivot + static_cast<std::size_t>(later) * height_);
    }
}

void Triangle::turn(std::vector<double>& target) const {
    for (int step = 0; step < rows_; ++step) reflect(column(step) + step, scales_[step], height_ - step, target.data() + step);
}

void Triangle::times(const double* x, double* out) const {
    std::fill(out, out + rows_, 0.0);
    for (int number = 0; number < columns_; ++number)
        for (int row = 0; row < filled(number); ++row) out[row] += column(number)[row] * x[number];
}

void Triangle::transposed_times(const double* y, double* out) const {
    for (int number = 0; number < columns_; ++number) {
        out[number] = 0;
        for (int row = 0; row < filled(number); ++row) out[number] += column(number)[row] * y[row];
    }
}

SubsetSolver::SubsetSolver(const Triangle& triangle)
    : triangle_(triangle), work_(static_cast<std::size_t>(triangle.rows()) * triangle.columns()), target_(triangle.rows()) {}

void SubsetSolver::solve(const std::vector<int>& chosen, const double* target, double* out) {
    const int count = static_cast<int>(chosen.size());
    copy(chosen, target);
    if (count <= triangle_.rows() && reduce(chosen)) return substitute(count, out);
    copy(chosen, target);
    solve_shortest(work_.data(), triangle_.rows(), count, target_.data(), out);
}

void SubsetSolver::copy(const std::vector<int>& chosen, const double* target) {
    const int rows = triangle_.rows();
    for (std::size_t place = 0; place < chosen.size(); ++place) {
        const double* from = triangle_.column(chosen[place]);
        double* to = column(static_cast<int>(place));
        std::fill(std::copy(from, from + triangle_.filled(chosen[place]), to), to + rows, 0.0);
    }
    std::copy(target, target + rows, target_.begin());
}

// Columns left out leave few entries below the diagonal, so only these are turned away. False if columns depend on others.
bool SubsetSolver::reduce(const std::vector<int>& chosen) {
    const int count = static_cast<int>(chosen.size());
    double least = std::numeric_limits<double>::infinity(), largest = 0;
    for (int step = 0; step < count; ++step) {
        double* pivot = column(step) + step;
        const int length = triangle_.filled(chosen[step]) - step;
        const double scale = make_reflection(pivot, length);
        for (int later = step + 1; later < count; ++later) reflect(pivot, scale, length, column(later) + step);
        reflect(pivot, scale, length, target_.data() + step);
        least = std::min(least, std::abs(pivot[0]));
        largest = std::max(largest, std::abs(pivot[0]));
    }
    return count == 0 || least > largest * negligible(triangle_.rows());
}

void SubsetSolver::substitute(int count, double* out) const {
    for (int place = count - 1; place >= 0; --place) {
        double rest = target_[place];
        for (int later = place + 1; later < count; ++later) rest -= column(later)[place] * out[later];
        out[place] = rest / column(place)[place];
    }
}

}  // namespace visema
