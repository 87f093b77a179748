"""The dark beside the teeth of an open mouth: lips that the mesh puts into it are moved to its border."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.facemesh.mouth_strip import MouthStrip

Array = NDArray[Any]

LEAST_CONTRAST = 45.0
"""Grey levels between the dark and the lips from which on they can be told apart."""

FARTHEST, FARTHEST_CORNER = 0.035, 0.05
"""An edge and a corner are moved by no more than this, in iod."""

MARGIN = 0.005
"""The photo's softness mixes the dark into the lips this far, in iod."""

BESIDE_TEETH = 0.3
"""The dark is looked for in this share of the mouth at each end."""


def open_edges(strip: MouthStrip) -> tuple[Array, Array] | None:
    """(11, 2) column and row of both inner lips around all that is dark; None where nothing is to be moved."""
    dark = _dark(strip)
    if dark is None:
        return None
    upper, lower = strip.upper.copy(), strip.lower.copy()
    for lip, way in ((upper, -1), (lower, 1)):
        lip[1:-1, 1] += way * _runs(dark, lip[1:-1], way, strip)
    for end, way in ((0, -1), (-1, 1)):
        corner = upper[end] + (0.0, _level(dark, upper[end], -2 * way, strip))
        corner[0] += way * _run(dark, corner, (way, 0), strip.rows_of(FARTHEST_CORNER))
        corner[1] += _level(dark, corner, -way, strip)
        upper[end] = lower[end] = corner
    moved = not (np.array_equal(upper, strip.upper) and np.array_equal(lower, strip.lower))
    return (upper, lower) if moved else None


def _runs(dark: Array, places: Array, way: int, strip: MouthStrip) -> Array:
    """(9,) rows that a lip's ``places`` (9, 2) are to move up (``way`` -1) or down (1)."""
    most = strip.rows_of(FARTHEST)
    steps = np.array([_run(dark, place, (0, way), most) for place in places])
    # What is dark without an end is a moustache or a shadow.
    if (steps >= most).any():
        return np.zeros(len(places))
    return np.where(steps > 0, steps + strip.rows_of(MARGIN), 0.0)


def _level(dark: Array, corner: Array, inwards: int, strip: MouthStrip) -> float:
    """Rows from a ``corner`` (2,) to the middle of what is dark just inside of it, 0 where nothing is."""
    column, row = round(float(corner[0])) + inwards, round(float(corner[1]))
    reach = round(strip.rows_of(FARTHEST))
    found = np.flatnonzero(dark[max(row - reach, 0) : row + reach, column])
    whole = len(found) == 0 or len(found) > 1.6 * reach
    return 0.0 if whole else float(found.mean()) + max(row - reach, 0) - float(corner[1])


def _dark(strip: MouthStrip) -> Array | None:
    """(rows, columns) bool: as dark as the mouth is beside its teeth; None where that is not dark."""
    columns, rows = strip.columns, np.arange(strip.grey.shape[0])[:, None]
    top, bottom = (np.interp(columns, row[:, 0], row[:, 1]) for row in (strip.upper, strip.lower))
    first, last = strip.upper[0, 0], strip.upper[-1, 0]
    share = (columns - first) / max(last - first, 1e-6)
    ends = (np.abs(share - 0.5) < 0.5) & (np.abs(share - 0.5) > 0.5 - BESIDE_TEETH)
    inside = strip.grey[(rows > top) & (rows < bottom) & ends]
    below = (rows > bottom + strip.rows_of(0.02)) & (rows < bottom + strip.rows_of(0.06))
    lip = strip.grey[below & (np.abs(share - 0.5) < 0.3)]
    if len(inside) < 8 or len(lip) < 8:
        return None
    low, high = float(np.quantile(inside, 0.1)), float(np.median(lip))
    return np.asarray(strip.grey < (low + high) / 2) if high - low > LEAST_CONTRAST else None


def _run(dark: Array, start: Array, way: tuple[int, int], most: float) -> int:
    """Steps from ``start`` (column, row) along ``way`` that are dark without a break."""
    column, row = (round(float(value)) for value in start)
    steps = 0
    while steps < most:
        x, y = column + way[0] * (steps + 1), row + way[1] * (steps + 1)
        if not (0 <= x < dark.shape[1] and 1 <= y < dark.shape[0] - 1):
            break
        if not dark[y - abs(way[0]) : y + 1 + abs(way[0]), x].any():
            break
        steps += 1
    return steps
