"""The eyeball behind the lids: the photo's own eye, made whole where lids, lashes and reflections cover it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import smoothstep
from engines.facemesh.eyes_fill import filled
from engines.facemesh.eyes_iris import Iris
from engines.facemesh.mouth_light import luma
from engines.types import Float32

Array = NDArray[Any]

LASH_BAND = 0.016
"""Lashes and the shade of the upper lid cover this much of the eyeball below the lid's edge, in iod."""

WHITE_FROM = 0.45
"""The white of an eye is at least this bright, relative to the brightest that is seen of it."""


@dataclass(frozen=True)
class Eyeball:
    """One eye as a crop of the photo, (h, w) px.

    ``white``: (h, w, 3), the eyeball without lashes, reflections and iris, whole behind the lids. ``iris``:
    (h, w, 4), colour and cover of the whole iris. ``glint``: (h, w, 3), the reflections to add. ``shade``:
    light that the upper lid's shadow leaves beside the lid.
    """

    white: Float32
    iris: Float32
    glint: Float32
    shade: float


def _distance(shape: tuple[int, ...], iris: Iris) -> Array:
    """(h, w): distance from the middle of the iris in its radii."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return np.asarray(np.hypot(x - iris.x, y - iris.y) / iris.radius)


def _rings(distance: Array) -> Array:
    """(h, w): number of the ring around the middle of the iris, 12 to a radius."""
    return np.asarray(np.minimum((distance * 12).astype(int), 17))


def _ring_colours(crop: Float32, distance: Array, known: Array) -> Float32:
    """(18, 3): median colour of each ring where known; unknown rings repeat their inner neighbour."""
    rings = _rings(distance)
    colours: list[Array] = []
    for ring in range(18):
        pixels = crop[(rings == ring) & known]
        if len(pixels) < 3:
            pixels = colours[-1][None] if colours else crop[known & (distance < 1)].reshape(-1, 3)
        colours.append(np.median(pixels, axis=0) if len(pixels) else crop.mean(axis=(0, 1)))
    return np.asarray(colours, np.float32)


def _mirrored(image: Float32, iris: Iris) -> Float32:
    """``image`` upside down about the middle of the iris."""
    flip = np.array([[1, 0, 0], [0, -1, 2 * iris.y]], np.float64)
    size = (image.shape[1], image.shape[0])
    turned: Array = cv2.warpAffine(image, flip, size, flags=cv2.INTER_LINEAR)
    return turned


def _whole_iris(crop: Float32, iris: Iris, open_area: Float32, iod: float) -> tuple[Float32, Float32]:
    """The iris with its hidden parts filled in and without reflections, and the reflections: (h, w, 3) each."""
    distance = _distance(crop.shape, iris)
    typical: Array = _ring_colours(crop, distance, open_area > 0.9)[_rings(distance)]
    typical = cv2.GaussianBlur(typical, (0, 0), 0.012 * iod)
    brighter = luma(crop) - luma(typical)
    # A reflection is as white as the light; a bright part of a coloured iris is not.
    white = np.quantile(crop[open_area > 0.5].min(axis=-1), 0.9) if (open_area > 0.5).any() else 128.0
    spot = smoothstep(22, 55, brighter) * smoothstep(1.0, 0.85, distance) * open_area
    spot = spot * smoothstep(0.45, 0.75, crop.min(axis=2) / max(float(white), 1.0))
    spot = cv2.dilate(spot.astype(np.float32), np.ones((3, 3)))
    matte = crop + (typical - crop) * spot[..., None]
    glint = np.maximum(crop - matte, 0) * open_area[..., None]
    mirror = _mirrored(np.dstack([matte, open_area]), iris)
    behind = typical + (mirror[..., :3] - typical) * mirror[..., 3:]
    whole = behind + (matte - behind) * open_area[..., None]
    return np.asarray(whole, np.float32), np.asarray(glint, np.float32)


def _shade(crop: Float32, clean: Float32, mask: Float32, trusted: Float32) -> float:
    """Light left beside the upper lid: how much darker the photo is there than the cleaned eyeball."""
    beside = (mask > 0.5) & (trusted < 0.5)
    if beside.sum() < 4:
        return 0.75
    ratio = np.median(luma(crop[beside])) / max(float(np.median(luma(clean[beside]))), 1.0)
    return float(np.clip(ratio, 0.5, 0.92))


def _white(crop: Float32, seen: Array) -> Float32:
    """The white of the eye over the whole crop; ``seen`` (h, w): where nothing but it can be."""
    surely = seen > 0.9
    if not surely.any():
        return filled(crop, np.zeros_like(seen))
    brightness: Array = cv2.GaussianBlur(luma(crop), (0, 0), 1.0)
    brightest = float(np.quantile(brightness[surely], 0.9))
    return filled(
        crop, seen * smoothstep(WHITE_FROM - 0.12, WHITE_FROM + 0.08, brightness / max(brightest, 1.0))
    )


def trusted_area(mask: Float32, down: Array, iod: float) -> Float32:
    """(h, w): the opening ``mask`` without the band of lashes and shadow below the upper lid."""
    size = (mask.shape[1], mask.shape[0])
    shift = np.column_stack([np.eye(2), down * LASH_BAND * iod])
    lowered: Array = cv2.warpAffine(mask, shift, size, flags=cv2.INTER_LINEAR)
    both = np.minimum(mask, lowered)
    soft: Array = cv2.GaussianBlur(both, (0, 0), max(0.006 * iod, 0.5))
    return np.asarray(np.minimum(both, np.clip(1.6 * soft, 0, 1)), np.float32)


def complete_eyeball(crop: Float32, mask: Float32, trusted: Float32, iris: Iris | None, iod: float) -> Eyeball:
    """The whole eyeball of an eye.

    ``crop``: (h, w, 3); ``mask``: (h, w), opening of the lids; ``trusted``: (h, w), the part of it that shows
    nothing but eyeball.
    """
    if iris is None:
        white, none = filled(crop, trusted), np.zeros_like(crop)
        return Eyeball(white, np.zeros((*mask.shape, 4), np.float32), none, _shade(crop, white, mask, trusted))
    distance = _distance(crop.shape, iris)
    white = _white(crop, trusted * smoothstep(1.15, 1.35, distance))
    whole, glint = _whole_iris(crop, iris, trusted, iod)
    cover = smoothstep(1.22, 1.02, distance).astype(np.float32)
    clean = white + (whole - white) * cover[..., None]
    return Eyeball(white, np.dstack([whole, 255 * cover]), glint, _shade(crop, clean, mask, trusted))
