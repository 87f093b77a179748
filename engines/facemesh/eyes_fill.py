"""Filling holes in a picture from what lies around them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.types import Float32

Array = NDArray[Any]

COARSEST = 4
"""Side in px of the coarsest picture of the pyramid."""

DOUBTED = 0.3, 0.85
"""Pixels known less than the first do not count at all, from the second on they count fully."""


def filled(crop: Float32, known: Array) -> Float32:
    """``crop`` (h, w, 3) where ``known`` (h, w) is 1, smoothly continued from there elsewhere.

    Push and pull over a pyramid (Gortler et al., "The Lumigraph", 1996): every pixel takes the finest level
    that knows a colour.
    """
    # Coarse levels add up votes: many that are hardly known would outvote the few that are.
    weight = np.clip((known - DOUBTED[0]) / (DOUBTED[1] - DOUBTED[0]), 0, 1).astype(np.float32)
    if weight.sum() < 1:
        weight = np.ones_like(weight)
    levels = [np.dstack([crop * weight[..., None], weight]).astype(np.float32)]
    while min(levels[-1].shape[:2]) > COARSEST:
        smaller: Array = 4 * cv2.pyrDown(levels[-1], borderType=cv2.BORDER_REFLECT_101)
        # A pixel that is known once is known: more votes do not make it surer.
        levels.append(np.asarray(smaller / np.maximum(smaller[..., 3:], 1.0), np.float32))
    total = np.maximum(levels[-1][..., 3].sum(), 1e-6)
    coarse = np.broadcast_to(levels[-1][..., :3].sum(axis=(0, 1)) / total, (*levels[-1].shape[:2], 3))
    for level in levels[::-1]:
        size = (level.shape[1], level.shape[0])
        wider = cv2.resize(np.ascontiguousarray(coarse, np.float32), size, interpolation=cv2.INTER_LINEAR)
        coarse = level[..., :3] + wider * (1 - level[..., 3:])
    return np.asarray(coarse, np.float32)
