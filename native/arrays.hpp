// NumPy arrays checked on their way in. What does not fit raises ValueError.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <array>
#include <cmath>
#include <stdexcept>

#include "raster.hpp"
#include "sample.hpp"

namespace visema {

namespace py = pybind11;
using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;
using Indices = py::array_t<std::int32_t, py::array::c_style | py::array::forcecast>;
using Bytes = py::array_t<std::uint8_t, py::array::c_style | py::array::forcecast>;
using Rectangle = std::array<int, 4>;

constexpr int kMaxSide = 1 << 15;

inline void require(bool condition, const char* message) {
    if (!condition) throw std::invalid_argument(message);
}

template <class Array>
void require_columns(const Array& array, py::ssize_t columns, const char* message) {
    require(array.ndim() == 2 && array.shape(1) == columns, message);
}

inline void require_finite(const Floats& array, const char* message) {
    const float* values = array.data();
    // A sum of zeros stays zero; anything else that is no number spoils it. Faster than asking each.
    float sum = 0.f;
    for (py::ssize_t i = 0; i < array.size(); ++i) sum += values[i] * 0.f;
    require(sum == 0.f, message);
}

inline void require_known_vertices(const Indices& triangles, py::ssize_t count) {
    const std::int32_t* index = triangles.data();
    for (py::ssize_t i = 0; i < triangles.size(); ++i)
        require(index[i] >= 0 && index[i] < count, "a triangle names a vertex that does not exist");
}

inline TriangleMesh make_mesh(const Floats& vertices, const Floats& values, const Indices& triangles) {
    require_columns(vertices, 3, "vertices must be (V, 3)");
    require_columns(values, 3, "values must be (V, 3)");
    require_columns(triangles, 3, "triangles must be (T, 3)");
    require(vertices.shape(0) == values.shape(0), "vertices and values must be equally many");
    require_finite(vertices, "vertices must be finite numbers");
    require_finite(values, "values must be finite numbers");
    require_known_vertices(triangles, vertices.shape(0));
    return {vertices.data(), values.data(), triangles.data(), static_cast<std::size_t>(vertices.shape(0)),
            static_cast<std::size_t>(triangles.shape(0))};
}

inline Box make_box(const Rectangle& r) {
    for (int side : r) require(side >= -kMaxSide && side <= kMaxSide, "the box is too large");
    return {r[0], r[1], std::max(r[0], r[2]), std::max(r[1], r[3])};
}

inline void require_picture(const Bytes& picture, const char* message) {
    require(picture.ndim() == 3 && picture.shape(2) == 3 && picture.size() > 0, message);
    require(picture.shape(0) <= kMaxSide && picture.shape(1) <= kMaxSide, "the picture is too large");
}

// (h, w, 3) bytes that are written to: pixels must lie side by side, rows may lie apart.
inline Pixels require_pixels(py::array& array) {
    require(py::isinstance<py::array_t<std::uint8_t>>(array) && array.ndim() == 3 && array.shape(2) == 3,
            "pixels must be (h, w, 3) uint8");
    require(array.shape(0) <= kMaxSide && array.shape(1) <= kMaxSide, "the picture is too large");
    require(array.size() == 0 || (array.strides(2) == 1 && array.strides(1) == 3), "pixels must lie side by side");
    return {static_cast<std::uint8_t*>(array.size() ? array.mutable_data() : nullptr), static_cast<int>(array.shape(1)),
            static_cast<int>(array.shape(0)), array.strides(0)};
}

void bind_canvas(py::module_& m);
void bind_layers(py::module_& m);
void bind_paint(py::module_& m);

}  // namespace visema
