"""The plane in which the inside of the mouth is painted once, and how it lies in the photo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.facemesh import anatomy
from engines.facemesh.anatomy import FaceFrame
from engines.types import Float32

Array = NDArray[Any]

LEFT, RIGHT, TOP, BOTTOM = -0.42, 0.42, -0.26, 0.26
"""Extent of the plane around the middle of the upper teeth's edge, in iod."""

DENSITY = (110.0, 440.0)
"""Fewest and most sprite pixels per iod."""

TEETH_DEPTH = 0.05
"""The front teeth lie about 5 mm (0.05 iod) behind the closed line of the lips."""

TEETH_SHOWN = 0.022
"""The upper teeth end about 2 mm below the closed line of the lips (Vig & Brundo 1978: 1 to 3.5 mm at rest)."""

UPPER_SHARE = 0.21
"""Of an opening of the lips, the share that the upper lip gives (measured on recorded speakers)."""


@dataclass(frozen=True)
class MouthPlane:
    """Sprites of (``height``, ``width``) pixels, ``density`` of them per iod.

    ``to_still``: (2, 3), sprite px -> photo px. ``across``, ``down``, ``inwards``: how one iod along each axis
    of the face appears in the plane, (right, down) in iod.
    """

    density: float
    to_still: Array
    across: Array
    down: Array
    inwards: Array

    @property
    def width(self) -> int:
        """Columns of a sprite."""
        return round((RIGHT - LEFT) * self.density)

    @property
    def height(self) -> int:
        """Rows of a sprite."""
        return round((BOTTOM - TOP) * self.density)

    def grid(self) -> tuple[Float32, Float32]:
        """Right and down of every sprite pixel, (h, w) each, in iod from where the upper teeth end."""
        u = LEFT + (np.arange(self.width, dtype=np.float32) + 0.5) / self.density
        v = TOP + (np.arange(self.height, dtype=np.float32) + 0.5) / self.density
        right, down = np.meshgrid(u, v)
        return right, down

    def moved_down(self, distance: float) -> MouthPlane:
        """The same plane with its middle ``distance`` iod further down the sprites."""
        shifted = self.to_still.copy()
        shifted[:, 2] += self.to_still[:, 1] * distance * self.density
        return replace(self, to_still=shifted)

    def pixels_per_still(self) -> float:
        """Sprite pixels per photo pixel."""
        return float(1.0 / np.linalg.norm(self.to_still[:, 0]))


def closed_line(local: Array) -> Array:
    """(3,) iod: the middle of the line where the lips meet, from (468, 3) local landmarks."""
    upper = local[anatomy.UPPER_INNER_LIP[5]]
    lower = local[anatomy.LOWER_INNER_LIP[5]]
    return np.asarray(upper + UPPER_SHARE * np.maximum(lower - upper, 0.0))


def mouth_plane(landmarks: Array, frame: FaceFrame) -> MouthPlane:
    """The plane of a face from its (468, 3) landmarks in px; its middle is where upper teeth usually end."""
    anchor = closed_line(frame.to_local(landmarks))
    anchor = anchor + np.array([0.0, TEETH_SHOWN, TEETH_DEPTH])
    axes = np.asarray(frame.axes, np.float64)[:, :2]
    right = axes[0] / np.linalg.norm(axes[0])
    basis = np.array([right, (-right[1], right[0])])
    density = float(np.clip(2.0 * frame.iod, *DENSITY))
    scale = frame.iod / density
    middle = frame.to_picture(anchor[None])[0, :2]
    corner = np.array([LEFT * density + 0.5, TOP * density + 0.5])
    turn = basis.T * scale
    to_still = np.column_stack([turn, middle + turn @ corner])
    return MouthPlane(density, to_still, *(basis @ axes.T).T)
