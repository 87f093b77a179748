"""The picture plane and the small functions that everything is painted with.

Lengths are centimetres on the head, x to the picture's right, y up, z towards the viewer; the origin lies at
the middle of the nose, where MediaPipe's canonical face has it: eyes at 2.6, mouth at -4.1, chin at -8.7.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator

Field = NDArray[np.floating[Any]]
"""(H, W), float32 where it is large."""
Colours = NDArray[np.floating[Any]]
"""(H, W, 3) RGB, linear light unless said otherwise."""
Colour = tuple[float, float, float]
"""sRGB in [0, 1], as a person would pick it."""


@dataclass(frozen=True)
class Plane:
    """The painted plane: ``width`` x ``height`` final pixels, painted ``oversample`` times finer.

    ``scale``: final pixels per centimetre; ``centre``: where the head's origin lies, in final pixels.
    """

    width: int = 768
    height: int = 960
    scale: float = 24.0
    centre: tuple[float, float] = (384.0, 455.0)
    oversample: int = 2

    @property
    def density(self) -> float:
        """Painted pixels per centimetre."""
        return self.scale * self.oversample

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) painted."""
        return self.height * self.oversample, self.width * self.oversample

    def grid(self) -> tuple[Field, Field]:
        """The x and y of every painted pixel, in centimetres."""
        rows, columns = self.shape
        x = ((np.arange(columns) + 0.5) / self.oversample - self.centre[0]) / self.scale
        y = (self.centre[1] - (np.arange(rows) + 0.5) / self.oversample) / self.scale
        grid_x, grid_y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
        return grid_x, grid_y

    def to_pixels(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., 2+) centimetres to (..., 2) final pixels."""
        flipped = np.asarray(points, np.float64)[..., :2] * (self.scale, -self.scale)
        return np.asarray(flipped + self.centre, np.float64)


def linear(colour: Colour | Colours) -> Field:
    """SRGB to linear light (gamma 2.2, near enough for paint)."""
    return np.power(np.clip(np.asarray(colour, np.float32), 0, 1), np.float32(2.2))


def encode(light: Colours) -> Colours:
    """Linear light to sRGB in [0, 1], with a filmic shoulder (Narkowicz's ACES fit)."""
    x = np.maximum(light, 0) * np.float32(0.8)
    toned = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)
    return np.power(np.clip(toned, 0, 1), np.float32(1 / 2.2)).astype(np.float32)


def step(low: float | Field, high: float | Field, value: Field) -> Field:
    """Hermite step from 0 at ``low`` to 1 at ``high`` (either order)."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def bump(x: Field, y: Field, centre: tuple[float, float], radii: tuple[float, float]) -> Field:
    """A soft hill of height 1."""
    power = ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2
    return np.exp(-np.minimum(power, 30)).astype(np.float32)


def smooth_max(a: Field, b: Field, blend: float) -> Field:
    """The larger of two heights with a fillet of size ``blend`` (Quilez's polynomial smooth maximum)."""
    h = np.clip(0.5 + 0.5 * (a - b) / blend, 0, 1)
    return np.asarray(b + (a - b) * h + blend * h * (1 - h), np.float32)


def mix(a: Field, b: ArrayLike, amount: ArrayLike) -> Field:
    """``a`` where amount is 0, ``b`` where it is 1; a 2-D amount spreads over colours."""
    weight = np.asarray(amount, np.float32)
    if weight.ndim == 2 and a.ndim == 3:
        weight = weight[..., None]
    return np.asarray(a + (np.asarray(b, np.float32) - a) * weight, np.float32)


def blur(field: Field, sigma: float) -> Field:
    """Gaussian blur; wide ones are done on a smaller copy, where nobody can tell."""
    shrink = max(1, int(sigma / 6))
    if shrink == 1:
        return np.asarray(cv2.GaussianBlur(field, (0, 0), max(sigma, 0.1)), np.float32)
    rows, columns = field.shape[:2]
    small = cv2.resize(field, (max(2, columns // shrink), max(2, rows // shrink)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink)
    return np.asarray(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)


def noise(shape: tuple[int, int], cell: float, seed: int, octaves: int = 4) -> Field:
    """Fractal value noise, about -1..1, whose largest blobs are ``cell`` pixels wide."""
    rng = np.random.default_rng(seed)
    total, weight = np.zeros(shape, np.float32), 1.0
    for _ in range(octaves):
        grid = (int(shape[0] / cell) + 4, int(shape[1] / cell) + 4)
        coarse = rng.normal(0, 0.5, grid).astype(np.float32)
        fine = cv2.resize(
            coarse, (int(grid[1] * cell) + 1, int(grid[0] * cell) + 1), interpolation=cv2.INTER_CUBIC
        )
        total += weight * fine[: shape[0], : shape[1]]
        weight, cell = weight * 0.5, max(cell / 2, 1.0)
    return total


def curve(value: ArrayLike, knots: ArrayLike, heights: ArrayLike) -> Field:
    """A smooth curve without overshoot through (knots, heights), held constant outside."""
    knots = np.asarray(knots, float)
    return np.asarray(PchipInterpolator(knots, heights)(np.clip(value, knots[0], knots[-1])), np.float32)


def closed_curve(angle: Field, knots: ArrayLike, radii: ArrayLike) -> Field:
    """A periodic spline over the angle in radians, from 0 to 2 pi."""
    knots, radii = np.append(knots, 2 * np.pi), np.append(radii, np.asarray(radii)[0])
    table = np.linspace(0, 2 * np.pi, 2048)
    values = CubicSpline(knots, radii, bc_type="periodic")(table)
    return np.asarray(np.interp(np.mod(angle, 2 * np.pi), table, values), np.float32)


def stroke(x: Field, y: Field, points: ArrayLike, samples: int = 24) -> tuple[Field, Field]:
    """Distance to a smooth line through the points, and how far along (0..1) its nearest point lies.

    Distances beyond two centimetres are not computed (they read as 99).
    """
    path = np.asarray(points, float)
    t = np.linspace(0, 1, len(path))
    dense = CubicSpline(t, path)(np.linspace(0, 1, samples)) if len(path) > 2 else path
    inside = (
        (x > dense[:, 0].min() - 2) & (x < dense[:, 0].max() + 2)
        & (y > dense[:, 1].min() - 2) & (y < dense[:, 1].max() + 2)
    )  # fmt: skip
    near, along = np.full(x[inside].shape, 99, np.float32), np.zeros(x[inside].shape, np.float32)
    for i, (start, end) in enumerate(itertools.pairwise(dense)):
        span = end - start
        u = np.clip(((x[inside] - start[0]) * span[0] + (y[inside] - start[1]) * span[1]) / (span @ span), 0, 1)
        distance = np.hypot(x[inside] - start[0] - u * span[0], y[inside] - start[1] - u * span[1])
        closer = distance < near
        near = np.where(closer, distance, near).astype(np.float32)
        along = np.where(closer, (i + u) / (len(dense) - 1), along).astype(np.float32)
    distance, position = np.full(x.shape, 99, np.float32), np.zeros(x.shape, np.float32)
    distance[inside], position[inside] = near, along
    return distance, position


def window(x: Field, y: Field, centre: tuple[float, float], reach: float) -> tuple[slice, slice]:
    """The rows and columns around a point, so that small things are painted in small arrays."""
    rows, columns = np.nonzero(np.maximum(np.abs(x - centre[0]), np.abs(y - centre[1])) < reach)
    if len(rows) == 0:
        return slice(0, 0), slice(0, 0)
    return slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
