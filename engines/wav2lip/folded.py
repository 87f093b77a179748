"""Layers with their batch norms in their weights, some of which see a picture's features besides."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engines.convolution import NativeConv, Workers, fits
from engines.wav2lip.network import Conv, Transposed
from engines.winograd import NARROWEST, WinogradConv


class Folded(nn.Module):
    """A ``Conv`` or ``Transposed`` with its batch norm in its weights."""

    def __init__(self, layer: Conv | Transposed) -> None:
        super().__init__()
        convolution, norm = _pair(layer)
        transposed = isinstance(layer, Transposed)
        self.conv: nn.Module = fuse_conv_bn_eval(convolution, norm, transpose=transposed)
        self.residual = isinstance(layer, Conv) and layer.residual
        self._native: NativeConv | None = None

    def quicken(self, workers: Workers) -> None:
        """Take fewer multiplications if it pays, compiled if it can be."""
        if isinstance(self.conv, nn.ConvTranspose2d) and self.conv.stride == (1, 1):
            self.conv = Whole(self.conv)
        elif fits(self.conv):
            whole: Any = self.conv
            self._native, self.conv = NativeConv(whole, workers), nn.Identity()
        elif self.residual and isinstance(self.conv, nn.Conv2d) and self.conv.in_channels >= NARROWEST:
            self.conv = WinogradConv(self.conv)

    def forward(self, x: Tensor, more: Tensor | None = None, known: Tensor | None = None) -> Tensor:
        """(B, in, H, W), some of it perhaps in ``more`` -> (B, out, H', W'); ``known``, of that shape, is added
        before the ReLU."""
        plus = x if self.residual else known
        if self._native is not None:
            return self._native(x, more, plus)
        out: Tensor = self.conv(x if more is None else torch.cat([x, more], 1))
        return (out if plus is None else out.add_(plus)).relu_()


class Whole(nn.Module):
    """What ``conv``, transposed with stride 1, does; a single pixel is a vector to it."""

    matrix: Tensor

    def __init__(self, conv: nn.ConvTranspose2d) -> None:
        super().__init__()
        self.conv = conv
        self.register_buffer("matrix", conv.weight.detach().permute(0, 2, 3, 1).flatten(1).contiguous())

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, 1, 1) -> (B, out, kernel, kernel), or what comes of larger ones."""
        if x.shape[2:] != (1, 1):
            found: Tensor = self.conv(x)
            return found
        made = (x.flatten(1) @ self.matrix).view(len(x), *self.conv.kernel_size, -1)
        return (made if self.conv.bias is None else made + self.conv.bias).permute(0, 3, 1, 2)


class Joint(nn.Module):
    """A layer that sees the decoder's tensor and then the encoder's feature of the same place.

    A convolution is linear in the two. With ``apart`` the feature's share of the result is worked out once for
    a picture and added; it is as large as the result.
    """

    def __init__(self, layer: Folded, feature: int, apart: bool) -> None:
        """``feature``: how many of the layer's input channels are the encoder's, the last ones."""
        super().__init__()
        self.layer = layer
        self.share: nn.Module | None = None
        if apart:
            whole: Any = layer.conv
            own = whole.in_channels - feature
            self.share = _part(whole, slice(own, None))
            layer.conv = _part(whole, slice(own))
            layer.conv.register_parameter("bias", None)

    def quicken(self, _workers: Workers) -> None:
        """Take fewer steps to a whole level; the layer itself is quickened by itself."""
        if isinstance(self.share, nn.ConvTranspose2d) and self.share.stride == (1, 1):
            self.share = Whole(self.share)

    def known(self, feature: Tensor) -> Tensor:
        """What ``forward`` takes of a picture's ``feature``."""
        found: Tensor = feature if self.share is None else self.share(feature)
        return found

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        """(B, own, H, W) and ``known`` of the same pictures -> (B, out, H', W')."""
        found: Tensor = self.layer(x, **{"more" if self.share is None else "known": known})
        return found


def _part(conv: Any, channels: slice) -> Any:
    """``conv`` of some of its input channels alone."""
    part = deepcopy(conv)
    taken = conv.weight[channels] if isinstance(conv, nn.ConvTranspose2d) else conv.weight[:, channels]
    part.weight = nn.Parameter(taken.detach().clone(), requires_grad=False)
    part.in_channels = len(range(conv.in_channels)[channels])
    return part


def _pair(layer: Conv | Transposed) -> Any:
    """A layer's convolution and its batch norm."""
    return tuple(layer.conv_block)


def folded(block: Any) -> nn.Sequential:
    """``block`` with all its layers folded."""
    return nn.Sequential(*(_folded_layer(layer) for layer in block))


def _folded_layer(layer: nn.Module) -> nn.Module:
    return Folded(layer) if isinstance(layer, Conv | Transposed) else deepcopy(layer)
