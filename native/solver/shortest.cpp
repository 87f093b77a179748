// A complete orthogonal decomposition: A P = Q [R S; 0 0], then [R S]ᵀ = Z T, so x = P Z T⁻ᵀ Qᵀ target.
#include "shortest.hpp"

#include <numeric>
#include <vector>

#include "reflections.hpp"

namespace visema {
namespace {

struct Columns {
    double* data;
    int rows, count;
    double* at(int number) const { return data + static_cast<std::size_t>(number) * rows; }
};

double squares(const double* x, int length) { return std::inner_product(x, x + length, x, 0.0); }

void bring_longest(const Columns& a, int step, std::vector<int>& order) {
    int longest = step;
    for (int number = step + 1; number < a.count; ++number)
        if (squares(a.at(number) + step, a.rows - step) > squares(a.at(longest) + step, a.rows - step)) longest = number;
    std::swap(order[step], order[longest]);
    if (longest != step) std::swap_ranges(a.at(step), a.at(step) + a.rows, a.at(longest));
}

// Makes A triangular, the longest remaining column first, and says how many columns stand on their own.
int triangulate(const Columns& a, double* target, std::vector<int>& order) {
    const int steps = std::min(a.rows, a.count);
    double largest = 0;
    for (int step = 0; step < steps; ++step) {
        bring_longest(a, step, order);
        double* pivot = a.at(step) + step;
        const double scale = make_reflection(pivot, a.rows - step);
        largest = std::max(largest, std::abs(pivot[0]));
        if (!(std::abs(pivot[0]) > largest * negligible(a.rows))) return step;
        for (int later = step + 1; later < a.count; ++later) reflect(pivot, scale, a.rows - step, a.at(later) + step);
        reflect(pivot, scale, a.rows - step, target + step);
    }
    return steps;
}

std::vector<double> transposed(const Columns& a, int rank) {
    std::vector<double> rows(static_cast<std::size_t>(a.count) * rank, 0.0);
    for (int row = 0; row < rank; ++row)
        for (int number = row; number < a.count; ++number) rows[static_cast<std::size_t>(row) * a.count + number] = a.at(number)[row];
    return rows;
}

// The shortest z with [R S] z = target, in the first a.count entries of the result.
std::vector<double> shortest(const Columns& a, int rank, const double* target) {
    std::vector<double> kept = transposed(a, rank), scales(rank), z(a.count, 0.0);
    const Columns rows{kept.data(), a.count, rank};
    for (int step = 0; step < rank; ++step) {
        double* pivot = rows.at(step) + step;
        scales[step] = make_reflection(pivot, a.count - step);
        for (int later = step + 1; later < rank; ++later) reflect(pivot, scales[step], a.count - step, rows.at(later) + step);
    }
    for (int row = 0; row < rank; ++row) {
        double rest = target[row];
        for (int before = 0; before < row; ++before) rest -= rows.at(row)[before] * z[before];
        z[row] = rest / rows.at(row)[row];
    }
    for (int step = rank - 1; step >= 0; --step) reflect(rows.at(step) + step, scales[step], a.count - step, z.data() + step);
    return z;
}

}  // namespace

void solve_shortest(double* matrix, int rows, int columns, double* target, double* out) {
    const Columns a{matrix, rows, columns};
    std::vector<int> order(columns);
    std::iota(order.begin(), order.end(), 0);
    const int rank = triangulate(a, target, order);
    const std::vector<double> z = shortest(a, rank, target);
    for (int number = 0; number < columns; ++number) out[order[number]] = z[number];
}

}  // namespace visema
