"""Outer corners of eyes where the line of lashes ends: what lies beyond stays behind as a dash in a blink."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.eyes_level import Level
from engines.facemesh.mouth_light import luma

Array = NDArray[Any]

THICKEST = 0.05
"""What is dark and thicker than this, in iod, is no line of lashes."""

STARTS = 0.03
"""The line passes the corner no further off than this, in iod."""

FARTHEST = 0.055
"""The corner is moved by no more than this, in iod."""

GOES_ON, LEAST_CONTRAST = 0.5, 18.0
"""It goes on while it is darker than its surroundings by this share of what it is at the corner, and by so many
grey levels."""

WIDENS = 2.0
"""How fast the move of a corner fades along the lids: the exponent of the way from the other corner."""


def to_the_lashes_end(picture: Array, lids: tuple[Array, Array], outer: int, iod: float) -> tuple[Array, Array]:
    """Both lids, (9, 2) px each, with the ``outer`` corner (0 or -1) moved to where the lashes' line ends.

    ``picture``: (H, W, 3); ``iod`` in px.
    """
    level = Level.of(*lids, iod)
    move = _way_on(level, level.read(picture), outer)
    if move is None:
        return lids
    share = np.linspace(0, 1, len(lids[0])) if outer == -1 else np.linspace(1, 0, len(lids[0]))
    shift = (share[:, None] ** WIDENS) * (move[0] * level.right + move[1] * level.down)
    return lids[0] + shift, lids[1] + shift


def _way_on(level: Level, patch: Array, outer: int) -> tuple[float, float] | None:
    """Columns and rows from the outer corner to the end of the line; None if it ends there."""
    size = float(np.linalg.norm(level.right))
    grey: Array = cv2.GaussianBlur(luma(patch).astype(np.float32), (0, 0), 0.8)
    tall = max(round(THICKEST * level.iod / size), 3)
    dark = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((tall, 1), np.uint8)) - grey
    side = 1 if outer == -1 else -1
    column, row = (round(float(value)) for value in level.upper[outer])
    reach = max(round(STARTS * level.iod / size), 1)
    rows = np.arange(max(row - reach, 1), min(row + reach + 1, len(dark) - 1))
    if not len(rows) or not 0 <= column < dark.shape[1]:
        return None
    at = int(rows[dark[rows, column].argmax()])
    least = max(GOES_ON * float(dark[at, column]), LEAST_CONTRAST)
    start = column
    while abs(column - start) < FARTHEST * level.iod / size and 0 < column + side < dark.shape[1] - 1:
        near = np.arange(max(at - 1, 0), min(at + 2, len(dark)))
        ahead = int(near[dark[near, column + side].argmax()])
        if dark[ahead, column + side] < least:
            break
        column, at = column + side, ahead
    if column == start:
        return None
    return float(column - level.upper[outer, 0]), float(at - level.upper[outer, 1])
