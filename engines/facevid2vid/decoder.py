"""From features to a picture."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from engines.facevid2vid.layers import SpadeBlock

MIDDLE_BLOCKS = 6


class SpadeDecoder(nn.Module):
    """(B, 256, H, W) features -> (B, 3, 4 H x ``finer``, 4 W x ``finer``) RGB in 0..1."""

    def __init__(self, finer: int = 1) -> None:
        super().__init__()
        self.fc = nn.Conv2d(256, 512, 3, padding=1)
        for index in range(MIDDLE_BLOCKS):
            self.add_module(f"G_middle_{index}", SpadeBlock(512, 512))
        self.up_0, self.up_1 = SpadeBlock(512, 256), SpadeBlock(256, 64)
        last = nn.Conv2d(64, 3 * finer**2, 3, padding=1)
        self.conv_img = last if finer == 1 else nn.Sequential(last, nn.PixelShuffle(finer))

    def forward(self, feature: Tensor) -> Tensor:
        """As the class says."""
        x = self.fc(feature)
        for index in range(MIDDLE_BLOCKS):
            x = getattr(self, f"G_middle_{index}")(x, feature)
        for block in (self.up_0, self.up_1):
            x = block(F.interpolate(x, scale_factor=2.0), feature)
        return torch.sigmoid(self.conv_img(F.leaky_relu(x, 0.2)))
