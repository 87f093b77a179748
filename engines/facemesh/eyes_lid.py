"""The upper lid: skin where the photo shows the eye, and the photo's own lashes, to be laid along its edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import smoothstep
from engines.facemesh.eyes_edges import LidEdges, heights
from engines.facemesh.eyes_fill import filled
from engines.facemesh.eyes_lashes import BESIDE, HAIR_ABOVE, SeenLashes, roots_height, see_lashes
from engines.facemesh.mouth_light import Light, luma
from engines.types import Float32

Array = NDArray[Any]

UNDER_LOWER_LID = 0.014
"""A shut eye's skin goes on this far below the edge of the lower lid, in iod."""

FAR_DOUBTS, NEAR_DOUBTS = (0.4, 0.3), (0.16, 0.12)
"""How much darker, and how differently coloured, pixels may be that pass for skin; logarithms."""


LEAST_LIGHT, SOFT_LIGHT, MOST_CAST = -0.13, 0.06, 0.06
"""How much darker than the skin around the eye a lid may be at most, how gently that limit sets in, and how
differently coloured; logarithms."""

CLOSE_BY, AROUND = 0.03, 0.06
"""How far from an eye skin tells what skin looks like there, and what a shut lid looks like, in iod."""


@dataclass(frozen=True)
class Lid:
    """``skin``: (h, w, 3) float32, the photo with skin where eye and lashes were; ``lashes`` as it shows."""

    skin: Float32
    lashes: SeenLashes


def _plain_skin(crop: Float32, hole: Array, like: Array, doubts: tuple[float, float]) -> Array:
    """(h, w): how far each pixel shows plain skin: not in the ``hole``, no brow, no hair, no frame of glasses.

    ``like``: logarithm of the skin's colour, (3,) or (h, w, 3); ``doubts``: how much darker, and how
    differently coloured, skin may be.
    """
    unlike = np.log(np.maximum(crop, 1.0)) - like
    light = unlike.mean(axis=2)
    cast = np.abs(unlike - light[..., None]).max(axis=2)
    darker = light / np.where(light < 0, doubts[0], 0.5)
    return np.asarray((hole <= 0.05) * np.exp(-(darker**2) - (cast / doubts[1]) ** 2))


def _usual(crop: Float32, hole: Array, reach: float) -> Array:
    """(3,): logarithm of the colour of the skin around the ``hole``, up to ``reach`` px from it."""
    size = 2 * max(round(reach), 2) + 1
    ring = (cv2.dilate(hole, np.ones((size, size), np.uint8)) > 0) & (hole <= 0.05)
    pixels = crop[ring] if ring.any() else crop.reshape(-1, 3)
    brightness = luma(pixels)
    low, high = np.quantile(brightness, (0.45, 0.8))
    skin = pixels[(brightness >= low) & (brightness <= high)]
    return np.asarray(np.log(np.maximum(np.median(skin, axis=0), 1.0)))


def _skin(seen: tuple[Float32, Array], edges: LidEdges, light: Light, sizes: tuple[float, float]) -> Float32:
    """The crop with skin over the eye; ``seen``: it and what is hidden; ``sizes``: height of the lashes' roots
    in px, iod.
    """
    crop, iod = seen[0], sizes[1]
    hole, lash, wide = _covered(crop.shape, edges, sizes)
    smooth: Array = cv2.GaussianBlur(crop, (0, 0), max(0.004 * iod, 0.5))
    # What is skin close to the eye is judged by the skin further off.
    wide, unseen = (np.maximum(area, seen[1]).astype(np.float32) for area in (wide, hole))
    rough = filled(smooth, _plain_skin(smooth, wide, _usual(smooth, wide, CLOSE_BY * iod), FAR_DOUBTS))
    like: Array = np.log(np.maximum(cv2.GaussianBlur(rough, (0, 0), 0.02 * iod), 1.0))
    skin: Array = cv2.GaussianBlur(
        filled(smooth, _plain_skin(smooth, unseen, like, NEAR_DOUBTS)), (0, 0), 0.01 * iod
    )
    skin = _in_light(skin, _usual(smooth, wide, AROUND * iod)) + _grain(crop.shape, light)[..., None]
    soft: Array = cv2.GaussianBlur(np.maximum(hole, lash), (0, 0), max(0.005 * iod, 0.5))
    return np.asarray(crop + (skin - crop) * soft[..., None], np.float32)


def _in_light(skin: Array, usual: Array) -> Array:
    """(h, w, 3): lids as bright and as coloured as the skin around the eye: what is seen of an open eye's lid
    lies in the shade of its crease and of its lashes. ``usual``: (3,) logarithm of that skin's colour."""
    unlike = np.log(np.maximum(skin, 1.0)) - usual
    light = unlike.mean(axis=2, keepdims=True)
    cast = np.clip(unlike - light, -MOST_CAST, MOST_CAST)
    light = LEAST_LIGHT + SOFT_LIGHT * np.logaddexp(0.0, (light - LEAST_LIGHT) / SOFT_LIGHT)
    return np.asarray(np.exp(usual + light + cast))


def _covered(
    shape: tuple[int, ...], edges: LidEdges, sizes: tuple[float, float]
) -> tuple[Float32, Float32, Float32]:
    """(h, w) each: the eye and its outline, where lashes may be, and both as far as lashes are thick."""
    roots, iod = sizes
    s, v = edges.places(shape)
    above = (heights(edges.upper, edges.along, s) - v) / iod
    below = (v - heights(edges.lower, edges.along, s)) / iod
    beside = edges.beside(s) / iod
    low = below < UNDER_LOWER_LID
    hole = (above < roots / iod + 0.006) & low & (beside < 0.012)
    lash = smoothstep(HAIR_ABOVE, 0.45 * HAIR_ABOVE, above) * smoothstep(BESIDE, 0.7 * BESIDE, beside) * low
    wide = hole | ((lash > 0.5) & (above < 0.65 * HAIR_ABOVE))
    eye, hairs, both = (np.asarray(area, np.float32) for area in (hole, lash, wide))
    return eye, hairs, both


def _grain(shape: tuple[int, ...], light: Light) -> Float32:
    """(h, w): noise as strong and as soft as the photo's."""
    noise = np.random.default_rng(4).normal(0, 1, shape[:2]).astype(np.float32)
    soft: Array = cv2.GaussianBlur(noise, (0, 0), max(light.blur, 0.4))
    return np.asarray(soft * (light.grain / max(float(soft.std()), 1e-3)), np.float32)


def measure_lid(crop: Float32, hidden: Array, edges: LidEdges, look: tuple[Light, float]) -> Lid:
    """The upper lid of an eye: ``crop`` (h, w, 3), its ``edges``, the photo's light and iod in px.

    ``hidden``: (h, w), 1 where the photo shows something before the face.
    """
    light, iod = look
    sizes = roots_height(crop, edges, iod), iod
    skin = _skin((crop, hidden), edges, light, sizes)
    return Lid(skin, see_lashes(crop, skin, edges, sizes))
