"""The square about a face that LivePortrait sees, and the mask through which it goes back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]

SIZE = 512
FEATHER = 16
"""Width (px) of the soft border of the mask."""

EYE_AND_LIP: dict[int, tuple[tuple[tuple[int, ...], tuple[int, ...]], tuple[int, ...]]] = {
    5: (((0,), (1,)), (3, 4)),
    68: (((36, 39), (42, 45)), (48, 54)),
    106: (((33, 35, 40, 39), (87, 89, 94, 93)), (52, 61)),
    203: (((0, 6, 12, 18), (24, 30, 36, 42)), (48, 66)),
    468: (((33, 159, 133, 145), (362, 386, 263, 374)), (61, 291)),
}
"""Points of both eyes and of the mouth's corners, by how many points there are."""

LIDS_AND_CORNERS = (((6, 18), (0, 12)), ((30, 42), (24, 36)), ((90, 102), (48, 66)))
"""Of 203 points, for both eyes and the mouth: the two that come apart, and the two to compare them with."""


def face_axes(points: Floats) -> Floats:
    """(2, 2) unit rows: the face's own right and down, from (n, 2) points; n is a key of EYE_AND_LIP."""
    (first, second), mouth = EYE_AND_LIP[len(points)]
    eyes = (points[list(first)].mean(0) + points[list(second)].mean(0)) / 2
    down = points[list(mouth)].mean(0) - eyes
    length = float(np.linalg.norm(down))
    down = down / length if length > 1e-3 else np.array([0.0, 1.0])
    return np.array([[down[1], -down[0]], down])


def face_square(points: Floats, axes: Floats, scale: float, vy_ratio: float) -> tuple[Floats, float]:
    """Centre (2,) px and side (px) of the square along ``axes`` about all ``points``, grown ``scale`` times and
    moved down the face by ``vy_ratio`` of its side."""
    along = points @ axes.T
    low, high = along.min(0), along.max(0)
    side = float((high - low).max()) * scale
    return ((low + high) / 2 + (0.0, vy_ratio * side)) @ axes, side


def crop_matrix(
    points: Floats, size: int, scale: float, vy_ratio: float, outline: tuple[int, ...] = ()
) -> Floats:
    """(2, 3): picture px -> px of the upright square of ``size`` about the face of (n, 2) ``points``.

    ``outline``: the numbers of those that the square is laid about; all if it is empty.
    """
    axes = face_axes(points)
    centre, side = face_square(points[list(outline)] if outline else points, axes, scale, vy_ratio)
    # Turned by the angle whose cosine is that of the face's right, as a similarity: no mirroring.
    linear = axes * (size / side)
    return np.column_stack([linear, size / 2 - linear @ centre])


def driving_box(points: Floats, scale: float, vy_ratio: float) -> Floats:
    """(4, 2) px: corners of a square that is not turned, clockwise from top left: centre and side are those of
    the turned one."""
    (centre_x, centre_y), side = face_square(points, face_axes(points), scale, vy_ratio)
    half = side / 2
    left, top, right, bottom = centre_x - half, centre_y - half, centre_x + half, centre_y + half
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def eye_lip_ratios(points: Floats) -> Floats:
    """(3,): how far both eyes (the picture's left first) and the lips are open, from 203 points."""

    def distance(pair: tuple[int, int]) -> float:
        return float(np.linalg.norm(points[pair[0]] - points[pair[1]]))

    return np.array([distance(apart) / (distance(corners) + 1e-6) for apart, corners in LIDS_AND_CORNERS])


def paste_mask(feather: int = FEATHER) -> NDArray[np.uint8]:
    """(512, 512): 255 inside, falling to 0 over the last ``feather`` px, by distance to the inner rectangle."""
    away = np.maximum(np.maximum(feather - np.arange(SIZE), np.arange(SIZE) - (SIZE - feather)), 0)
    distance = np.hypot(away[:, None], away[None])
    return np.floor(255 * np.clip(1 - distance / feather, 0, 1)).astype(np.uint8)
