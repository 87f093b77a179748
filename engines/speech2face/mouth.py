"""What speech asks of the mouth, before feelings are added: the result of both ways to hear it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.types import BLENDSHAPE_INDEX, Float32

JAW = BLENDSHAPE_INDEX["jawOpen"]
CLOSE = BLENDSHAPE_INDEX["mouthClose"]


@dataclass(frozen=True)
class Mouth:
    """T frames of speech.

    ``shapes``: (T, 52) ARKit weights; ``tongue``: (T, 16). ``closure``: (T,) 1 where the lips must be sealed
    (P, B, M); ``contact``: (T,) 1 where the lower lip must touch the teeth (F, V). ``activity``: (T,) 1 while
    speaking, 0 in pauses. ``accents``: (K, 2) time (s) and strength of the stressed syllables.
    """

    shapes: Float32
    tongue: Float32
    closure: Float32
    contact: Float32
    activity: Float32
    accents: Float32


def smoothstep(x: Float32) -> Float32:
    """3x^2 - 2x^3 on x clipped to [0, 1]."""
    clipped = np.clip(x, 0.0, 1.0)
    return np.asarray(clipped * clipped * (3.0 - 2.0 * clipped), np.float32)


def frame_times(count: int, fps: float) -> Float32:
    """(count,) seconds at which the frames are shown."""
    return (np.arange(count) / fps).astype(np.float32)
