// The Python module visema_audio2face: NVIDIA's Audio2Face-3D SDK.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "shim.h"

namespace py = pybind11;

namespace {

using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;

void require(bool condition, const std::string& message) {
    if (!condition) throw std::invalid_argument(message);
}

void require_numbers(const Floats& values, const char* message) {
    bool sound = true;
    for (py::ssize_t i = 0; i < values.size(); ++i) sound &= std::isfinite(values.data()[i]);
    require(sound, message);
}

// Only the model.json of a diffusion model lists one configuration for each of its faces.
bool is_diffusion(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    require(file.good(), "there is no model at " + path);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return text.find("\"modelConfigPaths\"") != std::string::npos;
}

struct Close {
    void operator()(VisemaFace* face) const { visema_face_close(face); }
};

class BlendshapeModel {
  public:
    BlendshapeModel(const std::string& path, std::size_t identity, bool gpu_solver, bool constant_noise, std::size_t fps);

    std::size_t weights() const { return visema_face_weights(face_.get()); }
    std::size_t emotions() const { return visema_face_emotions(face_.get()); }
    double fps() const;
    std::vector<std::string> names() const;
    py::array_t<float> process(const Floats& audio, const std::optional<Floats>& emotion);

  private:
    std::vector<float> run(const float* samples, std::size_t count, const std::vector<float>& emotion);

    std::unique_ptr<VisemaFace, Close> face_;
    std::mutex one_at_a_time_;
};

BlendshapeModel::BlendshapeModel(const std::string& path, std::size_t identity, bool gpu_solver, bool constant_noise, std::size_t fps) {
    require(fps > 0 && fps <= 1000, "fps must be from 1 to 1000");
    const VisemaFaceChoice choice{path.c_str(), is_diffusion(path), identity, gpu_solver, constant_noise, fps};
    VisemaFault fault;
    py::gil_scoped_release unlocked;
    face_.reset(visema_face_open(&choice, &fault));
    if (!face_) throw std::runtime_error(fault.text);
}

double BlendshapeModel::fps() const {
    std::size_t numerator = 0, denominator = 1;
    visema_face_rate(face_.get(), &numerator, &denominator);
    return static_cast<double>(numerator) / static_cast<double>(denominator);
}

std::vector<std::string> BlendshapeModel::names() const {
    std::vector<std::string> found;
    for (std::size_t weight = 0; weight < weights(); ++weight) found.emplace_back(visema_face_name(face_.get(), weight));
    return found;
}

std::vector<float> BlendshapeModel::run(const float* samples, std::size_t count, const std::vector<float>& emotion) {
    struct Rows {
        std::size_t width;
        std::vector<float> values;
    } rows{weights(), {}};
    const VisemaFrame add = [](void* data, std::int64_t, const float* found, std::size_t size) {
        Rows& to = *static_cast<Rows*>(data);
        const std::size_t end = to.values.size() + to.width;
        to.values.insert(to.values.end(), found, found + std::min(size, to.width));
        to.values.resize(end, 0.f);
    };
    VisemaFault fault;
    std::lock_guard<std::mutex> lock(one_at_a_time_);
    visema_face_run(face_.get(), samples, count, emotion.data(), add, &rows, &fault);
    if (fault.text[0]) throw std::runtime_error(fault.text);
    return std::move(rows.values);
}

py::array_t<float> BlendshapeModel::process(const Floats& audio, const std::optional<Floats>& emotion) {
    require(audio.ndim() == 1 && audio.size() > 0, "audio must be mono samples at 16 kHz, (N,)");
    require_numbers(audio, "audio must be finite");
    std::vector<float> felt(emotions(), 0.f);
    if (emotion) {
        require(emotion->ndim() == 1 && static_cast<std::size_t>(emotion->size()) == felt.size(),
                "emotion must be (" + std::to_string(felt.size()) + ",)");
        require_numbers(*emotion, "emotion must be finite");
        felt.assign(emotion->data(), emotion->data() + felt.size());
    }
    std::vector<float> rows;
    {
        py::gil_scoped_release unlocked;
        rows = run(audio.data(), static_cast<std::size_t>(audio.size()), felt);
    }
    const std::size_t width = weights();
    py::array_t<float> out({rows.size() / std::max<std::size_t>(width, 1), width});
    std::copy(rows.begin(), rows.end(), out.mutable_data());
    return out;
}

}  // namespace

PYBIND11_MODULE(visema_audio2face, m) {
    m.doc() = "NVIDIA's Audio2Face-3D SDK: blendshape weights of speech, on an NVIDIA GPU with TensorRT.";
    py::class_<BlendshapeModel>(m, "BlendshapeModel", "One model and one of its faces. Threads that share it take turns.")
        .def(py::init<const std::string&, std::size_t, bool, bool, std::size_t>(), py::arg("model_path"), py::arg("character_index") = 0,
             py::arg("use_gpu_solver") = false, py::arg("constant_noise") = true, py::arg("fps") = 60,
             "model_path: a model.json whose network.trt was built on this GPU. character_index and constant_noise are for\n"
             "diffusion models, fps for regression models. ValueError without a file, RuntimeError where the SDK fails.")
        .def("get_num_blendshapes", &BlendshapeModel::weights, "How many weights a frame has: skin, then tongue.")
        .def("get_num_emotions", &BlendshapeModel::emotions, "How many values an emotion has.")
        .def("get_fps", &BlendshapeModel::fps, "Frames per second; frame i is for the time i / fps.")
        .def("get_names", &BlendshapeModel::names, "The names of the weights, as the model's files have them.")
        .def("process_audio", &BlendshapeModel::process, py::arg("audio"), py::arg("emotion") = py::none(),
             "Weights (T, n) float32 of audio (N,): mono, 16 kHz, -1 to 1, from a fresh start each time. emotion (E,): one for\n"
             "all of it, none if left out. The GIL is released while it works.");
}
