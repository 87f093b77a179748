"""Which part of a photo SadTalker sees, and how it is laid out for its reconstruction network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]

ALIGNED = 224
"""Side (px) of the picture that the reconstruction network sees."""
FACE_SCALE = 102.0
"""Size of the standard face in it."""
POINTS_3D = np.array(
    [
        [-0.31148657, 0.29036078, 0.13377953],
        [0.30979887, 0.28972036, 0.13179526],
        [0.00325350, -0.04617932, 0.55244243],
        [-0.25216928, -0.38133916, 0.22405732],
        [0.24846619, -0.38128236, 0.22235769],
    ]
)
"""Eyes, nose and corners of the mouth of the standard face (Deng et al. 2019), y upwards."""
SMALLEST_BORDER = 3


@dataclass(frozen=True)
class Alignment:
    """``scale`` and ``shift`` (2,) of the photo, its new size (width, height), the box of ALIGNED px in it
    (left, top, right, bottom), and the five points (5, 2) there, y upwards."""

    scale: float
    shift: Floats
    resized: tuple[int, int]
    box: tuple[int, int, int, int]
    landmarks: Floats


def align(landmarks: Floats, width: int, height: int, points3d: Floats = POINTS_3D) -> Alignment:
    """Fit the standard face to five points (5, 2) px, y upwards, of a picture of ``width`` by ``height``."""
    homogeneous = np.column_stack([points3d, np.ones(len(points3d))])
    fitted = np.linalg.lstsq(homogeneous, np.asarray(landmarks, np.float64), rcond=None)[0]
    scale = FACE_SCALE / np.linalg.norm(fitted[:3], axis=0).mean()
    tx, ty = fitted[3]
    new_width, new_height = int(width * scale), int(height * scale)
    left = int(new_width / 2 - ALIGNED / 2 + (tx - width / 2) * scale)
    top = int(new_height / 2 - ALIGNED / 2 + (height / 2 - ty) * scale)
    middle = np.array([width / 2 - tx, height / 2 - ty])
    corner = np.array([new_width / 2 - ALIGNED / 2, new_height / 2 - ALIGNED / 2])
    placed = (landmarks + middle) * scale - corner
    box = (left, top, left + ALIGNED, top + ALIGNED)
    return Alignment(float(scale), fitted[3], (new_width, new_height), box, placed)


@dataclass(frozen=True)
class SourceCrop:
    """The photo's new size (width, height), the part that is cut out of it, and the face's box in that part;
    both as left, top, right, bottom px."""

    resized: tuple[int, int]
    crop: tuple[int, int, int, int]
    quad: tuple[float, float, float, float]


def crop_box(landmarks: Floats, width: int, height: int, output_size: int, *, exact: bool = True) -> SourceCrop:
    """The square about the face of 68 points (68, 2) px; large faces are shrunk towards ``output_size`` px.

    ``exact``: as the official code has it, which holds the lower end, too, to the width of what was cut: faces
    in tall photos lose their chins.
    """
    corners, side = _face_square(np.asarray(landmarks, np.float64))
    size = (width, height)
    shrink = int(side / output_size * 0.5)
    if shrink > 1:
        size = (round(width / shrink), round(height / shrink))
        corners, side = corners / shrink, side / shrink
    crop = _with_border(corners, side, size)
    seen = crop[2] - crop[0], crop[3] - crop[1]
    if seen[0] < size[0] or seen[1] < size[1]:
        corners = corners - crop[:2]
    else:
        seen = size
    return SourceCrop(size, crop, _inner_box(corners + 0.5, seen[0], seen[0 if exact else 1]))


def _face_square(points: Floats) -> tuple[Floats, float]:
    """Corners (4, 2), from top left against the clock, of the turned square about a face, and its side."""
    right_eye, left_eye = points[36:42].mean(0), points[42:48].mean(0)
    between, middle = left_eye - right_eye, (right_eye + left_eye) / 2
    down = (points[48] + points[54]) / 2 - middle
    x = np.array([between[0] + down[1], between[1] - down[0]])
    x *= max(2.0 * np.linalg.norm(between), 1.8 * np.linalg.norm(down)) / np.linalg.norm(x)
    y = np.array([-x[1], x[0]])
    centre = middle + 0.1 * down
    corners = np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y])
    return corners, 2.0 * float(np.linalg.norm(x))


def _with_border(corners: Floats, side: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    border = max(round(0.1 * side), SMALLEST_BORDER)
    left, top = (max(int(np.floor(value)) - border, 0) for value in corners.min(0))
    ends = np.ceil(corners.max(0))
    right, bottom = (min(int(value) + border, limit) for value, limit in zip(ends, size, strict=True))
    return left, top, right, bottom


def _inner_box(corners: Floats, width: int, height: int) -> tuple[float, float, float, float]:
    """The upright box within the turned square, as far as it is within ``width`` and ``height``."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners.tolist()
    left, top = max(min(x0, x1), 0.0), max(min(y0, y3), 0.0)
    return left, top, min(max(x2, x3), float(width)), min(max(y1, y2), float(height))
