"""A lid on its way down: what of the eye its skin covers, how light falls on it, where its lashes are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import smoothstep
from engines.facemesh.eyes_edges import LidEdges, heights
from engines.facemesh.eyes_lashes import BESIDE, HAIR_ABOVE, Lashes
from engines.types import Float32

Array = NDArray[Any]

REDRAWN = 0.018
"""A lid that has come down this far, in iod, is wholly drawn anew."""

HANGING = 0.55
"""Length of lashes that hang from a shut lid, seen from the front, relative to that of raised ones."""

LEAST_DROP = 0.003
"""A lid that has come down less than this, in iod, is left as the warp made it."""

MEETING_LINE = 0.008, 0.55
"""Half width in iod and strength of the line where shut lids meet, for photos that show no lashes."""

OVERLAP = 0.010
"""A shut lid reaches this far over the lower one, in iod."""

CREASE_ABOVE, CREASE_DEPTH = 0.016, 0.07
"""A shut lid's crease: height above the edge of the open lid, in iod, and the light that it takes."""


@dataclass(frozen=True)
class Closure:
    """The lids at rest and now, in crop px of one eye; ``iod`` in px."""

    still: LidEdges
    now: LidEdges
    iod: float

    @cached_property
    def moved(self) -> Array:
        """(N,): height of the upper lid now along ``still.along``."""
        return np.interp(self.still.along, self.now.along, self.now.upper)

    @cached_property
    def upper(self) -> Array:
        """(N,): as ``moved``, but never above its place at rest."""
        return np.maximum(self.moved, self.still.upper)

    @cached_property
    def edge(self) -> Array:
        """(N,): as ``upper``, a little further down the more the eye is shut."""
        return self.upper + OVERLAP * self.iod * self.share**2

    @cached_property
    def drop(self) -> float:
        """How far the upper lid has come down, in iod."""
        return float((self.upper - self.still.upper).max()) / self.iod

    @cached_property
    def lift(self) -> float:
        """How far a lid has moved in any direction, in iod."""
        return float(np.abs(self.now.upper - self.still.upper).max()) / self.iod

    @cached_property
    def share(self) -> float:
        """0 open .. 1 shut, by what is left between the lids."""
        gap = float((self.now.lower - self.now.upper).max()) / self.iod
        return self.drop / max(self.drop + max(gap, 0.0), 1e-6)

    @property
    def closing(self) -> bool:
        """Whether the lid has come down so far that it is drawn."""
        return self.drop > LEAST_DROP

    @property
    def redrawn(self) -> float:
        """0 while the warped photo's lid is shown .. 1 when it is drawn anew."""
        return float(smoothstep(0.0, REDRAWN, self.drop))


def lid_cover(closure: Closure, places: tuple[Float32, Float32], roots: float) -> Float32:
    """(h, w) in [0, 1]: where the drawn lid's skin shows.

    ``places``: along the eye and down, crop px, (h, w) each; ``roots``: height of the lashes' line at rest, px.
    """
    s, v = places
    along, iod = closure.still.along, closure.iod
    edge = heights(closure.edge, along, s)
    top = heights(closure.still.upper, along, s) - roots
    below = smoothstep(-0.5, 0.5, (edge - v) / max(0.006 * iod, 0.8))
    # The skin is the photo's own up there, but for the lashes: the softest start shows least.
    above = smoothstep(-0.9 * HAIR_ABOVE, -0.4 * HAIR_ABOVE, (v - top) / iod)
    beside = closure.still.beside(s) / np.float32(iod)
    return np.asarray(
        below * above * smoothstep(0.5 * BESIDE, -0.4 * BESIDE, beside) * closure.redrawn, np.float32
    )


def lid_light(closure: Closure, places: tuple[Float32, Float32]) -> Float32:
    """(h, w): light on the lid, which bulges over the eyeball and folds at its crease."""
    s, v = places
    along, iod = closure.still.along, closure.iod
    top, edge = (heights(table, along, s) for table in (closure.still.upper, closure.upper))
    height = np.maximum(edge - top, 0.02 * iod)
    share = (v - top) / height
    bulge = np.exp(-(((share - 0.45) / 0.45) ** 2)) * 0.05 - 0.09 * smoothstep(0.55, 1.1, share)
    crease = np.exp(-((((v - top) / iod + CREASE_ABOVE) / 0.010) ** 2)) * CREASE_DEPTH
    ends = smoothstep(0.0, 0.06 * iod, np.minimum(s - along[0], along[-1] - s))
    return np.asarray(1 + closure.share * ends * (bulge - crease), np.float32)


def standing(closure: Closure) -> Array:
    """(N,): height of the lashes' roots along ``still.along``; they go up with a lid that is raised."""
    return np.asarray(closure.edge + np.minimum(closure.moved - closure.still.upper, 0.0))


def turned(closure: Closure) -> float:
    """Length of the lashes above the lid's edge, of that at rest; negative where they hang below it."""
    return 1 - (1 + HANGING) * float(smoothstep(0.1, 0.9, closure.share))


def lashes_cover(lashes: Lashes, closure: Closure, places: tuple[Float32, Float32]) -> Float32:
    """(h, w) in [0, 1]: the photo's lashes at the lid's edge, turning from raised to hanging as it shuts."""
    s, v = places
    along, iod = closure.still.along, closure.iod
    below = v - heights(standing(closure), along, s)
    raised = turned(closure)
    columns = s - np.float32(lashes.left)
    roots = np.float32(lashes.roots)
    drawn = _read(lashes, columns, np.maximum(below, -roots)) * (below >= -roots)
    if raised > 0:
        hairs = _read(lashes, columns, -roots + (below + roots) / max(raised, 0.1))
        drawn = np.maximum(drawn, hairs * (below < -roots) * np.float32(min(raised / 0.4, 1.0)))
    else:
        hairs = _read(lashes, columns, -roots + below / min(raised, -0.1))
        drawn = np.maximum(drawn, hairs * (below > 0) * np.float32(-raised / HANGING))
    half, strength = MEETING_LINE
    ends = np.minimum(s - along[0], along[-1] - s) / np.float32(0.08 * iod)
    line = np.exp(-((below / max(half * iod, 0.7)) ** 2)) * np.sqrt(np.clip(ends, 0, 1))
    return np.asarray(np.maximum(drawn, line * np.float32(strength * closure.share)), np.float32)


def _read(lashes: Lashes, columns: Float32, rows: Array) -> Float32:
    places = (rows - np.float32(lashes.top)).astype(np.float32)
    found: Array = cv2.remap(lashes.cover, columns, places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return found.astype(np.float32) * np.float32(1 / 255)
