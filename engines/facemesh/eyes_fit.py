"""Eyes larger than a person's: drawn figures whose lids lie outside the mesh points, found by their colours."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import Window, coverage, outline, smooth_curve
from engines.types import Float32, Image

Array = NDArray[Any]

LEAST_GROWTH = 0.018
"""Lower lids must lie this far outside the mesh, in iod and all along, before the mesh is doubted.

Landmarks of people err by less, and lashes, which look like a part of the eye, hang from upper lids mostly.
"""

MOST_GROWTH = 0.10
RIM = 0.014
"""The drawn outline of the eye, in iod: it belongs to the lids."""

SURELY_SKIN, LIKELY_EYE, SURELY_EYE = 0.085, 0.020, 0.012
"""Beyond, up to and within these distances from the mesh's opening, in iod, the colours are learned."""

FINEST = 96.0
"""Pixels per iod at which colours are compared: enough for a lid's place."""


def _disc(radius: float) -> Array:
    side = 2 * max(round(radius), 1) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))


def _eye_pixels(crop: Array, mask: Array, iod: float) -> Array:
    """(h, w) float32, 1 on the eye: GrabCut (Rother et al. 2004) started from the mesh's opening ``mask``."""
    opening = (mask > 0.5).astype(np.uint8)
    labels = np.full(mask.shape, cv2.GC_BGD, np.uint8)
    labels[cv2.dilate(opening, _disc(SURELY_SKIN * iod)) > 0] = cv2.GC_PR_BGD
    labels[cv2.dilate(opening, _disc(LIKELY_EYE * iod)) > 0] = cv2.GC_PR_FGD
    labels[cv2.erode(opening, _disc(SURELY_EYE * iod)) > 0] = cv2.GC_FGD
    if not all((labels == label).any() for label in (cv2.GC_BGD, cv2.GC_FGD)):
        return mask
    cv2.setRNGSeed(0)
    skin_model, eye_model = np.zeros((1, 65)), np.zeros((1, 65))
    # The rectangle is not used with a mask.
    nowhere = (0, 0, 1, 1)
    cv2.grabCut(np.ascontiguousarray(crop), labels, nowhere, skin_model, eye_model, 4, cv2.GC_INIT_WITH_MASK)
    eye = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(eye, cv2.MORPH_OPEN, _disc(0.02 * iod)), np.float32)


def _reach(eye: Array, centre: Array, ends: Array, iod: float) -> Array:
    """(N,) iod: how far the eye goes on beyond ``ends`` (N, 2), seen from ``centre``; all in px of ``eye``."""
    rays = ends - centre
    length = np.linalg.norm(rays, axis=1, keepdims=True)
    steps = np.arange(0.0, MOST_GROWTH * iod + float(length.max()), 0.5)
    places = centre + (rays / np.maximum(length, 1e-6))[:, None] * steps[:, None]
    on_eye = cv2.remap(
        eye, places[..., 0].astype(np.float32), places[..., 1].astype(np.float32), cv2.INTER_LINEAR
    )
    left = np.concatenate([on_eye < 0.5, np.ones((len(ends), 1), bool)], axis=1).argmax(axis=1)
    return np.asarray(np.clip((left * 0.5 - length[:, 0]) / iod, 0.0, MOST_GROWTH))


def lid_growth(rgb: Image, upper: Array, lower: Array, iod: float) -> tuple[Float32, Float32]:
    """How far the lids lie outside the mesh: px vectors to add to ``upper`` and ``lower``, (N, 2) px each.

    Nothing unless the lower lid lies clearly and all along outside the mesh, as in big drawn eyes.
    """
    polygon = outline(smooth_curve(upper), smooth_curve(lower))
    window = Window.around(polygon, 0.16 * iod + 3, rgb.shape)
    none = np.zeros_like(upper, np.float32), np.zeros_like(lower, np.float32)
    if window.empty or coverage(polygon, window).sum() < 20:
        return none
    scale = min(1.0, FINEST / iod)
    size = (max(round(window.width * scale), 1), max(round(window.height * scale), 1))
    small, mask = (
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        for picture in (window.view(rgb), coverage(polygon, window))
    )
    eye = _eye_pixels(small, mask, iod * scale)
    centre = polygon.mean(axis=0)
    grown = []
    for row in (upper, lower):
        reach = _reach(eye, window.inside(centre) * scale, window.inside(row) * scale, iod * scale)
        rays = (row - centre) / np.maximum(np.linalg.norm(row - centre, axis=1, keepdims=True), 1e-6)
        grown.append((_smoothed(reach), rays))
    if grown[1][0][2:-2].min() < LEAST_GROWTH:
        return none
    vectors = [(np.maximum(reach - RIM, 0)[:, None] * rays * iod).astype(np.float32) for reach, rays in grown]
    return vectors[0], vectors[1]


def _smoothed(reach: Array) -> Array:
    """(N,) -> (N,), neighbours mixed 1:2:1; single long reaches into outlines and lashes are cut."""
    padded = np.pad(np.minimum(reach, 1.25 * np.median(reach)), 1, mode="edge")
    return np.asarray((padded[:-2] + 2 * reach + padded[2:]) / 4)
