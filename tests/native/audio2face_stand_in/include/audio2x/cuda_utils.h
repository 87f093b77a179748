// Stands in for the header of NVIDIA's Audio2Face-3D SDK.
#pragma once

#include <system_error>

namespace nva2x {

std::error_code SetCudaDeviceIfNeeded(int device);

}  // namespace nva2x
