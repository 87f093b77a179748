"""Coefficients over time to what the renderer is driven with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from engines.liveportrait.keypoints import DEGREES_PER_BIN, about, expected_bin

Floats = NDArray[Any]

LOWEST_DEGREES = -99.0
HALF_TURN = 3.14
"""The official code's value of pi, kept: the networks were trained with it."""
RADIUS = 13
"""Frames before and after a frame that its semantic window holds."""
SMOOTHING = 13
"""Length (frames) of the filter over the head's pose, a Savitzky-Golay of the second order."""


def bins_to_degrees(logits: Floats) -> Floats:
    """(B, 66) logits -> (B,) degrees."""
    return DEGREES_PER_BIN * expected_bin(logits) + LOWEST_DEGREES


def rotation(yaw: Floats, pitch: Floats, roll: Floats) -> Floats:
    """(B,) degrees -> (B, 3, 3), to be applied from the left: Rx(pitch) Ry(yaw) Rz(roll), right-handed."""
    x, y, z = (angle / 180 * HALF_TURN for angle in (pitch, yaw, roll))
    return about(x, 0) @ about(y, 1) @ about(z, 2)


def transform_keypoints(keypoints: Floats, turn: Floats, shift: Floats, exp: Floats) -> Floats:
    """(B, 15, 3) keypoints turned by (B, 3, 3), moved by ``shift`` (B, 3), of which only y counts, and ``exp``
    (B, 45)."""
    moved: Floats = np.einsum("bmp,bkp->bkm", turn, keypoints)
    moved[..., 1] += shift[:, None, 1]
    return moved + exp.reshape(len(exp), -1, 3)


def semantic_window(coefficients: Floats, frame: int) -> Floats:
    """(T, C) -> (C, 27): the coefficients about ``frame``, clamped at both ends."""
    rows = np.clip(np.arange(frame - RADIUS, frame + RADIUS + 1), 0, len(coefficients) - 1)
    return np.ascontiguousarray(coefficients[rows].T)


def smooth_pose(pose: Floats) -> Floats:
    """(T, 6) -> (T, 6): without jitter along time. Shorter clips take the largest odd length that fits."""
    length = min(SMOOTHING, len(pose) - 1 + len(pose) % 2)
    return pose if length < 3 else np.asarray(savgol_filter(pose, length, 2, axis=0))
