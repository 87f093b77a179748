"""The upper lid: its skin as it comes down over the eye, the crease it leaves, lash line and lashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import Window, coverage, outline, smoothstep
from engines.facemesh.eyes_ball import filled
from engines.facemesh.mouth_light import Light, luma
from engines.types import Float32

Array = NDArray[Any]

LASHES_COVERED = 0.4
"""Share of a blink by which the skin of the lid has covered the lashes as the photo shows them."""

CLEAR_OF_LASHES = 0.032
"""Skin is trusted from this far around the opening of the eye, in iod."""

FAINTEST_LINE = 0.55
"""The line between closed lids is at most this bright, relative to the skin."""

LASH_HAIRS = 15
"""Hairs drawn on a closed lid."""

LASH_LENGTH = 0.045
"""Length of a lash in iod (about 4 mm seen from the front; lashes are 8 mm long and point to the viewer)."""


@dataclass(frozen=True)
class Lid:
    """``skin``: (h, w, 3) float32, the lid's skin over the whole crop. ``lash``: (3,) colour of the lash line;
    ``strength``: 0..1, how strongly the photo shows it; ``hairs``: 0..1, whether it is of hair, not of shade.
    """

    skin: Float32
    lash: Float32
    strength: float
    hairs: float


def _band(crop: Float32, edge: Array, down: Array, near: float, far: float) -> Array:
    """(steps, points, 3): the crop along the curve ``edge`` (N, 2), moved up by ``near`` to ``far`` px."""
    offsets = np.linspace(near, far, 6)[:, None, None] * down
    places = (edge[None] - offsets).astype(np.float32)
    return np.asarray(
        cv2.remap(crop, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def _surroundings(crop: Float32, mask: Float32, iod: float) -> Array:
    """(h, w): how far each pixel shows plain skin around the eye: clear of lashes, brows, hair and glasses."""
    radius = max(round(CLEAR_OF_LASHES * iod), 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    outside = cv2.dilate((mask > 0.05).astype(np.uint8), disc) == 0
    level = np.log(np.maximum(luma(cv2.GaussianBlur(crop, (0, 0), 0.008 * iod)), 1.0))
    usual = np.median(level[outside]) if outside.any() else np.median(level)
    # Shadowed skin is only a little darker than the rest; brows and frames are far darker.
    return np.asarray(outside * np.exp(-(((level - usual) / 0.35) ** 2)))


def _skin(crop: Float32, mask: Float32, light: Light, iod: float) -> Float32:
    """Skin over the whole crop, spun between the skin above, below and beside the eye."""
    skin: Array = filled(crop, _surroundings(crop, mask, iod), 0.035 * iod)
    skin = cv2.GaussianBlur(skin, (0, 0), 0.02 * iod)
    noise = np.random.default_rng(4).normal(0, light.grain, crop.shape[:2]).astype(np.float32)
    return np.asarray(skin + noise[..., None], np.float32)


def measure_lid(crop: Float32, mask: Float32, edge: Array, down: Array, look: tuple[Light, float]) -> Lid:
    """The upper lid of an eye.

    ``crop``: (h, w, 3); ``mask``: (h, w) opening of the lids; ``edge``: (N, 2) of the upper lid, crop px;
    ``down``: (2,) unit px; ``look``: the photo's light and the face's iod in px.
    """
    light, iod = look
    skin = _skin(crop, mask, light, iod)
    band = _band(crop, edge[2:-2], down, -0.012 * iod, 0.014 * iod)
    darkest = band[luma(band).argmin(axis=0), np.arange(band.shape[1])]
    lash = np.median(darkest, axis=0).astype(np.float32)
    beside = np.median(skin[mask > 0.5], axis=0) if mask.max() > 0.5 else skin.mean(axis=(0, 1))
    contrast = 1 - float(luma(lash)) / max(float(luma(beside)), 1.0)
    # Where a photo shows no lashes, the lids still meet in a line of shade.
    line = np.minimum(lash, FAINTEST_LINE * beside).astype(np.float32)
    strength = float(np.clip(0.35 + 1.3 * contrast, 0.5, 1.0))
    return Lid(skin, line, strength, float(np.clip((contrast - 0.5) / 0.15, 0.0, 1.0)))


def lid_area(edges: tuple[Array, Array], window: Window, down: Array, iod: float, closed: float) -> Float32:
    """(h, w): where the upper lid covers what was open in the photo.

    ``edges``: the lid's edge in the photo and now, (N, 2) px each; ``closed``: 0 open .. 1 shut.
    """
    still, now = edges
    # The skin is laid from a little above the old edge, to hide the lashes that the warp has drawn out.
    above = still - down * ((0.006 + 0.024 * float(smoothstep(0.0, LASHES_COVERED, closed))) * iod)
    return coverage(outline(above, now), window, max(0.007 * iod, 0.6))


def widened(area: Float32, radius: float) -> Float32:
    """``area`` (h, w) grown by ``radius`` px: a drawn eye's outline goes under the lid too."""
    side = 2 * round(radius) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(area, disc), np.float32)


def convex_shade(area: Float32, iod: float) -> Float32:
    """(h, w): the lid bulges over the eyeball, lighter in its middle than at its borders."""
    inner: Array = cv2.GaussianBlur(area, (0, 0), 0.028 * iod)
    return np.asarray(0.86 + 0.17 * inner, np.float32)


def stroke(shape: tuple[int, ...], curve: Array, down: Array, width: float, softness: float) -> Float32:
    """(h, w) in [0, 1]: a soft line along ``curve`` (N, 2) window px, ``width`` px wide, with pointed ends."""
    share = np.linspace(0, 1, len(curve))[:, None]
    half = 0.5 * width * np.sin(np.pi * np.clip(share, 0.02, 0.98)) ** 0.6 * down
    window = Window(0, 0, shape[1], shape[0])
    return coverage(outline(curve - half, curve + half), window, max(softness, 0.4))


def hairs(shape: tuple[int, ...], curve: Array, down: Array, iod: float) -> Float32:
    """(h, w) in [0, 1]: lashes that hang from ``curve`` (N, 2) window px of a closed lid, fanned outwards."""
    canvas = np.zeros(shape[:2], np.uint8)
    places = np.linspace(0.10, 0.94, LASH_HAIRS)
    roots = np.stack([np.interp(places, np.linspace(0, 1, len(curve)), curve[:, c]) for c in (0, 1)], axis=1)
    uneven = np.random.default_rng(6).uniform(0.75, 1.15, LASH_HAIRS)
    size = (LASH_LENGTH * iod * uneven * (0.75 + 0.25 * np.sin(np.pi * places)))[:, None]
    fan = np.array([down[1], -down[0]]) * (2 * places - 1)[:, None]
    bend = roots + (0.45 * down + 0.19 * fan) * size
    tip = bend + (0.18 * down + 0.36 * fan) * size
    paths = np.round(np.stack([roots, bend, tip], axis=1) * 16).astype(np.int32)
    cv2.polylines(canvas, list(paths), False, 200, max(round(0.006 * iod), 1), cv2.LINE_AA, 4)
    soft: Array = cv2.GaussianBlur(canvas, (0, 0), max(0.0025 * iod, 0.5))
    return np.asarray(soft * np.float32(1 / 255), np.float32)
