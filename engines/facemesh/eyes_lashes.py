"""The photo's own lashes, to be laid along the edge of a moving lid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import smoothstep
from engines.facemesh.eyes_edges import LidEdges
from engines.facemesh.mouth_light import luma
from engines.types import Float32

Array = NDArray[Any]

HAIR_ABOVE, ROOTS_BELOW, BESIDE = 0.085, 0.03, 0.07
"""Lashes are looked for this far above and below the edge of the upper lid and beside its corners, in iod."""

THINNEST_ROOTS, THICKEST_ROOTS = 0.012, 0.040
"""Height in iod of the dark line that the lashes' roots, or a drawn outline, make above the edge of the lid."""

MOST_ROOTS = 0.014
"""The line that is drawn for them is at most this high, in iod."""

ALIKE = 0.8, 1.25
"""The line of one eye is at least and at most so thick, relative to the mean of both."""

TAPER = 0.09
"""The line thins out over this length towards the corners, in iod."""

HAIR_WIDTH, HAIR_LENGTH = 0.024, 0.026
"""Dark things at most so wide along the lid and at least so high are hairs; in iod."""

DARKEST = 0.88
"""Cover of the line."""

FAINTEST_LASHES = 14.0
"""Grey levels by which lashes must be darker than the skin."""


@dataclass(frozen=True)
class Lashes:
    """The photo's lashes, rectified: rows go down from ``top`` px to the lid's edge and beyond, columns along
    the eye from ``left`` px of it.

    ``cover``: (rows, columns) in [0, 1]; ``colour``: (3,); ``roots``: height in px of their line above the
    edge.
    """

    cover: Float32
    colour: Float32
    roots: float
    left: float
    top: float


def roots_height(crop: Float32, edges: LidEdges, iod: float) -> float:
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


@dataclass(frozen=True)
class SeenLashes:
    """What a photo shows of one eye's lashes, rectified as in ``Lashes``.

    ``hairs``: (rows, columns), cover of single hairs; ``below``: (rows,), px under the lid's edge; ``thick``:
    (columns,), thickness in px of the roots' line; ``inside``: (columns,) bool, between the corners.
    """

    hairs: Float32
    below: Array
    thick: Array
    inside: Array
    colour: Float32
    left: float
    top: float

    @property
    def usual(self) -> float:
        """The line's usual thickness in px."""
        return float(np.median(self.thick[self.inside])) if self.inside.any() else 0.0


def matched(pair: Sequence[SeenLashes], iod: float) -> list[Lashes]:
    """The lashes of both eyes, about as heavy and as dark as each other, as they are on one face."""
    colour = min((seen.colour for seen in pair), key=luma)
    usual = min(float(np.mean([seen.usual for seen in pair])), MOST_ROOTS * iod)
    return [_drawn(seen, colour, usual, iod) for seen in pair]


def _drawn(seen: SeenLashes, colour: Float32, usual: float, iod: float) -> Lashes:
    thick = _even(np.clip(seen.thick, ALIKE[0] * usual, ALIKE[1] * usual) * seen.inside, seen.inside, iod)
    both = np.maximum(_line(seen.below[:, None], thick, iod), seen.hairs)
    return Lashes(
        np.asarray(both, np.float32), colour, float(thick.max()) + _softness(iod), seen.left, seen.top
    )


def see_lashes(crop: Float32, skin: Float32, edges: LidEdges, sizes: tuple[float, float]) -> SeenLashes:
    """The lashes of a ``crop`` (h, w, 3), seen against its ``skin`` without them.

    ``sizes``: height of the dark line above the lid's edge in px, iod in px.
    """
    roots, iod = sizes
    left, top = edges.along[0] - BESIDE * iod, -HAIR_ABOVE * iod
    s = np.arange(left, edges.along[-1] + BESIDE * iod, 1.0)
    t = np.arange(top, ROOTS_BELOW * iod, 1.0)
    v = np.interp(s, edges.along, edges.upper) + t[:, None]
    spots = (s[:, None] * edges.right + v[..., None] * edges.down).astype(np.float32)
    inside = edges.beside(s) < 0
    colour = _darkest(_read(crop, spots)[np.ix_((t > -roots) & (t <= 0), inside)], crop)
    cover = _cover(luma(_read(crop, spots)), luma(_read(skin, spots)), float(luma(colour)))
    thick = cover[(t > -THICKEST_ROOTS * iod) & (t <= 0)].sum(axis=0) * inside
    beside = edges.beside(s) / iod
    above = t[:, None] / iod
    fade = smoothstep(-HAIR_ABOVE, -0.75 * HAIR_ABOVE, above) * smoothstep(BESIDE, 0.6 * BESIDE, beside)
    hairs = np.asarray(_narrow(cover, iod) * fade * (above < 0), np.float32)
    return SeenLashes(hairs, t, thick, inside, colour, float(left), float(top))


def _cover(photo: Array, plain: Array, lash: float) -> Float32:
    """(rows, columns): share of lashes by the grey of the ``photo``, of ``plain`` skin and of a ``lash``."""
    contrast = np.maximum(plain - lash, FAINTEST_LASHES)
    return np.asarray(np.clip((plain - photo - 0.12 * contrast) / (0.8 * contrast), 0, 1), np.float32)


def _darkest(pixels: Array, crop: Float32) -> Float32:
    """(3,): colour of the darkest tenth of ``pixels`` (..., 3), or of ``crop`` if there are none."""
    flat = (pixels if pixels.size else crop).reshape(-1, 3)
    brightness = luma(flat)
    dark = flat[brightness <= np.quantile(brightness, 0.1) + 4]
    return np.asarray(np.median(dark, axis=0), np.float32)


def _even(thick: Array, inside: Array, iod: float) -> Array:
    """(columns,): the line's thickness in px without jumps, thinning out towards the corners."""
    even: Array = cv2.GaussianBlur(thick[None].astype(np.float32), (0, 0), 0.03 * iod)
    to_corner = np.minimum(np.cumsum(inside), np.cumsum(inside[::-1])[::-1]) * inside
    return np.asarray(even[0] * np.clip(to_corner / (TAPER * iod), 0, 1) ** 0.8)


def _line(below: Array, thick: Array, iod: float) -> Array:
    """(rows, columns): a line ``thick`` px (columns,) high above the edge; ``below``: (rows, 1) px under it."""
    soft = _softness(iod)
    strength = np.minimum(thick / max(0.007 * iod, 0.5), 1.0)
    ends = smoothstep(-soft, soft, below + thick) * smoothstep(1.5 * soft, -0.5 * soft, below)
    return np.asarray(DARKEST * strength * ends)


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
