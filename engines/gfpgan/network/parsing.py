"""ParseNet: which part of a face each pixel shows (Chen et al. 2021, "Progressive semantic-aware style
transformation for blind face restoration")."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

CLASSES = 19
WIDTHS = (64, 128, 256, 256, 256)
BODY_BLOCKS = 10


class _Norm(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


class _Conv(nn.Module):
    """3x3 convolution with mirrored borders; ``change`` of the size: 2 before it, 0.5 by its stride, or 1."""

    def __init__(self, channels: int, features: int, change: float = 1.0, norm: bool = False) -> None:
        super().__init__()
        self.conv2d = nn.Conv2d(channels, features, 3, 2 if change == 0.5 else 1, bias=not norm)
        if norm:
            self.norm = _Norm(features)
        self._grow = change == 2.0

    def forward(self, x: Tensor) -> Tensor:
        if self._grow:
            x = F.interpolate(x, scale_factor=2.0)
        x = self.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"))
        return self.norm(x) if hasattr(self, "norm") else x


class _Block(nn.Module):
    """Residual block; (B, C, H, W) -> (B, C', H x change, W x change)."""

    def __init__(self, channels: int, features: int, change: float = 1.0) -> None:
        super().__init__()
        if change != 1.0 or channels != features:
            self.shortcut_func = _Conv(channels, features, change)
        grow, shrink = max(change, 1.0), min(change, 1.0)
        self.conv1 = _Conv(channels, features, grow, norm=True)
        self.conv2 = _Conv(features, features, shrink, norm=True)

    def forward(self, x: Tensor) -> Tensor:
        past = self.shortcut_func(x) if hasattr(self, "shortcut_func") else x
        return past + self.conv2(F.leaky_relu(self.conv1(x), 0.2))


class ParseNet(nn.Module):
    """(B, 3, H, W) RGB in -1..1, H and W multiples of 16 -> scores (B, 19, H, W), picture (B, 3, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        pairs = list(pairwise(WIDTHS))
        self.encoder = nn.Sequential(_Conv(3, WIDTHS[0]), *(_Block(*pair, 0.5) for pair in pairs))
        self.body = nn.Sequential(*(_Block(WIDTHS[-1], WIDTHS[-1]) for _ in range(BODY_BLOCKS)))
        self.decoder = nn.Sequential(*(_Block(after, before, 2.0) for before, after in reversed(pairs)))
        self.out_img_conv, self.out_mask_conv = _Conv(WIDTHS[0], 3), _Conv(WIDTHS[0], CLASSES)

    def forward(self, face: Tensor) -> tuple[Tensor, Tensor]:
        """As the class says."""
        x = self.encoder(face)
        x = self.decoder(x + self.body(x))
        return self.out_mask_conv(x), self.out_img_conv(x)
