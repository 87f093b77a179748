// visema_native.Canvas: frames of one photo.
#include <pybind11/stl.h>

#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

#include "arrays.hpp"
#include "tint.hpp"
#include "warp.hpp"

namespace visema {
namespace {

// More threads than this have too few rows each.
constexpr int kMostThreads = 4;

// Frames that nobody holds any more are written anew, so that a clip takes no more memory than the frames in use.
class Frames {
  public:
    Frames(int width, int height, int channels) : shape_{height, width, channels} {}

    Bytes take() {
        for (Bytes& frame : frames_)
            if (Py_REFCNT(frame.ptr()) == 1) return frame;
        Bytes fresh(shape_);
        if (frames_.size() < kMost) frames_.push_back(fresh);
        return fresh;
    }

  private:
    static constexpr std::size_t kMost = 8;
    std::vector<py::ssize_t> shape_;
    std::vector<Bytes> frames_;
};

// The person's alpha, background, the whole while still, and distances of tiles from the edge: as Layers.
using Over = std::tuple<Bytes, std::optional<Bytes>, Bytes, Floats, Floats>;
// A sharper version of a part of the photo, how much finer, and the origin.
using Sharper = std::tuple<Bytes, float, std::pair<float, float>>;

class Canvas {
  public:
    Canvas(const Bytes& photo, Indices triangles, const std::optional<Sharper>& detail, const std::optional<Over>& over,
           std::size_t painted, int threads)
        : triangles_(std::move(triangles)),
          warper_(photo.data(), static_cast<int>(photo.shape(1)), static_cast<int>(photo.shape(0)), make_detail(detail),
                  threads > 0 ? threads : useful_threads(kMostThreads), make_cutout(over, photo), painted),
          frames_(warper_.width(), warper_.height(), 3),
          clear_frames_(warper_.width(), warper_.height(), 4) {}

    static std::unique_ptr<Canvas> make(const Bytes& photo, Indices triangles, const std::optional<Sharper>& detail,
                                        const std::optional<Over>& over, std::size_t painted, int threads) {
        require_picture(photo, "the photo must be (H, W, 3)");
        require_columns(triangles, 3, "triangles must be (T, 3)");
        require(threads >= 0 && threads <= 64, "threads must be 0 to 64");
        return std::make_unique<Canvas>(photo, std::move(triangles), detail, over, painted, threads);
    }

    Bytes warp(const Floats& vertices, const Floats& values) {
        const TriangleMesh mesh = make_mesh(vertices, values, triangles_);
        Bytes frame = frames_.take();
        std::uint8_t* to = frame.mutable_data();
        py::gil_scoped_release unlocked;
        std::lock_guard<std::mutex> lock(mutex_);
        warper_.warp(mesh, to);
        return frame;
    }

    Bytes finish(Bytes frame) {
        const Cutout* cutout = warper_.cutout();
        require_picture(frame, "the frame must be (H, W, 3)");
        require(frame.shape(1) == warper_.width() && frame.shape(0) == warper_.height(), "the frame must be the canvas's");
        if (!cutout) return frame;
        std::uint8_t* rgb = frame.mutable_data();
        Bytes clear = cutout->transparent() ? clear_frames_.take() : Bytes();
        std::uint8_t* rgba = cutout->transparent() ? clear.mutable_data() : nullptr;
        {
            py::gil_scoped_release unlocked;
            std::lock_guard<std::mutex> lock(mutex_);
            rgba ? cutout->finish(rgb, rgba) : cutout->finish(rgb);
        }
        return rgba ? clear : frame;
    }

  private:
    static Detail make_detail(const std::optional<Sharper>& sharper) {
        if (!sharper) return {};
        const auto& [detail, finer, origin] = *sharper;
        require_picture(detail, "the detail must be (h, w, 3)");
        require(finer >= 1.f && finer <= 16.f, "the detail must be 1 to 16 times finer than the photo");
        require(std::isfinite(origin.first) && std::isfinite(origin.second), "the origin must be finite numbers");
        return {std::make_unique<Picture>(detail.data(), static_cast<int>(detail.shape(1)),
                                          static_cast<int>(detail.shape(0))),
                finer, origin.first, origin.second};
    }

    static std::unique_ptr<Cutout> make_cutout(const std::optional<Over>& over, const Bytes& photo) {
        if (!over) return nullptr;
        const auto& [alpha, behind, still, inner, outer] = *over;
        const py::ssize_t height = photo.shape(0), width = photo.shape(1);
        const auto is = [](const auto& array, py::ssize_t rows, py::ssize_t columns, py::ssize_t channels) {
            return array.ndim() == (channels > 1 ? 3 : 2) && array.shape(0) == rows && array.shape(1) == columns &&
                   (channels == 1 || array.shape(2) == channels);
        };
        require(is(alpha, height, width, 1), "alpha must be (H, W) like the photo");
        require(is(still, height, width, 3) && (!behind || is(*behind, height, width, 3)),
                "what is behind and what is still must be (H, W, 3) like the photo");
        const auto tiles = [](py::ssize_t length) { return (length + Cutout::kTile - 1) / Cutout::kTile; };
        require(is(inner, tiles(height), tiles(width), 1) && is(outer, tiles(height), tiles(width), 1),
                "distances must be one for each 8 x 8 pixels");
        return std::make_unique<Cutout>(
            Layers{alpha.data(), behind ? behind->data() : nullptr, still.data(), inner.data(), outer.data()},
            static_cast<int>(width), static_cast<int>(height));
    }

    Indices triangles_;
    Warper warper_;
    Frames frames_, clear_frames_;
    std::mutex mutex_;
};

void tint_pixels(py::array pixels, const Bytes& shades, int level, const std::array<float, 3>& gain) {
    const Pixels view = require_pixels(pixels);
    require(shades.ndim() == 2 && shades.shape(0) <= kMaxSide && shades.shape(1) <= kMaxSide, "shades must be (h, w)");
    for (float share : gain) require(std::isfinite(share), "the gain must be finite numbers");
    const Shades small{shades.data(), static_cast<int>(shades.shape(1)), static_cast<int>(shades.shape(0)), level};
    py::gil_scoped_release unlocked;
    tint(view, small, gain.data());
}

}  // namespace

void bind_canvas(py::module_& m) {
    py::class_<Canvas>(m, "Canvas",
                       "Frames of one photo, bent by a mesh.\n\n"
                       "photo (H, W, 3) uint8; triangles (T, 3).\n"
                       "detail: a sharper version (h, w, 3) of a part of the photo, how many times finer, and where its\n"
                       "pixel (0, 0) lies (x, y) in the sharper whole.\n"
                       "over: the photo's person over a background: alpha (H, W); background (H, W, 3) or None; the whole\n"
                       "(H, W, 3) while nothing moves; and for each 8 x 8 pixels how far (px) they lie from what is not all\n"
                       "person, and from what is not all background. painted: so many vertices, the first ones, outline\n"
                       "what is painted on between warp and finish. threads 0: as many as are of use.")
        .def(py::init(&Canvas::make), py::arg("photo"), py::arg("triangles"), py::arg("detail") = py::none(),
             py::arg("over") = py::none(), py::arg("painted") = 0, py::arg("threads") = 0)
        .def("warp", &Canvas::warp, py::arg("vertices"), py::arg("values"),
             "A frame (H, W, 3): the photo bent so that each vertex (V, 3: x, y, depth) shows what lies `values`\n"
             "(V, 3: way to the source in x and y, shade) away. Pixels outside the moving triangles are the photo's.\n"
             "A frame's memory is used again once nobody holds the frame. The GIL is released.")
        .def("finish", &Canvas::finish, py::arg("frame").noconvert(),
             "The frame that `warp` gave last, painted on, over its background: itself, or (H, W, 4) RGBA where there is\n"
             "none.");
    m.def("tint", &tint_pixels, py::arg("pixels").noconvert(), py::arg("shades"), py::arg("level"), py::arg("gain"),
          "Multiply pixels (H, W, 3) uint8, in place, by one plus gain (3: red, green, blue; share per grey level) times\n"
          "how far shades (h, w) uint8, stretched over them, lie from `level`.");
}

}  // namespace visema
