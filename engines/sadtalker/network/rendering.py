"""From coefficients to keypoints, and from keypoints to a picture."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from engines.facevid2vid.decoder import SpadeDecoder
from engines.facevid2vid.layers import DownBlock2d, UpBlock3d
from engines.facevid2vid.motion import identity_grid, motion_layers, warp
from engines.facevid2vid.volume import AppearanceVolume

KEYPOINTS = 15
LEAST_SHARE = 1e-3
"""Keypoints that move a place by a smaller share do not move it."""
TEMPERATURE = 0.1
WIDTHS = (64, 128, 256, 512, 1024)
DEPTH = 16
MAPPED = 1024
"""Channels of the mapping network."""
HEADS = {"roll": 66, "pitch": 66, "yaw": 66, "t": 3, "exp": 3 * KEYPOINTS}
BLUR_SIZE, BLUR_STEP = 13, 4


class MappingNetwork(nn.Module):
    """(B, C, 27) coefficients about a frame -> yaw, pitch, roll (B, 66) logits, t (B, 3), exp (B, 45).

    ``coefficients``: C, 70 (mapping_00229: crop, resize) or 73 (mapping_00109: full).
    """

    def __init__(self, coefficients: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv1d(coefficients, MAPPED, 7))
        for index in range(3):
            layers = nn.LeakyReLU(0.1), nn.Conv1d(MAPPED, MAPPED, 3, dilation=3)
            self.add_module(f"encoder{index}", nn.Sequential(*layers))
        for name, width in HEADS.items():
            self.add_module(f"fc_{name}", nn.Linear(MAPPED, width))

    def forward(self, coefficients: Tensor) -> dict[str, Tensor]:
        """As the class says."""
        x = self.first(coefficients)
        for index in range(3):
            x = getattr(self, f"encoder{index}")(x) + x[:, :, 3:-3]
        x = x.mean(2)
        return {name: getattr(self, f"fc_{name}")(x) for name in HEADS}


class _Blur(nn.Module):
    """Smooths with the stored Gaussian, then takes every fourth pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(3, 1, BLUR_SIZE, BLUR_SIZE))

    def forward(self, image: Tensor) -> Tensor:
        half = BLUR_SIZE // 2
        return F.conv2d(F.pad(image, (half,) * 4), self.weight, groups=3)[:, :, ::BLUR_STEP, ::BLUR_STEP]


class _Predictor(nn.Module):
    """(B, 3, h, w) -> (B, 32, 16, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        self.down_blocks, self.up_blocks = nn.Sequential(), nn.Sequential()
        for index, pair in enumerate(zip((3, *WIDTHS[:-1]), WIDTHS, strict=True)):
            self.down_blocks.add_module(f"down{index}", DownBlock2d(*pair))
        self.conv = nn.Conv2d(WIDTHS[-1], WIDTHS[-1] * DEPTH, 1)
        for index, width in enumerate(reversed(WIDTHS)):
            self.up_blocks.add_module(f"up{index}", UpBlock3d(width, width // 2))

    def forward(self, image: Tensor) -> Tensor:
        volume = self.conv(self.down_blocks(image)).unflatten(1, (WIDTHS[-1], DEPTH))
        return self.up_blocks(volume)


class KeypointExtractor(nn.Module):
    """(B, 3, S, S) RGB in 0..1, S a multiple of 128 -> {"value": (B, 15, 3) canonical keypoints in -1..1}."""

    def __init__(self) -> None:
        super().__init__()
        self.predictor = _Predictor()
        self.kp = nn.Conv3d(WIDTHS[0] // 2, KEYPOINTS, 3, padding=1)
        self.down = _Blur()

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """As the class says."""
        logits = self.kp(self.predictor(self.down(image)))
        shares = torch.softmax(logits.flatten(2) / TEMPERATURE, 2).view_as(logits)
        return {"value": torch.einsum("bkdhw,dhwc->bkc", shares, identity_grid(logits))}


class Generator(AppearanceVolume):
    """The renderer: the photo moved from its keypoints to others.

    Called with (B, 3, S, S) RGB in 0..1, S a multiple of 128 (trained for 256 or 512), it gives the volume that
    ``draw`` draws from.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dense_motion_network, self.third, self.fourth = motion_layers(KEYPOINTS, LEAST_SHARE)
        self.decoder = SpadeDecoder()

    def draw(self, volume: Tensor, driving: Tensor, source: Tensor) -> dict[str, Tensor]:
        """From the photo's volume, which its call returns, and keypoints (B, 15, 3).

        Returns ``prediction`` (B, 3, S, S) in 0..1, and ``mask`` and ``occlusion_map`` as in DenseMotion.
        """
        moved = warp(self, volume, driving, source)
        return {
            "prediction": self.decoder(moved["out"]),
            "mask": moved["mask"],
            "occlusion_map": moved["occlusion_map"],
        }
