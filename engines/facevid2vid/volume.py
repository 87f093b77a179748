"""A photo as a volume of features, in the pose that it shows."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from engines.facevid2vid.layers import ConvBlock, DownBlock2d, ResBlock3d

CHANNELS, DEPTH = 32, 16
WIDTHS = (64, 128, 256)
"""Of the picture's features before they become a volume."""
RESIDUAL_BLOCKS = 6


class AppearanceVolume(nn.Module):
    """(B, 3, H, W) RGB in 0..1 -> (B, 32, 16, H / 4, W / 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = ConvBlock(3, WIDTHS[0])
        self.down_blocks = nn.ModuleList([DownBlock2d(*pair) for pair in pairwise(WIDTHS)])
        self.second = nn.Conv2d(WIDTHS[-1], CHANNELS * DEPTH, 1)
        self.resblocks_3d = nn.Sequential()
        for index in range(RESIDUAL_BLOCKS):
            self.resblocks_3d.add_module(f"3dr{index}", ResBlock3d(CHANNELS))

    def forward(self, image: Tensor) -> Tensor:
        """As the class says."""
        x = self.first(image)
        for block in self.down_blocks:
            x = block(x)
        volume = self.second(x).unflatten(1, (CHANNELS, DEPTH))
        return self.resblocks_3d(volume)
