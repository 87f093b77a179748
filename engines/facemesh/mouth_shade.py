"""Shade between the lips: less light reaches what lies close to the lips and in the corners of the mouth."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import smoothstep
from engines.types import Float32

Array = NDArray[Any]

REACH = 0.032
"""How far the lips' shade reaches into the mouth, in iod (standard deviation)."""

FUNNEL = 0.9
"""How much further the shade of rounded lips reaches."""

UPPER_LIP_SHADE = 0.016
"""Light comes from above: the shade is moved down by this many iod."""

DARKEST = 0.38
"""Light that is left where the lips all but touch."""

CREASE = 0.011
"""How far inside the lips' edge the deep shade of the crease reaches, in iod (standard deviation)."""

CREASE_BELOW = 0.006
"""The upper lip's crease throws its shade down: it is moved by this many iod."""

INTERREFLECTION = np.array([0.20, 0.05, 0.0], np.float32)
"""Share of the missing light that flesh throws back, per channel."""

COARSE = 70.0
"""Shade is smooth, so it is computed with this many pixels per iod at most."""


def occlusion(mask: Float32, iod: float, rounded: float = 0.0) -> Float32:
    """Light that reaches the inside, 0..1, by the shape of the opening: (h, w) coverage -> (h, w).

    A blurred mask is the share of the neighbourhood that is open, the usual screen-space stand-in for ambient
    occlusion. ``iod`` in px of the mask; ``rounded``: 0..1, how far the lips stand out like a funnel.
    """
    scale = min(1.0, COARSE / iod)
    height, width = mask.shape
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA) if scale < 1 else mask
    reach = REACH * (1 + FUNNEL * rounded) * iod * scale
    open_share: Array = cv2.GaussianBlur(small, (0, 0), reach, borderType=cv2.BORDER_CONSTANT)
    down = np.array([[1, 0, 0], [0, 1, UPPER_LIP_SHADE * iod * scale]], np.float64)
    moved: Array = cv2.warpAffine(open_share, down, size, flags=cv2.INTER_LINEAR)
    darkest = DARKEST * (1 - 0.25 * rounded)
    light = (darkest + (1 - darkest) * smoothstep(-0.06, 0.86, moved)).astype(np.float32)
    if scale < 1:
        light = cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)
    soft: Array = cv2.GaussianBlur(mask, (0, 0), max(CREASE * iod, 0.6), borderType=cv2.BORDER_CONSTANT)
    down = np.array([[1, 0, 0], [0, 1, CREASE_BELOW * iod]], np.float64)
    edge: Array = cv2.warpAffine(soft, down, (width, height), flags=cv2.INTER_LINEAR)
    # At a straight edge the blurred mask is one half.
    return np.asarray(light * (0.64 + 0.36 * smoothstep(0.30, 0.92, edge)), np.float32)


def warm(light: Float32, redness: float) -> Float32:
    """(h, w) light -> (h, w, 3): flesh throws red light back into its shade, as far as it is red (0..1)."""
    thrown_back = [np.float32(share * redness) for share in INTERREFLECTION]
    return np.asarray(cv2.merge([light * (1 - share) + share for share in thrown_back]))


def contact_shade(mask: Float32, iod: float, strength: float) -> Float32:
    """Light left on the lips' inner edges, which turn away from it: (h, w), 1 away from the edge."""
    near: Array = cv2.GaussianBlur(mask, (0, 0), max(CREASE * iod, 0.6), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(1 - strength * near * (1 - mask), np.float32)
