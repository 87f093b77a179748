"""What SadTalker makes of sound and time before its networks see them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]

FPS = 25
SAMPLES_PER_FRAME = 640
"""At 16 kHz."""
MEL_RATE = 80
"""Mel columns per second."""
WINDOW = 16
EARLY = 2
"""Frames that a window begins before its own."""
BLINK = (0.5, 0.9, 1.0, 0.9, 0.5)
SHORTEST_BLINKING = 20
"""Clips of so many frames or fewer have no blink."""


def window_columns(frames: int, columns: int) -> NDArray[np.intp]:
    """(frames, 16): the mel columns of each frame's window, clamped to 0 .. ``columns`` - 1."""
    starts = np.trunc(MEL_RATE * ((np.arange(frames) - EARLY) / FPS)).astype(np.intp)
    return np.asarray(np.clip(starts[:, None] + np.arange(WINDOW), 0, columns - 1), np.intp)


def mel_windows(mel: Floats, frames: int) -> Floats:
    """(80, T) mel of ``frames`` whole frames of sound -> (frames, 80, 16)."""
    return np.ascontiguousarray(mel[:, window_columns(frames, mel.shape[1])].transpose(1, 0, 2))


def blink_ratio(frames: int, gaps: Iterable[int]) -> Floats:
    """(frames,) eye closing in 0..1: a blink after each of ``gaps`` (frames), while it ends before the last
    frame; the first that does not ends the curve."""
    ratio = np.zeros(frames)
    if frames <= SHORTEST_BLINKING:
        return ratio
    position = 0
    for gap in gaps:
        start = position + gap
        if start + len(BLINK) > frames - 1:
            break
        ratio[start : start + len(BLINK)] = BLINK
        position = start + len(BLINK)
    return ratio


def blink_gaps(frames: int, rng: np.random.Generator) -> Iterable[int]:
    """Gaps between blinks as SadTalker draws them: 10 to min(frames // 2, 70) - 1 frames, without end."""
    low, high = min(10, frames), min(frames // 2, 70)
    while True:
        yield int(rng.integers(low, max(high, low + 1)))
