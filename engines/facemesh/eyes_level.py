"""An eye of a photo turned until its corners lie on one level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import smooth_curve
from engines.types import Float32

Array = NDArray[Any]

FINENESS = 0.005
"""Size in iod of the places that are looked at."""

ROOM = 0.12
"""How much of the photo around the eye is taken along, in iod."""


@dataclass(frozen=True)
class Level:
    """An eye turned until its corners lie on one level.

    ``start``: (2,) px of the photo at row and column 0; ``right``, ``down``: (2,) px of one column and one row;
    ``upper``, ``lower``: (9, 2), column and row of the lids; ``shape``: rows and columns; ``iod`` in px.
    """

    start: Array
    right: Array
    down: Array
    upper: Array
    lower: Array
    shape: tuple[int, int]
    iod: float

    @staticmethod
    def of(upper: Array, lower: Array, iod: float) -> Level:
        along = upper[-1] - upper[0]
        step = max(FINENESS * iod, 0.5)
        right = step * along / max(float(np.linalg.norm(along)), 1e-6)
        axes = np.stack([right, [-right[1], right[0]]])
        places = [(row - upper[0]) @ axes.T / step**2 for row in (upper, lower)]
        low = np.minimum(*(row.min(axis=0) for row in places)) - ROOM * iod / step
        high = np.maximum(*(row.max(axis=0) for row in places)) + ROOM * iod / step
        columns, rows = np.ceil(high - low).astype(int)
        above, below = (row - low for row in places)
        return Level(upper[0] + low @ axes, axes[0], axes[1], above, below, (int(rows), int(columns)), iod)

    def read(self, picture: Array) -> Float32:
        """``picture`` (H, W, ...) at every place."""
        affine = np.column_stack([self.right, self.down, self.start])
        found: Array = cv2.warpAffine(
            picture.astype(np.float32),
            affine,
            self.shape[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return found

    def opening(self) -> Array:
        """(rows, columns) uint8: 1 between the lids."""
        columns, rows = np.arange(self.shape[1]), np.arange(self.shape[0])[:, None]
        top, bottom = (_height(smooth_curve(row), columns) for row in (self.upper, self.lower))
        within = (columns >= self.upper[0, 0]) & (columns <= self.upper[-1, 0])
        return np.asarray((rows >= top) & (rows <= bottom) & within, np.uint8)

    def back(self, places: Array) -> Array:
        """(N, 2) columns and rows -> px of the photo."""
        return np.asarray(self.start + places @ np.stack([self.right, self.down]))


def _height(curve: Array, columns: Array) -> Array:
    return np.asarray(np.interp(columns, np.maximum.accumulate(curve[:, 0]), curve[:, 1]))
