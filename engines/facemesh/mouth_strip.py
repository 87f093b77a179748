"""The mouth of a photo turned level, and the line between its lips followed from pixel to pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import smoothstep
from engines.facemesh.mouth_light import luma
from engines.facemesh.mouth_plane import UPPER_SHARE
from engines.types import Float32, Image

Array = NDArray[Any]

FINENESS = 0.006
"""Size in iod of the places that are looked at."""

BESIDE, ABOVE = 0.11, 0.17
"""How far the strip goes beyond the corners, and above and below the mouth, in iod."""

THICKEST = 0.045
"""What is dark and thicker than this, in iod, is no line between lips."""

NEAR = 0.028
"""How far from the mesh's line the photo's is expected, in iod (standard deviation)."""

PULL, TURN = 18.0, 5.0
"""What a place must be darker, in grey levels, to be worth a way of NEAR, and one step up or down."""

STEEPEST = 0.7
"""Slope of the line beyond the corners at most."""


@dataclass(frozen=True)
class MouthStrip:
    """A mouth with its corners on one level.

    ``colours``: (rows, columns, 3) RGB; ``start``: (2,) px of the photo at row and column 0; ``right``,
    ``down``: (2,) px of one column and one row; ``upper``, ``lower``: (11, 2), column and row of the mesh's
    inner lips; ``step``: iod of a column.
    """

    colours: Float32
    start: Array
    right: Array
    down: Array
    upper: Array
    lower: Array
    step: float

    @staticmethod
    def of(rgb: Image, upper: Array, lower: Array, iod: float) -> MouthStrip:
        """From the mesh's inner lips, (11, 2) px each, and iod in px."""
        along = upper[-1] - upper[0]
        size = max(FINENESS * iod, 0.5)
        right = size * along / max(float(np.linalg.norm(along)), 1e-6)
        axes = np.stack([right, [-right[1], right[0]]])
        rows = [(row - upper[0]) @ axes.T / size**2 for row in (upper, lower)]
        room = np.array([BESIDE, ABOVE]) * iod / size
        low = np.minimum(*(row.min(axis=0) for row in rows)) - room
        columns, height = np.ceil(np.maximum(*(row.max(axis=0) for row in rows)) + room - low).astype(int)
        start = upper[0] + low @ axes
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        found = cv2.warpAffine(
            rgb,
            np.column_stack([axes[0], axes[1], start]),
            (int(columns), int(height)),
            flags=flags,
            borderMode=cv2.BORDER_REPLICATE,
        )
        above, below = (row - low for row in rows)
        return MouthStrip(found.astype(np.float32), start, axes[0], axes[1], above, below, size / iod)

    def back(self, places: Array) -> Array:
        """(N, 2) columns and rows -> px of the photo."""
        return np.asarray(self.start + places @ np.stack([self.right, self.down]))

    def rows_of(self, iod: float) -> float:
        """A length in iod as rows or columns."""
        return iod / self.step

    @cached_property
    def columns(self) -> Array:
        """(columns,): 0, 1, 2 ..."""
        return np.arange(self.colours.shape[1])

    @cached_property
    def grey(self) -> Float32:
        """(rows, columns): brightness."""
        return np.asarray(cv2.GaussianBlur(luma(self.colours).astype(np.float32), (0, 0), 0.8))

    @cached_property
    def expected(self) -> Array:
        """(columns,): row of the line by the mesh, going straight on beyond the corners."""
        line = self.upper + UPPER_SHARE * (self.lower - self.upper)
        at = np.maximum.accumulate(line[:, 0] + 1e-6 * np.arange(len(line)))
        within = np.interp(self.columns, at, line[:, 1])
        for end, inner in ((0, 2), (-1, -3)):
            way = line[end] - line[inner]
            slope = np.clip(way[1] / (way[0] if abs(way[0]) > 1e-6 else 1e-6), -STEEPEST, STEEPEST)
            beyond = self.columns < line[0, 0] if end == 0 else self.columns > line[-1, 0]
            within = np.where(beyond, line[end, 1] + slope * (self.columns - line[end, 0]), within)
        return np.asarray(np.clip(within, 1, self.colours.shape[0] - 2))

    @cached_property
    def darkness(self) -> Float32:
        """(rows, columns): grey levels by which a thin line is darker than what lies above and below it."""
        tall = max(round(self.rows_of(THICKEST)), 3)
        closed: Array = cv2.morphologyEx(self.grey, cv2.MORPH_CLOSE, np.ones((tall, 1), np.uint8))
        return np.asarray(closed - self.grey, np.float32)

    @cached_property
    def line(self) -> Array:
        """(columns,): row of the line between the lips, the darkest way from left to right near the mesh's."""
        away = (np.arange(self.colours.shape[0])[:, None] - self.expected) / self.rows_of(NEAR)
        worth = self.darkness - PULL * np.minimum(away**2, 16.0)
        path = _best_path(worth, TURN)
        return np.asarray(cv2.GaussianBlur(path[None].astype(np.float32), (0, 0), self.rows_of(0.012))[0])

    @cached_property
    def contrast(self) -> Array:
        """(columns,): darkness of the line."""
        reach = max(round(self.rows_of(0.006)), 1)
        near: Array = cv2.dilate(self.darkness, np.ones((2 * reach + 1, 1), np.uint8))
        rows = np.clip(np.round(self.line).astype(int), 0, len(near) - 1)
        found = near[rows, self.columns]
        return np.asarray(cv2.GaussianBlur(found[None], (0, 0), max(self.rows_of(0.006), 0.5))[0])

    def clear(self) -> float:
        """0 where no line can be told from the lips .. 1 where it is plain."""
        first, last = self.upper[0, 0], self.upper[-1, 0]
        inner = (self.columns > first + 0.1 * (last - first)) & (self.columns < last - 0.1 * (last - first))
        return float(smoothstep(12.0, 24.0, float(np.median(self.contrast[inner]))))


def _best_path(worth: Array, turn: float) -> Array:
    """(columns,): rows of the path of the greatest sum of ``worth`` (rows, columns), one row a step at most."""
    rows, columns = worth.shape
    total = worth[:, 0].astype(np.float64)
    came = np.zeros((columns, rows), np.int8)
    for column in range(1, columns):
        padded = np.pad(total, 1, constant_values=-np.inf)
        ways = np.stack([padded[:-2] - turn, padded[1:-1], padded[2:] - turn])
        came[column] = ways.argmax(axis=0)
        total = ways.max(axis=0) + worth[:, column]
    path = np.zeros(columns, int)
    path[-1] = int(total.argmax())
    for column in range(columns - 1, 0, -1):
        path[column - 1] = path[column] + came[column, path[column]] - 1
    return path
