"""Folds of the skin that come with a smile, a frown or raised brows: a fine shade with its ridge in the light.

Each runs along a curve through points of the face and rides on them. How deep it gets follows the photo: smooth
drawn skin folds softly, skin with pores more, hair and beards not at all, and where the photo has a fold
already there is little to add.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import LEFT_CHEEK, RIGHT_CHEEK, FaceFrame, Floats
from engines.facemesh.creases_table import CREASES, Crease
from engines.facemesh.edges import Window, smooth_curve, smoothstep
from engines.facemesh.mouth_light import luma
from engines.types import BLENDSHAPE_INDEX, Arrays, Float32, Image, Portrait

Array = NDArray[Any]

USUAL_TEXTURE, TEXTURE_SCALE = 0.012, 0.02
"""Local contrast of photographed cheeks (standard deviation over mean), seen at this scale in iod."""
SOFTEST, DEEPEST = 0.5, 1.15
"""Depth of folds in the smoothest and in the roughest skin, of what the table says."""
OWN_FOLD, FOLD_WIDTH = 0.16, 0.045
"""A dark line of this contrast, no wider than this in iod, is a fold that the photo shows already."""
SKIN = (0.45, 0.7)
"""Brightness relative to the cheeks from which on something is skin rather than hair."""
LEAST = 0.03
"""A fold weaker than this is not drawn."""
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
    texture = float(np.clip(_texture(grey, points, frame.iod) / USUAL_TEXTURE, SOFTEST, DEEPEST))
    depth = [texture * _room(grey, points, frame.iod, crease) for crease in CREASES]
    return {"crease.depth": np.array(depth, np.float32)}


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


@dataclass(frozen=True)
class CreaseLayer:
    """Draws the folds of one photo. ``depth``: (C,), as ``prepare_creases`` made it; ``weights``: (52, C)."""

    depth: Float32
    weights: Float32
    frame: FaceFrame

    @staticmethod
    def of(prepared: Arrays, frame: FaceFrame) -> CreaseLayer:
        """The layer of a prepared photo."""
        weights = np.zeros((len(BLENDSHAPE_INDEX), len(CREASES)), np.float32)
        for column, crease in enumerate(CREASES):
            for name, weight in crease.shapes.items():
                weights[BLENDSHAPE_INDEX[name], column] = weight
        return CreaseLayer(prepared["crease.depth"], weights, frame)

    def paint(self, image: Image, vertices: Floats, weights: Floats) -> None:
        """Shade ``image`` (H, W, 3) in place. ``vertices``: (V, 2 or 3) px, the face's points first."""
        strengths = np.minimum(np.asarray(weights) @ self.weights, 1.0) * self.depth
        for index in np.flatnonzero(strengths > LEAST):
            crease = CREASES[index]
            curve = smooth_curve(crease.knots(vertices[:, :2]))
            self._fold(image, curve, crease, float(strengths[index]))

    def _fold(self, image: Image, curve: Array, crease: Crease, strength: float) -> None:
        """One fold: dark along the curve, lighter on its ridge."""
        iod = self.frame.iod
        window = Window.around(curve, 4 * crease.width * iod + 2, image.shape)
        if window.empty:
            return
        line = _tapered(window.inside(curve), window, crease.width * iod)
        ridge = np.array(crease.ridge) @ self.frame.axes[:2, :2] * (2.2 * crease.width * iod)
        moved = cv2.warpAffine(line, np.column_stack([np.eye(2), ridge]), line.shape[::-1])
        shade = (np.float32(RIDGE) * moved - line) * np.float32(strength * crease.depth)
        pixels = window.view(image)
        gain = cv2.merge([1 + np.float32(share) * shade for share in SHADE_RGB])
        pixels[...] = cv2.multiply(pixels, gain, dtype=cv2.CV_8U)


def _tapered(curve: Array, window: Window, width: float) -> Float32:
    """(h, w) in [0, 1]: a soft line of standard deviation ``width`` px along ``curve``, fading to its ends."""
    line = np.zeros((window.height, window.width), np.uint8)
    places = np.round(curve * 2**FINE).astype(np.int32)
    fade = np.sin(np.linspace(0, np.pi, len(curve) + 1)[1:-1]) ** 0.7
    thick = max(round(width), 1)
    for start, end, level in zip(places[:-1], places[1:], fade, strict=True):
        cv2.line(line, start.tolist(), end.tolist(), round(255 * float(level)), thick, cv2.LINE_AA, FINE)
    soft: Array = cv2.GaussianBlur(line.astype(np.float32), (0, 0), max(width, 0.8))
    return soft * np.float32(1 / max(float(soft.max()), 1.0))
