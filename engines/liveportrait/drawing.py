"""Warping and drawing, in the shortest precision in which nobody sees a difference, on NVIDIA GPUs recorded.

The path for GPUs was never run on one. Whatever it does is therefore compared with the plain way before it is
used, and is left if it gives something else or fails.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from engines.batches import is_exhausted
from engines.devices import short_precision
from engines.liveportrait.models import Networks

MOST_OFF = 2 / 255
"""Mean difference to single precision up to which a shorter one is used."""
SAME = 1e-3
"""The same between a recorded step and a plain one."""
Step = Callable[[Tensor, Tensor, Tensor], Tensor]


class Drawing:
    """From looks and keypoints to pictures. Not for several threads at once."""

    def __init__(self, networks: Networks, device: str) -> None:
        self._networks, self._kind = networks, device.partition(":")[0]
        self.short = short_precision(device)
        self._precision = self.short if self.short == torch.float32 else None
        self._records, self._steps = self._kind == "cuda", dict[int, Step]()

    def __call__(self, volume: Tensor, driving: Tensor, source: Tensor) -> Tensor:
        """``volume`` (B, 32, 16, H, W), keypoints (B, 21, 3) -> (B, 3, 8 H, 8 W) RGB in 0..1."""
        given = volume, driving, source
        if self._precision is None:
            self._precision = self._settled(volume[:1], driving[:1], source[:1])
        if not self._records:
            return self._drawn(*given)
        try:
            if len(driving) not in self._steps:
                self._steps[len(driving)] = recorded(self._drawn, given)
            return self._steps[len(driving)](*given)
        except Exception as error:
            if is_exhausted(error):  # recorded steps hold memory
                self._records, self._steps = False, {}
            raise

    def _drawn(self, volume: Tensor, driving: Tensor, source: Tensor) -> Tensor:
        with self._shortened():
            moved = self._networks.warping(volume, driving, source)["out"]
            drawn: Tensor = self._networks.generator(moved)
        return drawn.float()

    def _settled(self, *given: Tensor) -> torch.dtype:
        """The short precision, if it shows the same. Some GPUs draw black in half precision."""
        self._precision = torch.float32
        exact = self._drawn(*given)
        self._precision = self.short
        off = float((self._drawn(*given) - exact).abs().mean())
        return self.short if off <= MOST_OFF else torch.float32

    def _shortened(self) -> AbstractContextManager[Any]:
        if self._precision in (None, torch.float32):
            return nullcontext()
        return torch.autocast(self._kind, self._precision, cache_enabled=False)


def recorded(plain: Step, given: tuple[Tensor, Tensor, Tensor]) -> Step:
    """``plain`` as a CUDA graph for inputs of the shapes ``given``; itself where that gives something else."""
    try:
        step = _Recorded(plain, given)
        off = float((step(*given) - plain(*given)).abs().mean())
    except RuntimeError as error:
        if is_exhausted(error):
            raise
        return plain
    return step if off <= SAME else plain


class _Recorded:
    """Hundreds of small kernels that start as one."""

    def __init__(self, plain: Step, given: tuple[Tensor, Tensor, Tensor]) -> None:
        self._inputs = tuple(value.clone() for value in given)
        cuda: Any = torch.cuda
        aside = cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            plain(*self._inputs)  # the libraries choose their kernels
        torch.cuda.current_stream().wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._out = plain(*self._inputs)

    def __call__(self, *given: Tensor) -> Tensor:
        for place, value in zip(self._inputs, given, strict=True):
            place.copy_(value)
        self._graph.replay()
        return self._out
