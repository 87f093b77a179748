"""The corners of the mouth: what is left there of the line between closed lips when they part."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import Window, blend, smoothstep
from engines.native import native_module
from engines.types import Float32, Image

Array = NDArray[Any]

REACH = 0.13
"""How far beyond the corners such a line is looked for, in iod."""

THICKEST = 0.044
"""What is thicker than this, in iod, is a fold of the skin or a beard and stays."""

HALF_HEIGHT = 0.06
"""It is looked for this far above and below the corner, in iod."""

TAKEN_OFF = 0.85
"""Share of the line's darkness that goes when the mouth is open; a living corner keeps a little."""

GRAIN = (8.0, 28.0)
"""Differences in grey levels: skin keeps its grain up to the first, lines go wholly from the second on."""

HAIR = (0.2, 0.45)
"""From which share of pixels in thin lines on these are a beard, which stays wholly from the second on."""

OPENINGS = (0.015, 0.07)
"""Openings in iod between which the line goes."""


def lift_corners(image: Image, upper: Array, lower: Array, iod: float, rounded: float = 0.0) -> None:
    """Take off thin lines that run on beyond the corners of parted or ``rounded`` (0..1) lips, in place.

    ``upper``, ``lower``: (N, 2) px, edges of the opening, picture left to right; ``iod`` in px.
    """
    gap = float(np.linalg.norm(lower - upper, axis=1).max()) / iod
    strength = TAKEN_OFF * max(float(smoothstep(*OPENINGS, gap)), rounded)
    if strength <= 0.0:
        return
    across = (upper[-1] - upper[0]) / max(float(np.linalg.norm(upper[-1] - upper[0])), 1e-6)
    module = native_module()
    lift = _lift if module is None else module.lift_line
    for corner, outwards in ((upper[0], -across), (upper[-1], across)):
        lift(image, corner, outwards * iod, strength)


def _lift(image: Image, corner: Array, outwards: Array, strength: float) -> None:
    """One corner; ``outwards``: (2,) px, one iod away from the mouth."""
    iod = float(np.linalg.norm(outwards))
    middle = corner + 0.5 * REACH * outwards
    window = Window.around(middle[None], 0.7 * REACH * iod, image.shape)
    if window.empty:
        return
    pixels = window.view(image)
    height = max(round(THICKEST * iod), 3)
    # Grey closing fills dark lines thinner than the kernel, opening takes off bright ones (Serra 1982).
    kernel = np.ones((height, 1), np.uint8)
    closed = cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, kernel)
    flat = cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel)
    smooth: Array = cv2.GaussianBlur(flat, (0, 0), 0.25 * height)
    red, green, blue = cv2.split(cv2.absdiff(smooth, pixels))
    lines = smoothstep(*GRAIN, cv2.max(cv2.max(red, green), blue).astype(np.float32))
    near = _near(window, corner, outwards)
    hair = float((near * lines).sum() / max(float(near.sum()), 1.0))
    share = np.float32(strength * (1 - float(smoothstep(*HAIR, hair))))
    blend(pixels, smooth.astype(np.float32), near * lines * share)


def _near(window: Window, corner: Array, outwards: Array) -> Float32:
    """(h, w) in [0, 1]: 1 just beyond the corner, 0 at the reach, above, below and well inside."""
    iod2 = float(outwards @ outwards)
    x = np.arange(window.left, window.right, dtype=np.float32)[None, :] - np.float32(corner[0])
    y = np.arange(window.top, window.bottom, dtype=np.float32)[:, None] - np.float32(corner[1])
    along = (x * outwards[0] + y * outwards[1]) / iod2
    aside = (y * outwards[0] - x * outwards[1]) / iod2
    near = smoothstep(-0.035, -0.01, along) * smoothstep(REACH, 0.75 * REACH, along)
    return np.asarray(near * smoothstep(HALF_HEIGHT, 0.6 * HALF_HEIGHT, np.abs(aside)), np.float32)
