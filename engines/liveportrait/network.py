"""LivePortrait's networks (Guo et al. 2024), parameters named and shaped as in the official checkpoints.

appearance_feature_extractor.pth  AppearanceExtractor
motion_extractor.pth              MotionExtractor
warping_module.pth                WarpingNetwork
spade_generator.pth               SpadeGenerator
stitching_retargeting_module.pth  stitching_network, lip_network, eye_network
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from engines.facevid2vid.decoder import SpadeDecoder
from engines.facevid2vid.motion import motion_layers, warp
from engines.facevid2vid.volume import AppearanceVolume
from engines.liveportrait.convnext import ConvNextV2

KEYPOINTS = 21
BINS = 66
"""Of each head angle; see ``engines.liveportrait.keypoints.bins_to_degrees``."""


class AppearanceExtractor(AppearanceVolume):
    """F: (B, 3, 256, 256) RGB in 0..1 -> (B, 32, 16, 64, 64)."""


class MotionExtractor(nn.Module):
    """M: what a face does, as keypoints, pose and expression.

    (B, 3, 256, 256) RGB in 0..1 -> pitch, yaw, roll (B, 66) logits, t (B, 3), exp and kp (B, 63), scale (B, 1).
    """

    def __init__(self) -> None:
        super().__init__()
        heads = {
            "kp": 3 * KEYPOINTS,
            "scale": 1,
            "pitch": BINS,
            "yaw": BINS,
            "roll": BINS,
            "t": 3,
            "exp": 3 * KEYPOINTS,
        }
        self.detector = ConvNextV2(heads)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """As the class says."""
        return self.detector(image)


class WarpingNetwork(nn.Module):
    """W: the volume of a photo moved to other keypoints."""

    def __init__(self) -> None:
        super().__init__()
        self.dense_motion_network, self.third, self.fourth = motion_layers(KEYPOINTS)

    def forward(self, feature_3d: Tensor, kp_driving: Tensor, kp_source: Tensor) -> dict[str, Tensor]:
        """``feature_3d`` (B, 32, 16, 64, 64), keypoints (B, 21, 3): see ``engines.facevid2vid.motion.warp``."""
        return warp(self, feature_3d, kp_driving, kp_source)


class SpadeGenerator(SpadeDecoder):
    """G: (B, 256, 64, 64) -> (B, 3, 512, 512) RGB in 0..1."""

    def __init__(self) -> None:
        super().__init__(finer=2)


class KeypointMlp(nn.Module):
    """(B, first of ``widths``) -> (B, last of them)."""

    def __init__(self, *widths: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for pair in pairwise(widths):
            layers += [nn.Linear(*pair), nn.ReLU()]
        self.mlp = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        """As the class says."""
        return self.mlp(x)


def stitching_network() -> KeypointMlp:
    """S: source and driving keypoints (B, 126) -> shifts of each driving one, and of all in x, y (B, 65)."""
    return KeypointMlp(126, 128, 128, 64, 65)


def lip_network() -> KeypointMlp:
    """R lip: source keypoints, lip ratio of the source and the one wanted (B, 65) -> shifts (B, 63)."""
    return KeypointMlp(65, 128, 128, 64, 63)


def eye_network() -> KeypointMlp:
    """R eye: source keypoints, ratios of both source eyes and the one wanted (B, 66) -> shifts (B, 63)."""
    return KeypointMlp(66, 256, 256, 128, 128, 64, 63)
