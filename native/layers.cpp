// Eyes, glasses and mouth of one photo as classes of the Python module.
#include <pybind11/stl.h>

#include <memory>

#include "arrays.hpp"
#include "eyes.hpp"
#include "rims.hpp"

namespace visema {
namespace {

using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;

constexpr float kSmallest = 1.f, kLargest = 1e5f;

template <int Channels>
Sheet<Channels> make_sheet(const Bytes& picture, const char* message) {
    require(picture.ndim() == (Channels == 1 ? 2 : 3) && picture.size() > 0 && (Channels == 1 || picture.shape(2) == Channels), message);
    require(picture.shape(0) <= kMaxSide && picture.shape(1) <= kMaxSide, "the picture is too large");
    return {picture.data(), static_cast<int>(picture.shape(1)), static_cast<int>(picture.shape(0))};
}

void require_numbers(const Floats& numbers, py::ssize_t count, const char* message) {
    require(numbers.size() == count, message);
    require_finite(numbers, message);
}

Affine make_affine(const Doubles& matrix) {
    require(matrix.ndim() == 2 && matrix.shape(0) == 2 && matrix.shape(1) == 3, "an affine must be (2, 3)");
    Affine affine;
    for (int i = 0; i < 6; ++i) {
        affine.m[i] = matrix.data()[i];
        require(std::fabs(affine.m[i]) < 1e9, "an affine must be finite numbers");
    }
    return affine;
}

void require_share(float share) { require(share >= 0.f && share <= 1.f, "shares must be 0 to 1"); }

void require_outline(const Floats& outline) {
    require_columns(outline, 2, "the outline must be (N, 2)");
    require_finite(outline, "the outline must be finite numbers");
}

Heights make_heights(const Floats& table, py::ssize_t row) {
    Heights heights;
    std::copy_n(table.data() + row * kAlong, kAlong, heights.begin());
    return heights;
}

std::unique_ptr<Eye> make_eye(const Bytes& photo, const Bytes& white, const Bytes& iris, const Bytes& glint, const Bytes& skin,
                              const Bytes& lashes, const Floats& look, const Floats& still) {
    constexpr const char *kWrong = "photo, white, glint and skin must be (h, w, 3), the iris (h, w, 4), lashes (h, w)";
    require_numbers(look, 14, "the eye's look must be 14 finite numbers");
    require_numbers(still, kAlong, "heights must be 49 finite numbers");
    const float* n = look.data();
    require(n[0] >= kSmallest && n[0] <= kLargest, "the iod must be 1 to 100000 px");
    const Sheet<4> disc = make_sheet<4>(iris, kWrong);
    return std::unique_ptr<Eye>(new Eye{
        make_sheet<3>(photo, kWrong), make_sheet<3>(white, kWrong), make_sheet<3>(glint, kWrong), make_sheet<3>(skin, kWrong),
        disc, make_sheet<1>(lashes, kWrong),
        EyeLook{n[0], n[1], n[2], n[3], n[4], {n[5], n[6], n[7]}, {n[8], n[9]}, {n[10], n[11]}, n[12], n[13], make_heights(still, 0)}, disc.extent()});
}

void paint_eye(const Eye& eye, py::array frame, const Floats& outline, const Doubles& to_crop, std::array<float, 2> gaze,
               const Floats& heights, float change, float redrawn, float share, float raised, bool closing) {
    const Pixels view = require_pixels(frame);
    require_outline(outline);
    require_numbers(heights, 3 * kAlong, "heights must be (3, 49) finite numbers");
    for (float part : {change, redrawn, share}) require_share(part);
    require(std::fabs(raised) <= 1.f, "raised must be -1 to 1");
    require(std::isfinite(gaze[0]) && std::isfinite(gaze[1]), "the gaze must be finite numbers");
    const EyePose pose{outline.data(), static_cast<std::size_t>(outline.shape(0)), make_affine(to_crop), {gaze[0], gaze[1]},
                       change, redrawn, share, raised, closing, make_heights(heights, 0), make_heights(heights, 1), make_heights(heights, 2)};
    py::gil_scoped_release unlocked;
    eye.paint(view, pose);
}

std::unique_ptr<Rims> make_rims(const Bytes& photo, const Bytes& cover) {
    constexpr const char* kWrong = "the photo must be (h, w, 3) and its cover (h, w)";
    Sheet<3> picture = make_sheet<3>(photo, kWrong);
    Sheet<1> rims = make_sheet<1>(cover, kWrong);
    require(picture.width() == rims.width() && picture.height() == rims.height(), kWrong);
    return std::make_unique<Rims>(std::move(picture), std::move(rims));
}

void paint_rims(const Rims& rims, py::array frame, const Doubles& place) {
    const Pixels view = require_pixels(frame);
    const Affine affine = make_affine(place);
    py::gil_scoped_release unlocked;
    rims.paint(view, affine);
}

}  // namespace

void bind_layers(py::module_& m) {
    py::class_<Eye>(m, "Eye",
                    "One eye of a photo; sheets are crops of it, uint8.\n\n"
                    "look: iod, shade, height of the lashes' roots, left and top of the lashes, their colour (3), the\n"
                    "crop's ways right and down along the face (2 each), the corners' places along the eye.\n"
                    "still (49,): heights of the upper lid at rest.")
        .def(py::init(&make_eye), py::arg("photo"), py::arg("white"), py::arg("iris"), py::arg("glint"), py::arg("skin"),
             py::arg("lashes"), py::arg("look"), py::arg("still"))
        .def("paint", &paint_eye, py::arg("frame").noconvert(), py::arg("outline"), py::arg("to_crop"), py::arg("gaze"),
             py::arg("heights"), py::arg("change"), py::arg("redrawn"), py::arg("share"), py::arg("raised"), py::arg("closing"),
             "Paint the eye and its upper lid into frame (H, W, 3) uint8, in place. outline (N, 2): px between the lids;\n"
             "to_crop (2, 3): frame px to crop px; gaze (2,): crop px; heights (3, 49): edge of the drawn lid, of its\n"
             "skin, roots of its lashes; change, redrawn, share: 0 to 1; raised: -1 to 1. The GIL is released.");
    py::class_<Rims>(m, "Rims", "The rims of glasses: a photo (h, w, 3) and how far it shows them, (h, w), uint8.")
        .def(py::init(&make_rims), py::arg("photo"), py::arg("cover"))
        .def("paint", &paint_rims, py::arg("frame").noconvert(), py::arg("place"),
             "Lay them over frame (H, W, 3) uint8, in place. place (2, 3): photo px to frame px. The GIL is released.");
}

}  // namespace visema
