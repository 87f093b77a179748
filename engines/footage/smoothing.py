"""Tracks of landmarks without shimmer: all frames are known, so smoothing need not lag behind."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import LOWER_LIP_RINGS, UPPER_LIP_RINGS
from engines.footage.series import blurred, fitted
from engines.types import Float32

Array = NDArray[Any]
HEAD_SECONDS = 0.30
"""Window of the whole face's path; a parabola through it keeps a nod of two a second as it is."""
SHAPE_SECONDS = 0.36
LIPS_SECONDS = 0.16
"""Lips close within a tenth of a second: their window is short."""
BOX_SIGMA = 0.12
"""Seconds; boxes are cut out of frames, so that they may move less than the face does."""
LIPS = np.unique(np.array(UPPER_LIP_RINGS + LOWER_LIP_RINGS))


def bridge(landmarks: Float32, seen: NDArray[np.bool_]) -> Float32:
    """(N, 468, 3) with frames that are not ``seen`` (N,) put on the straight way between their neighbours."""
    if seen.all():
        return landmarks
    known = np.flatnonzero(seen)
    place = np.interp(np.arange(len(seen)), known, np.arange(len(known)))
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, len(known) - 1)
    share = (place - low).astype(np.float32)[:, None, None]
    return np.asarray(landmarks[known[low]] * (1 - share) + landmarks[known[high]] * share, np.float32)


def smooth_landmarks(landmarks: Float32, fps: float) -> Float32:
    """(N, 468, 3): the face's path and turn, its shape, and its lips, each smoothed as fast as it can move."""
    centre = landmarks.mean(1, keepdims=True)
    shape = landmarks - centre
    size = np.sqrt((shape[..., :2] ** 2).sum(-1).mean(1))[:, None, None]
    path, scale = _fitted(centre, fps, HEAD_SECONDS), _fitted(size, fps, SHAPE_SECONDS)
    form = shape / size
    smooth = _fitted(form, fps, HEAD_SECONDS)
    smooth[:, LIPS] = _fitted(form[:, LIPS], fps, LIPS_SECONDS)
    return np.asarray(path + scale * smooth, np.float32)


def smooth_boxes(boxes: Array, fps: float) -> Array:
    """(N, 4) without trembling."""
    return np.asarray(blurred(boxes.astype(np.float64), BOX_SIGMA * fps))


def _fitted(values: Array, fps: float, seconds: float) -> Array:
    return fitted(values, 2 * round(seconds * fps / 2) + 1)
