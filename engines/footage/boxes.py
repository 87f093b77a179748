"""The box around the face in every frame, as lip-sync networks crop it."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engines.footage.smoothing import smooth_boxes

Pad = Annotated[int, Field(ge=-500, le=500)]
Pads = tuple[Pad, Pad, Pad, Pad]
"""Pixels added at top, bottom, left and right."""
LEAST_SIDE = 8


def padded_boxes(units: NDArray[np.int16], size: tuple[int, int], pads: Pads, fps: float) -> NDArray[np.int32]:
    """(N, 4) x1, y1, x2, y2 px around landmarks (N, 468, 3) in 1/16 px, padded, steady, inside ``size``."""
    flat = units[..., :2]
    edges = np.concatenate([flat.min(1), flat.max(1)], axis=1) / 16.0
    steady = smooth_boxes(edges, fps)
    top, bottom, left, right = pads
    steady += (-left, -top, right, bottom)
    return inside(np.round(steady), size)


def inside(boxes: Any, size: tuple[int, int]) -> NDArray[np.int32]:
    """``boxes`` as far as they lie in a frame of ``size`` (width, height), at least LEAST_SIDE px a side."""
    found = np.asarray(boxes, np.int64).copy()
    for first, last, limit in ((0, 2, size[0]), (1, 3, size[1])):
        found[:, first] = np.clip(found[:, first], 0, limit - LEAST_SIDE)
        found[:, last] = np.clip(found[:, last], found[:, first] + LEAST_SIDE, limit)
    return found.astype(np.int32)
