"""The decoder on a processor: the same pictures with fewer multiplications (see engines.wav2lip.winograd)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from engines.wav2lip.winograd import NARROWEST, WinogradConv

BAND_BYTES = 12 << 20
"""Of the tiles' form that are worked on at once: they stay in the processor's cache."""
TILE = 4


class BandedConv(nn.Module):
    """What ``conv`` (3x3, stride 1, padding 1) does, up to rounding, on pictures of any height."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.wide = WinogradConv(conv)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H, W), a band of rows after the other, each with the rows next to it."""
        height, rows = x.shape[2], rows_of_band(x.shape)
        bands = []
        for top in range(0, height, rows):
            first, last = max(top - 1, 0), min(top + rows, height)
            found = self.wide(x[:, :, first : last + 1])
            bands.append(found[:, :, top - first : last - first])
        return torch.cat(bands, 2)


def rows_of_band(shape: torch.Size) -> int:
    """So many rows that they and two more are whole tiles and fit."""
    _, channels, _, width = shape
    tiles = BAND_BYTES // (4 * 36 * channels * -(-width // TILE))
    return max(tiles, 1) * TILE - 2


def quicken(network: nn.Module) -> None:
    """Take this way in the wide 3x3 convolutions of ``network``; it then holds four times the weights."""
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Conv2d) and _pays(layer):
                setattr(parent, name, BandedConv(layer))
    layout: Any = {"memory_format": torch.channels_last}
    network.to(**layout)


def _pays(conv: nn.Conv2d) -> bool:
    return conv.kernel_size == (3, 3) and conv.in_channels >= NARROWEST and conv.out_channels >= NARROWEST
