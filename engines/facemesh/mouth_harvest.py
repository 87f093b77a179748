"""Teeth that the photo itself shows: found between the parted lips, freed of shade, continued where hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh import anatomy
from engines.facemesh.edges import Window, coverage, outline, smooth_curve, smoothstep
from engines.facemesh.mouth_light import Light, luma
from engines.facemesh.mouth_plane import TOP, MouthPlane
from engines.facemesh.mouth_shade import occlusion
from engines.types import Float32, Portrait

Array = NDArray[Any]

LEAST_OPENING = 0.035
"""Lips parted by less than this, in iod, show too little of the teeth to use."""

LEAST_WIDTH = 0.16
LEAST_SHARE = 0.22
"""Teeth must span this width in iod and this share of the opening to be believed."""

LONGEST = 0.115
"""Longest visible crown, in iod."""


@dataclass(frozen=True)
class Harvest:
    """Upper teeth of a photo in the mouth plane.

    ``colour``: (h, w, 3) float32, shade removed, continued upwards; ``cover``: (h, w) float32 in [0, 1];
    ``edge``: polynomial (3,) of the biting edge: down (iod) over right (iod), highest power first.
    """

    colour: Float32
    cover: Float32
    edge: Array

    def median_colour(self) -> Float32:
        """(3,) sRGB of the typical tooth pixel."""
        return np.asarray(np.median(self.colour[self.cover > 0.8], axis=0), np.float32)


def _crop(portrait: Portrait, plane: MouthPlane) -> tuple[Float32, Float32]:
    """The photo and the opening between the lips, as they lie in the plane: (h, w, 3) and (h, w)."""
    size = (plane.width, plane.height)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(portrait.rgb, plane.to_still, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    points = np.asarray(portrait.landmarks)[:, :2]
    upper, lower = (
        smooth_curve(points[list(row)]) for row in (anatomy.UPPER_INNER_LIP, anatomy.LOWER_INNER_LIP)
    )
    inverse = cv2.invertAffineTransform(plane.to_still)
    polygon = outline(upper, lower) @ inverse[:, :2].T + inverse[:, 2]
    return crop.astype(np.float32), coverage(polygon, Window(0, 0, *size))


def _redness(colour: Array) -> Any:
    return (colour[..., 0] - colour[..., 1]) / np.maximum(luma(colour), 1.0)


def _otsu(values: Array) -> float:
    """Threshold that best splits values in [0, 255] into two groups (Otsu 1979)."""
    threshold, _ = cv2.threshold(values.astype(np.uint8)[:, None], 0, 255, cv2.THRESH_OTSU)
    return float(threshold)


def _toothness(crop: Float32, inside: Array, light: Light) -> Array:
    """(h, w) in [0, 1]: bright, and less red than the lips."""
    brightness = luma(crop)
    threshold = max(_otsu(brightness[inside]), 0.42 * float(luma(light.skin)))
    bright = smoothstep(threshold - 18, threshold + 18, brightness)
    limit = 0.45 * float(_redness(light.lips)) + 0.55 * min(float(_redness(light.skin)), 0.3)
    pale = 1 - smoothstep(limit - 0.02, limit + 0.08, _redness(crop))
    return np.asarray(bright * pale * inside)


def _upper_run(teeth: Array, inside: Array, density: float) -> tuple[Array, Array, Array]:
    """Per column the first and last row of the topmost run of teeth, and whether there is one long enough."""
    solid = cv2.morphologyEx(
        (teeth > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((max(round(0.03 * density), 1), 3), np.uint8)
    )
    has = solid.any(axis=0)
    first = solid.argmax(axis=0)
    rows = np.arange(len(solid))[:, None]
    after = (solid == 0) & (rows > first)
    last = np.where(after.any(axis=0), after.argmax(axis=0), len(solid)) - 1
    lip = np.where(inside.any(axis=0), inside.argmax(axis=0), 0)
    near_lip = first - lip < 0.05 * density
    return first, last, has & near_lip & (last - first > 0.02 * density)


def _fit_edge(plane: MouthPlane, last: Array, good: Array) -> Array:
    """Quadratic through the ends of the runs, (3,) iod; half-hidden ends must not pull it up."""
    u, _ = plane.grid()
    right, down = u[0, good], TOP + (last[good] + 0.5) / plane.density
    weights = np.ones(len(right))
    for _ in range(4):
        fit = np.polyfit(right, down, 2, w=weights)
        miss = down - np.polyval(fit, right)
        weights = np.where(miss < 0, np.exp(-((miss / 0.012) ** 2)), 1.0) + 1e-3
    return np.asarray(fit)


def _continue(crop: Float32, first: Array, last: Array, good: Array, margin: int) -> Float32:
    """Every column's teeth continued up and down: gaps between teeth run vertically, so rows can repeat."""
    top = np.where(good, np.minimum(first + margin, last), 0)
    bottom = np.where(good, np.maximum(last - margin, top), len(crop) - 1)
    rows = np.clip(np.arange(len(crop))[:, None], top, bottom)
    return np.asarray(np.take_along_axis(crop, rows[..., None].repeat(3, axis=2), axis=0))


def _cover(plane: MouthPlane, last: Array, good: Array, edge: Array) -> Float32:
    """Where the harvested teeth are to be used: in their columns, from the gum to the biting edge."""
    u, v = plane.grid()
    columns = cv2.GaussianBlur(good.astype(np.float32)[None], (0, 0), 0.016 * plane.density)[0]
    soft = smoothstep(0.45, 0.95, columns)
    ends = TOP + (last + 1.0) / plane.density
    end = np.where(good, np.minimum(ends, np.polyval(edge, u[0]) + 0.006), np.polyval(edge, u[0]))
    end = cv2.GaussianBlur(end.astype(np.float32)[None], (0, 0), 0.006 * plane.density)[0]
    above = smoothstep(-0.006, 0.004, end - v)
    crown = smoothstep(LONGEST, LONGEST - 0.03, np.polyval(edge, u) - v)
    return np.asarray(soft * above * crown, np.float32)


def harvest_teeth(portrait: Portrait, plane: MouthPlane, light: Light) -> Harvest | None:
    """The photo's own upper teeth, or None where it shows none, or too little of them."""
    crop, mask = _crop(portrait, plane)
    inside = mask > 0.98
    if inside.sum(axis=0).max() < LEAST_OPENING * plane.density:
        return None
    teeth = _toothness(crop, inside, light)
    first, last, good = _upper_run(teeth, inside, plane.density)
    if good.sum() < LEAST_WIDTH * plane.density or teeth.sum() < LEAST_SHARE * inside.sum():
        return None
    shade = np.clip(occlusion(mask, plane.density), 0.88, 1.0)[..., None]
    # The photo's softness mixes lip into the first and last pixels of the teeth.
    margin = round(max(0.012 * plane.density, 1.3 * light.blur * plane.pixels_per_still(), 1))
    colour = _continue(np.minimum(crop / shade, 252.0), first, last, good, margin)
    edge = _fit_edge(plane, last, good)
    return Harvest(colour, _cover(plane, last, good, edge), edge)
