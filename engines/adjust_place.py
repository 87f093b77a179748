"""Faces that people place by hand where none was found: where they are, and a mean face put there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.adjust import HANDLES, handle_points
from engines.errors import StudioError
from engines.types import MAX_SHIFT, Float32, HandleShift, PlacedFace

START = PlacedFace(x=0.5, y=0.4, iod=0.28)
"""Where the handles lie before they are moved, in a square picture."""
_NEGLIGIBLE = 0.002


@lru_cache(maxsize=1)
def mean_face() -> NDArray[Any]:
    """(468, 3) iod: a face looking straight ahead, lips closed, between its outer eye corners."""
    points = np.loadtxt(Path(__file__).with_name("adjust_mean_face.csv"), delimiter=",", comments="#")
    points.setflags(write=False)
    return points


def start_place(shape: tuple[int, ...]) -> PlacedFace:
    """A face in the middle of a picture of ``shape`` (H, W, ...)."""
    height, width = shape[:2]
    return PlacedFace(START.x, START.y, START.iod * min(width, height) / width)


def place_face(shape: tuple[int, ...], placed: PlacedFace) -> Float32:
    """(468, 3) px: the mean face at ``placed`` in a picture of ``shape`` (H, W, ...)."""
    height, width = shape[:2]
    angle, iod = np.radians(placed.roll), placed.iod * width
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    middle = (placed.x * width, placed.y * height, 0.0)
    return np.asarray(mean_face() @ turn.T * iod + middle, np.float32)


def placement_of(
    shape: tuple[int, ...], points: Mapping[str, tuple[float, float]]
) -> tuple[PlacedFace, tuple[HandleShift, ...]]:
    """Where the face is whose handles were put at ``points`` (name -> px), and what is left to correct.

    The best turn, scale and shift of the mean face (Umeyama 1991), then each handle's rest. Raises StudioError
    if the points are not those of a face that is roughly upright.
    """
    height, width = shape[:2]
    mean = handle_points(mean_face().astype(np.float32))
    source = np.array([complex(*mean[name]) for name in HANDLES])
    target = np.array([complex(*points[name]) for name in HANDLES])
    centred = source - source.mean()
    factor = np.vdot(centred, target - target.mean()) / np.vdot(centred, centred).real
    origin = target.mean() - factor * source.mean()
    place = _checked_place(origin.real / width, origin.imag / height, factor / width)
    landed = handle_points(place_face(shape, place))
    iod = place.iod * width
    return place, tuple(
        HandleShift(name, _limited((x - landed[name][0]) / iod), _limited((y - landed[name][1]) / iod))
        for name, (x, y) in points.items()
        if max(abs(x - landed[name][0]), abs(y - landed[name][1])) > _NEGLIGIBLE * iod
    )


def _checked_place(x: float, y: float, factor: complex) -> PlacedFace:
    roll = float(np.degrees(np.angle(factor)))
    if not (0 <= x <= 1 and 0 <= y <= 1 and 0.005 < abs(factor) <= 1 and abs(roll) <= 50):
        raise StudioError(
            "The points do not lie like those of an upright face; put eyes above mouth above chin."
        )
    return PlacedFace(float(x), float(y), float(abs(factor)), roll)


def _limited(share: float) -> float:
    return round(float(np.clip(share, -MAX_SHIFT, MAX_SHIFT)), 4)
