"""The eyeball behind the lids: the photo's own eye, made whole where lids, lashes and reflections cover it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import smoothstep
from engines.facemesh.eyes_iris import Iris
from engines.facemesh.mouth_light import luma
from engines.types import Float32

Array = NDArray[Any]

LASH_BAND = 0.016
"""Lashes and the shade of the upper lid cover this much of the eyeball below the lid's edge, in iod."""

FIELD_REACH = 2.2
"""The white moves with the iris out to this many of its radii."""


@dataclass(frozen=True)
class Eyeball:
    """One eye as a crop of the photo, (h, w) px.

    ``clean``: (h, w, 3) without lashes and reflections, whole behind the lids. ``glint``: (h, w, 3), the
    reflections to add. ``field``: (h, w), how much of a shift of the gaze each pixel follows. ``shade``: light
    that the upper lid's shadow leaves beside the lid.
    """

    clean: Float32
    glint: Float32
    field: Float32
    shade: float


def filled(crop: Float32, known: Array, reach: float) -> Float32:
    """``crop`` where ``known`` (h, w) is 1, its blurred surroundings elsewhere (normalised convolution)."""
    weight = known.astype(np.float32)
    total = weight.sum()
    mean = (crop * weight[..., None]).sum(axis=(0, 1)) / max(float(total), 1e-3)
    colour, share = np.zeros_like(crop), np.full(weight.shape, 1e-3, np.float32)
    for scale, vote in ((reach, 1.0), (3 * reach, 0.03)):
        colour += vote * cv2.GaussianBlur(crop * weight[..., None], (0, 0), scale)
        share += vote * cv2.GaussianBlur(weight, (0, 0), scale)
    around = (colour + mean * 1e-3) / share[..., None]
    return np.asarray(around + (crop - around) * weight[..., None], np.float32)


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
    spot = smoothstep(22, 55, brighter) * smoothstep(1.0, 0.85, distance) * open_area
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


def _field(shape: tuple[int, ...], iris: Iris) -> Float32:
    """1 on the iris and its rim, falling to 0 at ``FIELD_REACH`` radii."""
    return np.asarray(smoothstep(FIELD_REACH, 1.15, _distance(shape, iris)), np.float32)


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
        clean = filled(crop, trusted, 0.03 * iod)
        return Eyeball(clean, np.zeros_like(crop), np.zeros_like(mask), _shade(crop, clean, mask, trusted))
    distance = _distance(crop.shape, iris)
    white = filled(crop, trusted * smoothstep(1.15, 1.35, distance), 0.03 * iod)
    whole, glint = _whole_iris(crop, iris, trusted, iod)
    clean = white + (whole - white) * smoothstep(1.22, 1.02, distance)[..., None]
    clean = np.asarray(np.clip(clean, 0, 255), np.float32)
    return Eyeball(clean, glint, _field(mask.shape, iris), _shade(crop, clean, mask, trusted))
