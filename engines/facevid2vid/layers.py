"""Building blocks, named as in the checkpoints. In evaluation mode norms use their stored statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

SEGMENT_CHANNELS = 256
"""Channels of the map that steers the SPADE norms."""
SPADE_HIDDEN = 128
SPECTRAL = ("weight_orig", "weight_u", "weight_v")
"""What ``torch.nn.utils.spectral_norm`` stores in place of a weight."""


class ConvBlock(nn.Module):
    """3x3 convolution, batch norm, activation: (B, C, H, W) -> (B, C', H, W). ``slope`` of a leaky ReLU, 0 a
    plain one."""

    def __init__(self, channels: int, features: int, slope: float = 0.0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, features, 3, padding=1)
        self.norm = nn.BatchNorm2d(features)
        self._slope = slope

    def forward(self, x: Tensor) -> Tensor:
        """As the class says."""
        return F.leaky_relu(self.norm(self.conv(x)), self._slope)


class DownBlock2d(nn.Module):
    """Convolution, batch norm, ReLU, half the size."""

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, features, 3, padding=1)
        self.norm = nn.BatchNorm2d(features)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H / 2, W / 2)."""
        return F.avg_pool2d(F.relu(self.norm(self.conv(x))), 2)


class DownBlock3d(nn.Module):
    """Convolution, batch norm, ReLU, half the height and width."""

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(channels, features, 3, padding=1)
        self.norm = nn.BatchNorm3d(features)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, D, H, W) -> (B, C', D, H / 2, W / 2)."""
        return F.avg_pool3d(F.relu(self.norm(self.conv(x))), (1, 2, 2))


class UpBlock3d(nn.Module):
    """Twice the height and width, convolution, batch norm, ReLU."""

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(channels, features, 3, padding=1)
        self.norm = nn.BatchNorm3d(features)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, D, H, W) -> (B, C', D, 2 H, 2 W)."""
        return F.relu(self.norm(self.conv(F.interpolate(x, scale_factor=(1.0, 2.0, 2.0)))))


class ResBlock3d(nn.Module):
    """Pre-activated residual block; shape kept."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv3d(channels, channels, 3, padding=1) for _ in range(2))
        self.norm1, self.norm2 = (nn.BatchNorm3d(channels) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, D, H, W) -> the same shape."""
        return x + self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))


class SpectralConv2d(nn.Conv2d):
    """A convolution whose checkpoint holds a spectral norm; it is folded into a plain weight when loaded.

    Miyato et al. 2018: the weight in use is W / (u . W v), u and v as stored.
    """

    def __init__(self, *sizes: Any, **settings: Any) -> None:
        super().__init__(*sizes, **settings)
        self.register_load_state_dict_pre_hook(_fold_spectral_norm)


def _fold_spectral_norm(_: nn.Module, state: dict[str, Any], prefix: str, *__: object) -> None:
    """Replace the three stored tensors under ``prefix`` by the weight that they make, in place."""
    names = [prefix + name for name in SPECTRAL]
    if all(name in state for name in names):
        state[f"{prefix}weight"] = folded(*(state.pop(name) for name in names))


def all_folded(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``weights`` by name, with one tensor where the three of a spectral norm are stored."""
    state = dict(weights)
    first = f".{SPECTRAL[0]}"
    for prefix in [name.removesuffix(SPECTRAL[0]) for name in weights if name.endswith(first)]:
        _fold_spectral_norm(nn.Identity(), state, prefix)
    return state


def folded(weight: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """``weight`` (out, ...) over its spectral norm, by the singular vectors ``u`` (out,) and ``v`` (rest,)."""
    return weight / torch.dot(u, torch.mv(weight.flatten(1), v))


class Spade(nn.Module):
    """Spatially adaptive norm (Park et al. 2019): scale and shift of every pixel come from a map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp_shared = nn.Sequential(nn.Conv2d(SEGMENT_CHANNELS, SPADE_HIDDEN, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(SPADE_HIDDEN, channels, 3, padding=1)
        self.mlp_beta = nn.Conv2d(SPADE_HIDDEN, channels, 3, padding=1)

    def forward(self, x: Tensor, segment: Tensor) -> Tensor:
        """``x`` (B, C, H, W), ``segment`` (B, 256, h, w) -> (B, C, H, W)."""
        hidden = self.mlp_shared(F.interpolate(segment, size=x.shape[2:], mode="nearest"))
        return F.instance_norm(x) * (1 + self.mlp_gamma(hidden)) + self.mlp_beta(hidden)


class SpadeBlock(nn.Module):
    """Residual block with SPADE norms; the way past has a convolution where the channels change."""

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        middle = min(channels, features)
        self.conv_0 = SpectralConv2d(channels, middle, 3, padding=1)
        self.conv_1 = SpectralConv2d(middle, features, 3, padding=1)
        self.norm_0, self.norm_1 = Spade(channels), Spade(middle)
        if channels != features:
            self.conv_s = SpectralConv2d(channels, features, 1, bias=False)
            self.norm_s = Spade(channels)

    def forward(self, x: Tensor, segment: Tensor) -> Tensor:
        """``x`` (B, C, H, W), ``segment`` (B, 256, h, w) -> (B, C', H, W)."""
        past = self.conv_s(self.norm_s(x, segment)) if hasattr(self, "conv_s") else x
        for norm, conv in ((self.norm_0, self.conv_0), (self.norm_1, self.conv_1)):
            x = conv(F.leaky_relu(norm(x, segment), 0.2))
        return past + x
