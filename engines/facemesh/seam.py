"""The line between closed lips, for photos that do not show one because the mouth was open."""

from __future__ import annotations

import cv2
import numpy as np

from engines.facemesh.anatomy import Floats
from engines.types import Image

WIDTH = 0.012
"""Width of the line, iod."""
DARKEST = 0.36
"""Share of the light that the line takes at its middle."""
SOFTNESS = 0.8
"""Blur (px) along the line, where two distant parts of the photo meet and would make stairs."""
_FIXED_POINT = 4
_GONE = 0.03


def draw_parting(image: Image, upper: Floats, lower: Floats, iod: float, strength: float) -> None:
    """Darken ``image`` in place between the lip edges, (11, 2) px each, as far as they are closed."""
    gap = float((lower - upper)[:, 1].max()) / iod
    strength *= max(1 - gap / _GONE, 0.0)
    if strength <= 0.01:
        return
    line = (upper + lower) / 2
    margin = 3 * WIDTH * iod + 2
    low = np.maximum(np.floor(line.min(0) - margin).astype(int), 0)
    high = np.minimum(np.ceil(line.max(0) + margin).astype(int) + 1, image.shape[1::-1])
    if np.any(high <= low):
        return
    view = image[low[1] : high[1], low[0] : high[0]]
    mask = np.zeros(view.shape[:2], np.uint8)
    points = np.round((line - low) * 2**_FIXED_POINT).astype(np.int32)
    thickness = max(1, round(WIDTH * iod))
    cv2.polylines(mask, [points], False, 255, thickness, cv2.LINE_AA, _FIXED_POINT)
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.35 * WIDTH * iod))
    cover = soft.astype(np.float32)[..., None] * (strength / 255)
    smooth = cv2.GaussianBlur(view, (0, 0), SOFTNESS)
    view[:] = ((view + cover * (smooth.astype(np.float32) - view)) * (1 - DARKEST * cover)).round()
