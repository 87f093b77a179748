// The Python module visema_conv: convolutions of the neural engines.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <utility>

#include "convolution.hpp"

namespace visema::conv {
namespace {

namespace py = pybind11;
using Floats = py::array_t<float, py::array::c_style>;

constexpr py::ssize_t kMaxSide = 1 << 15, kMaxChannels = 1 << 13, kMaxThreads = 256;
constexpr py::ssize_t kFloat = sizeof(float);

void require(bool condition, const char* message) {
    if (!condition) throw std::invalid_argument(message);
}

void require_pictures(const py::array& array) {
    require(py::isinstance<py::array_t<float>>(array) && array.ndim() == 4 && array.size() > 0, "pictures must be (B, H, W, C) float32");
    require(array.shape(0) <= kMaxSide && array.shape(1) <= kMaxSide && array.shape(2) <= kMaxSide && array.shape(3) <= kMaxChannels,
            "the pictures are too large");
    require(array.shape(3) == 1 || array.strides(3) == kFloat, "channels must lie side by side");
    for (int i = 0; i < 3; ++i) require(array.strides(i) % kFloat == 0, "steps must be whole floats");
    require(reinterpret_cast<std::uintptr_t>(array.data()) % kFloat == 0, "floats must lie where floats may");
}

std::array<py::ssize_t, 4> shape_of(const py::array& array) { return {array.shape(0), array.shape(1), array.shape(2), array.shape(3)}; }

Source source_of(const py::array& array) {
    require_pictures(array);
    return {{static_cast<const float*>(array.data()), array.strides(1) / kFloat, array.strides(2) / kFloat},
            array.strides(0) / kFloat, static_cast<int>(array.shape(3))};
}

// The first and the last byte of an array.
std::pair<const char*, const char*> bounds(const py::array& array) {
    const char *low = static_cast<const char*>(array.data()), *high = low + kFloat - 1;
    for (int i = 0; i < 4; ++i) (array.strides(i) < 0 ? low : high) += (array.shape(i) - 1) * array.strides(i);
    return {low, high};
}

bool overlap(const py::array& a, const py::array& b) {
    const auto one = bounds(a), other = bounds(b);
    return one.first <= other.second && other.first <= one.second;
}

// Whether no two pixels share memory. A step along a side of 1 does not count.
bool lies_apart(const py::array& array) {
    py::ssize_t extent = array.shape(3) * kFloat;
    for (int i = 2; i >= 0; --i) {
        if (array.shape(i) == 1) continue;
        if (array.strides(i) < extent) return false;
        extent += (array.shape(i) - 1) * array.strides(i);
    }
    return true;
}

std::unique_ptr<Convolution> make(const py::array& weights, const py::array& bias, bool doubling, bool portable) {
    require(py::isinstance<Floats>(weights) && weights.ndim() == 4 && weights.shape(2) == 3 && weights.shape(3) == 3 && weights.size() > 0,
            "weights must be (out, in, 3, 3) or, doubling, (in, out, 3, 3), float32, one after the other");
    const int output = doubling ? 1 : 0, input = 1 - output;
    require(weights.shape(0) <= kMaxChannels && weights.shape(1) <= kMaxChannels, "there are too many channels");
    require(py::isinstance<Floats>(bias) && bias.ndim() == 1 && bias.shape(0) == weights.shape(output), "the bias must be (out,) float32");
    const Convolution::Weights given{static_cast<const float*>(weights.data()), weights.strides(output) / kFloat, weights.strides(input) / kFloat,
                                     static_cast<int>(weights.shape(output)), static_cast<int>(weights.shape(input))};
    const Kind kind = doubling ? Kind::doubling : Kind::same;
    const float* biases = static_cast<const float*>(bias.data());
    py::gil_scoped_release unlocked;
    return std::make_unique<Convolution>(kind, given, biases, portable);
}

std::unique_ptr<Workers> make_workers(py::ssize_t threads) {
    require(threads >= 1 && threads <= kMaxThreads, "there must be 1 to 256 threads");
    return std::make_unique<Workers>(static_cast<int>(threads));
}

void run(const Convolution& convolution, Workers& workers, const py::array& x, const py::object& more, const py::object& plus, py::array out, bool relu) {
    Call call{};
    call.inputs[0] = source_of(x);
    call.batch = static_cast<int>(x.shape(0)), call.height = static_cast<int>(x.shape(1)), call.width = static_cast<int>(x.shape(2));
    const std::array<py::ssize_t, 4> wanted{x.shape(0), x.shape(1) * convolution.scale(), x.shape(2) * convolution.scale(), convolution.outputs()};
    require_pictures(out);
    require(shape_of(out) == wanted, "the result must be as large as what comes out, with its channels");
    require(lies_apart(out), "the result's pixels must lie apart, one after the other");
    require(!overlap(x, out), "the result must not lie where what is given does");
    if (!more.is_none()) {
        const auto second = more.cast<py::array>();
        call.inputs[1] = source_of(second);
        require(second.shape(0) == x.shape(0) && second.shape(1) == x.shape(1) && second.shape(2) == x.shape(2), "both inputs must be equally large");
        require(!overlap(second, out), "the result must not lie where what is given does");
    }
    require(call.inputs[0].channels + call.inputs[1].channels == convolution.inputs(), "the inputs must have the channels of the weights");
    if (!plus.is_none()) {
        const auto added = plus.cast<py::array>();
        call.plus = source_of(added);
        require(shape_of(added) == wanted, "what is added must be as large as the result");
        require(!overlap(added, out), "the result must not lie where what is given does");
    }
    call.out = {static_cast<float*>(out.mutable_data()), out.strides(1) / kFloat, out.strides(2) / kFloat};
    call.out_picture = out.strides(0) / kFloat;
    call.relu = relu;
    py::gil_scoped_release unlocked;
    convolution.run(workers, call);
}

}  // namespace
}  // namespace visema::conv

PYBIND11_MODULE(visema_conv, m) {
    namespace py = pybind11;
    using namespace visema::conv;
    m.attr("INTERFACE") = 1;  // as in engines/convolution.py
    m.doc() = "Convolutions of Visema Studio's neural engines.";
    m.def("is_quick", &has_own_code, "Whether there is code for this processor, and not only for any.");
    py::class_<Workers>(m, "Workers", "Threads, 1 to 256 of them, and their memory; one convolution at a time, others wait.")
        .def(py::init(&make_workers), py::arg("threads"))
        .def_property_readonly("size", &Workers::size);
    py::class_<Convolution>(m, "Convolution",
                            "A 3x3 convolution of float32. weights (out, in, 3, 3), bias (out,): stride 1, one pixel of zeros\n"
                            "around. doubling: transposed as PyTorch does with stride 2, padding 1 and output padding 1, weights\n"
                            "(in, out, 3, 3). portable: do without code for this processor. ValueError for other shapes.")
        .def(py::init(&make), py::arg("weights").noconvert(), py::arg("bias").noconvert(), py::arg("doubling") = false, py::arg("portable") = false)
        .def("run", &run, py::arg("workers"), py::arg("x").noconvert(), py::arg("more"), py::arg("plus"), py::arg("out").noconvert(), py::arg("relu"),
             "Write into out (B, H', W', out) what comes of x (B, H, W, C), float32 all, and of the further channels more\n"
             "(B, H, W, in - C) or None; plus (as out) or None is added, and with relu what is negative is 0. Channels must\n"
             "lie side by side, all else may lie apart. A result does not depend on the threads or on what else is in the\n"
             "batch. ValueError for other shapes; the GIL is released.");
}
