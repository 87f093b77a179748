"""How much of each pixel lies within an outline, by area: what the native core does, in NumPy."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engines.types import Float32

Array = NDArray[Any]

_STEEP = 1e-6
"""Columns (px) within which an edge counts as upright."""


class _Strokes(NamedTuple):
    """Pieces of edges that stay within a row: row number, columns at both ends, signed height."""

    row: Array
    low: Array
    high: Array
    height: Array


def area_cover(polygon: Array, window: Any) -> Float32:
    """(h, w) float32: share of each pixel of a ``Window`` within a closed ``polygon`` (N, 2) px, 0 to 1.

    Every edge adds to the pixels right of it what lies below it, signed, and sums run along rows: the exact
    area of scan converters with accumulation buffers. Parts that the outline encloses twice count once.
    """
    height, width = max(window.height, 0), max(window.width, 0)
    corners = np.asarray(polygon, np.float64) - (window.left - 0.5, window.top - 0.5)
    rows = np.bincount(*_pieces(_strokes(corners, width, height), width), minlength=height * (width + 2))
    sums = rows[: height * (width + 2)].reshape(height, width + 2).cumsum(axis=1)[:, :width]
    return np.asarray(np.minimum(np.abs(sums), 1.0), np.float32)


def _repeated(counts: Array) -> tuple[Array, Array]:
    """For every item its number, ``counts`` times each, and which of its repetitions it is."""
    item = np.repeat(np.arange(len(counts)), counts)
    return item, np.arange(len(item)) - np.repeat(counts.cumsum() - counts, counts)


def _strokes(corners: Array, width: int, height: int) -> _Strokes:
    """The polygon's edges cut at the rows' borders, within the window."""
    after = np.roll(corners, -1, axis=0)
    falling = corners[:, 1] < after[:, 1]
    upper, lower = (np.where(falling[:, None], *pair) for pair in ((corners, after), (after, corners)))
    kept = (lower[:, 1] > upper[:, 1]) & (upper[:, 1] < height) & (lower[:, 1] > 0)
    upper, lower, sign = upper[kept], lower[kept], np.where(falling[kept], 1.0, -1.0)
    slope = (lower[:, 0] - upper[:, 0]) / (lower[:, 1] - upper[:, 1])
    top, bottom = np.maximum(upper[:, 1], 0.0), np.minimum(lower[:, 1], height)
    first = top.astype(int)
    edge, step = _repeated(np.ceil(bottom).astype(int) - first)
    row = first[edge] + step
    start, end = np.maximum(top[edge], row), np.minimum(bottom[edge], row + 1)
    x = upper[edge, 0] + (np.stack([start, end]) - upper[edge, 1]) * slope[edge]
    x = np.clip(x, 0.0, width)
    return _Strokes(row, x.min(axis=0), x.max(axis=0), sign[edge] * (end - start))


def _pieces(strokes: _Strokes, width: int) -> tuple[Array, Array]:
    """Places in rows of ``width`` + 2 sums, and what is added there."""
    first, long = strokes.low.astype(int), strokes.high - strokes.low
    stroke, step = _repeated(np.where(long < _STEEP, 0, strokes.high.astype(int) - first) + 1)
    column = first[stroke] + step
    start = np.maximum(strokes.low[stroke], column)
    end = np.where(long[stroke] < _STEEP, strokes.high[stroke], np.minimum(strokes.high[stroke], column + 1))
    share = np.where(long[stroke] < _STEEP, 1.0, (end - start) / np.maximum(long[stroke], _STEEP))
    area = strokes.height[stroke] * share
    right = area * (1.0 - ((start + end) / 2 - column))
    place = strokes.row[stroke] * (width + 2) + column
    return np.concatenate([place, place + 1]), np.concatenate([right, area - right])
