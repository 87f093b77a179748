"""The tongue that is put out: over the lower lip, under the upper teeth."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import Window, coverage, outline, smoothstep, threefold
from engines.facemesh.mouth_plane import TOP
from engines.types import Float32, Image

Array = NDArray[Any]

OVER_LIPS = (0.36, 0.5)
"""Weights of tongueOut between which the tip comes over the lower lip; below, it stays between the teeth."""

HANGING = 0.17
"""How far below the lower lip's edge the tip ends at most, in iod."""

HIDDEN = -0.02
"""Where the tip of a tongue at rest lies, in iod below the upper teeth's edge."""

BETWEEN_TEETH = 0.012
"""The tip's end below the edge of the lower lip before it comes out over it, in iod."""

ROOT = -0.05
"""Where a tongue that is out begins to be seen, in iod below the upper teeth's edge."""

ROOT_MARGIN = 0.02
"""The uppermost part of the sprite, which its blur fades, in iod."""

UNDER_LIP = 0.5, 0.03
"""Light on the tongue below the upper lip, and how far that shade reaches, in iod (standard deviation)."""

CAST = 0.42
"""Strength of the shade that the tongue throws on the lip and the chin below."""


def tip_end(out: float, lip: float) -> float:
    """Where the tip ends, in iod below the upper teeth's edge. ``lip``: level of the lower lip."""
    forward = float(smoothstep(0.0, OVER_LIPS[0], out)) * (lip + BETWEEN_TEETH - HIDDEN)
    return HIDDEN + forward + HANGING * float(smoothstep(OVER_LIPS[0], 1.0, out))


def tip_stretch(end: float, density: float) -> Array:
    """(2, 3), sprite px -> sprite px: the tip's sprite, which ends in the middle row, made to end at
    ``end`` (iod) and, where it is too short for that, drawn out to reach from the root."""
    longer = max((end - ROOT) / (-TOP - ROOT_MARGIN), 1.0)
    middle = -TOP * density
    return np.array([[1, 0, 0], [0, longer, middle * (1 - longer) + end * density]], np.float64)


def below_lip(upper: Array, window: Window, down: Array) -> Float32:
    """(h, w): what lies below the edge (N, 2) px of the upper lip; ``down``: (2,) px, far enough."""
    return coverage(outline(upper, upper + down), window)


def lay_over_lips(image: Image, window: Window, tongue: Float32, shown: Float32, iod: float) -> None:
    """Lay the premultiplied ``tongue`` (h, w, 4) over a window of ``image`` as far as ``shown`` (h, w)."""
    darkest, reach = UNDER_LIP
    open_share: Array = cv2.GaussianBlur(shown, (0, 0), max(reach * iod, 0.6))
    light = np.float32(darkest) + np.float32(1 - darkest) * smoothstep(0.35, 1.0, open_share)
    cover = tongue[..., 3] * shown
    pixels = window.view(image).astype(np.float32)
    pixels *= threefold(1 - cast_shade(cover, iod))
    pixels *= threefold(1 - cover)
    pixels += tongue[..., :3] * threefold((light * shown).astype(np.float32))
    window.view(image)[...] = cv2.convertScaleAbs(pixels)


def cast_shade(cover: Float32, iod: float) -> Float32:
    """(h, w): the shade around and below something that covers (h, w), 0 under it."""
    soft: Array = cv2.GaussianBlur(cover, (0, 0), max(0.022 * iod, 0.7))
    affine = np.array([[1, 0, 0], [0, 1, 0.014 * iod]], np.float64)
    moved: Array = cv2.warpAffine(soft, affine, cover.shape[::-1], flags=cv2.INTER_LINEAR)
    return np.asarray(np.float32(CAST) * moved * (1 - cover), np.float32)
