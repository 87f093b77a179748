"""How much of the lips is seen, and of what lies between them: told by pixels.

Landmarks of lips that are pressed, shut or barely open lie in the same places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from engines.facemesh.anatomy import (
    LEFT_MOUTH_CORNER,
    LOWER_INNER_LIP,
    LOWER_LIP_RINGS,
    RIGHT_MOUTH_CORNER,
    UPPER_INNER_LIP,
    UPPER_LIP_RINGS,
    face_frame,
)
from engines.facemesh.mouth_light import luma
from engines.types import Float32, Image

BETWEEN = (0.38, 0.14)
"""The part of the mouth, width and height in iod, in which there may be something between the lips."""
AROUND, AROUND_BELOW = (0.56, 0.36), 0.03
"""The part that holds the lips, and how far below the corners its middle lies."""
DENSITY = 100.0
PALE, DARK = 0.72, 0.55
"""Teeth are less red than this share of the lips' redness, a gap is darker than this share of their light."""


@dataclass(frozen=True)
class Lips:
    """``parted``: mean height in iod of what is between the lips; ``red``: how much red of lips is seen."""

    parted: float
    red: float


def look_at_lips(rgb: Image, landmarks: Float32) -> Lips:
    """The lips of a face in ``rgb`` (H, W, 3) with (468, 3) px ``landmarks``."""
    flat = landmarks[:, :2].astype(np.float64)
    frame = face_frame(landmarks)
    across = frame.axes[0, :2] / np.linalg.norm(frame.axes[0, :2])
    turn = np.array([across, (-across[1], across[0])]).T * frame.iod / DENSITY
    seam = (flat[UPPER_INNER_LIP[5]] + flat[LOWER_INNER_LIP[5]]) / 2
    corners = (flat[RIGHT_MOUTH_CORNER] + flat[LEFT_MOUTH_CORNER]) / 2
    lips = [_colour(rgb, flat[list(rings[2][3:8])]) for rings in (UPPER_LIP_RINGS, LOWER_LIP_RINGS)]
    inner = _crop(rgb, turn, seam, BETWEEN)
    pale = _redness(inner) < PALE * min(map(_redness, lips))
    dark = luma(inner) < DARK * float(np.mean([luma(lip) for lip in lips]))
    outer = _crop(rgb, turn, corners + turn[:, 1] * AROUND_BELOW * DENSITY, AROUND)
    red = (outer[..., 0] - outer[..., 1]) / max(float(luma(outer).mean()), 1.0)
    shown = np.maximum(red - np.quantile(red, 0.1), 0.0)
    return Lips(float((pale | dark).sum(0).mean() / DENSITY), float(shown.mean()))


def _crop(rgb: Image, turn: Any, middle: Any, extent: tuple[float, float]) -> Any:
    """(h, w, 3) float: ``extent`` iod of the picture around ``middle``, upright."""
    size = (round(extent[0] * DENSITY), round(extent[1] * DENSITY))
    corner = middle - turn @ (np.array(size) - 1) / 2
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(rgb, np.c_[turn, corner], size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return crop.astype(np.float64)


def _colour(rgb: Image, points: Any) -> Any:
    """(3,) the usual colour at some points."""
    x, y = np.round(points).astype(int).T
    height, width = rgb.shape[:2]
    return np.median(rgb[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)].astype(np.float64), axis=0)


def _redness(colour: Any) -> Any:
    return (colour[..., 0] - colour[..., 1]) / np.maximum(luma(colour), 1.0)
