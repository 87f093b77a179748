// The functions of geometry.hpp for NumPy arrays of float32 and float64.
#include "../threads.hpp"
#include "checks.hpp"
#include "geometry.hpp"

namespace visema {
namespace {

constexpr int kThreads = 8;

template <class Value>
Array<Value> mix(const Array<Value>& coefficients, const Array<Value>& shapes) {
    require(coefficients.ndim() == 2 && shapes.ndim() >= 2 && shapes.shape(0) == coefficients.shape(1),
            "coefficients must be (T, K) and shapes (K, ...)");
    require(coefficients.size() <= 1 << 28, "there are too many coefficients");
    require_numbers(coefficients, "coefficients");
    std::vector<py::ssize_t> shape(shapes.shape(), shapes.shape() + shapes.ndim());
    shape[0] = coefficients.shape(0);
    Array<Value> out(shape);
    std::size_t size = 1;
    for (std::size_t axis = 1; axis < shape.size(); ++axis) size *= static_cast<std::size_t>(shape[axis]);
    Value* to = out.mutable_data();
    py::gil_scoped_release unlocked;
    mix_shapes(coefficients.data(), shapes.data(), static_cast<int>(shape[0]), static_cast<int>(shapes.shape(0)), size, to,
               useful_threads(kThreads));
    return out;
}

template <class Value>
Array<Value> move(const Array<Value>& neutral, const Array<Value>& offset, const Array<Value>& shares, const Array<Value>& moves,
                  const Array<Value>& factors, py::array_t<Value> state, bool fresh) {
    require_triples(neutral, 2, "neutral must be (V, 3)");
    require_triples(moves, 3, "moves must be (T, V, 3)");
    const py::ssize_t vertices = neutral.shape(0), frames = moves.shape(0);
    require(offset.ndim() == 2 && offset.shape(0) == vertices && offset.shape(1) == 3, "offset must be (V, 3)");
    require(moves.shape(1) == vertices && frames <= 1 << 24, "moves must be (T, V, 3)");
    require(shares.ndim() == 2 && shares.shape(0) == 2 && shares.shape(1) == vertices, "shares must be (2, V)");
    require(factors.ndim() == 1 && factors.shape(0) == 3, "factors must be (3,)");
    require((state.flags() & py::array::c_style) && state.writeable() && state.ndim() == 3 && state.shape(0) == 4 &&
                state.shape(1) == vertices && state.shape(2) == 3,
            "state must be (4, V, 3), without gaps");
    require_numbers(moves, "moves");
    Array<Value> out({frames, vertices, py::ssize_t{3}});
    const Value* by = factors.data();
    const Skin<Value> skin{neutral.data(), offset.data(), shares.data(), shares.data() + vertices, static_cast<std::size_t>(vertices),
                           by[0],          by[1],         by[2]};
    Value *to = out.mutable_data(), *stages = state.mutable_data();
    py::gil_scoped_release unlocked;
    move_skin(skin, moves.data(), static_cast<int>(frames), stages, fresh, to, useful_threads(kThreads));
    return out;
}

template <class Value>
Array<Value> lower(const Array<Value>& neutral, double level, double softness) {
    require_triples(neutral, 2, "neutral must be (V, 3)");
    require_numbers(neutral, "neutral");
    require(softness > 0 && std::isfinite(softness) && std::isfinite(level), "softness must be above 0");
    Array<Value> out(neutral.shape(0));
    lower_face(neutral.data(), static_cast<std::size_t>(neutral.shape(0)), level, softness, out.mutable_data());
    return out;
}

Array<double> transforms(const Array<double>& neutral, const Array<double>& poses) {
    require_triples(neutral, 2, "neutral must be (J, 3)");
    require_triples(poses, 3, "poses must be (T, J, 3)");
    require(poses.shape(1) == neutral.shape(0) && neutral.shape(0) > 0 && neutral.shape(0) <= 1 << 20, "poses must be (T, J, 3), J as in neutral");
    require_numbers(neutral, "neutral");
    require_numbers(poses, "poses");
    Array<double> out({poses.shape(0), py::ssize_t{4}, py::ssize_t{4}});
    double* to = out.mutable_data();
    const int count = static_cast<int>(neutral.shape(0));
    py::gil_scoped_release unlocked;
    for (py::ssize_t frame = 0; frame < poses.shape(0); ++frame)
        rigid_transform(neutral.data(), poses.data() + frame * 3 * count, count, to + 16 * frame);
    return out;
}

template <class Value>
Array<Value> eyes(const Array<Value>& found, const Array<Value>& saccades, const Array<Value>& offsets, double strength,
                  double saccade_strength) {
    require(found.ndim() == 2 && found.shape(1) == 4 && found.shape(0) <= 1 << 24, "found must be (T, 4)");
    require(saccades.ndim() == 2 && saccades.shape(1) == 2 && saccades.shape(0) == found.shape(0), "saccades must be (T, 2)");
    require(offsets.ndim() == 1 && offsets.shape(0) == 4, "offsets must be (4,)");
    require_numbers(found, "found");
    Array<Value> out({found.shape(0), py::ssize_t{6}});
    eye_angles(found.data(), saccades.data(), offsets.data(), static_cast<Value>(strength), static_cast<Value>(saccade_strength),
               static_cast<int>(found.shape(0)), out.mutable_data());
    return out;
}

// Arrays of float32 stay so; the overload for float64, defined last, takes everything else.
template <class Value>
void bind(py::module_& m) {
    const auto exact = [](const char* name) { return py::arg(name).noconvert(sizeof(Value) == sizeof(float)); };
    m.def("mix_shapes", &mix<Value>, exact("coefficients"), exact("shapes"), "(T, ...): coefficients (T, K) times shapes (K, ...).");
    m.def("move_skin", &move<Value>, exact("neutral"), exact("offset"), exact("shares"), exact("moves"), exact("factors"),
          py::arg("state").noconvert(), py::arg("fresh"),
          "Points (T, V, 3) of moves (T, V, 3). shares (2, V): lower, upper; factors: strength, lower and upper alpha; state\n"
          "(4, V, 3) is read, unless fresh, and left for what follows.");
    m.def("lower_face", &lower<Value>, exact("neutral"), py::arg("level"), py::arg("softness"), "Shares (V,) of the lower face.");
    m.def("eye_angles", &eyes<Value>, exact("found"), exact("saccades"), exact("offsets"), py::arg("strength"),
          py::arg("saccade_strength"), "Degrees (T, 6): right x, y, z, left x, y, z.");
}

}  // namespace

void bind_geometry(py::module_& m) {
    bind<float>(m);
    bind<double>(m);
    m.def("rigid_transforms", &transforms, py::arg("neutral"), py::arg("poses"),
          "Matrices (T, 4, 4) that best carry neutral (J, 3) to each of poses (T, J, 3).");
}

}  // namespace visema
