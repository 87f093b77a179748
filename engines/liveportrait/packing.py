"""Implicit motion to and from plain named arrays, and what is asked of it before it may move a face."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.liveportrait.implicit import Implicit
from engines.types import Arrays

REQUIRED = ("fps", "expression", "scale", "rotation", "translation")
MEASURED = ("eyes", "lips")
SHAPES: dict[str, tuple[int, ...]] = {
    "expression": (21, 3), "scale": (), "rotation": (3,), "translation": (3,), "eyes": (2,), "lips": (),
}  # fmt: skip
"""Of one frame."""
FARTHEST: dict[str, float] = {
    "expression": 1.0, "scale": 20.0, "rotation": 180.0, "translation": 20.0, "eyes": 20.0, "lips": 20.0,
}  # fmt: skip
"""Far beyond what a face does: numbers larger than these are no motion."""
SLOWEST, FASTEST = 1.0, 240.0
MOST_FRAMES = 18_000
"""Ten minutes at 30 frames a second."""


class MotionError(Exception):
    """Arrays that are not the motion of a face; says in a few words why."""


def to_arrays(motion: Implicit, prefix: str = "") -> Arrays:
    """What ``from_arrays`` makes ``motion`` of again."""
    found = {name: getattr(motion, name) for name in (*REQUIRED, *MEASURED)}
    return {prefix + name: np.asarray(value) for name, value in found.items() if value is not None}


def from_arrays(arrays: Arrays, prefix: str = "") -> Implicit:
    """The motion that ``arrays`` hold, checked. Raises MotionError."""
    missing = [name for name in REQUIRED if prefix + name not in arrays]
    if missing:
        raise MotionError(f"it has no {missing[0]}")
    fps = _rate(arrays[f"{prefix}fps"])
    count = np.asarray(arrays[f"{prefix}expression"]).shape[:1]
    if not count or not 0 < count[0] <= MOST_FRAMES:
        raise MotionError("it has no frames, or too many")
    parts = {name: _part(name, arrays[prefix + name], count[0]) for name in SHAPES if prefix + name in arrays}
    if parts["scale"].min() <= 0.01:
        raise MotionError("its scale is not above 0")
    return Implicit(fps, **parts)


def _rate(value: Any) -> float:
    found = np.asarray(value)
    if found.size != 1 or found.dtype.kind not in "fiu" or not SLOWEST <= float(found.ravel()[0]) <= FASTEST:
        raise MotionError(f"its frames per second are not within {SLOWEST:g} and {FASTEST:g}")
    return float(found.ravel()[0])


def _part(name: str, value: Any, count: int) -> NDArray[np.float32]:
    found = np.asarray(value)
    if found.dtype.kind not in "fiu" or found.shape != (count, *SHAPES[name]):
        raise MotionError(f"its {name} is of another shape")
    with np.errstate(over="ignore", invalid="ignore"):
        part = found.astype(np.float32)
        if not (np.abs(part) <= FARTHEST[name]).all():
            raise MotionError(f"its {name} is nothing that a face does")
    return part
