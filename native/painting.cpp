// What is painted over frames, and frames for encoders, as functions of the Python module.
#include <pybind11/stl.h>

#include <optional>

#include "arrays.hpp"
#include "paint.hpp"
#include "yuv.hpp"

namespace visema {
namespace {

constexpr float kWidestBlur = 1000.f;

void require_plane(const Floats& plane, const Pixels& like, py::ssize_t channels, const char* message) {
    require(plane.ndim() == (channels == 1 ? 2 : 3) && plane.shape(0) == like.height && plane.shape(1) == like.width &&
                (channels == 1 || plane.shape(2) == channels),
            message);
}

void require_sigma(float sigma) { require(sigma >= 0.f && sigma <= kWidestBlur, "a blur must be 0 to 1000 px wide"); }

Floats cover_window(const Floats& polygon, const Rectangle& rectangle, float softness) {
    require_columns(polygon, 2, "the polygon must be (N, 2)");
    require_finite(polygon, "the polygon must be finite numbers");
    require_sigma(softness);
    const Box box = make_box(rectangle);
    Floats mask({static_cast<py::ssize_t>(box.height()), static_cast<py::ssize_t>(box.width())});
    float* to = mask.mutable_data();
    const float* corners = polygon.data();
    const auto count = static_cast<std::size_t>(polygon.shape(0));
    py::gil_scoped_release unlocked;
    cover(corners, count, box, to);
    blur(to, box.width(), box.height(), 1, softness, 4.f);
    return mask;
}

Floats blurred(const Floats& plane, float sigma) {
    require(plane.ndim() == 2 || plane.ndim() == 3, "the plane must be (h, w) or (h, w, channels)");
    require_sigma(sigma);
    const py::ssize_t channels = plane.ndim() == 3 ? plane.shape(2) : 1;
    require(plane.shape(0) <= kMaxSide && plane.shape(1) <= kMaxSide && channels <= 16, "the plane is too large");
    Floats soft(std::vector<py::ssize_t>(plane.shape(), plane.shape() + plane.ndim()));
    float* to = soft.mutable_data();
    const float* from = plane.data();
    const auto count = static_cast<std::size_t>(plane.size());
    const int width = static_cast<int>(plane.shape(1)), height = static_cast<int>(plane.shape(0));
    py::gil_scoped_release unlocked;
    std::copy(from, from + count, to);
    blur(to, width, height, static_cast<int>(channels), sigma, 4.f);
    return soft;
}

void blend_over(py::array pixels, const Floats& layer, const Floats& mask, const std::optional<Floats>& shade) {
    const Pixels view = require_pixels(pixels);
    require_plane(layer, view, 3, "the layer must be (h, w, 3) like the pixels");
    require_plane(mask, view, 1, "the mask must be (h, w) like the pixels");
    if (shade) require_plane(*shade, view, 3, "the shade must be (h, w, 3) like the pixels");
    const float *colours = layer.data(), *share = mask.data(), *light = shade ? shade->data() : nullptr;
    py::gil_scoped_release unlocked;
    blend(view, colours, share, light);
}

void soften(py::array pixels, const Floats& mask, float radius) {
    const Pixels view = require_pixels(pixels);
    require_plane(mask, view, 1, "the mask must be (h, w) like the pixels");
    require_sigma(radius);
    const float* edge = mask.data();
    py::gil_scoped_release unlocked;
    soften_seam(view, edge, radius);
}

Floats stepped(float low, float high, const Floats& values) {
    Floats steps(std::vector<py::ssize_t>(values.shape(), values.shape() + values.ndim()));
    smoothstep(values.data(), static_cast<std::size_t>(values.size()), low, high, steps.mutable_data());
    return steps;
}

Layer require_layer(const py::array& array, float* at, const char* message) {
    require(py::isinstance<py::array_t<float>>(array) && array.ndim() == 3 && array.shape(2) == 3, message);
    require(array.shape(0) <= kMaxSide && array.shape(1) <= kMaxSide, "the picture is too large");
    require(array.size() == 0 || (array.strides(2) == 4 && array.strides(1) == 12 && array.strides(0) % 4 == 0), message);
    return {at, static_cast<int>(array.shape(1)), static_cast<int>(array.shape(0)), array.strides(0) / 4};
}

void lay_sprite(py::array below, const Floats& sprite, const std::array<double, 6>& to_sprite, const py::array& light,
                float gain, float strength) {
    constexpr const char* kWrong = "below and light must be (h, w, 3) float32, pixels side by side";
    require(sprite.ndim() == 3 && sprite.shape(2) == 4, "the sprite must be (h, w, 4)");
    require(sprite.shape(0) <= kMaxSide && sprite.shape(1) <= kMaxSide, "the sprite is too large");
    for (double number : to_sprite) require(std::isfinite(number), "the affine must be finite numbers");
    const Layer under = require_layer(below, static_cast<float*>(below.mutable_data()), kWrong);
    const Layer lit = require_layer(light, const_cast<float*>(static_cast<const float*>(light.data())), kWrong);
    require(under.width == lit.width && under.height == lit.height, "below and light must be of one size");
    Sprite sheet{sprite.data(), static_cast<int>(sprite.shape(1)), static_cast<int>(sprite.shape(0)), {}};
    std::copy(to_sprite.begin(), to_sprite.end(), sheet.to_sprite);
    py::gil_scoped_release unlocked;
    lay(under, sheet, lit, gain, strength);
}

BytePlane require_byte_plane(py::array& plane, py::ssize_t width, py::ssize_t height) {
    require(py::isinstance<py::array_t<std::uint8_t>>(plane) && plane.ndim() == 2 && plane.shape(0) == height &&
                plane.shape(1) >= width && plane.strides(1) == 1,
            "planes must be (h, at least w) and (h / 2, at least w / 2) uint8");
    return {static_cast<std::uint8_t*>(plane.mutable_data()), plane.strides(0)};
}

void write_yuv420(const Bytes& rgb, py::array y, py::array u, py::array v) {
    require_picture(rgb, "the frame must be (H, W, 3)");
    require(rgb.shape(0) % 2 == 0 && rgb.shape(1) % 2 == 0, "the frame's sides must be even");
    const py::ssize_t width = rgb.shape(1), height = rgb.shape(0);
    const BytePlane luma = require_byte_plane(y, width, height), first = require_byte_plane(u, width / 2, height / 2),
                    second = require_byte_plane(v, width / 2, height / 2);
    const Pixels view{const_cast<std::uint8_t*>(rgb.data()), static_cast<int>(width), static_cast<int>(height), 3 * width};
    py::gil_scoped_release unlocked;
    to_yuv420(view, luma, first, second);
}

}  // namespace

void bind_paint(py::module_& m) {
    m.def("cover", &cover_window, py::arg("polygon"), py::arg("window"), py::arg("softness") = 0.f,
          "How much of each pixel of window (left, top, right, bottom) lies within polygon (N, 2): (h, w) float32 in\n"
          "[0, 1], by area, blurred by `softness` px.");
    m.def("blur", &blurred, py::arg("plane"), py::arg("sigma"), "Gaussian blur of (h, w) or (h, w, C) float32.");
    m.def("blend", &blend_over, py::arg("pixels").noconvert(), py::arg("layer"), py::arg("mask"),
          py::arg("shade") = py::none(),
          "Lay layer (h, w, 3) over pixels (h, w, 3) uint8 where mask (h, w) is 1, in place; shade (h, w, 3): light\n"
          "left on the pixels below.");
    m.def("soften_seam", &soften, py::arg("pixels").noconvert(), py::arg("mask"), py::arg("radius"),
          "Blur pixels (h, w, 3) uint8 in a band of `radius` px along the edge of mask (h, w), in place.");
    m.def("smoothstep", &stepped, py::arg("low"), py::arg("high"), py::arg("values"),
          "0 below low, 1 above high, a smooth cubic between: float32 like values.");
    m.def("lay", &lay_sprite, py::arg("below").noconvert(), py::arg("sprite"), py::arg("to_sprite"),
          py::arg("light").noconvert(), py::arg("gain") = 1.f, py::arg("strength") = 1.f,
          "Lay a premultiplied sprite (h, w, 4) over below (h, w, 3) float32, in place, lit by gain * light (h, w, 3).\n"
          "to_sprite: six numbers, the affine from pixels of below to pixels of the sprite.");
    m.def("to_yuv420", &write_yuv420, py::arg("rgb"), py::arg("y").noconvert(), py::arg("u").noconvert(),
          py::arg("v").noconvert(),
          "Write frame rgb (H, W, 3) uint8 as YUV 4:2:0 (BT.709, limited range) into planes of bytes.");
}

}  // namespace visema
