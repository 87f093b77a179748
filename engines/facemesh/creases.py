"""Folds of the skin that come with a smile, a frown or raised brows: a fine shade with its ridge in the light.

Each runs along a curve through points of the face and rides on them. How deep it gets follows the photo: smooth
drawn skin folds softly, skin with pores more, hair and beards not at all, and where the photo has a fold
already there is little to add.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import (
    LEFT_CHEEK,
    LEFT_MOUTH_CORNER,
    POINTS,
    RIGHT_CHEEK,
    RIGHT_MOUTH_CORNER,
    FaceFrame,
    Floats,
)
from engines.facemesh.creases_table import CREASES, Crease
from engines.facemesh.edges import Window, smooth_curve, smoothstep
from engines.facemesh.mouth_light import luma
from engines.native import native_module
from engines.types import BLENDSHAPE_INDEX, Arrays, Float32, Image, Portrait

Array = NDArray[Any]

USUAL_TEXTURE, TEXTURE_SCALE = 0.015, 0.02
"""Local contrast of photographed cheeks (standard deviation over mean), seen at this scale in iod."""
SOFTEST, DEEPEST = 0.35, 1.15
"""Depth of folds in the smoothest and in the roughest skin, of what the table says."""
OWN_FOLD, FOLD_WIDTH = 0.16, 0.045
"""A dark line of this contrast, no wider than this in iod, is a fold that the photo shows already."""
SKIN = (0.45, 0.7)
"""Brightness relative to the cheeks from which on something is skin rather than hair."""
LEAST = 0.012
"""A fold that takes less brightness than this is not drawn."""
FOLDING_WIDTHS = (0.45, 0.55)
"""Mouths so wide, in iod from corner to corner, make no fold when they smile, and a full one."""
WIDTH, RIDGE_AWAY = 0.014, 0.032
"""Standard deviation of a fold's shade and distance of the ridge beside it, iod."""
COARSE = 90.0
"""Folds are soft: they are drawn with this many pixels per iod at most."""
FULL, LEVEL = 0.4, 128
"""Change of brightness that the drawing can hold, and the grey level that stands for none."""
SAMPLES = 12
FADE = ((0, 0.55), (2, 1.0))
"""Samples cut off at both ends and the share of the depth between them."""
RIDGE = 0.45
"""Brightness gained on the ridge beside a fold, of the shade in it."""
SHADE_RGB = (0.72, 1.0, 1.12)
"""Skin in a fold is lit by skin: its shade is warm."""
FINE = 4
"""Bits of a pixel with which curves are drawn."""


def prepare_creases(portrait: Portrait, frame: FaceFrame) -> Arrays:
    """How deep each fold gets in this photo: "crease.depth", (C,) float32."""
    grey = luma(portrait.rgb)
    points = np.asarray(portrait.landmarks, np.float64)[:, :2]
    uneven = _texture(grey, points, frame.iod) / USUAL_TEXTURE
    texture = float(np.clip(uneven**1.5, SOFTEST, DEEPEST))
    pushed = _pushed(portrait.landmarks, frame)
    depth = [
        texture * _room(grey, points, frame.iod, crease) * (pushed if crease.of_smile else 1.0)
        for crease in CREASES
    ]
    return {"crease.depth": np.array(depth, np.float32)}


def _pushed(landmarks: Floats, frame: FaceFrame) -> float:
    """0..1: how far a smile pushes the cheeks into folds; a small mouth ends too far away from them."""
    right, left = frame.to_local(landmarks)[[RIGHT_MOUTH_CORNER, LEFT_MOUTH_CORNER]]
    return float(smoothstep(*FOLDING_WIDTHS, float(left[0] - right[0])))


def _texture(grey: Float32, points: Floats, iod: float) -> float:
    """Local contrast of the cheeks."""
    window = Window.around(points[list(RIGHT_CHEEK + LEFT_CHEEK)], 0, grey.shape)
    if window.empty:
        return 0.0
    hulls = [
        cv2.convexHull(window.inside(points[list(row)]).astype(np.int32)) for row in (RIGHT_CHEEK, LEFT_CHEEK)
    ]
    mask = np.zeros((window.height, window.width), np.uint8)
    cv2.drawContours(mask, hulls, -1, 1, cv2.FILLED)
    cheek = window.view(grey)
    smooth: Array = cv2.GaussianBlur(cheek, (0, 0), TEXTURE_SCALE * iod)
    uneven = np.abs(cheek / np.maximum(smooth, 8.0) - 1)[mask > 0]
    return float(np.median(uneven) / 0.6745) if len(uneven) else 0.0


def _room(grey: Float32, points: Floats, iod: float, crease: Crease) -> float:
    """0..1: how much of a fold there is room for: it runs over skin, and there is none yet."""
    curve = smooth_curve(crease.knots(points))
    window = Window.around(curve, FOLD_WIDTH * iod, grey.shape)
    if window.empty:
        return 0.0
    part = window.view(grey)
    side = max(round(FOLD_WIDTH * iod), 3)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    lines = cv2.morphologyEx(part, cv2.MORPH_BLACKHAT, kernel) / np.maximum(part, 8.0)
    mask = np.zeros(part.shape, np.uint8)
    cv2.polylines(mask, [np.round(window.inside(curve)).astype(np.int32)], False, 1, side)
    cheek = float(np.median(grey[_within(points[list(RIGHT_CHEEK + LEFT_CHEEK)], grey.shape)]))
    skin = float(smoothstep(*SKIN, np.median(part[mask > 0]) / max(cheek, 8.0)))
    own = float(np.quantile(lines[mask > 0], 0.8)) / OWN_FOLD
    return skin * (1 - 0.8 * min(own, 1.0))


def _within(points: Floats, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Rows and columns of the pixels at (N, 2) px, moved into a picture of ``shape``."""
    x, y = np.round(points).astype(int).T
    return np.clip(y, 0, shape[0] - 1), np.clip(x, 0, shape[1] - 1)


class CreaseLayer:
    """Draws the folds of one photo."""

    def __init__(self, prepared: Arrays, frame: FaceFrame) -> None:
        self._weights = np.zeros((len(BLENDSHAPE_INDEX), len(CREASES)), np.float32)
        for column, crease in enumerate(CREASES):
            for name, weight in crease.shapes.items():
                self._weights[BLENDSHAPE_INDEX[name], column] = weight
        table = np.array([crease.depth for crease in CREASES], np.float32)
        self._depth: Float32 = prepared["crease.depth"] * table
        self._curves = np.stack([_curve_matrix(crease) for crease in CREASES])
        self._iod = frame.iod
        self._scale = min(1.0, COARSE / frame.iod)
        sides = np.array([crease.ridge for crease in CREASES]) @ frame.axes[:2, :2]
        self._ridges = sides[:, None] * (RIDGE_AWAY * frame.iod)

    def paint(self, image: Image, vertices: Floats, weights: Floats) -> None:
        """Shade ``image`` (H, W, 3) in place. ``vertices``: (V, 2 or 3) px, the face's points first."""
        depth = np.minimum(np.asarray(weights, np.float32) @ self._weights, 1.0) * self._depth
        active = np.flatnonzero(depth > LEAST)
        if not len(active):
            return
        curves = self._curves[active] @ vertices[:POINTS, :2]
        window = Window.around(curves.reshape(-1, 2), 4 * RIDGE_AWAY * self._iod, image.shape)
        if not window.empty:
            _tint(window.view(image), self._shade(window, curves, curves + self._ridges[active], depth[active]))

    def _shade(self, window: Window, curves: Floats, ridges: Floats, depth: Float32) -> NDArray[np.uint8]:
        """(h, w) or smaller: LEVEL and the change of brightness. ``curves``, ``ridges``: (A, P, 2) px;
        ``depth``: (A,)."""
        size = max(round(window.height * self._scale), 1), max(round(window.width * self._scale), 1)
        plane = np.full(size, LEVEL, np.uint8)
        softness = max(WIDTH * self._iod * self._scale, 0.7)
        thick = max(round(softness), 1)
        # What the blur leaves of a line of this thickness.
        left = math.erf(thick / 2 / (softness * math.sqrt(2)))
        lines = np.concatenate([ridges, curves]) - (window.left, window.top)
        places = np.round(lines * (self._scale * 2**FINE)).astype(np.int32)
        changes = np.concatenate([RIDGE * depth, -depth]) * (LEVEL / FULL / left)
        for place, change in zip(places, changes.tolist(), strict=True):
            for cut, share in FADE:
                level = min(max(LEVEL + share * change, 0.0), 255.0)
                cv2.polylines(plane, [place[cut : SAMPLES - cut]], False, level, thick, cv2.LINE_AA, FINE)
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), softness), np.uint8)


def _tint(pixels: Image, shades: NDArray[np.uint8]) -> None:
    """Change the brightness of ``pixels`` (h, w, 3) in place by ``shades``, stretched over them."""
    module = native_module()
    if module is not None:
        module.tint(pixels, shades, LEVEL, [share * FULL / LEVEL for share in SHADE_RGB])
        return
    shade = (shades.astype(np.float32) - np.float32(LEVEL)) * np.float32(FULL / LEVEL)
    large = cv2.resize(shade, (pixels.shape[1], pixels.shape[0]), interpolation=cv2.INTER_LINEAR)
    gain = cv2.merge([1 + np.float32(share) * large for share in SHADE_RGB])
    pixels[...] = cv2.multiply(pixels, gain, dtype=cv2.CV_8U)


def _curve_matrix(crease: Crease) -> Float32:
    """(P, 468) that turns the points of a face into evenly spaced points of the fold."""
    knots = crease.knots(np.eye(POINTS, dtype=np.float32))
    curve = smooth_curve(knots)
    even = np.linspace(0, len(curve) - 1, SAMPLES).round().astype(int)
    return np.asarray(curve[even], np.float32)
