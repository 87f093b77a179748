"""Varies normalised spectra batch by batch, so that no window is ever seen twice."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engines.speech2face.features import BANDS


def vary_features(features: Tensor, generator: torch.Generator) -> Tensor:
    """Vary (B, T, 40) normalised features: contrast, equaliser, vocal-tract warp, lost bands and moments."""
    batch = len(features)
    contrast = 1 + 0.15 * torch.randn(batch, 1, 1, generator=generator)
    curve = functional.interpolate(
        0.2 * torch.randn(batch, 1, 6, generator=generator), size=BANDS, mode="linear", align_corners=True
    )
    out = _warped(features * contrast.clamp(0.6, 1.4) + curve, generator)
    for item in out:
        low, width = _span(BANDS, 6, generator)
        item[:, low : low + width] = 0.0
        start, length = _span(item.shape[0], 12, generator)
        item[start : start + length] = 0.0
    return out


def _span(size: int, longest: int, generator: torch.Generator) -> tuple[int, int]:
    """A random start and a length below ``longest``, zero half of the time."""
    start, length, used = (
        int(torch.randint(0, limit, (), generator=generator)) for limit in (size, longest, 2)
    )
    return start, length * used


def _warped(features: Tensor, generator: torch.Generator) -> Tensor:
    """Stretch the frequency axis by about 10 %."""
    stretch = 1 + 0.1 * torch.randn(len(features), 1, generator=generator).clamp(-1.8, 1.8)
    position = (torch.arange(BANDS) * stretch).clamp(0, BANDS - 1)
    low = position.long()
    share = (position - low)[:, None, :]
    pick = [i[:, None, :].expand_as(features) for i in (low, (low + 1).clamp(max=BANDS - 1))]
    return features.gather(2, pick[0]) * (1 - share) + features.gather(2, pick[1]) * share
