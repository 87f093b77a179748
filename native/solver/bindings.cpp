// The Python module visema_solver: blendshape weights and the points of faces.
#include <pybind11/stl.h>

#include <array>

#include "../threads.hpp"
#include "checks.hpp"

namespace visema {
namespace {

constexpr int kThreads = 8;
constexpr py::ssize_t kMaxPoses = 1024, kMaxVertices = 1 << 24;

Pairs read_pairs(const Array<std::int32_t>& given, py::ssize_t poses, const char* name) {
    require(given.ndim() == 2 && given.shape(1) == 2, std::string(name) + " must be (S, 2)");
    Pairs pairs;
    for (py::ssize_t i = 0; i < given.shape(0); ++i) {
        const int one = given.at(i, 0), other = given.at(i, 1);
        require(one >= 0 && one < poses && other >= 0 && other < poses && one != other, std::string(name) + " name poses that do not exist");
        pairs.emplace_back(one, other);
    }
    return pairs;
}

std::vector<std::int32_t> read_vertices(const Array<std::int32_t>& given, py::ssize_t total) {
    require(given.ndim() == 1, "vertices must be (M,)");
    const std::vector<std::int32_t> vertices(given.data(), given.data() + given.size());
    for (std::int32_t vertex : vertices) require(vertex >= 0 && vertex < total, "a vertex that counts does not exist");
    return vertices;
}

Penalties read_penalties(const std::array<double, 5>& given) {
    for (double penalty : given) require(penalty >= 0 && penalty <= 1e120, "penalties must be finite and not below 0");
    return {given[0], given[1], given[2], given[3], given[4]};
}

struct Rig {
    py::object neutral, deltas;
    Array<std::int32_t> vertices, symmetry, cancel;
    Penalties penalties;
};

class AnySolver {
  public:
    virtual ~AnySolver() = default;
    virtual Array<double> solve(const py::object& points, const Array<double>& previous) const = 0;
};

template <class Value>
class SolverOf final : public AnySolver {
  public:
    explicit SolverOf(const Rig& rig) : SolverOf(rig, Array<Value>(rig.neutral), Array<Value>(rig.deltas)) {}
    Array<double> solve(const py::object& points, const Array<double>& previous) const override;

  private:
    SolverOf(const Rig& rig, const Array<Value>& neutral, const Array<Value>& deltas)
        : total_(checked(rig, neutral, deltas)),
          solver_(Deltas<Value>(neutral.data(), deltas.data(), static_cast<int>(deltas.shape(0)), read_vertices(rig.vertices, total_)),
                  rig.penalties, read_pairs(rig.symmetry, deltas.shape(0), "symmetry"), read_pairs(rig.cancel, deltas.shape(0), "cancel")) {}

    static py::ssize_t checked(const Rig& rig, const Array<Value>& neutral, const Array<Value>& deltas);

    py::ssize_t total_;
    Solver<Value> solver_;
};

template <class Value>
py::ssize_t SolverOf<Value>::checked(const Rig& rig, const Array<Value>& neutral, const Array<Value>& deltas) {
    require_triples(neutral, 2, "neutral must be (V, 3)");
    require_triples(deltas, 3, "deltas must be (n, M, 3)");
    require(neutral.shape(0) <= kMaxVertices && deltas.shape(1) <= kMaxVertices, "there are too many vertices");
    require(deltas.shape(0) <= kMaxPoses, "there are too many poses");
    require(deltas.shape(1) == rig.vertices.size(), "deltas and vertices must be equally many");
    require_numbers(neutral, "neutral");
    require_numbers(deltas, "deltas");
    return neutral.shape(0);
}

template <class Value>
Array<double> SolverOf<Value>::solve(const py::object& points, const Array<double>& previous) const {
    const Array<Value> faces(points);
    require_triples(faces, 3, "points must be (T, V, 3)");
    require(faces.shape(1) == total_, "points must have the vertices of neutral");
    require(faces.shape(0) <= 1 << 24, "there are too many points");
    require(previous.ndim() == 1 && previous.shape(0) == solver_.poses(), "previous must be (n,)");
    require_numbers(previous, "previous");
    Array<double> weights({faces.shape(0), static_cast<py::ssize_t>(solver_.poses())});
    double* out = weights.mutable_data();
    bool sound;
    {
        py::gil_scoped_release unlocked;
        sound = solver_.solve(faces.data(), 3 * static_cast<std::size_t>(total_), static_cast<int>(faces.shape(0)), previous.data(), out,
                              useful_threads(kThreads));
    }
    require(sound, "points must be finite and below 1e30");
    return weights;
}

std::unique_ptr<AnySolver> make_solver(const py::object& neutral, const py::object& deltas, const Array<std::int32_t>& vertices,
                                       const std::array<double, 5>& penalties, const Array<std::int32_t>& symmetry,
                                       const Array<std::int32_t>& cancel) {
    const Rig rig{neutral, deltas, vertices, symmetry, cancel, read_penalties(penalties)};
    if (py::isinstance<py::array_t<float>>(deltas)) return std::make_unique<SolverOf<float>>(rig);
    return std::make_unique<SolverOf<double>>(rig);
}

Array<double> bounded_least_squares(const Array<double>& matrix, const Array<double>& target, const Array<double>& lower,
                                    const Array<double>& upper, double tolerance) {
    require(matrix.ndim() == 2 && matrix.shape(0) <= 1 << 20 && matrix.shape(1) <= kMaxPoses, "matrix must be (m, n), n at most 1024");
    const int rows = static_cast<int>(matrix.shape(0)), columns = static_cast<int>(matrix.shape(1));
    require(target.ndim() == 1 && target.shape(0) == rows, "target must be (m,)");
    require(lower.ndim() == 1 && lower.shape(0) == columns && upper.ndim() == 1 && upper.shape(0) == columns, "bounds must be (n,)");
    require_numbers(matrix, "matrix");
    require_numbers(target, "target");
    require_numbers(lower, "lower");
    require_numbers(upper, "upper");
    for (int i = 0; i < columns; ++i) require(lower.at(i) < upper.at(i), "lower bounds must be below upper ones");
    require(tolerance >= 0, "tolerance must not be below 0");
    Array<double> found(columns);
    double* out = found.mutable_data();
    const std::vector<double> low(lower.data(), lower.data() + columns), high(upper.data(), upper.data() + columns);
    std::vector<double> turned(target.data(), target.data() + rows), entries(static_cast<std::size_t>(rows) * columns);
    for (int row = 0; row < rows; ++row)
        for (int column = 0; column < columns; ++column) entries[static_cast<std::size_t>(column) * rows + row] = *matrix.data(row, column);
    py::gil_scoped_release unlocked;
    const Triangle triangle(std::move(entries), rows, columns);
    triangle.turn(turned);
    BoundedSolver solver(triangle, tolerance);
    const std::vector<double>& x = solver.solve(turned, low, high);
    std::copy(x.begin(), x.end(), out);
    return found;
}

}  // namespace
}  // namespace visema

PYBIND11_MODULE(visema_solver, m) {
    namespace py = pybind11;
    m.attr("INTERFACE") = 1;  // as in engines/native.py
    m.doc() = "Blendshape weights of faces, as the Audio2Face-3D SDK finds them.";
    m.def("bounded_least_squares", &visema::bounded_least_squares, py::arg("matrix"), py::arg("target"), py::arg("lower"), py::arg("upper"),
          py::arg("tolerance") = 1e-10,
          "The x (n,) within lower and upper for which |matrix x - target| is least; matrix (m, n), target (m,).\n\n"
          "At most n variables leave a bound again, as in the SDK and in SciPy's lsq_linear(method='bvls').");
    py::class_<visema::AnySolver>(m, "Solver", "One rig; see engines/solver.py. Threads may share it.")
        .def(py::init(&visema::make_solver), py::arg("neutral"), py::arg("deltas"), py::arg("vertices"), py::arg("penalties"),
             py::arg("symmetry"), py::arg("cancel"),
             "neutral (V, 3); deltas (n, M, 3) of the vertices (M,), kept as float32 if they are, else as float64; penalties:\n"
             "everywhere, diagonal, symmetry, carry, tolerance; symmetry (S, 2) and cancel (C, 2): places of poses.")
        .def("solve", &visema::AnySolver::solve, py::arg("points"), py::arg("previous"),
             "Weights (T, n) in [0, 1] of points (T, V, 3); previous (n,). The GIL is released while it works.");
    visema::bind_geometry(m);
}
