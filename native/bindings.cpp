// The Python module visema_native: the inner loops of the mesh animator.
#include <pybind11/stl.h>

#include "arrays.hpp"

namespace visema {
namespace {

Floats rasterise(const Floats& vertices, const Floats& values, const Indices& triangles, const Rectangle& rectangle) {
    const TriangleMesh mesh = make_mesh(vertices, values, triangles);
    const Box box = make_box(rectangle);
    const auto width = static_cast<std::size_t>(box.width()), pixels = width * box.height();
    Floats planes({py::ssize_t{3}, static_cast<py::ssize_t>(box.height()), static_cast<py::ssize_t>(box.width())});
    float* out = planes.mutable_data();
    py::gil_scoped_release unlocked;
    std::vector<float> depth(width * kBandRows);
    Raster raster;
    raster.set(mesh, box);
    for (int band = 0; band < raster.bands(); ++band) {
        float* at = out + width * kBandRows * static_cast<std::size_t>(band);
        raster.fill(band, raster.band(band), {at, at + pixels, at + 2 * pixels, depth.data()});
    }
    return planes;
}

}  // namespace
}  // namespace visema

PYBIND11_MODULE(visema_native, m) {
    m.attr("INTERFACE") = 3;  // as in engines/native.py
    m.doc() = "Inner loops of Visema Studio's mesh animator.";
    m.def("rasterise", &visema::rasterise, pybind11::arg("vertices"), pybind11::arg("values"), pybind11::arg("triangles"), pybind11::arg("box"),
          "Backward map of a mesh inside box (left, top, right, bottom), pixel centres at whole numbers.\n\n"
          "vertices (V, 3): x, y, depth; values (V, 3): way to the source in x and y, shade; triangles (T, 3).\n"
          "Returns (3, h, w) float32: source x, source y, shade. The nearest triangle wins; a pixel without one is\n"
          "its own source. Thread-safe; the GIL is released while it works.");
    visema::bind_canvas(m);
    visema::bind_paint(m);
    visema::bind_layers(m);
}
