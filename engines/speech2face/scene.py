"""What a face lives through while it speaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.speech2face.feelings import Feeling
from engines.speech2face.life import drift, ends, phase_of, ring_drift
from engines.types import Float32

BREAK = 0.18
"""Seconds without speech that end a phrase; the closure of a stop is shorter."""


@dataclass(frozen=True)
class Scene:
    """What a face lives through: T frame ``times`` (s), their ``fps``, speaking ``activity`` (T,) in [0, 1],
    ``accents`` (K, 2) of time and strength, and the ``feeling``. A ``loop`` goes on with its first frame."""

    times: Float32
    fps: float
    activity: Float32
    accents: Float32
    feeling: Feeling
    loop: bool = False

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the end of the last."""
        return len(self.times) / self.fps

    def value(self, curve: Float32, time: float) -> float:
        """``curve``, one value per frame, at ``time`` (s)."""
        return float(curve[min(max(int(time * self.fps), 0), len(curve) - 1)])

    def wander(self, rate: Float32 | float, rng: np.random.Generator) -> Float32:
        """(T,) smooth noise of unit variance with about ``rate`` swings per second."""
        pace = np.broadcast_to(np.float32(rate), self.times.shape)
        phase = phase_of(pace, self.fps)
        if self.loop:
            return ring_drift(phase, float(phase[-1] + pace[-1] / self.fps), rng)
        return drift(phase, rng)

    def margins(self, seconds: float) -> Float32:
        """(T,) 0 at both ends of a clip, 1 inside; a loop has no ends."""
        if self.loop:
            return np.ones(len(self.times), np.float32)
        return ends(self.times, self.duration, seconds)


def phrase_ends(scene: Scene) -> Float32:
    """(K,) seconds at which speaking stops for at least ``BREAK``."""
    speaking = np.concatenate((scene.activity >= 0.5, [False]))
    falls = np.flatnonzero(speaking[:-1] & ~speaking[1:]) + 1
    rises = np.append(np.flatnonzero(~speaking[:-1] & speaking[1:]) + 1, len(speaking) + scene.fps)
    resumed = rises[np.searchsorted(rises, falls)] if len(falls) else falls
    return np.asarray(falls[resumed - falls >= BREAK * scene.fps] / scene.fps, np.float32)
