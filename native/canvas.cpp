// visema_native.Canvas: frames of one photo.
#include <pybind11/stl.h>

#include <mutex>
#include <optional>
#include <utility>

#include "arrays.hpp"
#include "warp.hpp"

namespace visema {
namespace {

// More threads than this have too few rows each.
constexpr int kMostThreads = 4;

// Frames that nobody holds any more are written anew, so that a clip takes no more memory than the frames in use.
class Frames {
  public:
    Frames(int width, int height) : shape_{height, width, 3} {}

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

class Canvas {
  public:
    Canvas(const Bytes& photo, Indices triangles, const std::optional<Bytes>& detail, float finer,
           std::pair<float, float> origin, int threads)
        : triangles_(std::move(triangles)),
          warper_(photo.data(), static_cast<int>(photo.shape(1)), static_cast<int>(photo.shape(0)),
                  make_detail(detail, finer, origin), threads > 0 ? threads : useful_threads(kMostThreads)),
          frames_(warper_.width(), warper_.height()) {}

    static std::unique_ptr<Canvas> make(const Bytes& photo, Indices triangles, const std::optional<Bytes>& detail,
                                        float finer, std::pair<float, float> origin, int threads) {
        require_picture(photo, "the photo must be (H, W, 3)");
        require_columns(triangles, 3, "triangles must be (T, 3)");
        require(threads >= 0 && threads <= 64, "threads must be 0 to 64");
        return std::make_unique<Canvas>(photo, std::move(triangles), detail, finer, origin, threads);
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

  private:
    static Detail make_detail(const std::optional<Bytes>& detail, float finer, std::pair<float, float> origin) {
        if (!detail) return {};
        require_picture(*detail, "the detail must be (h, w, 3)");
        require(finer >= 1.f && finer <= 16.f, "the detail must be 1 to 16 times finer than the photo");
        require(std::isfinite(origin.first) && std::isfinite(origin.second), "the origin must be finite numbers");
        return {std::make_unique<Picture>(detail->data(), static_cast<int>(detail->shape(1)),
                                          static_cast<int>(detail->shape(0))),
                finer, origin.first, origin.second};
    }

    Indices triangles_;
    Warper warper_;
    Frames frames_;
    std::mutex mutex_;
};

}  // namespace

void bind_canvas(py::module_& m) {
    py::class_<Canvas>(m, "Canvas",
                       "Frames of one photo, bent by a mesh.\n\n"
                       "photo (H, W, 3) uint8; triangles (T, 3); detail (h, w, 3): a sharper version of a part of the\n"
                       "photo, `finer` times its size, its pixel (0, 0) at `origin` (x, y) of the sharper whole.\n"
                       "threads 0: as many as are of use.")
        .def(py::init(&Canvas::make), py::arg("photo"), py::arg("triangles"), py::arg("detail") = py::none(),
             py::arg("finer") = 1.f, py::arg("origin") = std::pair<float, float>(0.f, 0.f), py::arg("threads") = 0)
        .def("warp", &Canvas::warp, py::arg("vertices"), py::arg("values"),
             "A frame (H, W, 3): the photo bent so that each vertex (V, 3: x, y, depth) shows what lies `values`\n"
             "(V, 3: way to the source in x and y, shade) away. Pixels outside the moving triangles are the photo's.\n"
             "A frame's memory is used again once nobody holds the frame. The GIL is released.");
}

}  // namespace visema
