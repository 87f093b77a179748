"""The ten emotions at every frame: as they were chosen, or as they are heard."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engines.audio2face.sound import Sound
from engines.speech2face.feelings import weights_at
from engines.types import EmotionKey, Float32

Frames = NDArray[np.int64]


class Feelings(Protocol):
    """Where a stream's emotions come from."""

    def hear(self, sound: Sound) -> None:
        """Take in what has come of the sound."""
        ...

    def known(self, rate: Fraction) -> int | None:
        """For how many frames at ``rate`` per second they are known; None for all there will ever be."""
        ...

    def needs(self, sound: Sound) -> int:
        """The first sample that they will still look at."""
        ...

    def at(self, frames: Frames, rate: Fraction) -> Float32:
        """(B, 10) in the order of ``EMOTIONS``, for frames before ``known``; those before 0 feel as 0 does."""
        ...


class ChosenFeelings:
    """The emotions of an expression: known from the beginning, constant or keyed over time."""

    def __init__(self, keys: Sequence[EmotionKey]) -> None:
        self._keys = tuple(keys)

    def hear(self, sound: Sound) -> None:
        """Nothing to hear."""

    def known(self, rate: Fraction) -> int | None:  # noqa: ARG002 - the same at every rate
        """All."""
        return None

    def needs(self, sound: Sound) -> int:
        """Nothing."""
        return sound.end

    def at(self, frames: Frames, rate: Fraction) -> Float32:
        """(B, 10)."""
        times = np.maximum(frames, 0) / float(rate)
        return weights_at(self._keys, times.astype(np.float32))
