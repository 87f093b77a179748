// Least squares over some columns of a matrix, again and again: the matrix is made triangular once.
#pragma once

#include <vector>

namespace visema {

// A = QR by Householder reflections. Matrices are column after column.
class Triangle {
  public:
    Triangle(std::vector<double> matrix, int rows, int columns);

    int rows() const { return rows_; }  // of R: at most as many as columns
    int columns() const { return columns_; }
    const double* column(int number) const { return packed_.data() + static_cast<std::size_t>(number) * height_; }
    // So many entries of a column of R are not zero.
    int filled(int number) const { return number < rows_ ? number + 1 : rows_; }

    // The first rows() entries of Qᵀ·target, in place of them.
    void turn(std::vector<double>& target) const;
    // out = R·x, or out = Rᵀ·y.
    void times(const double* x, double* out) const;
    void transposed_times(const double* y, double* out) const;

  private:
    int height_, columns_, rows_;
    std::vector<double> packed_;  // R above the diagonal and on it, the reflections below
    std::vector<double> scales_;
};

// The s for which |R_F s - target| is least, F being some columns of a triangle, in rising order; of several the shortest.
class SubsetSolver {
  public:
    explicit SubsetSolver(const Triangle& triangle);
    void solve(const std::vector<int>& chosen, const double* target, double* out);

  private:
    void copy(const std::vector<int>& chosen, const double* target);
    bool reduce(const std::vector<int>& chosen);
    void substitute(int count, double* out) const;
    double* column(int number) { return work_.data() + static_cast<std::size_t>(number) * triangle_.rows(); }
    const double* column(int number) const { return work_.data() + static_cast<std::size_t>(number) * triangle_.rows(); }

    const Triangle& triangle_;
    std::vector<double> work_, target_;
};

}  // namespace visema
