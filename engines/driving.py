"""Speech to motion with any driver: at once, or piece by piece where a driver takes its time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from engines.progress import Watch
from engines.stages import Driver
from engines.types import Expression, Motion, Speech


@dataclass(frozen=True)
class Performance:
    """What a driver is asked for: ``options`` are its own, parsed."""

    speech: Speech
    expression: Expression
    fps: float
    options: Any


def gives_pieces(driver: Driver) -> bool:
    """Whether ``driver`` is a PatientDriver."""
    return hasattr(driver, "drive_pieces")


def motion_pieces(driver: Driver, wanted: Performance, watch: Watch) -> Iterator[Motion]:
    """The motion of ``wanted`` in order, in one piece or many. Raises Cancelled if ``watch`` was cancelled."""
    asked = wanted.speech, wanted.expression, wanted.fps, wanted.options
    if gives_pieces(driver):
        yield from driver.drive_pieces(*asked, watch)  # type: ignore[attr-defined]
    else:
        yield driver.drive(*asked)


def joined_motion(pieces: list[Motion]) -> Motion:
    """Pieces that follow each other as one; there is at least one."""
    first = pieces[0]
    if len(pieces) == 1:
        return first
    tongues = [piece.tongue for piece in pieces if piece.tongue is not None]
    return Motion(
        first.fps,
        np.concatenate([piece.blendshapes for piece in pieces]),
        np.concatenate([piece.head for piece in pieces]),
        np.concatenate(tongues) if len(tongues) == len(pieces) else None,
        first.first,
    )
