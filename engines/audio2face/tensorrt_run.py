"""Runs TensorRT plans with torch's memory on the GPU. All that needs TensorRT to run them is here."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engines.audio2face.network import Layout, OutOfMemory
from engines.audio2face.reading import Unfit, refusing
from engines.errors import StudioError
from engines.types import Float32

FAILED = "A TensorRT plan of Audio2Face failed; run 'launch.py engines verify audio2face'."


class PlanRunner:
    """A plan in the GPU's memory. Safe for several threads, one at a time."""

    def __init__(self, path: Path, inputs: Layout, outputs: Layout) -> None:
        """Raises StudioError for a plan that cannot be loaded or is of another network."""
        import tensorrt as trt
        import torch

        self._torch, self._lock = torch, threading.Lock()
        runtime = trt.Runtime(trt.Logger(trt.Logger.ERROR))
        self._engine = runtime.deserialize_cuda_engine(path.read_bytes())
        with refusing(path):
            if self._engine is None:
                raise Unfit("TensorRT cannot load it")
            tensors = {self._engine.get_tensor_name(i) for i in range(self._engine.num_io_tensors)}
            if tensors != {*inputs, *outputs}:
                raise Unfit(f"it has the tensors {', '.join(sorted(tensors))}")
        self._context = self._engine.create_execution_context()
        self._outputs = list(outputs)
        self.device = "cuda:0, TensorRT"

    def run(self, feeds: Mapping[str, Float32]) -> dict[str, Float32]:
        """The outputs by name. Raises OutOfMemory, also for more than the plan was made for."""
        torch = self._torch
        try:
            with self._lock, torch.inference_mode():
                return self._run(feeds)
        except torch.cuda.OutOfMemoryError:
            raise OutOfMemory from None

    def _run(self, feeds: Mapping[str, Float32]) -> dict[str, Float32]:
        torch = self._torch
        held: dict[str, Any] = {}
        for name, value in feeds.items():
            most = tuple(self._engine.get_tensor_profile_shape(name, 0)[2])
            if any(side > limit for side, limit in zip(value.shape, most, strict=True)):
                raise OutOfMemory
            held[name] = torch.from_numpy(np.ascontiguousarray(value, np.float32)).cuda()
            self._context.set_input_shape(name, value.shape)
        for name in self._outputs:
            shape = tuple(self._context.get_tensor_shape(name))
            held[name] = torch.empty(shape, dtype=torch.float32, device="cuda")
        for name, tensor in held.items():
            self._context.set_tensor_address(name, tensor.data_ptr())
        stream = torch.cuda.current_stream()
        if not self._context.execute_async_v3(stream.cuda_stream):
            raise StudioError(FAILED)
        stream.synchronize()
        return {name: held[name].cpu().numpy() for name in self._outputs}
