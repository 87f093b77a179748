"""What a photo says about its light: skin, lips and whites of the eyes, side light, blur and grain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh import anatomy
from engines.facemesh.edges import Window, coverage, outline, smooth_curve
from engines.types import Float32, Image

Array = NDArray[Any]

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Rec. 601 weights of R, G, B."""

REFERENCE_SKIN = np.array([205.0, 160.0, 140.0], np.float32)
"""Evenly lit light skin in sRGB: the look for which the colours of the mouth's tissues are given."""

REFERENCE_LIPS = np.array([190.0, 110.0, 105.0], np.float32)
"""Lips in such a face."""


@dataclass(frozen=True)
class Light:
    """Colours: (3,) float32 sRGB in [0, 255]. ``side``: relative change of brightness per iod to the right.

    ``white``: colour of the whites of the eyes. ``blur``: standard deviation in px of the photo's own softness.
    ``grain``: standard deviation of its noise in grey levels.
    """

    skin: Float32
    lips: Float32
    white: Float32
    side: float
    blur: float
    grain: float

    @property
    def gain(self) -> float:
        """Brightness of the skin relative to evenly lit light skin."""
        return float(np.clip(luma(self.skin) / luma(REFERENCE_SKIN), 0.15, 1.35))

    @property
    def redness(self) -> float:
        """How red the lips are: 0 like grey stone, 1 like living lips."""
        seen, usual = chroma(self.lips), chroma(REFERENCE_LIPS)
        return float(np.clip(1.5 * (seen[0] - seen[1]) / (usual[0] - usual[1]), 0.0, 1.0))


def luma(colour: Array) -> Any:
    """Brightness of (..., 3) sRGB colours: (...)."""
    return np.asarray(colour, np.float32) @ LUMA


def chroma(colour: Array) -> Float32:
    """A colour's cast: (3,) of mean brightness 1."""
    return (np.asarray(colour, np.float32) / max(float(luma(colour)), 1.0)).astype(np.float32)


def pixels_within(rgb: Image, polygon: Array) -> Float32:
    """(N, 3) float32: the pixels wholly within ``polygon`` (M, 2) px, or else the one at its middle."""
    window = Window.around(polygon, 1, rgb.shape)
    inside = np.empty((0, 3), np.uint8)
    if not window.empty:
        inside = window.view(rgb)[coverage(polygon, window) > 0.99]
    if not len(inside):
        height, width = rgb.shape[:2]
        x, y = np.clip(polygon.mean(axis=0).round().astype(int), 0, (width - 1, height - 1))
        inside = rgb[y, x][None]
    return inside.astype(np.float32)


def _cheek(rgb: Image, points: Array, row: tuple[int, ...]) -> Array:
    hull: Array = cv2.convexHull(points[list(row)].astype(np.float32))
    return pixels_within(rgb, hull[:, 0])


def _bright_median(pixels: Float32) -> Float32:
    """Median of the brighter half: highlights and pores, stubble or hair all lie outside it."""
    brightness = luma(pixels)
    colour: Float32 = np.median(pixels[brightness >= np.median(brightness)], axis=0).astype(np.float32)
    return colour


def _lips(rgb: Image, points: Array) -> Float32:
    upper = points[list(anatomy.LOWER_INNER_LIP)]
    lower = points[list(anatomy.LOWER_OUTER_LIP)]
    return np.median(pixels_within(rgb, outline(upper, lower)), axis=0).astype(np.float32)


def _white(rgb: Image, points: Array, skin: Float32) -> Float32:
    """Whites of the eyes: the brightest quarter between the lids, the least coloured half of it."""
    eyes = [
        outline(smooth_curve(points[list(upper)]), smooth_curve(points[list(lower)]))
        for upper, lower in (
            (anatomy.RIGHT_EYE_UPPER, anatomy.RIGHT_EYE_LOWER),
            (anatomy.LEFT_EYE_UPPER, anatomy.LEFT_EYE_LOWER),
        )
    ]
    pixels = np.concatenate([pixels_within(rgb, eye) for eye in eyes])
    brightness = luma(pixels)
    bright = pixels[brightness >= np.quantile(brightness, 0.75)]
    spread = np.ptp(bright, axis=1) / np.maximum(bright.max(axis=1), 1)
    pale = bright[spread <= np.median(spread)]
    return np.median(pale if len(pale) else skin[None], axis=0).astype(np.float32)


def measure_blur(grey: Float32) -> float:
    """Softness of the sharpest edges in (H, W) ``grey``: standard deviation in px, in [0.4, 3].

    Re-blur method of Zhuo & Sim, "Defocus map estimation from a single image", 2011: one more blur of known
    size weakens the gradient of a sharp edge more than that of a soft one.
    """
    known = 1.0
    before, after = (float(np.quantile(_gradient(image), 0.99)) for image in (grey, _smooth(grey, known)))
    ratio = before / max(after, 1e-3)
    return float(np.clip(known / np.sqrt(max(ratio**2 - 1, 0.05)), 0.4, 3.0))


def _smooth(grey: Float32, sigma: float) -> Float32:
    smooth: Array = cv2.GaussianBlur(grey, (0, 0), sigma)
    return smooth


def _gradient(grey: Float32) -> Float32:
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))


def measure_grain(rgb: Image, points: Array) -> float:
    """Noise of the cheeks in grey levels, in [0, 6]: median deviation from a light blur (Donoho 1994)."""
    hull = points[list(anatomy.RIGHT_CHEEK + anatomy.LEFT_CHEEK)]
    window = Window.around(hull, 0, rgb.shape)
    if window.empty:
        return 0.0
    grey = luma(window.view(rgb))
    residual = grey - _smooth(grey, 1.0)
    # A blur of 1 px keeps 8 % of white noise's variance, so the residual holds nearly all of it.
    return float(np.clip(np.median(np.abs(residual)) / 0.6745, 0.0, 6.0))


def measure_light(rgb: Image, landmarks: Array, iod: float) -> Light:
    """The light on a face. ``landmarks``: (468, 3) px, ``iod`` in px."""
    points = np.asarray(landmarks, np.float32)[:, :2]
    right, left = (_cheek(rgb, points, row) for row in (anatomy.RIGHT_CHEEK, anatomy.LEFT_CHEEK))
    skin = _bright_median(np.concatenate([right, left]))
    ends = [float(luma(_bright_median(pixels))) for pixels in (right, left)]
    # The cheeks' middles lie about 0.75 iod apart.
    side = float(np.clip((ends[1] - ends[0]) / max(ends[0] + ends[1], 1.0) * 2 / 0.75, -0.8, 0.8))
    window = Window.around(points, 0, rgb.shape)
    grey = luma(window.view(rgb))
    return Light(
        skin,
        _lips(rgb, points),
        _white(rgb, points, skin),
        side,
        min(measure_blur(grey), 0.02 * iod),
        measure_grain(rgb, points),
    )
