// The Python module visema_native: the inner loop of the mesh animator.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

#include "raster.hpp"

namespace py = pybind11;

namespace {

using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;
using Indices = py::array_t<std::int32_t, py::array::c_style | py::array::forcecast>;
using Rectangle = std::array<int, 4>;

constexpr int kMaxSide = 1 << 15;

void require(bool condition, const char* message) {
    if (!condition) throw std::invalid_argument(message);
}

template <class Array>
void require_columns(const Array& array, const char* message) {
    require(array.ndim() == 2 && array.shape(1) == 3, message);
}

void require_known_vertices(const Indices& triangles, py::ssize_t count) {
    const std::int32_t* index = triangles.data();
    for (py::ssize_t i = 0; i < triangles.size(); ++i)
        require(index[i] >= 0 && index[i] < count, "a triangle names a vertex that does not exist");
}

visema::Box make_box(const Rectangle& r) {
    for (int side : r) require(side >= -kMaxSide && side <= kMaxSide, "the box is too large");
    return {r[0], r[1], std::max(r[0], r[2]), std::max(r[1], r[3])};
}

Floats rasterise(const Floats& vertices, const Floats& values, const Indices& triangles, const Rectangle& rectangle) {
    require_columns(vertices, "vertices must be (V, 3)");
    require_columns(values, "values must be (V, 3)");
    require_columns(triangles, "triangles must be (T, 3)");
    require(vertices.shape(0) == values.shape(0), "vertices and values must be equally many");
    require_known_vertices(triangles, vertices.shape(0));
    const visema::Box box = make_box(rectangle);
    const std::size_t pixels = static_cast<std::size_t>(box.width()) * box.height();
    Floats planes({py::ssize_t{3}, static_cast<py::ssize_t>(box.height()), static_cast<py::ssize_t>(box.width())});
    const visema::TriangleMesh mesh{vertices.data(), values.data(), triangles.data(),
                                    static_cast<std::size_t>(triangles.shape(0))};
    float* out = planes.mutable_data();
    py::gil_scoped_release unlocked;
    std::vector<float> depth(pixels);
    visema::rasterise(mesh, box, {out, out + pixels, out + 2 * pixels, depth.data()});
    return planes;
}

}  // namespace

PYBIND11_MODULE(visema_native, m) {
    m.doc() = "Inner loop of Visema Studio's mesh animator.";
    m.def("rasterise", &rasterise, py::arg("vertices"), py::arg("values"), py::arg("triangles"), py::arg("box"),
          "Backward map of a mesh inside box (left, top, right, bottom), pixel centres at whole numbers.\n\n"
          "vertices (V, 3): x, y, depth; values (V, 3): way to the source in x and y, shade; triangles (T, 3).\n"
          "Returns (3, h, w) float32: source x, source y, shade. The nearest triangle wins; a pixel without one is\n"
          "its own source. Thread-safe; the GIL is released while it works.");
}
