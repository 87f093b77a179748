// NumPy arrays checked on their way in. What does not fit raises ValueError.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "solver.hpp"

namespace visema {

namespace py = pybind11;

template <class Value>
using Array = py::array_t<Value, py::array::c_style | py::array::forcecast>;

inline void require(bool condition, const std::string& message) {
    if (!condition) throw std::invalid_argument(message);
}

template <class Value>
void require_numbers(const Array<Value>& array, const std::string& name) {
    const Value* values = array.data();
    bool sound = true;
    for (py::ssize_t i = 0; i < array.size(); ++i) sound &= std::abs(static_cast<double>(values[i])) <= kLargest;
    require(sound, name + " must be finite and below 1e30");
}

template <class Value>
void require_triples(const Array<Value>& array, py::ssize_t dimensions, const std::string& message) {
    require(array.ndim() == dimensions && array.shape(dimensions - 1) == 3, message);
    require(array.size() <= py::ssize_t{1} << 40, message + " of a size that exists");
}

void bind_geometry(py::module_& m);

}  // namespace visema
