// Runs the blendshape solver and a face's geometry on random and on nasty input, and prints a checksum of all that came out.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include "solver/geometry.hpp"
#include "solver/solver.hpp"

namespace {

using Numbers = std::mt19937;

int whole(Numbers& any, int low, int high) { return std::uniform_int_distribution<int>(low, high)(any); }
double real(Numbers& any, double low, double high) { return std::uniform_real_distribution<double>(low, high)(any); }

// FNV-1a over bytes: equal for builds that give equal results.
class Sum {
  public:
    void add(const std::vector<double>& values) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
        for (std::size_t i = 0; i < values.size() * sizeof(double); ++i) sum_ = (sum_ ^ bytes[i]) * 1099511628211u;
    }
    unsigned long long value() const { return sum_; }

  private:
    unsigned long long sum_ = 14695981039346656037u;
};

// What a rig may hold: mostly small numbers, now and then none at all or as large as they are let in.
double allowed(Numbers& any) {
    switch (whole(any, 0, 40)) {
        case 0: return whole(any, 0, 1) ? 1e30 : -1e30;
        case 1: return 1e-30;
        case 2: return 0;
        default: return real(any, -3, 3);
    }
}

// What a face may hold: anything.
double anything(Numbers& any) {
    switch (whole(any, 0, 900)) {
        case 0: return std::nan("");
        case 1: return whole(any, 0, 1) ? INFINITY : -INFINITY;
        case 2: return 3e38;
        default: return real(any, -9, 9);
    }
}

visema::Pairs pairs(Numbers& any, int poses) {
    visema::Pairs found;
    for (int i = poses < 2 ? 0 : whole(any, 0, 4); i > 0; --i) {
        const int one = whole(any, 0, poses - 2);
        found.emplace_back(one, whole(any, one + 1, poses - 1));
    }
    return found;
}

double penalty(Numbers& any) { return whole(any, 0, 5) ? real(any, 0, 4) : whole(any, 0, 3) ? 0.0 : 1e60; }

template <class Value>
std::vector<Value> deltas(Numbers& any, int poses, int rows, bool calm) {
    std::vector<Value> found;
    for (int i = 0; i < poses * rows; ++i) {
        const bool again = i >= rows && whole(any, 0, 3) == 0;  // poses that are much like others
        found.push_back(again ? found[i - rows] : static_cast<Value>(calm ? real(any, -3, 3) : allowed(any)));
    }
    return found;
}

void require_weights(const std::vector<double>& weights) {
    for (double weight : weights)
        if (!(weight >= 0 && weight <= 1)) std::abort();
}

template <class Value>
void solve(Numbers& any, int threads, Sum& sum) {
    const int total = whole(any, 1, 60), counted = whole(any, 1, 70), poses = whole(any, 0, 60), faces = whole(any, 0, 20);
    const bool calm = whole(any, 0, 2) > 0;
    std::vector<Value> neutral, points;
    for (int i = 0; i < 3 * total; ++i) neutral.push_back(static_cast<Value>(calm ? real(any, -9, 9) : allowed(any)));
    for (int i = 0; i < 3 * total * faces; ++i) points.push_back(static_cast<Value>(calm ? real(any, -9, 9) : anything(any)));
    std::vector<std::int32_t> vertices;
    for (int i = 0; i < counted; ++i) vertices.push_back(whole(any, 0, total - 1));
    std::vector<double> previous, weights(static_cast<std::size_t>(faces) * poses);
    for (int pose = 0; pose < poses; ++pose) previous.push_back(calm ? real(any, 0, 1) : allowed(any));
    const double carry = whole(any, 0, 1) ? penalty(any) : 0.0;
    const visema::Solver<Value> solver(
        visema::Deltas<Value>(neutral.data(), deltas<Value>(any, poses, 3 * counted, calm).data(), poses, vertices),
        {penalty(any), penalty(any), penalty(any), carry, whole(any, 0, 3) ? 1e-10 : 0.0}, pairs(any, poses), pairs(any, poses));
    const bool sound = solver.solve(points.data(), 3 * static_cast<std::size_t>(total), faces, previous.data(), weights.data(), threads);
    if (!sound && calm) std::abort();
    if (!sound) return;
    require_weights(weights);
    sum.add(weights);
}

void solve_within_bounds(Numbers& any, Sum& sum) {
    const int rows = whole(any, 0, 30), columns = whole(any, 0, 30);
    std::vector<double> matrix = deltas<double>(any, columns, rows, whole(any, 0, 1) == 0), target, low, high;
    for (int row = 0; row < rows; ++row) target.push_back(allowed(any));
    for (int column = 0; column < columns; ++column) low.push_back(allowed(any)), high.push_back(low.back() + 1e15 + real(any, 0, 1e16));
    for (int column = 0; column < columns; ++column)
        if (!(low[column] < high[column])) high[column] = std::nextafter(low[column], INFINITY);
    const visema::Triangle triangle(std::move(matrix), rows, columns);
    triangle.turn(target);
    visema::BoundedSolver solver(triangle, 1e-10);
    const std::vector<double>& x = solver.solve(target, low, high);
    for (int column = 0; column < columns; ++column)
        if (!(x[column] >= low[column] && x[column] <= high[column])) std::abort();
    sum.add(x);
}

template <class Value>
std::vector<Value> numbers(Numbers& any, std::size_t count) {
    std::vector<Value> found(count);
    for (Value& value : found) value = static_cast<Value>(anything(any));
    return found;
}

template <class Value>
void move(Numbers& any, int threads, Sum& sum) {
    const int vertices = whole(any, 0, 1200), frames = whole(any, 0, 4), shapes = whole(any, 0, 5);
    const std::size_t size = 3 * static_cast<std::size_t>(vertices);
    const auto neutral = numbers<Value>(any, size), offset = numbers<Value>(any, size), basis = numbers<Value>(any, size * shapes);
    const auto shares = numbers<Value>(any, vertices), coefficients = numbers<Value>(any, static_cast<std::size_t>(frames) * shapes);
    std::vector<Value> moves(size * frames), points(size * frames), state(4 * size), mask(vertices);
    visema::mix_shapes(coefficients.data(), basis.data(), frames, shapes, size, moves.data(), threads);
    visema::move_skin<Value>({neutral.data(), offset.data(), shares.data(), shares.data(), static_cast<std::size_t>(vertices), Value(1.5),
                              Value(0.3), Value(1)},
                             moves.data(), frames, state.data(), whole(any, 0, 1) == 0, points.data(), threads);
    visema::lower_face(neutral.data(), static_cast<std::size_t>(vertices), 0.6, real(any, 1e-3, 1), mask.data());
    // A number that is none may have either sign, as the compiler likes.
    std::vector<double> sane;
    for (Value point : points) sane.push_back(std::isfinite(point) ? point : 0.0);
    sum.add(sane);
}

void turn(Numbers& any, Sum& sum) {
    const int joints = whole(any, 1, 8);
    std::vector<double> from, to, matrix(16);
    for (int i = 0; i < 3 * joints; ++i) from.push_back(allowed(any)), to.push_back(whole(any, 0, 5) ? allowed(any) : from.back());
    visema::rigid_transform(from.data(), to.data(), joints, matrix.data());
    for (double entry : matrix)
        if (!std::isfinite(entry)) std::abort();
    sum.add(matrix);
}

}  // namespace

int main(int, char** arguments) {
    const int rounds = std::atoi(arguments[1]);
    Sum sums[2];
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 2; ++seed)
        threads.emplace_back([=, &sums] {
            Numbers any(seed);
            for (int round = 0; round < rounds; ++round) {
                solve<float>(any, 1 + round % 3, sums[seed]);
                solve<double>(any, 1 + round % 3, sums[seed]);
                solve_within_bounds(any, sums[seed]);
                move<float>(any, 1 + round % 3, sums[seed]);
                move<double>(any, 1 + round % 3, sums[seed]);
                turn(any, sums[seed]);
            }
        });
    for (std::thread& thread : threads) thread.join();
    std::printf("%016llx%016llx\n", sums[0].value(), sums[1].value());
    return 0;
}
