"""The sound of one stream at 16 kHz: what comes in is kept for as long as some window needs it."""

from __future__ import annotations

import numpy as np
import soxr

from engines.audio2face.folder import SAMPLE_RATE
from engines.types import Float32


class Sound:
    """Mono sound in pieces; silence before its beginning and after its end. ``end``: samples so far."""

    def __init__(self, sample_rate: int) -> None:
        """``sample_rate``: Hz of what is added, positive."""
        if sample_rate <= 0:
            raise ValueError("sample_rate must be positive")
        self._resampler = soxr.ResampleStream(sample_rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
        self._kept = np.zeros(0, np.float32)
        self._first = 0
        self.closed = False

    @property
    def end(self) -> int:
        """How many samples at 16 kHz there are."""
        return self._first + len(self._kept)

    @property
    def held(self) -> int:
        """How many of them are kept."""
        return len(self._kept)

    def add(self, samples: Float32, last: bool = False) -> None:
        """Take (N,) further samples in [-1, 1]; values that are not numbers are silence."""
        clean = np.nan_to_num(samples.astype(np.float32, copy=False), posinf=0.0, neginf=0.0)
        fresh = self._resampler.resample_chunk(clean, last=last)
        self._kept = np.concatenate([self._kept, fresh])
        self.closed = last

    def window(self, first: int, length: int) -> Float32:
        """(length,) samples from ``first`` on, which may lie before the beginning or beyond the end."""
        out = np.zeros(length, np.float32)
        begin, end = max(first, self._first), min(first + length, self.end)
        if begin < end:
            out[begin - first : end - first] = self._kept[begin - self._first : end - self._first]
        return out

    def forget(self, before: int) -> None:
        """Let go of what lies before sample ``before``."""
        drop = min(max(before - self._first, 0), len(self._kept))
        self._kept, self._first = self._kept[drop:], self._first + drop
