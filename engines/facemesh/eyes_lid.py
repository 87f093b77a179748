"""The upper lid: skin where the photo shows the eye, and the photo's own lashes, to be laid along its edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import smoothstep
from engines.facemesh.eyes_fill import filled
from engines.facemesh.mouth_light import Light, luma
from engines.types import Float32

Array = NDArray[Any]

HAIR_ABOVE, ROOTS_BELOW, BESIDE = 0.085, 0.03, 0.07
"""Lashes are looked for this far above and below the edge of the upper lid and beside its corners, in iod."""

THINNEST_ROOTS, THICKEST_ROOTS = 0.012, 0.040
"""Height in iod of the dark line that the lashes' roots, or a drawn outline, make above the edge of the lid."""

MOST_ROOTS = 0.022
"""The line that is drawn for them is at most this high, in iod."""

TAPER = 0.05
"""The line thins out over this length towards the corners, in iod."""

UNDER_LOWER_LID = 0.014
"""A shut eye's skin goes on this far below the edge of the lower lid, in iod."""

HAIR_WIDTH, HAIR_LENGTH = 0.024, 0.026
"""Dark things at most so wide along the lid and at least so high are hairs; in iod."""

FAINTEST_LASHES = 14.0
"""Grey levels by which lashes must be darker than the skin."""


@dataclass(frozen=True)
class LidEdges:
    """An eye's edges along its own axes, in px of a crop.

    ``right``, ``down``: (2,) unit vectors. ``along``: (N,) increasing; ``upper``, ``lower``: (N,) heights
    (downwards) of the lids at these places.
    """

    right: Array
    down: Array
    along: Array
    upper: Array
    lower: Array

    @staticmethod
    def of(upper: Array, lower: Array, down: Array) -> LidEdges:
        """From (N, 2) curves in crop px, corner to corner, and the crop's way down the face."""
        right = np.array([down[1], -down[0]])
        along = np.linspace(upper[0] @ right, upper[-1] @ right, 49)
        return LidEdges(right, down, along, _height(upper, right, along), _height(lower, right, along))

    def places(self, shape: tuple[int, ...]) -> tuple[Float32, Float32]:
        """Along the eye and down, (h, w) each, of every pixel."""
        y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        return tuple(np.float32(axis[0]) * x + np.float32(axis[1]) * y for axis in (self.right, self.down))


def _height(curve: Array, right: Array, along: Array) -> Array:
    down = np.array([-right[1], right[0]])
    # A lid may turn back a little at its corners: there it ends.
    return np.interp(along, np.maximum.accumulate(curve @ right), curve @ down)


def heights(table: Array, along: Array, places: Array) -> Float32:
    """``table`` (N,), known at the evenly spaced ``along`` (N,), read at ``places`` (h, w)."""
    step = max(float(along[-1] - along[0]) / (len(along) - 1), 1e-6)
    columns = ((places - np.float32(along[0])) * np.float32(1 / step)).astype(np.float32)
    row = np.ascontiguousarray(table[None], np.float32)
    found = cv2.remap(row, columns, np.zeros_like(columns), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found)


@dataclass(frozen=True)
class Lashes:
    """The photo's lashes, rectified: rows go down from ``top`` px to the lid's edge and beyond, columns along
    the eye from ``left`` px of it.

    ``cover``: (rows, columns) in [0, 1]; ``colour``: (3,); ``roots``: height in px of their line above the edge.
    """

    cover: Float32
    colour: Float32
    roots: float
    left: float
    top: float


@dataclass(frozen=True)
class Lid:
    """``skin``: (h, w, 3) float32, the photo with skin where eye and lashes were; ``lashes`` to lay over it."""

    skin: Float32
    lashes: Lashes


def _roots(crop: Float32, edges: LidEdges, iod: float) -> float:
    """Height in px of the dark line above the lid's edge, by where it gets half as bright as the skin."""
    along = np.linspace(edges.along[0], edges.along[-1], 25)[4:-4]
    upper = np.interp(along, edges.along, edges.upper)
    up = np.arange(0.0, (THICKEST_ROOTS + 0.015) * iod, 0.5)
    spots = along[:, None, None] * edges.right + (upper[:, None] - up)[..., None] * edges.down
    spots = spots.astype(np.float32)
    rows = luma(_read(crop, spots))
    half = 0.35 * rows.min(axis=1) + 0.65 * rows.max(axis=1)
    dark = np.argmax((rows > half[:, None]) & (np.arange(len(up)) > rows.argmin(axis=1)[:, None]), axis=1)
    return float(np.clip(np.median(up[dark]), THINNEST_ROOTS * iod, THICKEST_ROOTS * iod))


def _plain_skin(crop: Float32, hole: Array, like: Array, doubts: tuple[float, float]) -> Array:
    """(h, w): how far each pixel shows plain skin: no brow, no hair, no frame of glasses, and not in the ``hole``.

    ``like``: logarithm of the skin's colour, (3,) or (h, w, 3); ``doubts``: how much darker, and how differently
    coloured, skin may be.
    """
    unlike = np.log(np.maximum(crop, 1.0)) - like
    light = unlike.mean(axis=2)
    cast = np.abs(unlike - light[..., None]).max(axis=2)
    darker = light / np.where(light < 0, doubts[0], 0.5)
    return np.asarray((hole <= 0.05) * np.exp(-(darker**2) - (cast / doubts[1]) ** 2))


def _usual(crop: Float32, hole: Array, iod: float) -> Array:
    """(3,): logarithm of the colour of the skin around the ``hole``."""
    size = 2 * max(round(0.03 * iod), 2) + 1
    ring = (cv2.dilate(hole, np.ones((size, size), np.uint8)) > 0) & (hole <= 0.05)
    pixels = crop[ring] if ring.any() else crop.reshape(-1, 3)
    brightness = luma(pixels)
    low, high = np.quantile(brightness, (0.45, 0.8))
    skin = pixels[(brightness >= low) & (brightness <= high)]
    return np.asarray(np.log(np.maximum(np.median(skin, axis=0), 1.0)))


def _skin(crop: Float32, edges: LidEdges, light: Light, sizes: tuple[float, float]) -> Float32:
    """The crop with skin over the eye; ``sizes``: height of the lashes' roots in px, iod."""
    roots, iod = sizes
    s, v = edges.places(crop.shape)
    above = heights(edges.upper, edges.along, s) - v
    below = v - heights(edges.lower, edges.along, s)
    beside = np.maximum(edges.along[0] - s, s - edges.along[-1]) / iod
    eye = (above < roots + 0.006 * iod) & (below < UNDER_LOWER_LID * iod) & (beside < 0.012)
    lash = smoothstep(HAIR_ABOVE, 0.45 * HAIR_ABOVE, above / iod) * smoothstep(BESIDE, 0.7 * BESIDE, beside)
    lash *= below < UNDER_LOWER_LID * iod
    hole = eye.astype(np.float32)
    smooth: Array = cv2.GaussianBlur(crop, (0, 0), max(0.004 * iod, 0.5))
    wide = np.maximum(hole, (lash > 0.5) & (above < 0.055 * iod)).astype(np.float32)
    rough = filled(smooth, _plain_skin(smooth, wide, _usual(smooth, wide, iod), (0.4, 0.3)))
    rough = cv2.GaussianBlur(rough, (0, 0), 0.02 * iod)
    skin = filled(smooth, _plain_skin(smooth, hole, np.log(np.maximum(rough, 1.0)), (0.16, 0.12)))
    skin = cv2.GaussianBlur(skin, (0, 0), 0.010 * iod) + _grain(crop.shape, light)[..., None]
    soft = cv2.GaussianBlur(np.maximum(hole, lash).astype(np.float32), (0, 0), max(0.005 * iod, 0.5))[..., None]
    return np.asarray(crop + (skin - crop) * soft, np.float32)


def _grain(shape: tuple[int, ...], light: Light) -> Float32:
    """(h, w): noise as strong and as soft as the photo's."""
    noise = np.random.default_rng(4).normal(0, 1, shape[:2]).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), max(light.blur, 0.4))
    return np.asarray(noise * (light.grain / max(float(noise.std()), 1e-3)), np.float32)


def _lashes(crop: Float32, skin: Float32, edges: LidEdges, sizes: tuple[float, float]) -> Lashes:
    roots, iod = sizes
    left, top = edges.along[0] - BESIDE * iod, -HAIR_ABOVE * iod
    s = np.arange(left, edges.along[-1] + BESIDE * iod, 1.0)
    t = np.arange(top, ROOTS_BELOW * iod, 1.0)
    v = np.interp(s, edges.along, edges.upper) + t[:, None]
    spots = (s[:, None] * edges.right + v[..., None] * edges.down).astype(np.float32)
    photo, plain = (luma(_read(picture, spots)) for picture in (crop, skin))
    inside = (s > edges.along[0]) & (s < edges.along[-1])
    band = (t > -roots) & (t <= 0)
    dark = photo[np.ix_(band, inside)]
    lash = float(np.quantile(dark, 0.1)) if dark.size else float(photo.min())
    contrast = np.maximum(plain - lash, FAINTEST_LASHES)
    cover = np.clip((plain - photo - 0.12 * contrast) / (0.8 * contrast), 0, 1).astype(np.float32)
    beside = np.maximum(edges.along[0] - s, s - edges.along[-1]) / iod
    thick = _thickness(cover[(t > -THICKEST_ROOTS * iod) & (t <= 0)], inside, iod)
    fade = smoothstep(-HAIR_ABOVE, -0.75 * HAIR_ABOVE, t / iod)[:, None] * smoothstep(
        BESIDE, 0.6 * BESIDE, beside
    )
    both = np.maximum(_line(t[:, None], thick, iod), _narrow(cover, iod) * fade * (t[:, None] < 0))
    colour = _darkest(crop, spots[np.ix_(band, inside)], lash)
    return Lashes(
        np.asarray(both, np.float32), colour, float(thick.max()) + _softness(iod), float(left), float(top)
    )


def _thickness(cover: Array, inside: Array, iod: float) -> Array:
    """(columns,): thickness in px of the line of roots by the ``cover`` (rows, columns) above the lid's edge."""
    thick = np.where(inside, cover.sum(axis=0), 0.0)
    usual = float(np.median(thick[inside])) if inside.any() else 0.0
    # An iris that shows above the edge looks like a line of any thickness: none is much thicker than the rest.
    thick = np.minimum(thick, min(1.3 * usual, MOST_ROOTS * iod))
    even: Array = cv2.GaussianBlur(thick[None].astype(np.float32), (0, 0), 0.03 * iod)
    place = np.flatnonzero(inside)
    ends = np.minimum(np.arange(len(thick)) - place[0], place[-1] - np.arange(len(thick))) if len(place) else 0
    return even[0] * np.clip(ends / (TAPER * iod), 0, 1) ** 0.7


def _line(below: Array, thick: Array, iod: float) -> Array:
    """(rows, columns): cover of a line ``thick`` px (columns,) above the edge; ``below``: (rows, 1) px under it."""
    soft = _softness(iod)
    strength = np.minimum(thick / max(0.007 * iod, 0.5), 1.0)
    return 0.85 * strength * smoothstep(-soft, soft, below + thick) * smoothstep(1.5 * soft, -0.5 * soft, below)


def _softness(iod: float) -> float:
    """Half the width in px of the line's soft border."""
    return max(0.006 * iod, 0.7)


def _narrow(cover: Float32, iod: float) -> Float32:
    """The part of ``cover`` that is narrow along the rows and long across: hairs, but no crease and no iris."""
    wide: Array = cv2.morphologyEx(
        cover, cv2.MORPH_OPEN, np.ones((1, max(round(HAIR_WIDTH * iod), 2) + 1), np.uint8)
    )
    hairs = cover - wide
    half = max(round(0.5 * HAIR_LENGTH * iod), 1)
    slanted = [
        cv2.morphologyEx(hairs, cv2.MORPH_OPEN, _slanted(half, slope)) for slope in (-1, -0.5, 0, 0.5, 1)
    ]
    return np.asarray(np.max(slanted, axis=0), np.float32)


def _slanted(half: int, slope: float) -> Array:
    """A line of ``2 * half + 1`` rows as a structuring element."""
    line = np.zeros((2 * half + 1, 2 * half + 1), np.uint8)
    away = round(slope * half)
    cv2.line(line, (half - away, 0), (half + away, 2 * half), 1)
    return line


def _read(picture: Float32, spots: Float32) -> Float32:
    """``picture`` at ``spots`` (..., 2) px."""
    return np.asarray(
        cv2.remap(picture, spots[..., 0], spots[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def _darkest(crop: Float32, spots: Array, level: float) -> Float32:
    """(3,): colour of the pixels at ``spots`` that are about as dark as ``level``."""
    if not spots.size:
        return np.full(3, level, np.float32)
    pixels = _read(crop, spots).reshape(-1, 3)
    dark = pixels[luma(pixels) <= level + 4]
    return np.median(dark if len(dark) else pixels, axis=0).astype(np.float32)


def measure_lid(crop: Float32, edges: LidEdges, look: tuple[Light, float]) -> Lid:
    """The upper lid of an eye: ``crop`` (h, w, 3) with its ``edges``; ``look``: the photo's light, iod in px."""
    light, iod = look
    sizes = _roots(crop, edges, iod), iod
    skin = _skin(crop, edges, light, sizes)
    return Lid(skin, _lashes(crop, skin, edges, sizes))
