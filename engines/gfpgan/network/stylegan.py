"""A StyleGAN2 decoder (Karras et al. 2020) whose features can be steered from outside (Wang et al. 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

STYLE = 512
LEVELS = {4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128, 512: 64}
"""Channels at each size in px."""
GAIN = 2**0.5
"""The modulated layers' gain before noise and bias."""


def enlarged(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, 2 H, 2 W)."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class ModulatedConv(nn.Module):
    """A convolution whose input channels are scaled by a style; ``demodulate`` keeps the outputs' strength."""

    def __init__(self, channels: int, features: int, size: int, demodulate: bool = True) -> None:
        super().__init__()
        self.modulation = nn.Linear(STYLE, channels)
        self.weight = nn.Parameter(torch.zeros(1, features, channels, size, size))
        self._demodulate = demodulate

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """``x`` (B, C, H, W), ``style`` (B, 512) -> (B, C', H, W)."""
        weight = self.weight * self.modulation(style)[:, None, :, None, None]
        if self._demodulate:
            weight = weight * torch.rsqrt(weight.square().sum((2, 3, 4), keepdim=True) + 1e-8)
        count, features, channels, size, _ = weight.shape
        kernels = weight.reshape(count * features, channels, size, size)
        moved = F.conv2d(x.reshape(1, -1, *x.shape[2:]), kernels, padding=size // 2, groups=count)
        return moved.view(count, features, *moved.shape[2:])


class StyledConv(nn.Module):
    """Modulated 3x3 convolution, noise, bias, activation."""

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.modulated_conv = ModulatedConv(channels, features, 3)
        self.weight = nn.Parameter(torch.zeros(1))
        self.bias = nn.Parameter(torch.zeros(1, features, 1, 1))

    def forward(self, x: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        """``noise`` (1 or B, 1, H, W)."""
        x = self.modulated_conv(x, style) * GAIN + self.weight * noise + self.bias
        return F.leaky_relu(x, 0.2)


class ToRgb(nn.Module):
    """Features to colours, (B, C, H, W) -> (B, 3, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.modulated_conv = ModulatedConv(channels, 3, 1, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """As the class says."""
        return self.modulated_conv(x, style) + self.bias


class _Constant(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, LEVELS[4], 4, 4))


class _Noises(nn.Module):
    """The stored noise: one picture at 4 px, then two at each size."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [4, *(size for size in list(LEVELS)[1:] for _ in range(2))]
        for index, size in enumerate(sizes):
            self.register_buffer(f"noise{index}", torch.zeros(1, 1, size, size))


class StyleDecoder(nn.Module):
    """Styles to a picture of 512 px; half of the channels at each size follow the conditions."""

    def __init__(self) -> None:
        super().__init__()
        widths = list(LEVELS.values())
        self.constant_input, self.noises = _Constant(), _Noises()
        self.style_conv1, self.to_rgb1 = StyledConv(widths[0], widths[0]), ToRgb(widths[0])
        self.style_convs, self.to_rgbs = nn.ModuleList(), nn.ModuleList()
        for before, after in pairwise(widths):
            self.style_convs += [StyledConv(before, after), StyledConv(after, after)]
            self.to_rgbs.append(ToRgb(after))

    def forward(self, styles: Tensor, conditions: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
        """``styles`` (B, 16, 512); ``conditions``: scale and shift, (B, C / 2, S, S), for each size from 8 px.

        Returns (B, 3, 512, 512).
        """
        x = self.constant_input.weight.expand(len(styles), -1, -1, -1)
        x = self.style_conv1(x, styles[:, 0], self.noises.noise0)
        picture = self.to_rgb1(x, styles[:, 1])
        for level, (scale, shift) in enumerate(conditions):
            index = 2 * level + 1
            first, second = self.style_convs[index - 1], self.style_convs[index]
            x = first(enlarged(x), styles[:, index], self._noise(index))
            free, steered = x.chunk(2, 1)
            x = torch.cat([free, steered * scale + shift], 1)
            x = second(x, styles[:, index + 1], self._noise(index + 1))
            picture = enlarged(picture) + self.to_rgbs[level](x, styles[:, index + 2])
        return picture

    def _noise(self, index: int) -> Tensor:
        noise: Tensor = getattr(self.noises, f"noise{index}")
        return noise
