"""GFPGAN (Wang et al. 2021, "Towards real-world blind face restoration with generative facial prior"), versions
1.2 to 1.4: a U-Net reads the face and steers a StyleGAN2 decoder."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from engines.gfpgan.network.stylegan import LEVELS, STYLE, StyleDecoder, enlarged

WIDTHS = (32, 64, 128, 256, 256, 256, 256, 256)
"""Channels of the U-Net from 512 px down to 4 px."""
STYLES = 2 * len(LEVELS)


class _Block(nn.Module):
    """Residual block that halves or doubles the size."""

    def __init__(self, channels: int, features: int, grow: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, features, 3, padding=1)
        self.skip = nn.Conv2d(channels, features, 1, bias=False)
        self._grow = grow

    def forward(self, x: Tensor) -> Tensor:
        inner = F.leaky_relu(self.conv1(x), 0.2)
        inner = F.leaky_relu(self.conv2(self._resized(inner)), 0.2)
        return inner + self.skip(self._resized(x))

    def _resized(self, x: Tensor) -> Tensor:
        if self._grow:
            return enlarged(x)
        return F.interpolate(x, scale_factor=0.5, mode="bilinear", align_corners=False)


def _condition(width: int) -> nn.Sequential:
    first, second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
    return nn.Sequential(first, nn.LeakyReLU(0.2), second)


class Gfpgan(nn.Module):
    """(B, 3, 512, 512) RGB in -1..1, an upright face -> the same, clearer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_body_first = nn.Conv2d(3, WIDTHS[0], 1)
        self.conv_body_down = nn.ModuleList([_Block(*pair, grow=False) for pair in pairwise(WIDTHS)])
        self.final_conv = nn.Conv2d(WIDTHS[-1], WIDTHS[-1], 3, padding=1)
        self.final_linear = nn.Linear(WIDTHS[-1] * 4 * 4, STYLES * STYLE)
        upwards = WIDTHS[::-1]
        self.conv_body_up = nn.ModuleList([_Block(*pair, grow=True) for pair in pairwise(upwards)])
        self.condition_scale = nn.ModuleList([_condition(width) for width in upwards[1:]])
        self.condition_shift = nn.ModuleList([_condition(width) for width in upwards[1:]])
        self.stylegan_decoder = StyleDecoder()

    def forward(self, face: Tensor) -> Tensor:
        """As the class says; may leave -1..1 a little."""
        levels = [F.leaky_relu(self.conv_body_first(face), 0.2)]
        for block in self.conv_body_down:
            levels.append(block(levels[-1]))
        x = F.leaky_relu(self.final_conv(levels[-1]), 0.2)
        styles = self.final_linear(x.flatten(1)).unflatten(1, (STYLES, STYLE))
        conditions = []
        for index, block in enumerate(self.conv_body_up):
            x = block(x + levels[-1 - index])
            conditions.append((self.condition_scale[index](x), self.condition_shift[index](x)))
        return self.stylegan_decoder(styles, conditions)
