// Compiled as the SDK is, with libstdc++'s old ABI.
#include "shim.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "audio2face/audio2face.h"
#include "audio2x/cuda_utils.h"

namespace {

struct Destroy {
    template <class Thing>
    void operator()(Thing* thing) const {
        thing->Destroy();
    }
};

using Executor = nva2f::IBlendshapeExecutor;
using Bundle = std::unique_ptr<nva2f::IBlendshapeExecutorBundle, Destroy>;
using Option = nva2f::IGeometryExecutor::ExecutionOption;

void say(VisemaFault* fault, const char* what, const char* why) {
    std::snprintf(fault->text, sizeof fault->text, *why ? "%s: %s" : "%s", what, why);
}

// Thrown inside this file only.
struct Fault : std::exception {
    Fault(const char* what, const std::string& why) { say(&said, what, why.c_str()); }
    const char* what() const noexcept override { return said.text; }
    VisemaFault said;
};

void check(std::error_code code, const char* what) {
    if (code) throw Fault(what, code.message());
}

Bundle read(const VisemaFaceChoice& choice) {
    constexpr std::size_t kTracks = 1;
    const bool gpu = choice.gpu_solver != 0;
    if (choice.diffusion)
        return Bundle(nva2f::ReadDiffusionBlendshapeSolveExecutorBundle(kTracks, choice.path, Option::SkinTongue, gpu, choice.identity,
                                                                        choice.constant_noise != 0, nullptr, nullptr));
    return Bundle(nva2f::ReadRegressionBlendshapeSolveExecutorBundle(kTracks, choice.path, Option::SkinTongue, gpu, choice.fps, 1, nullptr,
                                                                     nullptr));
}

struct Frame {
    std::int64_t sample;
    std::vector<float> weights;
};

}  // namespace

struct VisemaFace {
    explicit VisemaFace(const VisemaFaceChoice& choice);
    void run(const float* samples, std::size_t count, const float* emotion);
    std::vector<Frame> take();

    Executor& executor() { return bundle->GetExecutor(); }
    const Executor& executor() const { return bundle->GetExecutor(); }

    std::vector<std::string> names;

  private:
    using SolverOf = std::error_code (*)(const nva2f::IFaceExecutor&, std::size_t, nva2f::IBlendshapeSolver**);

    static void on_host(void* face, const Executor::HostResults& results, std::error_code code);
    static bool on_device(void* face, const Executor::DeviceResults& results);
    void listen();
    void read_names(SolverOf solver_of);
    void begin(const float* samples, std::size_t count, const float* emotion);
    void keep(Frame frame, std::error_code code);

    std::mutex mutex_;  // weights may come from the SDK's own threads
    std::vector<Frame> frames_;
    std::error_code failed_;

  public:
    Bundle bundle;  // last, so that it goes first: its threads use the rest
};

VisemaFace::VisemaFace(const VisemaFaceChoice& choice) {
    check(nva2x::SetCudaDeviceIfNeeded(0), "CUDA cannot be used");
    bundle = read(choice);
    if (!bundle)
        throw Fault("The Audio2Face SDK cannot load this model; see that its network.trt was built here, by this TensorRT", choice.path);
    listen();
    read_names(&nva2f::GetExecutorSkinSolver);
    read_names(&nva2f::GetExecutorTongueSolver);
}

void VisemaFace::listen() {
    if (executor().GetResultType() == Executor::ResultsType::DEVICE)
        check(executor().SetResultsCallback(&VisemaFace::on_device, this), "The SDK takes no callback");
    else
        check(executor().SetResultsCallback(&VisemaFace::on_host, this), "The SDK takes no callback");
}

void VisemaFace::read_names(SolverOf solver_of) {
    nva2f::IBlendshapeSolver* solver = nullptr;
    if (solver_of(executor(), 0, &solver) || !solver) return;
    for (int pose = 0; pose < solver->NumBlendshapePoses(); ++pose) {
        const char* name = solver->GetPoseName(static_cast<std::size_t>(pose));
        names.emplace_back(name ? name : "");
    }
}

void VisemaFace::on_host(void* face, const Executor::HostResults& results, std::error_code code) {
    const float* from = results.weights.Data();
    const std::size_t count = code ? 0 : results.weights.Size();
    static_cast<VisemaFace*>(face)->keep({results.timeStampCurrentFrame, {from, from + count}}, code);
}

bool VisemaFace::on_device(void* face, const Executor::DeviceResults& results) {
    Frame frame{results.timeStampCurrentFrame, std::vector<float>(results.weights.Size())};
    const nva2x::HostTensorFloatView to(frame.weights.data(), frame.weights.size());
    std::error_code code = nva2x::CopyDeviceToHost(to, results.weights, results.cudaStream);
    if (!code) code = static_cast<VisemaFace*>(face)->bundle->GetCudaStream().Synchronize();
    static_cast<VisemaFace*>(face)->keep(std::move(frame), code);
    return !code;
}

void VisemaFace::keep(Frame frame, std::error_code code) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (code) failed_ = code;
    else frames_.push_back(std::move(frame));
}

// Forgets what was heard before, so that the same sound always gives the same frames.
void VisemaFace::begin(const float* samples, std::size_t count, const float* emotion) {
    auto& heard = bundle->GetAudioAccumulator(0);
    auto& felt = bundle->GetEmotionAccumulator(0);
    check(heard.Reset(), "The sound cannot be reset");
    check(felt.Reset(), "The emotion cannot be reset");
    check(executor().Reset(0), "The model cannot be reset");
    frames_.clear();
    failed_.clear();
    const auto stream = bundle->GetCudaStream().Data();
    check(felt.Accumulate(0, nva2x::HostTensorFloatConstView(emotion, felt.GetEmotionSize()), stream), "The emotion is refused");
    check(felt.Close(), "The emotion is refused");
    check(heard.Accumulate(nva2x::HostTensorFloatConstView(samples, count), stream), "The sound is refused");
    check(heard.Close(), "The sound is refused");
}

void VisemaFace::run(const float* samples, std::size_t count, const float* emotion) {
    check(nva2x::SetCudaDeviceIfNeeded(0), "CUDA cannot be used");
    begin(samples, count, emotion);
    std::error_code code;
    while (!code && nva2x::GetNbReadyTracks(executor()) > 0) code = executor().Execute(nullptr);
    const std::error_code waited = executor().Wait(0);  // also after an error: the SDK's threads still hold on to this
    check(code, "The model failed");
    check(waited, "The solver failed");
    check(failed_, "The solver failed");
}

std::vector<Frame> VisemaFace::take() {
    std::lock_guard<std::mutex> lock(mutex_);
    std::stable_sort(frames_.begin(), frames_.end(), [](const Frame& a, const Frame& b) { return a.sample < b.sample; });
    return std::exchange(frames_, {});
}

VisemaFace* visema_face_open(const VisemaFaceChoice* choice, VisemaFault* fault) {
    fault->text[0] = 0;
    try {
        return new VisemaFace(*choice);
    } catch (const std::exception& error) {
        say(fault, error.what(), "");
        return nullptr;
    }
}

void visema_face_close(VisemaFace* face) { delete face; }

size_t visema_face_weights(const VisemaFace* face) { return face->executor().GetWeightCount(); }

size_t visema_face_emotions(const VisemaFace* face) { return face->bundle->GetEmotionAccumulator(0).GetEmotionSize(); }

void visema_face_rate(const VisemaFace* face, size_t* numerator, size_t* denominator) {
    face->executor().GetFrameRate(*numerator, *denominator);
}

const char* visema_face_name(const VisemaFace* face, size_t weight) {
    return weight < face->names.size() ? face->names[weight].c_str() : "";
}

void visema_face_run(VisemaFace* face, const float* samples, size_t count, const float* emotion, VisemaFrame frame, void* data,
                     VisemaFault* fault) {
    fault->text[0] = 0;
    try {
        face->run(samples, count, emotion);
        for (const Frame& each : face->take()) frame(data, each.sample, each.weights.data(), each.weights.size());
    } catch (const std::exception& error) {
        say(fault, error.what(), "");
    }
}
