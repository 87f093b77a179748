"""Contours that do not shimmer: smooth curves through landmarks, exact coverage masks, soft seams.

Everything works in a small window of the picture, so that the cost follows the size of the face.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.outlines import area_cover
from engines.native import native_module
from engines.types import Float32, Image

Array = NDArray[Any]


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels: columns ``left`` to ``right``, rows ``top`` to ``bottom``, ends excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @staticmethod
    def around(points: Array, margin: float, shape: tuple[int, ...]) -> Window:
        """The smallest window of a picture of ``shape`` that holds (N, 2) points and a ``margin`` in px."""
        low = np.floor(points.min(axis=0) - margin).astype(int)
        high = np.ceil(points.max(axis=0) + margin).astype(int) + 1
        height, width = shape[:2]
        return Window(max(low[0], 0), max(low[1], 0), min(high[0], width), min(high[1], height))

    @property
    def width(self) -> int:
        """Columns; 0 or less where the window lies outside the picture."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows; 0 or less where the window lies outside the picture."""
        return self.bottom - self.top

    @property
    def empty(self) -> bool:
        """Nothing of it lies in the picture."""
        return self.width <= 0 or self.height <= 0

    def view(self, image: Array) -> Array:
        """The window's pixels, sharing memory with ``image``."""
        return image[self.top : self.bottom, self.left : self.right]

    def inside(self, points: Array) -> Array:
        """(N, 2) picture px -> (N, 2) window px."""
        return np.asarray(points - np.array([self.left, self.top]))

    def matrix(self, affine: Array) -> Array:
        """A (2, 3) affine into the picture, made to lead into the window."""
        moved = np.array(affine, np.float64)
        moved[:, 2] -= (self.left, self.top)
        return moved

    def part(self, corners: Array, affine: Array) -> Window:
        """The part of the window where a sprite with ``corners`` (4, 2) px may fall under ``affine`` (2, 3)."""
        placed = corners @ affine[:, :2].T + affine[:, 2]
        left, top = (math.floor(value) - 1 for value in placed.min(axis=0))
        right, bottom = (math.ceil(value) + 2 for value in placed.max(axis=0))
        low = max(left, self.left), max(top, self.top)
        return Window(*low, min(right, self.right), min(bottom, self.bottom))

    def within(self, outer: Window) -> tuple[slice, slice]:
        """Rows and columns of this window in an array of ``outer``'s pixels."""
        rows = slice(self.top - outer.top, self.bottom - outer.top)
        return rows, slice(self.left - outer.left, self.right - outer.left)

    def warp(self, sprite: Float32, affine: Array, border: int = cv2.BORDER_CONSTANT) -> Float32:
        """``sprite`` as seen in the window under ``affine`` (2, 3): sprite px -> picture px."""
        size = (self.width, self.height)
        moved: Array = cv2.warpAffine(
            sprite, self.matrix(affine), size, flags=cv2.INTER_LINEAR, borderMode=border
        )
        return moved


@lru_cache(maxsize=16)
def _catmull_rom(count: int, steps: int) -> Float32:
    """((count - 1) * steps + 1, count) matrix that turns knots into points of the curve.

    Catmull & Rom 1974, uniform parametrisation; the ends are continued by reflection.
    """
    t = np.linspace(0.0, 1.0, steps, endpoint=False)
    basis: Array = 0.5 * np.stack(
        [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3], axis=1
    )
    rows: Array = np.zeros(((count - 1) * steps + 1, count + 2))
    for knot in range(count - 1):
        rows[knot * steps : (knot + 1) * steps, knot : knot + 4] = basis
    rows[-1, count] = 1.0
    ends = np.zeros((count + 2, count))
    ends[1:-1] = np.eye(count)
    ends[0, :2] = ends[-1, :-3:-1] = (2.0, -1.0)
    matrix: Array = (rows @ ends).astype(np.float32)
    return matrix


def smooth_curve(points: Array, steps: int = 6) -> Float32:
    """A smooth open curve through (N, 2) points, N >= 2: ((N - 1) * steps + 1, 2) float32."""
    curve: Float32 = _catmull_rom(len(points), steps) @ np.asarray(points, np.float32)
    return curve


def outline(upper: Array, lower: Array) -> Float32:
    """The closed outline of two curves that both run from left to right, (N, 2) and (M, 2) -> (N + M, 2)."""
    return np.concatenate([upper, lower[::-1]]).astype(np.float32)


def coverage(polygon: Array, window: Window, softness: float = 0.0) -> Float32:
    """How much of each pixel of ``window`` lies within ``polygon`` (N, 2) px: (h, w) float32 in [0, 1].

    By area, exactly. ``softness``: standard deviation in px of an additional blur of the edge.
    """
    module = native_module()
    if module is not None:
        box = (window.left, window.top, window.right, window.bottom)
        native: Float32 = module.cover(polygon, box, softness)
        return native
    mask = area_cover(polygon, window)
    return blurred(mask, softness) if softness > 0.0 else mask


def blurred(plane: Float32, sigma: float) -> Float32:
    """Gaussian blur of (h, w) or (h, w, C) float32, ``sigma`` in px, mirrored at the borders."""
    module = native_module()
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma) if module is None else module.blur(plane, sigma))


def smoothstep(low: float, high: float, value: Any) -> Any:
    """0 below ``low``, 1 above ``high``, a smooth cubic between; ``value`` is an array or a number."""
    if isinstance(value, float):
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return share * share * (3.0 - 2.0 * share)
    module = native_module()
    if module is not None and isinstance(value, np.ndarray) and value.dtype == np.float32:
        return module.smoothstep(low, high, value)
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def threefold(plane: Float32) -> Float32:
    """(h, w) -> (h, w, 3): arithmetic on equal shapes is much faster than broadcasting."""
    return np.asarray(cv2.merge([plane, plane, plane]))


def blend(pixels: Image, layer: Float32, mask: Float32, shade: Float32 | None = None) -> None:
    """Lay ``layer`` (h, w, 3) over ``pixels`` (h, w, 3) where ``mask`` (h, w) is 1, in place.

    ``shade``: (h, w, 3), light left on the pixels below.
    """
    module = native_module()
    if module is not None:
        module.blend(pixels, layer, mask, shade)
        return
    mixed = pixels.astype(np.float32)
    if shade is not None:
        mixed *= shade
    mixed += (layer - mixed) * threefold(mask)
    pixels[...] = cv2.convertScaleAbs(np.maximum(mixed, 0.0))


def soften_seam(pixels: Image, mask: Float32, radius: float) -> None:
    """Take the stair-steps out of ``pixels`` (h, w, 3) along the edge of ``mask`` (h, w), in place.

    ``radius`` in px: half the width of the band that is softened.
    """
    module = native_module()
    if module is not None:
        module.soften_seam(pixels, mask, radius)
        return
    near: Array = cv2.GaussianBlur(mask, (0, 0), radius)
    blend(pixels, cv2.GaussianBlur(pixels, (0, 0), radius).astype(np.float32), 4 * near * (1 - near))
