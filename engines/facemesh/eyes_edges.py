"""The edges of an eye's lids in coordinates along the eye and across it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.types import Float32

Array = NDArray[Any]


@dataclass(frozen=True)
class LidEdges:
    """An eye's edges along its own axes, in px of a crop.

    ``right``, ``down``: (2,) unit vectors. ``along``: (N,) increasing; ``upper``, ``lower``: (N,) heights
    (downwards) of the lids at these places.
    """

    right: Array
    down: Array
    along: Array
    upper: Array
    lower: Array

    @staticmethod
    def of(upper: Array, lower: Array, down: Array) -> LidEdges:
        """From (N, 2) curves in crop px, corner to corner, and the crop's way down the face."""
        right = np.array([down[1], -down[0]])
        along = np.linspace(upper[0] @ right, upper[-1] @ right, 49)
        return LidEdges(right, down, along, _height(upper, right, along), _height(lower, right, along))

    def places(self, shape: tuple[int, ...]) -> tuple[Float32, Float32]:
        """Along the eye and down, (h, w) each, of every pixel."""
        y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        right, down = self.right.astype(np.float32), self.down.astype(np.float32)
        return right[0] * x + right[1] * y, down[0] * x + down[1] * y

    def beside(self, places: Array) -> Array:
        """How far ``places`` along the eye lie beyond its corners, px; negative between them."""
        return np.asarray(np.maximum(self.along[0] - places, places - self.along[-1]))


def _height(curve: Array, right: Array, along: Array) -> Array:
    down = np.array([-right[1], right[0]])
    # A lid may turn back a little at its corners: there it ends.
    return np.asarray(np.interp(along, np.maximum.accumulate(curve @ right), curve @ down))


def heights(table: Array, along: Array, places: Array) -> Float32:
    """``table`` (N,), known at the evenly spaced ``along`` (N,), read at ``places`` (h, w)."""
    step = max(float(along[-1] - along[0]) / (len(along) - 1), 1e-6)
    columns = ((places - np.float32(along[0])) * np.float32(1 / step)).astype(np.float32)
    row = np.ascontiguousarray(table[None], np.float32)
    found = cv2.remap(row, columns, np.zeros_like(columns), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found)
