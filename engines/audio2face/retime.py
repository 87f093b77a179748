"""Frames of a network that sets its own rate, at the rate that is wanted."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from engines.audio2face.face import FaceFrames, joined, no_frames
from engines.types import Float32

Places = NDArray[np.int64]


class Retimer:
    """Frame i of what comes out is at i / ``wanted`` seconds: between the two nearest of what goes in."""

    def __init__(self, given: Fraction, wanted: Fraction) -> None:
        self._step = given / wanted
        self._kept, self._first, self._next = no_frames(), 0, 0

    def take(self, frames: FaceFrames) -> None:
        """Take in what comes next."""
        self._kept = joined([self._kept, frames])

    def give(self, end: int | None = None) -> FaceFrames:
        """The next frames that lie between two; with ``end`` all before that number, the last one held."""
        last = self._first + len(self._kept) - 1
        stop = int(max(last, 0) // self._step) + 1 if len(self._kept) else 0
        numbers = range(self._next, max(self._next, stop if end is None else end))
        if not numbers or not len(self._kept):
            return no_frames()
        places = [min(number * self._step, Fraction(last)) - self._first for number in numbers]
        below = np.array([int(place) for place in places])
        share = np.array([float(place % 1) for place in places], np.float32)[:, None]
        out = _between(self._kept, below, np.minimum(below + 1, len(self._kept) - 1), share)
        self._next = numbers.stop
        drop = min(int(self._next * self._step) - self._first, len(self._kept) - 1)
        self._kept, self._first = self._kept.rows(drop, len(self._kept)), self._first + drop
        return out


def _between(frames: FaceFrames, below: Places, above: Places, share: Float32) -> FaceFrames:
    """``share`` (N, 1) of the way from the rows ``below`` to those ``above``; a jaw's turns are not mixed."""

    def mixed(part: Float32) -> Float32:
        return np.asarray(part[below] + (part[above] - part[below]) * share)

    return FaceFrames(mixed(frames.skin), mixed(frames.tongue), frames.jaw[below], mixed(frames.eyes))
