"""From LivePortrait's five model files to its networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engines.checkpoints import load_network
from engines.facevid2vid.layers import all_folded
from engines.liveportrait.network import (
    AppearanceExtractor,
    MotionExtractor,
    SpadeGenerator,
    WarpingNetwork,
    eye_network,
    lip_network,
    stitching_network,
)

PURPOSE = "animation with LivePortrait"


class Retargeters(nn.Module):
    """The three small networks of one file, under the names that they have there."""

    def __init__(self) -> None:
        super().__init__()
        self.retarget_shoulder = stitching_network()
        self.retarget_mouth, self.retarget_eye = lip_network(), eye_network()


@dataclass(frozen=True)
class Layout:
    """What is in one of the files; see ``engines.checkpoints.Layout``."""

    name: str
    kind: Callable[[], nn.Module]
    mark: str
    unused: tuple[str, ...] = ()


LAYOUTS: Mapping[str, Layout] = {
    "appearance": Layout("appearance", AppearanceExtractor, "second.weight"),
    "motion": Layout("motion", MotionExtractor, "detector.fc_exp.weight"),
    "warping": Layout("warping", WarpingNetwork, "dense_motion_network.mask.weight"),
    "generator": Layout("drawing", SpadeGenerator, "G_middle_0.conv_0.weight"),
    "retargeting": Layout("retargeting", Retargeters, "retarget_shoulder.mlp.0.weight"),
}
"""By the names of ``engines.liveportrait.WEIGHTS``."""


@dataclass(frozen=True)
class Networks:
    """All of LivePortrait, in evaluation mode."""

    appearance: Any
    motion: Any
    warping: Any
    generator: Any
    retargeting: Any

    def to(self, device: str) -> Networks:
        """The same networks, on ``device``."""
        for network in vars(self).values():
            network.to(device)
        return self


def load_networks(paths: Mapping[str, Path]) -> Networks:
    """The networks whose files lie at ``paths``, by the names of LAYOUTS.

    Raises StudioError naming the first tensors that do not fit if a file is another one or damaged.
    """
    with torch.inference_mode(mode=False):
        loaded = {
            name: load_network(paths[name], PURPOSE, (layout,), all_folded) for name, layout in LAYOUTS.items()
        }
    return Networks(**loaded)
