// Stands in for the headers of NVIDIA's Audio2Face-3D SDK: of its names and signatures, those that the binding uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>

typedef struct CUstream_st* cudaStream_t;

namespace nva2x {

class DeviceTensorFloatConstView {
  public:
    DeviceTensorFloatConstView();
    const float* Data() const;
    std::size_t Size() const;

  private:
    friend DeviceTensorFloatConstView GetDeviceTensorFloatConstView(const float*, std::size_t);
    const float* data_;
    std::size_t size_;
};
DeviceTensorFloatConstView GetDeviceTensorFloatConstView(const float* data, std::size_t size);

class HostTensorFloatView {
  public:
    HostTensorFloatView(float* data, std::size_t size);
    float* Data() const;
    std::size_t Size() const;

  private:
    float* data_;
    std::size_t size_;
};

class HostTensorFloatConstView {
  public:
    HostTensorFloatConstView();
    HostTensorFloatConstView(const float* data, std::size_t size);
    const float* Data() const;
    std::size_t Size() const;

  private:
    const float* data_;
    std::size_t size_;
};

std::error_code CopyDeviceToHost(HostTensorFloatView destination, DeviceTensorFloatConstView source, cudaStream_t stream);

class ICudaStream {
  public:
    virtual std::error_code Synchronize() const = 0;
    virtual cudaStream_t Data() const = 0;

  protected:
    virtual ~ICudaStream();
};

class IAudioAccumulator {
  public:
    virtual std::error_code Accumulate(HostTensorFloatConstView samples, cudaStream_t stream) = 0;
    virtual std::error_code Close() = 0;
    virtual std::error_code Reset() = 0;

  protected:
    virtual ~IAudioAccumulator();
};

class IEmotionAccumulator {
  public:
    virtual std::error_code Accumulate(std::int64_t timestamp, DeviceTensorFloatConstView emotion, cudaStream_t stream) = 0;
    virtual std::error_code Accumulate(std::int64_t timestamp, HostTensorFloatConstView emotion, cudaStream_t stream) = 0;
    virtual std::error_code Close() = 0;
    virtual std::size_t GetEmotionSize() const = 0;
    virtual std::error_code Reset() = 0;

  protected:
    virtual ~IEmotionAccumulator();
};

class IExecutor {
  public:
    using timestamp_t = std::int64_t;
    virtual std::error_code Reset(std::size_t track) = 0;
    virtual std::size_t GetNbAvailableExecutions(std::size_t track) const = 0;
    virtual void GetFrameRate(std::size_t& numerator, std::size_t& denominator) const = 0;
    virtual std::error_code Execute(std::size_t* executed) = 0;

  protected:
    virtual ~IExecutor();
};
std::size_t GetNbReadyTracks(const IExecutor& executor);

}  // namespace nva2x

namespace nva2f {

class IFaceExecutor : public nva2x::IExecutor {};

class IGeometryExecutor : public IFaceExecutor {
  public:
    enum class ExecutionOption : std::uint32_t { None = 0, Skin = 1, Tongue = 2, SkinTongue = 3 };
};

class IBlendshapeExecutor : public IFaceExecutor {
  public:
    virtual std::size_t GetWeightCount() const = 0;
    enum class ResultsType { UNKNOWN, HOST, DEVICE };
    virtual ResultsType GetResultType() const = 0;
    struct HostResults {
        std::size_t trackIndex{0};
        timestamp_t timeStampCurrentFrame{0};
        timestamp_t timeStampNextFrame{0};
        nva2x::HostTensorFloatConstView weights;
    };
    using host_results_callback_t = void (*)(void*, const HostResults&, std::error_code);
    virtual std::error_code SetResultsCallback(host_results_callback_t callback, void* userdata) = 0;
    struct DeviceResults {
        std::size_t trackIndex{0};
        timestamp_t timeStampCurrentFrame{0};
        timestamp_t timeStampNextFrame{0};
        cudaStream_t cudaStream{nullptr};
        nva2x::DeviceTensorFloatConstView weights;
    };
    using device_results_callback_t = bool (*)(void*, const DeviceResults&);
    virtual std::error_code SetResultsCallback(device_results_callback_t callback, void* userdata) = 0;
    virtual std::error_code Wait(std::size_t track) = 0;
};

class IBlendshapeSolver {
  public:
    virtual int NumBlendshapePoses() = 0;
    virtual const char* GetPoseName(std::size_t index) const = 0;

  protected:
    virtual ~IBlendshapeSolver();
};
std::error_code GetExecutorSkinSolver(const IFaceExecutor& executor, std::size_t track, IBlendshapeSolver** solver);
std::error_code GetExecutorTongueSolver(const IFaceExecutor& executor, std::size_t track, IBlendshapeSolver** solver);

class IBlendshapeExecutorBundle {
  public:
    virtual nva2x::ICudaStream& GetCudaStream() = 0;
    virtual nva2x::IAudioAccumulator& GetAudioAccumulator(std::size_t track) = 0;
    virtual nva2x::IEmotionAccumulator& GetEmotionAccumulator(std::size_t track) = 0;
    virtual IBlendshapeExecutor& GetExecutor() = 0;
    virtual const IBlendshapeExecutor& GetExecutor() const = 0;
    virtual void Destroy() = 0;

  protected:
    virtual ~IBlendshapeExecutorBundle();
};

namespace IRegressionModel {
class IGeometryModelInfo;
class IBlendshapeSolveModelInfo;
}  // namespace IRegressionModel
namespace IDiffusionModel {
class IGeometryModelInfo;
class IBlendshapeSolveModelInfo;
}  // namespace IDiffusionModel

IBlendshapeExecutorBundle* ReadRegressionBlendshapeSolveExecutorBundle(
    std::size_t tracks, const char* path, IGeometryExecutor::ExecutionOption option, bool useGpuSolver, std::size_t numerator,
    std::size_t denominator, IRegressionModel::IGeometryModelInfo** geometry, IRegressionModel::IBlendshapeSolveModelInfo** solve);
IBlendshapeExecutorBundle* ReadDiffusionBlendshapeSolveExecutorBundle(
    std::size_t tracks, const char* path, IGeometryExecutor::ExecutionOption option, bool useGpuSolver, std::size_t identity,
    bool constantNoise, IDiffusionModel::IGeometryModelInfo** geometry, IDiffusionModel::IBlendshapeSolveModelInfo** solve);

}  // namespace nva2f
