"""From a portrait to all that its frames are drawn of; made once per photo."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from engines.errors import StudioError
from engines.facemesh.anatomy import (
    FACE_OVAL,
    LEFT_BROW_LOWER,
    LEFT_BROW_UPPER,
    LEFT_EYE_LOWER,
    LEFT_EYE_OUTER,
    LEFT_EYE_UPPER,
    LOWER_OUTER_LIP,
    NOSE_RIDGE,
    RIGHT_BROW_LOWER,
    RIGHT_BROW_UPPER,
    RIGHT_EYE_LOWER,
    RIGHT_EYE_OUTER,
    RIGHT_EYE_UPPER,
    UPPER_OUTER_LIP,
)
from engines.liveportrait.crop import SIZE, crop_matrix
from engines.liveportrait.painter import Painter, Reading
from engines.liveportrait.posing import OPEN_LIPS
from engines.liveportrait.source import Floats, Source
from engines.types import Arrays, Image, Portrait

SCALE, DOWN = 2.3, -0.125
"""Of the crop: how much larger than the face, and how far it is shifted along it."""
_OVAL_BELOW_EYES = FACE_OVAL[7:30]
SEEN_BY_106 = tuple(
    dict.fromkeys(
        _OVAL_BELOW_EYES + RIGHT_BROW_UPPER + RIGHT_BROW_LOWER + LEFT_BROW_UPPER + LEFT_BROW_LOWER
        + RIGHT_EYE_UPPER + RIGHT_EYE_LOWER + LEFT_EYE_UPPER + LEFT_EYE_LOWER
        + UPPER_OUTER_LIP + LOWER_OUTER_LIP + NOSE_RIDGE
    )
)  # fmt: skip
"""Points of the mesh that cover what the 106 points cover which the official crop is laid about: from the brows
down, without the forehead."""
LIDS = ((159, 145, 33, 133), (386, 374, 362, 263))
LIPS = (13, 14, 61, 291)
"""Two points that come apart, and two to compare them with."""
EYE_GAIN, LIP_GAIN = 1.1, 0.9
"""From ratios on this mesh to those on the official 203 points, measured over 633 frames of three people."""
SMALLEST_IOD = 20.0
"""px below which there is nothing to draw from."""
PHOTO, VOLUME, MATRIX = "live.photo", "live.volume", "live.matrix"


def prepare(portrait: Portrait, painter: Painter) -> Arrays:
    """The photo, its place in the crop, what the networks read in it. Raises StudioError if it is too small."""
    points = portrait.landmarks.astype(np.float64)
    if np.linalg.norm(points[LEFT_EYE_OUTER] - points[RIGHT_EYE_OUTER]) < SMALLEST_IOD:
        raise StudioError("The face is too small to animate; use a photo where it is at least 90 pixels wide.")
    matrix = crop_matrix(points[:, :2], SIZE, SCALE, DOWN, SEEN_BY_106)
    reading = painter.read(cut(portrait, matrix))
    source = _source(points, matrix, reading, painter)
    photo = np.ascontiguousarray(portrait.rgb)
    return {PHOTO: photo, MATRIX: matrix, VOLUME: reading.volume, **source.as_arrays()}


def cut(portrait: Portrait, matrix: Floats) -> Image:
    """(SIZE, SIZE, 3): the crop, out of the larger picture if there is one; black beyond its edges."""
    picture = portrait.rgb if portrait.source is None else portrait.source
    whole = _way_from(picture, portrait.rgb, matrix)
    shrink = float(np.hypot(*whole[0, :2]))
    if shrink < 0.5:
        # A mean over whole pixels first: one in many would be read otherwise.
        size = [max(round(2 * shrink * length), 1) for length in picture.shape[1::-1]]
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        whole = _way_from(picture, portrait.rgb, matrix)
    return np.asarray(cv2.warpAffine(picture, whole, (SIZE, SIZE), flags=cv2.INTER_LINEAR), np.uint8)


def _way_from(picture: Image, photo: Image, matrix: Floats) -> Floats:
    """``matrix``, which is for px of ``photo``, for those of the same ``picture`` in another size."""
    ratio = np.array(photo.shape[1::-1]) / picture.shape[1::-1]
    return np.column_stack([matrix[:, :2] * ratio, matrix[:, 2] + matrix[:, :2] @ (0.5 * ratio - 0.5)])


def ratios(points: Floats, pairs: tuple[int, ...]) -> float:
    """How far apart the first two of four points are, of the distance of the others."""
    upper, lower, first, last = (points[index, :2] for index in pairs)
    return float(np.linalg.norm(upper - lower) / (np.linalg.norm(first - last) + 1e-6))


def to_units(points: Floats, matrix: Floats) -> Floats:
    """(N, 3) px of the picture -> units of the crop, -1 to 1 across it."""
    scale = float(np.hypot(*matrix[0, :2]))
    flat = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return np.column_stack([flat, scale * points[:, 2:]]) * (2 / SIZE) - (1.0, 1.0, 0.0)


def _source(points: Floats, matrix: Floats, reading: Reading, painter: Painter) -> Source:
    units = to_units(points, matrix)
    lips = LIP_GAIN * ratios(points, LIPS)
    known = Source(
        keypoints=reading.keypoints,
        expression=reading.expression,
        scale=reading.scale,
        rotation=reading.rotation,
        translation=reading.translation,
        eyes=np.array([EYE_GAIN * ratios(points, lids) for lids in LIDS], np.float32),
        lips=np.array([lips], np.float32),
        closing=np.zeros_like(reading.keypoints),
        outline=units[list(FACE_OVAL)].astype(np.float32),
        iod=np.array([np.linalg.norm(units[LEFT_EYE_OUTER] - units[RIGHT_EYE_OUTER])], np.float32),
    )
    if lips < OPEN_LIPS:
        return known
    return replace(known, closing=painter.closing(known.shown, lips))
