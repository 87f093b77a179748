"""The resting mouth of a film as a patch of skin: bent with the face, lit like the frame, laid softly over it.

A frame in which somebody talks shows stretched lips, teeth and shade where they are not wanted; the patch shows
the same mouth from a frame in which it rests. Both are bent to the same points, so that they meet everywhere.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from engines.facemesh.anatomy import (
    CHIN,
    LEFT_MOUTH_CORNER,
    LOWER_OUTER_LIP,
    POINTS,
    RIGHT_MOUTH_CORNER,
    UPPER_OUTER_LIP,
    FaceFrame,
    Floats,
)
from engines.facemesh.edges import Window, blend
from engines.facemesh.warp import make_canvas
from engines.types import Float32, Image

NOSE_BASE = 2
SIDEWAYS = 0.20
"""How far the patch reaches beyond the corners of the mouth, iod."""
ABOVE_CHIN = 0.10
"""How far it stays away from the chin's edge, iod."""
BELOW_NOSE = 0.05
FADE = 0.055
"""Softness of its edge, iod."""
SAMPLE = 0.05
"""Skin is compared over patches this wide, iod."""
CORNERS = 48
MOST_GAIN = 0.5
"""Natural logarithm of the greatest difference of light that is made up for."""


class MouthPatch:
    """The mouth of ``rest`` (H, W, 3), a frame with ``landmarks`` (468, 3) px."""

    def __init__(self, rest: Image, source: Floats, triangles: Any, frame: FaceFrame) -> None:
        """``source``: (V, 2) px of every vertex of the mesh in ``rest``; ``triangles`` of that mesh."""
        self._source, self._iod = source, frame.iod
        self._outline = mouth_outline(source[:POINTS], frame)
        near = _near(source, triangles, self._outline, 0.25 * frame.iod)
        self._canvas = make_canvas(rest, np.ascontiguousarray(triangles[near]))

    def lay(self, image: Image, vertices: Float32, outline: Floats, strength: float) -> None:
        """Lay the patch over ``image``, in place, where ``vertices`` (V, 3) px take it. ``outline``: (N, 2) px,
        where its outline lies; ``strength``: 0 to 1."""
        values = np.zeros((len(vertices), 3), np.float32)
        values[:, :2] = self._source - vertices[:, :2]
        size = float(np.sqrt(_area(outline) / _area(self._outline))) * self._iod
        window = Window.around(outline, 3 * FADE * size, image.shape)
        if window.empty:
            return
        skin = window.view(self._canvas.warp(vertices, values))
        under = window.view(image)
        corners = window.inside(outline)
        lit = skin * _gain(under, skin, corners, SAMPLE * size)
        mask = np.zeros(skin.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(mask, (0, 0), FADE * size).astype(np.float32) * np.float32(strength / 255)
        pixels = np.ascontiguousarray(under)
        blend(pixels, np.asarray(lit, np.float32), soft)
        under[:] = pixels

    @property
    def outline(self) -> Floats:
        """(N, 2) px: where the patch lies in the frame that it is from."""
        return self._outline


def mouth_outline(points: Floats, frame: FaceFrame) -> Floats:
    """(CORNERS, 2) px: a smooth outline around the mouth, from below the nose to above the chin's edge."""
    flat = points[:, :2]
    across, down = frame.axes[0, :2], frame.axes[1, :2]
    across, down = across / np.linalg.norm(across), down / np.linalg.norm(down)
    left, right = flat[RIGHT_MOUTH_CORNER], flat[LEFT_MOUTH_CORNER]
    middle = (left + right) / 2
    wide = float((right - left) @ across) / 2 + SIDEWAYS * frame.iod
    up = float((middle - flat[NOSE_BASE]) @ down) - BELOW_NOSE * frame.iod
    up = max(up, float((middle - flat[UPPER_OUTER_LIP[5]]) @ down) + 0.02 * frame.iod)
    low = float((flat[CHIN] - middle) @ down) - ABOVE_CHIN * frame.iod
    low = max(low, float((flat[LOWER_OUTER_LIP[5]] - middle) @ down) + 0.05 * frame.iod)
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    x, y = np.cos(angle), np.sin(angle)
    round_x = np.sign(x) * np.abs(x) ** 0.85
    return np.asarray(middle + np.outer(wide * round_x, across) + np.outer(np.where(y > 0, low, up) * y, down))


def _gain(under: Image, skin: Image, corners: Floats, radius: float) -> Any:
    """(h, w, 3): what ``skin`` is to be multiplied with to be lit like ``under``; even over the patch, or
    changing straight across it, by what both show along the outline."""
    height, width = skin.shape[:2]
    sigma = max(radius, 1.0)
    places = np.round(corners).astype(int)
    kept = ((places > 0) & (places < (width - 1, height - 1))).all(1)
    if kept.sum() < 8:
        return np.float32(1.0)
    x, y = places[kept].T
    seen, own = (cv2.GaussianBlur(part, (0, 0), sigma)[y, x].astype(np.float64) + 4 for part in (under, skin))
    ratio = np.clip(np.log(seen / own), -MOST_GAIN, MOST_GAIN)
    plane = np.c_[np.ones(len(x)), x / width - 0.5, y / height - 0.5]
    weights = np.ones(len(x))
    for _ in range(3):
        fit = np.linalg.lstsq(plane * weights[:, None], ratio * weights[:, None], rcond=None)[0]
        miss = np.abs(ratio - plane @ fit).max(1)
        weights = 1 / (1 + (miss / 0.06) ** 2)
    across = np.linspace(-0.5, 0.5, width)[None, :, None]
    down = np.linspace(-0.5, 0.5, height)[:, None, None]
    return np.exp(fit[0] + across * fit[1] + down * fit[2]).astype(np.float32)


def _area(outline: Floats) -> float:
    x, y = outline.T
    return max(abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2, 1.0)


def _near(source: Floats, triangles: Any, outline: Floats, margin: float) -> Any:
    """(T,) bool: triangles that touch the outline's surroundings."""
    low, high = outline.min(0) - margin, outline.max(0) + margin
    inside = ((source > low) & (source < high)).all(1)
    return inside[triangles].any(1)
