"""A photo to the coefficients of a 3-D morphable face: ResNet-50 (He et al. 2016, stride on the 3x3) with one
linear head a kind of coefficient (Deng et al. 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

COEFFICIENTS = {"id": 80, "exp": 64, "tex": 80, "angle": 3, "gamma": 27, "xy": 2, "z": 1}
"""Widths of the heads, in their order; the last two are the shift."""
LAYERS = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""Width, number of blocks and stride of the four stages."""
WIDENING = 4


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions added to the input, (B, C, H, W) -> (B, 4 ``width``, H / stride, ...)."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        features = WIDENING * width
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, features, 1, bias=False), nn.BatchNorm2d(features)
        if stride != 1 or channels != features:
            way = nn.Conv2d(channels, features, 1, stride, bias=False)
            self.downsample = nn.Sequential(way, nn.BatchNorm2d(features))

    def forward(self, x: Tensor) -> Tensor:
        """As the class says."""
        past = self.downsample(x) if hasattr(self, "downsample") else x
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        return F.relu(self.bn3(self.conv3(x)) + past)


class ResNet50(nn.Module):
    """(B, 3, H, W) -> (B, 2048, 1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False), nn.BatchNorm2d(64)
        channels = 64
        for number, (width, blocks, stride) in enumerate(LAYERS, 1):
            stage = nn.Sequential()
            for index in range(blocks):
                stage.append(Bottleneck(channels, width, stride if index == 0 else 1))
                channels = WIDENING * width
            self.add_module(f"layer{number}", stage)

    def forward(self, image: Tensor) -> Tensor:
        """As the class says."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(image))), 3, 2, padding=1)
        for number in range(1, len(LAYERS) + 1):
            x = getattr(self, f"layer{number}")(x)
        return x.mean((2, 3), keepdim=True)


class FaceReconstruction(nn.Module):
    """(B, 3, 224, 224) RGB in 0..1 -> (B, 257): id 80, exp 64, tex 80, angle 3, gamma 27, trans 3."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = ResNet50()
        self.final_layers = nn.ModuleList([nn.Conv2d(2048, width, 1) for width in COEFFICIENTS.values()])

    def forward(self, image: Tensor) -> Tensor:
        """As the class says."""
        x = self.backbone(image)
        return torch.cat([head(x) for head in self.final_layers], 1).flatten(1)
