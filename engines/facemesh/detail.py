"""Portraits larger than the video keep their sharpness: a moved face is read from a finer picture.

The finer picture has a value at every half pixel of the photo. Each is the mean of the source over one pixel of
the photo, so that at whole pixels it is the photo itself, and between them it is as sharp as that.
"""

from __future__ import annotations

import cv2
import numpy as np

from engines.facemesh.mesh import ring_points
from engines.facemesh.warp import Detail
from engines.types import Arrays, Image, Portrait

FINER = 2
LEAST_SHRINKING = 1.3
"""A source larger than the photo by less than this has nothing to add."""
MOST_PIXELS = 40_000_000
"""Of the finer picture while it is made; beyond 4K video there is no need of one."""
_MARGIN = 3
_ROUNDING = 3
"""Grey levels by which two ways to the same means may differ."""


def detail_arrays(portrait: Portrait) -> Arrays:
    """The finer picture of what can move, if the source has it; keys start with "detail."."""
    height, width = portrait.rgb.shape[:2]
    source = portrait.source
    if source is None or source.shape[1] < LEAST_SHRINKING * width or FINER**2 * width * height > MOST_PIXELS:
        return {}
    rings = ring_points(portrait.landmarks)[:, :2]
    left, top = np.clip(np.floor(rings.min(0)).astype(int) - _MARGIN, 0, (width, height))
    right, bottom = np.clip(np.ceil(rings.max(0)).astype(int) + _MARGIN, 0, (width, height))
    if right <= left or bottom <= top:
        return {}
    fine = _halfway(source, portrait.rgb)[FINER * top : FINER * bottom, FINER * left : FINER * right]
    return {
        "detail.rgb": np.ascontiguousarray(fine),
        "detail.origin": np.array([FINER * left, FINER * top], np.float64),
    }


def detail_from_arrays(arrays: Arrays, photo: Image) -> Detail | None:
    """What ``detail_arrays`` found, for the photo or for what was made of it: (H, W, 3)."""
    if "detail.rgb" not in arrays:
        return None
    fine, (left, top) = arrays["detail.rgb"], (int(value) for value in arrays["detail.origin"])
    height, width = (length // FINER for length in fine.shape[:2])
    part = photo[top // FINER : top // FINER + height, left // FINER : left // FINER + width]
    return Detail(_retouched(fine, part), float(FINER), (float(left), float(top)))


def _halfway(source: Image, photo: Image) -> Image:
    """(2 H, 2 W, 3): means over one pixel of the ``photo`` (H, W, 3), half a pixel apart."""
    height, width = photo.shape[:2]
    size = (FINER * width, FINER * height)
    shrinking = source.shape[1] >= size[0]
    halves = cv2.resize(source, size, interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
    # Two halves make a pixel: each mean begins at its own half.
    means = cv2.boxFilter(halves, -1, (FINER, FINER), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
    fine = _retouched(np.asarray(means, np.uint8), photo)
    fine[::FINER, ::FINER] = photo
    return fine


def _retouched(fine: Image, photo: Image) -> Image:
    """``fine`` with what was changed in the ``photo`` since it was shrunk: glasses may have been taken off."""
    change = photo.astype(np.int16) - fine[::FINER, ::FINER]
    change[np.abs(change) <= _ROUNDING] = 0
    if not change.any():
        return fine
    grown = cv2.warpAffine(
        change,
        np.array([[FINER, 0, 0], [0, FINER, 0]], np.float64),
        (fine.shape[1], fine.shape[0]),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(np.clip(fine + grown, 0, 255), np.uint8)
