"""ConvNeXt V2 tiny (Woo et al. 2023) with several linear heads."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

DEPTHS = (3, 3, 9, 3)
WIDTHS = (96, 192, 384, 768)
EPSILON = 1e-6


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of (B, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """Shape kept."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class ResponseNorm(nn.Module):
    """Global response normalisation of (B, H, W, C): channels compete by their energy in the whole picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma, self.beta = (nn.Parameter(torch.zeros(1, 1, 1, channels)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Shape kept."""
        energy = x.square().sum((1, 2), keepdim=True).sqrt()
        return self.gamma * (x * (energy / (energy.mean(-1, keepdim=True) + EPSILON))) + self.beta + x


class Block(nn.Module):
    """Depthwise convolution and two pointwise layers, added to the input (B, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=EPSILON)
        self.pwconv1 = nn.Linear(channels, 4 * channels)
        self.grn = ResponseNorm(4 * channels)
        self.pwconv2 = nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Shape kept."""
        hidden = self.norm(self.dwconv(x).movedim(1, -1))
        return x + self.pwconv2(self.grn(F.gelu(self.pwconv1(hidden)))).movedim(-1, 1)


class ConvNextV2(nn.Module):
    """``heads``: width of each linear layer at the end, by name; its parameters are called fc_NAME."""

    def __init__(self, heads: Mapping[str, int]) -> None:
        super().__init__()
        stem = nn.Sequential(nn.Conv2d(3, WIDTHS[0], 4, stride=4), ChannelNorm(WIDTHS[0]))
        entries = [
            nn.Sequential(ChannelNorm(before), nn.Conv2d(before, after, 2, stride=2))
            for before, after in pairwise(WIDTHS)
        ]
        self.downsample_layers = nn.ModuleList([stem, *entries])
        self.stages = nn.ModuleList(
            [
                nn.Sequential(*(Block(width) for _ in range(depth)))
                for depth, width in zip(DEPTHS, WIDTHS, strict=True)
            ]
        )
        self.norm = nn.LayerNorm(WIDTHS[-1], eps=EPSILON)
        self._heads = tuple(heads)
        for name, width in heads.items():
            self.add_module(f"fc_{name}", nn.Linear(WIDTHS[-1], width))

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """(B, 3, H, W) -> by head name, (B, width)."""
        x = image
        for entry, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(entry(x))
        x = self.norm(x.mean((2, 3)))
        return {name: getattr(self, f"fc_{name}")(x) for name in self._heads}
