"""The compiled module ``visema_conv``: 3x3 convolutions on a CPU with a quarter of the multiplications, and
doubling transposed ones with three fifths. Optional: whoever uses it also does without.

Both are Winograd's way (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015), exact up to
rounding; the module goes to and from its form tile by tile, in the processor's cache.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from types import ModuleType
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engines.winograd import NARROWEST as WINOGRAD_IN
from engines.winograd import WinogradConv

NARROWEST = 32
"""Channels in from which it pays."""
WINOGRAD_OUT = 64
"""Channels out from which PyTorch gains by Winograd's way."""


@lru_cache(maxsize=1)
def convolution_module() -> ModuleType | None:
    """The module if it was built from these sources, loads, and knows this processor, else None."""
    try:
        module = importlib.import_module("visema_conv")
    except ImportError:
        return None
    fits = getattr(module, "INTERFACE", 0) == INTERFACE
    return module if fits and module.is_quick() else None


class Workers:
    """The module's threads, as many as PyTorch has at the time."""

    def __init__(self) -> None:
        self._workers: Any = None

    def now(self) -> Any:
        """The threads; new ones if their number changed."""
        workers, threads = self._workers, torch.get_num_threads()
        if workers is None or workers.size != threads:
            module: Any = convolution_module()
            workers = self._workers = module.Workers(threads)
        return workers


class NativeConv:
    """What ``conv`` does, with what is added and, unless ``relu`` is off, the ReLU besides. For float32 on a
    CPU, channels last. Safe for several threads."""

    def __init__(self, conv: nn.Conv2d | nn.ConvTranspose2d, workers: Workers, relu: bool = True) -> None:
        """A convolution that ``fits``. Its weights are copied."""
        module: Any = convolution_module()
        doubling = isinstance(conv, nn.ConvTranspose2d)
        bias = torch.zeros(conv.out_channels) if conv.bias is None else conv.bias.detach()
        weights = conv.weight.detach().contiguous().numpy()
        self._native = module.Convolution(weights, bias.contiguous().numpy(), doubling)
        self._workers, self._scale, self._channels = workers, 2 if doubling else 1, conv.out_channels
        self._relu = relu

    def __call__(self, x: Tensor, more: Tensor | None = None, plus: Tensor | None = None) -> Tensor:
        """What comes of x (B, C, H, W), and of ``more`` channels, and of ``plus`` as large as it, and its ReLU.

        Raises ValueError for sizes that do not fit the weights.
        """
        height, width = (self._scale * side for side in x.shape[2:])
        out = torch.empty((len(x), height, width, self._channels))
        given = (None if each is None else _laid(each) for each in (more, plus))
        self._native.run(self._workers.now(), _laid(x), *given, out.numpy(), self._relu)
        return out.permute(0, 3, 1, 2)


class CompiledConv(nn.Module):
    """A convolution that ``fits``, as a layer among others and without a ReLU. Its weights are out of sight."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self._native = NativeConv(conv, Workers(), relu=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H, W), channels last; float32 on the CPU."""
        return self._native(x)


def quick_conv(conv: nn.Conv2d) -> nn.Module:
    """What ``conv`` does for float32 on a CPU, up to rounding: compiled, by Winograd's way in PyTorch, or as it
    is where neither pays. The first two hold up to four times its weights."""
    if fits(conv):
        return CompiledConv(conv)
    wide = conv.in_channels >= WINOGRAD_IN and conv.out_channels >= WINOGRAD_OUT
    same = (conv.kernel_size, conv.stride, conv.padding, conv.dilation, conv.groups) == _SAME[:5]
    return WinogradConv(conv) if wide and same else conv


def fits(conv: nn.Module) -> bool:
    """Whether the module is there and is quicker at ``conv`` than PyTorch."""
    if not isinstance(conv, nn.Conv2d | nn.ConvTranspose2d) or convolution_module() is None:
        return False
    shape = conv.kernel_size, conv.stride, conv.padding, conv.dilation, conv.groups
    wanted = _DOUBLING if isinstance(conv, nn.ConvTranspose2d) else _SAME
    return (*shape, conv.output_padding) == wanted and conv.in_channels >= NARROWEST


def _laid(x: Tensor) -> NDArray[Any]:
    """(B, H, W, C), the same memory if channels lie last there."""
    last = x.permute(0, 2, 3, 1)
    return (last if last.stride(3) == 1 else last.contiguous()).numpy()


_SAME = (3, 3), (1, 1), (1, 1), (1, 1), 1, (0, 0)
_DOUBLING = (3, 3), (2, 2), (1, 1), (1, 1), 1, (1, 1)
INTERFACE = 1
"""Changes with what the module offers: one built from other sources is left alone."""
