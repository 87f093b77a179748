"""The wet inner rim of the lips: it gives them thickness where they turn in towards the teeth.

Its colour is that of the lips beside it, frame by frame, so painted, stone and living lips all fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import smoothstep, threefold
from engines.types import Float32, Image

Array = NDArray[Any]

WIDTH = 0.0085
"""Softness of the rim's inner border, in iod (standard deviation)."""

LOWER_WIDER = 0.0065
"""One sees more of the lower lip's inner side than of the upper one's: it reaches this much further, in iod."""

NEIGHBOURHOOD = 0.022
"""The rim's colour is the mean of the lips within this reach, in iod (standard deviation)."""

TURNED_AWAY = 0.86, 0.36
"""Light left on the rim at the lip and where it disappears inside, both on the lower lip."""

DEEPER = np.array([1.0, 0.82, 0.84], np.float32)
"""The rim is wet and thin-skinned: deeper in colour than the dry lips, as far as they are red."""

LIFTED = 0.8
"""How much of the photo's black line between the lips gives way to the rim's colour when they part."""

LIFTED_TO = 0.80, 0.52
"""How bright it becomes, of the lip's own light: lower lip, and upper lip, which shades itself."""

WET = 0.11
"""Strength of the reflection on the lower rim."""

COARSE = 80.0
"""Colours are averaged with this many pixels per iod at most."""


@dataclass(frozen=True)
class RimLook:
    """What the rim of one frame looks like: ``iod`` in px; ``lips``: (3,) sRGB, the brightest it may be before
    light falls on it; ``redness``: 0 like stone, 1 like living lips; ``width``: 0..1, how far it shows."""

    iod: float
    lips: Float32
    redness: float
    width: float


@dataclass(frozen=True)
class Rim:
    """``colour``, ``lip``: (h, w, 3) RGB, wet and dry; ``cover``: (h, w) in [0, 1], within the opening."""

    colour: Float32
    cover: Float32
    lip: Float32


def paint_rim(pixels: Image, mask: Float32, light: Float32, look: RimLook) -> Rim:
    """The rim of an opening ``mask`` (h, w) between the lips of ``pixels`` (h, w, 3).

    ``light``: (h, w), how much of it reaches the inside of the mouth.
    """
    lip = np.minimum(_lips_nearby(pixels, mask, look.iod), look.lips)
    border = _towards_inside(mask, look)
    cover_at, shade_at = _tables()
    # A rim finer than a pixel must not cover one.
    share = min(WIDTH * look.width * look.iod / 0.8, 1.0)
    step = cv2.convertScaleAbs(border, alpha=255.0)
    cover = cv2.LUT(step, cover_at) * (mask * np.float32(share))
    shade = cv2.LUT(step, shade_at) * np.power(light, np.float32(0.4))
    deeper = 1 + (DEEPER - 1) * look.redness
    colour = lip * cv2.merge([shade * np.float32(part) for part in deeper])
    return Rim(colour.astype(np.float32), cover.astype(np.float32), lip)


@lru_cache(maxsize=1)
def _tables() -> tuple[Float32, Float32]:
    """(256,) each, over how far inside a pixel lies: cover of the rim, and light on it with its wet gleam."""
    border = np.linspace(0, 1, 256)
    near, far = TURNED_AWAY
    shade = near + (far - near) * smoothstep(0.16, 1.05, border)
    wet = np.exp(-(((border - 0.42) / 0.13) ** 2))
    cover = 1 - smoothstep(0.42, 0.95, border)
    return cover.astype(np.float32), (shade + WET * wet).astype(np.float32)


def lift_parting(pixels: Image, mask: Float32, rim: Rim, look: RimLook) -> None:
    """Take what is left of the black line between closed lips off the parted lips, in place."""
    near: Array = cv2.GaussianBlur(mask, (0, 0), max(1.6 * WIDTH * look.iod, 0.6))
    below = _moved(near, 1.8 * WIDTH * look.iod) - near
    share = smoothstep(0.04, 0.35, np.abs(below)) * np.float32(LIFTED * look.width)
    lower, upper = (np.float32(level) for level in LIFTED_TO)
    level = np.where(below > 0, lower, upper)
    bright = pixels.astype(np.float32)
    bright += np.maximum(threefold(level) * rim.lip - bright, 0) * threefold(share)
    pixels[...] = cv2.convertScaleAbs(bright)


def _moved(mask: Float32, down: float) -> Float32:
    affine = np.array([[1, 0, 0], [0, 1, down]], np.float64)
    moved: Array = cv2.warpAffine(mask, affine, mask.shape[::-1], flags=cv2.INTER_LINEAR)
    return moved


def _towards_inside(mask: Float32, look: RimLook) -> Float32:
    """(h, w): rises from the lips' edges into the opening, later from the lower lip than from the upper one."""
    scale = look.iod * look.width
    soft: Array = cv2.GaussianBlur(mask, (0, 0), max(WIDTH * scale, 0.5))
    return _moved(soft, -LOWER_WIDER * scale)


def _lips_nearby(pixels: Image, mask: Float32, iod: float) -> Float32:
    """(h, w, 3): mean colour of the lips near each pixel, the opening and its dark edge left out."""
    scale = min(1.0, COARSE / iod)
    height, width = mask.shape
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    opening = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    reach = NEIGHBOURHOOD * iod * scale
    edge: Array = cv2.GaussianBlur(opening, (0, 0), 0.5 * reach)
    weight = np.square(1 - smoothstep(0.05, 0.5, edge)) + np.float32(1e-4)
    weighted: Array = cv2.GaussianBlur(np.dstack([small * weight[..., None], weight]), (0, 0), reach)
    lip = weighted[..., :3] / np.maximum(weighted[..., 3:], 1e-6)
    return np.asarray(cv2.resize(lip.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR))
