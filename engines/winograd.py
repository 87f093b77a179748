"""3x3 convolutions of wide layers with a quarter of the multiplications (Winograd's F(4x4, 3x3); Lavin and
Gray, "Fast Algorithms for Convolutional Neural Networks", 2015).

A tile of 4x4 results is made of 6x6 inputs by 36 products per pair of channels instead of 144. Going to and
from that form costs as much as it saves in narrow layers; from 256 channels on, a CPU takes half the time.
"""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

NARROWEST = 128
"""Channels from which it pays."""
_CACHED = 16 << 20
"""Bytes in the tiles' form that are worked on at once."""
_INPUT = (
    (4.0, 0.0, -5.0, 0.0, 1.0, 0.0),
    (0.0, -4.0, -4.0, 1.0, 1.0, 0.0),
    (0.0, 4.0, -4.0, -1.0, 1.0, 0.0),
    (0.0, -2.0, -1.0, 2.0, 1.0, 0.0),
    (0.0, 2.0, -1.0, -2.0, 1.0, 0.0),
    (0.0, 4.0, 0.0, -5.0, 0.0, 1.0),
)
_KERNEL = (
    (1 / 4, 0.0, 0.0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0.0, 0.0, 1.0),
)
_OUTPUT = (
    (1.0, 1.0, 1.0, 1.0, 1.0, 0.0),
    (0.0, 1.0, -1.0, 2.0, -2.0, 0.0),
    (0.0, 1.0, 1.0, 4.0, 4.0, 0.0),
    (0.0, 1.0, -1.0, 8.0, -8.0, 1.0),
)


class WinogradConv(nn.Module):
    """What ``conv`` (3x3, stride 1, padding 1) does, up to rounding."""

    weights: Tensor
    bias: Tensor | None
    there: Tensor
    back: Tensor

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        kernel = torch.tensor(_KERNEL, dtype=torch.float64)
        spread = torch.einsum("ai,ocij,bj->abco", kernel, conv.weight.double(), kernel)
        self.register_buffer("weights", spread.flatten(0, 1).float().contiguous())
        self.register_buffer("bias", None if conv.bias is None else conv.bias.detach().clone())
        self.register_buffer("there", torch.tensor(_INPUT))
        self.register_buffer("back", torch.tensor(_OUTPUT))

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H, W), both channels last."""
        height, width = x.shape[2:]
        down, across = -(-height // 4), -(-width // 4)
        margins = (0, 0, 1, 4 * across - width + 1, 1, 4 * down - height + 1)
        padded = functional.pad(x.permute(0, 2, 3, 1), margins)
        row = 4 * 36 * across * max(x.shape[1], self.weights.shape[2])
        parts = [self._whole(each, row, down) for each in torch.split(padded, max(_CACHED // (row * down), 1))]
        out = torch.cat(parts)[:, :height, :width]
        return (out if self.bias is None else out + self.bias).permute(0, 3, 1, 2)

    def _whole(self, padded: Tensor, row: int, down: int) -> Tensor:
        """Some rows of tiles at a time, where not all fit; ``row`` bytes a row, ``down`` rows."""
        rows = down if row * down <= _CACHED else max(_CACHED // (2 * row), 1)
        strips = [padded[:, 4 * top : 4 * min(top + rows, down) + 2] for top in range(0, down, rows)]
        return torch.cat([self._few(strip) for strip in strips], 1)

    def _few(self, padded: Tensor) -> Tensor:
        """(B, 4 n + 2, 4 m + 2, in) -> (B, 4 n, 4 m, out)."""
        batch, down, across = len(padded), padded.shape[1] // 4, padded.shape[2] // 4
        tiles = padded.unfold(1, 6, 4).unfold(2, 6, 4).permute(4, 5, 0, 1, 2, 3)
        spread = _both(self.there, tiles.reshape(6, 6, -1))
        mixed = torch.bmm(spread.view(36, batch * down * across, padded.shape[3]), self.weights)
        found = _both(self.back, mixed.view(6, 6, -1)).view(4, 4, batch, down, across, -1)
        return found.permute(2, 3, 0, 4, 1, 5).reshape(batch, 4 * down, 4 * across, -1)


def _both(matrix: Tensor, tiles: Tensor) -> Tensor:
    """``matrix`` applied along the first two dimensions of (6, 6, N)."""
    first = (matrix @ tiles.reshape(6, -1)).view(len(matrix), 6, -1)
    return torch.matmul(matrix, first)
