"""From features to a picture."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from engines.facevid2vid.layers import SEGMENT_CHANNELS, SpadeBlock

MIDDLE_BLOCKS = 6
WIDTHS = (512, 256, 64)
"""In the middle, and after each time that the picture grows."""


class SpadeDecoder(nn.Module):
    """(B, 256, H, W) features -> (B, 3, 4 H x ``finer``, 4 W x ``finer``) RGB in 0..1."""

    def __init__(self, finer: int = 1) -> None:
        super().__init__()
        self.fc = nn.Conv2d(SEGMENT_CHANNELS, WIDTHS[0], 3, padding=1)
        for index in range(MIDDLE_BLOCKS):
            self.add_module(f"G_middle_{index}", SpadeBlock(WIDTHS[0], WIDTHS[0]))
        self.up_0, self.up_1 = (SpadeBlock(*pair) for pair in pairwise(WIDTHS))
        last = nn.Conv2d(WIDTHS[-1], 3 * finer**2, 3, padding=1)
        self.conv_img = last if finer == 1 else nn.Sequential(last, nn.PixelShuffle(finer))

    def forward(self, feature: Tensor) -> Tensor:
        """As the class says."""
        x = self.fc(feature)
        for index in range(MIDDLE_BLOCKS):
            x = getattr(self, f"G_middle_{index}")(x, feature)
        for block in (self.up_0, self.up_1):
            x = block(F.interpolate(x, scale_factor=2.0), feature)
        return torch.sigmoid(self.conv_img(F.leaky_relu(x, 0.2)))
