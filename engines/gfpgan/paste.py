"""Cutting the face out of a frame for the network, and putting what it made of it back without an edge."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.gfpgan.places import SIDE, Place
from engines.types import Float32, Image

BORDER = (135.0, 133.0, 132.0)
"""RGB of what lies outside the frame, as the networks were shown it."""
MIDDLE, RADII, WHOLE = (256.0, 288.0), (178.0, 212.0), 0.8
"""The face in the network's picture: an oval, all of which is put back up to ``WHOLE`` of its radii, and
nothing beyond them."""
OVAL = 2.2
"""Exponent of the oval: 2 is an ellipse, more is squarer."""
CELLS = 8
"""Colours are kept as means over this many by this many parts of the picture."""
MOST_COLOUR = 32.0
"""Largest correction of a colour, of 255: beyond it, what differs is not the light."""


def cut_face(frame: Image, place: Place) -> Image:
    """(512, 512, 3) uint8 RGB: the face of ``frame`` at ``place``, upright."""
    return _warped(np.ascontiguousarray(frame[..., :3]), place.matrix, (SIDE, SIDE), place.scale)


def put_back(frame: Image, place: Place, made: Image, strength: float) -> Image:
    """A copy of ``frame`` with ``made`` (512, 512, 3) in its place, ``strength`` (0 to 1) of it.

    The colours stay those of the frame, and so does everything outside the face.
    """
    out = frame.copy()
    low, high = _bounds(place, frame.shape)
    if (high <= low).any():
        return out
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    turn = _inverse(place.matrix)
    turn[:, 2] += turn[:, :2] @ low
    coloured = np.clip(made + _colour_shift(cut_face(frame, place), made), 0, 255).astype(np.float32)
    fine = _warped(coloured, turn, size, 1 / place.scale)
    share = strength * _warped(face_mask(), turn, size, 1 / place.scale, border=0.0)[..., None]
    region = out[low[1] : high[1], low[0] : high[0], :3]
    region[:] = np.rint(region + share * (fine - region)).astype(np.uint8)
    return out


@lru_cache(maxsize=1)
def face_mask() -> Float32:
    """(512, 512) in 0..1: how much is put back where; 0 along every edge."""
    y, x = np.mgrid[:SIDE, :SIDE]
    across, down = abs(x - MIDDLE[0]) / RADII[0], abs(y - MIDDLE[1]) / RADII[1]
    distance = (across**OVAL + down**OVAL) ** (1 / OVAL)
    share = np.clip((1 - distance) / (1 - WHOLE), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _bounds(place: Place, shape: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The part of a frame of ``shape`` that ``place`` touches: first and last + 1, as x and y."""
    corners = place.corners()
    low = np.maximum(np.floor(corners.min(0)), 0).astype(np.int64)
    high = np.minimum(np.ceil(corners.max(0)) + 1, shape[1::-1]).astype(np.int64)
    return low, high


def _colour_shift(before: Image, made: Image) -> Float32:
    """(512, 512, 3): what brings the colours of ``made`` to those of ``before``, part by part, smoothly."""
    means = [
        cv2.resize(face.astype(np.float32), (CELLS, CELLS), interpolation=cv2.INTER_AREA)
        for face in (before, made)
    ]
    shift = np.clip(means[0] - means[1], -MOST_COLOUR, MOST_COLOUR)
    return np.asarray(cv2.resize(shift, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.float32)


def _warped(
    picture: NDArray[Any],
    turn: NDArray[np.float64],
    size: tuple[int, int],
    scale: float,
    border: float | None = None,
) -> NDArray[Any]:
    """``picture`` seen through ``turn``, which goes from the result to it; ``scale``: px of it for one of the
    result. A mean over whole px comes first where there are many: one in many would flicker with each move."""
    factor = max(int(scale), 1)
    if factor > 1:
        small = (max(picture.shape[1] // factor, 1), max(picture.shape[0] // factor, 1))
        whole = picture[: small[1] * factor, : small[0] * factor]
        picture = np.asarray(cv2.resize(whole, small, interpolation=cv2.INTER_AREA))
        turn = turn / factor
        turn[:, 2] += 0.5 / factor - 0.5
    value = BORDER if border is None else border
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, turn, size, flags=flags, borderValue=value))


def _inverse(turn: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(cv2.invertAffineTransform(turn), np.float64)
