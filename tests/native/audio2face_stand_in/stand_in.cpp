// A toy in the place of NVIDIA's SDK. A frame's weights are: the sample at its time, the first emotion, which face, constant
// noise, tongue. It insists on what the SDK insists on: a fresh start for each run, closed streams, a callback, waiting.
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "audio2face/audio2face.h"
#include "audio2x/cuda_utils.h"

namespace nva2x {

DeviceTensorFloatConstView::DeviceTensorFloatConstView() : data_(nullptr), size_(0) {}
const float* DeviceTensorFloatConstView::Data() const { return data_; }
std::size_t DeviceTensorFloatConstView::Size() const { return size_; }
DeviceTensorFloatConstView GetDeviceTensorFloatConstView(const float* data, std::size_t size) {
    DeviceTensorFloatConstView view;
    view.data_ = data, view.size_ = size;
    return view;
}
HostTensorFloatView::HostTensorFloatView(float* data, std::size_t size) : data_(data), size_(size) {}
float* HostTensorFloatView::Data() const { return data_; }
std::size_t HostTensorFloatView::Size() const { return size_; }
HostTensorFloatConstView::HostTensorFloatConstView() : data_(nullptr), size_(0) {}
HostTensorFloatConstView::HostTensorFloatConstView(const float* data, std::size_t size) : data_(data), size_(size) {}
const float* HostTensorFloatConstView::Data() const { return data_; }
std::size_t HostTensorFloatConstView::Size() const { return size_; }

ICudaStream::~ICudaStream() = default;
IAudioAccumulator::~IAudioAccumulator() = default;
IEmotionAccumulator::~IEmotionAccumulator() = default;
IExecutor::~IExecutor() = default;

std::error_code SetCudaDeviceIfNeeded(int) { return {}; }
std::error_code CopyDeviceToHost(HostTensorFloatView to, DeviceTensorFloatConstView from, cudaStream_t) {
    std::memcpy(to.Data(), from.Data(), from.Size() * sizeof(float));
    return {};
}
std::size_t GetNbReadyTracks(const IExecutor& executor) { return executor.GetNbAvailableExecutions(0) > 0; }

}  // namespace nva2x

namespace nva2f {

IBlendshapeSolver::~IBlendshapeSolver() = default;
IBlendshapeExecutorBundle::~IBlendshapeExecutorBundle() = default;

namespace {

// Errors whose words are strings of this library's ABI.
class ToyErrors : public std::error_category {
  public:
    const char* name() const noexcept override { return "toy"; }
    std::string message(int) const override { return "the toy was told to fail in so many words"; }
};

std::error_code failed() {
    static const ToyErrors errors;
    return {1, errors};
}

struct Stream final : nva2x::ICudaStream {
    std::error_code Synchronize() const override { return {}; }
    cudaStream_t Data() const override { return nullptr; }
};

template <class Interface>
struct Store : Interface {
    std::vector<float> values;
    bool closed = false;
    std::error_code add(nva2x::HostTensorFloatConstView more) {
        if (closed) return failed();
        values.insert(values.end(), more.Data(), more.Data() + more.Size());
        return {};
    }
    std::error_code Close() override { return closed = true, std::error_code(); }
    std::error_code Reset() override { return closed = false, values.clear(), std::error_code(); }
};

struct Audio final : Store<nva2x::IAudioAccumulator> {
    std::error_code Accumulate(nva2x::HostTensorFloatConstView samples, cudaStream_t) override { return add(samples); }
};

struct Emotion final : Store<nva2x::IEmotionAccumulator> {
    std::error_code Accumulate(std::int64_t, nva2x::DeviceTensorFloatConstView, cudaStream_t) override { return failed(); }
    std::error_code Accumulate(std::int64_t, nva2x::HostTensorFloatConstView emotion, cudaStream_t) override { return add(emotion); }
    std::size_t GetEmotionSize() const override { return 10; }
};

struct Solver final : IBlendshapeSolver {
    explicit Solver(std::vector<std::string> names) : names(std::move(names)) {}
    int NumBlendshapePoses() override { return static_cast<int>(names.size()); }
    const char* GetPoseName(std::size_t index) const override { return names[index].c_str(); }
    std::vector<std::string> names;
};

struct Toy final : IBlendshapeExecutor {
    Audio audio;
    Emotion emotion;
    Solver skin{{"jawOpen", "browInnerUp", "mouthFunnel", "mouthPucker"}}, tongue{{"tongueUp"}};
    bool gpu = false;
    float identity = 0, noise = 0;
    std::size_t fps = 60, frame = 0;
    bool fresh = true;
    host_results_callback_t host = nullptr;
    device_results_callback_t device = nullptr;
    void* userdata = nullptr;
    std::vector<std::thread> threads;

    std::int64_t sample(std::size_t number) const { return static_cast<std::int64_t>(number * 16000 / fps); }
    std::error_code Reset(std::size_t) override { return frame = 0, fresh = true, std::error_code(); }
    std::size_t GetNbAvailableExecutions(std::size_t) const override {
        const bool heard = audio.closed && emotion.closed && !emotion.values.empty();
        return heard && sample(frame) < static_cast<std::int64_t>(audio.values.size());
    }
    void GetFrameRate(std::size_t& numerator, std::size_t& denominator) const override { numerator = fps, denominator = 1; }
    std::error_code Execute(std::size_t*) override;
    std::size_t GetWeightCount() const override { return 5; }
    ResultsType GetResultType() const override { return gpu ? ResultsType::DEVICE : ResultsType::HOST; }
    std::error_code SetResultsCallback(host_results_callback_t callback, void* data) override {
        return host = callback, userdata = data, gpu ? failed() : std::error_code();
    }
    std::error_code SetResultsCallback(device_results_callback_t callback, void* data) override {
        return device = callback, userdata = data, gpu ? std::error_code() : failed();
    }
    std::error_code Wait(std::size_t) override {
        for (std::thread& thread : threads) thread.join();
        threads.clear();
        return {};
    }
};

// The first execution of a run gives one frame, later ones two; host results come from threads, in any order.
std::error_code Toy::Execute(std::size_t*) {
    if (frame == 0 && !fresh) return failed();
    fresh = false;
    for (std::size_t left = frame ? 2 : 1; left > 0 && GetNbAvailableExecutions(0); --left, ++frame) {
        const std::int64_t now = sample(frame), next = sample(frame + 1);
        const float heard = audio.values[static_cast<std::size_t>(now)];
        if (heard == -1.f) return failed();
        const std::vector<float> weights{heard, emotion.values[0], identity, noise, 0.25f};
        if (gpu) {
            if (!device(userdata, {0, now, next, nullptr, nva2x::GetDeviceTensorFloatConstView(weights.data(), 5)})) return failed();
        } else {
            threads.emplace_back([=] {
                host(userdata, {0, now, next, {weights.data(), 5}}, heard == -0.5f ? failed() : std::error_code());
            });
        }
    }
    return {};
}

struct Bundle final : IBlendshapeExecutorBundle {
    Toy toy;
    Stream stream;
    nva2x::ICudaStream& GetCudaStream() override { return stream; }
    nva2x::IAudioAccumulator& GetAudioAccumulator(std::size_t) override { return toy.audio; }
    nva2x::IEmotionAccumulator& GetEmotionAccumulator(std::size_t) override { return toy.emotion; }
    IBlendshapeExecutor& GetExecutor() override { return toy; }
    const IBlendshapeExecutor& GetExecutor() const override { return toy; }
    void Destroy() override {
        toy.Wait(0);
        delete this;
    }
};

}  // namespace

std::error_code GetExecutorSkinSolver(const IFaceExecutor& executor, std::size_t, IBlendshapeSolver** solver) {
    *solver = &const_cast<Toy&>(static_cast<const Toy&>(executor)).skin;
    return {};
}

std::error_code GetExecutorTongueSolver(const IFaceExecutor& executor, std::size_t, IBlendshapeSolver** solver) {
    *solver = &const_cast<Toy&>(static_cast<const Toy&>(executor)).tongue;
    return {};
}

IBlendshapeExecutorBundle* ReadRegressionBlendshapeSolveExecutorBundle(std::size_t, const char*, IGeometryExecutor::ExecutionOption,
                                                                       bool gpu, std::size_t numerator, std::size_t,
                                                                       IRegressionModel::IGeometryModelInfo**,
                                                                       IRegressionModel::IBlendshapeSolveModelInfo**) {
    auto* bundle = new Bundle;
    bundle->toy.gpu = gpu, bundle->toy.fps = numerator;
    return bundle;
}

IBlendshapeExecutorBundle* ReadDiffusionBlendshapeSolveExecutorBundle(std::size_t, const char*, IGeometryExecutor::ExecutionOption,
                                                                      bool gpu, std::size_t identity, bool noise,
                                                                      IDiffusionModel::IGeometryModelInfo**,
                                                                      IDiffusionModel::IBlendshapeSolveModelInfo**) {
    if (identity > 2) return nullptr;
    auto* bundle = new Bundle;
    bundle->toy.gpu = gpu, bundle->toy.identity = static_cast<float>(identity), bundle->toy.noise = noise;
    return bundle;
}

}  // namespace nva2f
