"""Whites of eyes that reach beyond the lids that were found: the lids are widened until they hold them.

What of an eye lies outside its lids stays in sight when they close, as a white sliver beside a shut lid.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.eyes_level import Level
from engines.facemesh.mouth_light import luma
from engines.types import Float32

Array = NDArray[Any]

REACH = 0.075
"""How far beyond the lids white is looked for, in iod."""

LEAST_CONTRAST = 55.0
"""Distance in RGB grey levels between the white and the skin from which on they can be told apart."""

WHITE_SHARE, WHITE_LIGHT = 0.65, 0.75
"""What is white has gone at least this far from the skin's colour to the white's and is at least so bright."""

WHITE_QUANTILE, SKIN_QUANTILES = 0.8, (0.45, 0.85)
"""The white is among the palest pixels of the opening, the skin among the bright ones around it."""

LEAST_GROWTH, MOST_GROWTH = 0.015, 0.5
"""Less or more than these shares of the opening are no slivers of white."""


def widened(pictures: tuple[Array, Array], upper: Array, lower: Array, iod: float) -> tuple[Array, Array]:
    """Both lids, (9, 2) px each, around all the white of their eye; as given if the white is not clear.

    ``pictures``: the photo (H, W, 3) and where something lies before the face, (H, W), 1 if so; ``iod`` in px.
    """
    level = Level.of(upper, lower, iod)
    opening = level.opening()
    reach = max(round(REACH * iod / float(np.linalg.norm(level.right))), 2)
    white = _white(level.read(pictures[0]), opening, reach)
    if white is None:
        return upper, lower
    eye = _joined(white & (level.read(pictures[1]) < 0.5), opening, reach)
    growth = float((eye > opening).sum()) / max(float(opening.sum()), 1.0)
    if not LEAST_GROWTH < growth < MOST_GROWTH:
        return upper, lower
    return _around(level, eye)


def _white(patch: Float32, opening: Array, reach: int) -> Array | None:
    """(rows, columns) bool: where ``patch`` (rows, columns, 3) is as white as the eye; None if unclear."""
    near, far = (cv2.dilate(opening, _disc(reach * share)) for share in (0.3, 1.4))
    around = patch[(far > 0) & (near == 0)]
    inner = patch[cv2.erode(opening, _disc(2)) > 0]
    if len(around) < 20 or len(inner) < 20:
        return None
    pale, light = inner.min(axis=1), around.mean(axis=1)
    white = np.median(inner[pale >= np.quantile(pale, WHITE_QUANTILE)], axis=0)
    low, high = np.quantile(light, SKIN_QUANTILES)
    skin = np.median(around[(light >= low) & (light <= high)], axis=0)
    way = white - skin
    if np.linalg.norm(way) < LEAST_CONTRAST:
        return None
    bright = luma(patch) > WHITE_LIGHT * luma(white)
    return np.asarray(((patch - skin) @ (way / (way @ way)) > WHITE_SHARE) & bright)


def _joined(white: Array, opening: Array, reach: int) -> Array:
    """(rows, columns) uint8: the ``opening`` and the ``white`` that goes on beyond it."""
    near = cv2.dilate(opening, _disc(reach))
    both = ((white & (near > 0)) | (opening > 0)).astype(np.uint8)
    both = np.maximum(cv2.morphologyEx(both, cv2.MORPH_OPEN, _disc(1)), opening)
    _, labels = cv2.connectedComponents(both, connectivity=4)
    return np.asarray(labels == np.bincount(labels[opening > 0]).argmax(), np.uint8)


def _around(level: Level, eye: Array) -> tuple[Array, Array]:
    """Lids around ``eye`` (rows, columns): its convex hull, with corners where it is furthest out."""
    rows, columns = np.nonzero(eye)
    ends = [_corner(level.upper[end], rows, columns, sign) for end, sign in ((0, -1), (-1, 1))]
    corners = np.array([*ends, *level.upper[1:-1], *level.lower[1:-1]])
    points = np.vstack([np.column_stack([columns, rows]), corners]).astype(np.float32)
    hull: Array = cv2.convexHull(points)[:, 0]
    first, last = ends[0][0], ends[1][0]
    lids = []
    for row, pick in ((level.upper, np.min), (level.lower, np.max)):
        share = (row[:, 0] - row[0, 0]) / max(row[-1, 0] - row[0, 0], 1e-6)
        places = first + share * (last - first)
        heights = np.array([pick(_crossings(hull, place)) for place in places])
        heights[[0, -1]] = ends[0][1], ends[1][1]
        lids.append(level.back(np.column_stack([places, heights])))
    return lids[0], lids[1]


def _corner(corner: Array, rows: Array, columns: Array, sign: int) -> Array:
    """(2,) column and row where an eye's pixels end to one side; the old ``corner`` if none lie beyond it."""
    outmost = sign * (sign * columns).max()
    if sign * (outmost - corner[0]) < 1:
        return corner
    return np.array([outmost, rows[np.abs(columns - outmost) <= 1].mean()])


def _crossings(hull: Array, column: float) -> Array:
    """Rows at which the outline ``hull`` (N, 2) passes a ``column``."""
    one, other = hull, np.roll(hull, -1, axis=0)
    passing = (np.minimum(one[:, 0], other[:, 0]) <= column) & (np.maximum(one[:, 0], other[:, 0]) >= column)
    one, other = one[passing], other[passing]
    wide = other[:, 0] - one[:, 0]
    share = np.where(np.abs(wide) < 1e-6, 0.0, (column - one[:, 0]) / np.where(wide == 0, 1, wide))
    rows = one[:, 1] + np.clip(share, 0, 1) * (other[:, 1] - one[:, 1])
    return np.asarray(rows if len(rows) else hull[np.abs(hull[:, 0] - column).argmin(), 1:])


def _disc(radius: float) -> Array:
    side = 2 * max(round(radius), 1) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
