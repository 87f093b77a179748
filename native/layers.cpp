// Eyes, glasses and mouth of one photo as classes of the Python module.
#include <pybind11/stl.h>

#include <memory>

#include "arrays.hpp"
#include "eyes.hpp"
#include "mouth.hpp"
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
               const Floats& heights, float change, float redrawn, float share, float raised, float drop) {
    const Pixels view = require_pixels(frame);
    require_outline(outline);
    require_numbers(heights, 3 * kAlong, "heights must be (3, 49) finite numbers");
    for (float part : {change, redrawn, share}) require_share(part);
    require(std::fabs(raised) <= 1.f, "raised must be -1 to 1");
    require(drop >= 0.f && drop <= 1.f, "drop must be 0 to 1");
    require(std::isfinite(gaze[0]) && std::isfinite(gaze[1]), "the gaze must be finite numbers");
    const EyePose pose{outline.data(), static_cast<std::size_t>(outline.shape(0)), make_affine(to_crop), {gaze[0], gaze[1]},
                       change, redrawn, share, raised, drop, make_heights(heights, 0), make_heights(heights, 1), make_heights(heights, 2)};
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

std::unique_ptr<Mouth> make_mouth(const Bytes& cavity, const Bytes& shadow, const Bytes& tongue, const Bytes& lower,
                                  const Bytes& tip, const Bytes& upper, const Floats& look) {
    constexpr const char* kWrong = "the cavity must be (h, w, 3), the shadow (h, w), the parts (h, w, 4)";
    require_numbers(look, 6, "the mouth's look must be 6 finite numbers");
    const float* n = look.data();
    require(n[0] >= kSmallest && n[0] <= kLargest, "the iod must be 1 to 100000 px");
    require(n[1] >= 0.f && n[1] <= n[0], "the softness must be 0 to 1 iod");
    require_share(n[2]);
    return std::unique_ptr<Mouth>(new Mouth{
        make_sheet<3>(cavity, kWrong), make_sheet<1>(shadow, kWrong),
        {make_sheet<4>(tongue, kWrong), make_sheet<4>(lower, kWrong), make_sheet<4>(tip, kWrong), make_sheet<4>(upper, kWrong)},
        {n[0], n[1], n[2], {n[3], n[4], n[5]}}});
}

Stretch make_stretch(const float* at) {
    require(at[0] > 1e-6f && at[1] > 1e-6f, "what is stretched must stay larger than nothing");
    return {at[0], at[1], at[2], at[3]};
}

void paint_mouth(const Mouth& mouth, py::array frame, const Floats& outline, const Doubles& to_frame, const Floats& places,
                 const Floats& light, std::array<float, 4> shares) {
    const Pixels view = require_pixels(frame);
    require_outline(outline);
    require_numbers(places, 4 * (kParts + 2), "places must be (6, 4) finite numbers");
    require_numbers(light, 2 * kParts, "light must be (4, 2) finite numbers");
    for (int i = 0; i < 3; ++i) require_share(shares[i]);
    require(shares[3] >= 0.f && shares[3] <= 100.f, "the exponent must be 0 to 100");
    const float *at = places.data(), *lit = light.data();
    MouthPose pose{outline.data(), static_cast<std::size_t>(outline.shape(0)), inverse(make_affine(to_frame)),
                   shares[0], shares[1], shares[2], shares[3], make_stretch(at), make_stretch(at + 4), {}};
    for (int i = 0; i < kParts; ++i) pose.parts[i] = {make_stretch(at + 4 * (i + 2)), lit[2 * i], lit[2 * i + 1]};
    py::gil_scoped_release unlocked;
    mouth.paint(view, pose);
}

void lift_line_at(py::array frame, std::array<float, 2> corner, std::array<float, 2> outwards, float strength) {
    const Pixels view = require_pixels(frame);
    const float iod = std::hypot(outwards[0], outwards[1]);
    require(std::isfinite(corner[0]) && std::isfinite(corner[1]), "the corner must be finite numbers");
    require(iod >= kSmallest && iod <= kLargest, "the iod must be 1 to 100000 px");
    require_share(strength);
    py::gil_scoped_release unlocked;
    lift_line(view, corner.data(), outwards.data(), strength);
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
             py::arg("heights"), py::arg("change"), py::arg("redrawn"), py::arg("share"), py::arg("raised"), py::arg("drop"),
             "Paint the eye and its upper lid into frame (H, W, 3) uint8, in place. outline (N, 2): px between the lids;\n"
             "to_crop (2, 3): frame px to crop px; gaze (2,): crop px; heights (3, 49): edge of the drawn lid, of its\n"
             "skin, roots of its lashes; change, redrawn, share, drop: 0 to 1; raised: -1 to 1. The GIL is released.");
    py::class_<Rims>(m, "Rims", "The rims of glasses: a photo (h, w, 3) and how far it shows them, (h, w), uint8.")
        .def(py::init(&make_rims), py::arg("photo"), py::arg("cover"))
        .def("paint", &paint_rims, py::arg("frame").noconvert(), py::arg("place"),
             "Lay them over frame (H, W, 3) uint8, in place. place (2, 3): photo px to frame px. The GIL is released.");
    py::class_<Mouth>(m, "Mouth",
                      "The inside of the mouth of one photo: sheets as stored, uint8, the parts (h, w, 4) premultiplied.\n\n"
                      "look: iod, softness of the opening's edge (px), redness (0 to 1), brightest colour of the lips (3).")
        .def(py::init(&make_mouth), py::arg("cavity"), py::arg("shadow"), py::arg("tongue"), py::arg("lower"), py::arg("tip"),
             py::arg("upper"), py::arg("look"))
        .def("paint", &paint_mouth, py::arg("frame").noconvert(), py::arg("outline"), py::arg("to_frame"), py::arg("places"),
             py::arg("light"), py::arg("shares"),
             "Paint it into frame (H, W, 3) uint8, in place. outline (N, 2): px between the lips; to_frame (2, 3): px of\n"
             "the plane of the mouth to frame px; places (6, 4): factors and shifts, px of a sheet to px of the plane, in\n"
             "the order above; light (4, 2): gain and strength of each part; shares: how far the inside is seen, the rims\n"
             "are shown, the lips are rounded, 0 to 1, and the exponent of light on the teeth. The GIL is released.");
    m.def("lift_line", &lift_line_at, py::arg("frame").noconvert(), py::arg("corner"), py::arg("outwards"), py::arg("strength"),
          "Take thin dark lines beyond a corner of the mouth off frame (H, W, 3) uint8, in place. corner (2,): px;\n"
          "outwards (2,): one iod away from the mouth, px; strength: 0 to 1. The GIL is released.");
}

}  // namespace visema
