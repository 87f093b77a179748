"""What the network hears at every frame: 200 ms of log-mel, with true silence where nobody speaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from engines.mel import FLOOR, HZ, RATE, log_mel
from engines.speech2face.loudness import measure
from engines.types import Float32, Speech

COLUMNS = 16
"""Width of a window in mel columns of 1/80 s."""
KEPT_AROUND, FADE = 21, 7
"""Mel columns around speech that stay as they are, and over which the rest fades to silence."""


@dataclass(frozen=True)
class Heard:
    """A clip's sound: ``mel`` (80, T) float32 in -4..4, T at least 16, and the ``fps`` of its frames."""

    mel: Float32
    fps: float

    def windows(self, first: int, count: int) -> Float32:
        """(count, 1, 80, 16): what is heard with each frame from ``first`` on; frames after the end hear it."""
        starts = np.minimum(_starts(first, count, self.fps), self.mel.shape[1] - COLUMNS)
        columns = starts[:, None] + np.arange(COLUMNS)
        return np.ascontiguousarray(self.mel[:, columns].transpose(1, 0, 2)[:, None])

    def is_silent(self, windows: Float32) -> NDArray[np.bool_]:
        """(count,): which of ``windows`` are nothing but silence."""
        return np.asarray((windows <= FLOOR).all((1, 2, 3)))


def hear(speech: Speech, fps: float) -> Heard:
    """The mel of ``speech``, where background noise between words is silence: it must not move the mouth."""
    samples = np.nan_to_num(speech.samples, posinf=0.0, neginf=0.0)
    if speech.sample_rate != RATE:
        samples = soxr.resample(samples, speech.sample_rate, RATE, quality="HQ")
    if not len(samples):
        samples = np.zeros(1, np.float32)
    mel = log_mel(np.asarray(samples, np.float32))
    mel = FLOOR + (mel - FLOOR) * _speaking(samples, mel.shape[1])
    missing = max(COLUMNS - mel.shape[1], 0)
    return Heard(np.pad(mel, ((0, 0), (0, missing)), constant_values=FLOOR).astype(np.float32), fps)


def _speaking(samples: Float32, columns: int) -> Float32:
    """(columns,) in 0..1: 1 where somebody speaks and shortly around it."""
    loudness = measure(samples, RATE)
    active = loudness.at(loudness.activity, np.arange(columns, dtype=np.float32) / HZ)
    near = maximum_filter1d((active > 0).astype(np.float32), KEPT_AROUND + FADE)
    return np.asarray(uniform_filter1d(near, FADE), np.float32)


def window_starts(mel_frames: int, fps: float) -> NDArray[np.int64]:
    """(n,) first mel column of each frame's window, as the official script has them: the last ends with the
    mel."""
    last = mel_frames - COLUMNS
    starts = _starts(0, int(mel_frames * fps / HZ) + 2, fps)
    return np.append(starts[starts <= last], last)


def _starts(first: int, count: int, fps: float) -> NDArray[np.int64]:
    """The column that sounds when each frame is shown, cut to a whole one."""
    # The official script divides once and then multiplies, which decides ties at some rates.
    return np.asarray(np.trunc(np.arange(first, first + count) * (HZ / fps)), np.int64)
