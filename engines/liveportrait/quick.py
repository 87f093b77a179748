"""The drawing network with less work for the same picture: for single precision on processors.

3x3 convolutions take a quicker way (engines.convolution); both maps of a SPADE norm come out of one; what is
convolved after it was enlarged four times is convolved before, since neighbours are equal there. The result is
that of the plain network up to rounding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from engines.convolution import quick_conv
from engines.facevid2vid.layers import Spade

ENLARGED, LAST_BLOCK = 4, "up_1"
_ROWS = (
    ((1.0, 0.0, 0.0), (0.0, 1.0, 1.0), (0.0, 0.0, 0.0)),
    ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)),
    ((0.0, 0.0, 0.0), (1.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
)
"""What a kernel's three rows are on the picture before it was enlarged: for the first row of what became of a
pixel, for those inside, and for the last."""
_PLACE = (0, 1, 1, 2)
"""Which of the three each of the four rows is."""


def quickened(generator: Any) -> Any:
    """``generator``, a SpadeDecoder, itself, with quicker layers in it."""
    for path, block in list(generator.named_modules()):
        for name, layer in list(block.named_children()):
            if isinstance(layer, Spade):
                setattr(block, name, QuickSpade(layer, enlarged=path == LAST_BLOCK))
            elif isinstance(layer, nn.Conv2d):
                setattr(block, name, quick_conv(layer))
    return generator


class QuickSpade(nn.Module):
    """What a ``spade`` norm does. ``enlarged``: its pictures are ENLARGED times as large as their map."""

    def __init__(self, spade: Spade, enlarged: bool) -> None:
        super().__init__()
        shared: Any = spade.mlp_shared[0]
        gamma, beta = spade.mlp_gamma, spade.mlp_beta
        self.shared = EnlargedConv(shared) if enlarged else quick_conv(shared)
        self._enlarged = enlarged
        self.maps = quick_conv(_joined([gamma.weight, beta.weight], [gamma.bias, beta.bias]))

    def forward(self, x: Tensor, segment: Tensor) -> Tensor:
        """``x`` (B, C, H, W), ``segment`` (B, S, h, w) -> (B, C, H, W)."""
        if not self._enlarged:
            segment = F.interpolate(segment, size=x.shape[2:], mode="nearest")
        gamma, beta = self.maps(self.shared(segment).relu_()).chunk(2, 1)
        out: Tensor = F.instance_norm(x).mul_(1 + gamma).add_(beta)
        return out


class EnlargedConv(nn.Module):
    """What ``conv`` (3x3, padding 1) gives on a picture whose every pixel was made 4x4."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        rows = torch.tensor(_ROWS, dtype=torch.float64)
        weight = torch.einsum("pai,qbj,ocij->pqocab", rows, rows, conv.weight.double()).flatten(0, 2).float()
        bias: Any = conv.bias
        self.conv = quick_conv(_joined([weight], [bias.repeat(9)]))

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, 4 H, 4 W)."""
        batch, _, height, width = x.shape
        place = torch.tensor(_PLACE, device=x.device)
        parts: Tensor = self.conv(x).view(batch, 3, 3, -1, height, width)
        found = parts.index_select(1, place).index_select(2, place)
        return found.permute(0, 3, 4, 1, 5, 2).reshape(batch, -1, ENLARGED * height, ENLARGED * width)


def _joined(weights: list[Tensor], biases: list[Any]) -> nn.Conv2d:
    """A 3x3 convolution whose outputs are those of several."""
    weight = torch.cat(weights)
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1, device="meta")
    conv.weight, conv.bias = nn.Parameter(weight, False), nn.Parameter(torch.cat(biases), False)
    return conv
