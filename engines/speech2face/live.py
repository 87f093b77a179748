"""Hears mouth shapes while somebody speaks: the network for live sound, fed piece by piece."""

from __future__ import annotations

from functools import cache

import numpy as np
import soxr

from engines.speech2face.features import BANDS, HOP, LIVE_STEP, SAMPLE_RATE, log_mel, normalise_past, silence
from engines.speech2face.recogniser import (
    HZ,
    VISEMES,
    WEIGHTS,
    Network,
    Posteriors,
    load_network,
    logits,
    softmax,
)
from engines.types import Float32

LIVE_WEIGHTS = WEIGHTS.with_name("speech2face_live.onnx")
LIVE_WINDOW = 160
"""Frames that the network is given at once."""
LOOK_AHEAD = 0.1125
"""Seconds of sound after a moment that are heard before it is judged: 10 frames and half a window."""

_BACK, _AHEAD = 60, 10
"""Frames that the network sees before (58 are enough) and after a moment."""
_HALF_WINDOW = 200
"""Samples of a frame's window after its centre."""
_PAST = 1250
"""Frames that level and mean are measured over."""
_ROWS = (LIVE_WINDOW - _BACK - _AHEAD) // 2


@cache
def live_network() -> Network:
    """The network for live sound that comes with the studio, read once."""
    return load_network(LIVE_WEIGHTS, LIVE_WINDOW)


class LiveRecogniser:
    """Hears one stream of mono sound. Use one per stream; it keeps the last 12.5 s as 40 numbers per 10 ms."""

    def __init__(self, sample_rate: int) -> None:
        """``sample_rate``: Hz, positive."""
        if sample_rate <= 0:
            raise ValueError("sample_rate must be positive")
        self._resampler = soxr.ResampleStream(sample_rate, SAMPLE_RATE, 1, dtype="float32", quality="LQ")
        self._network = live_network()
        self._runner = self._network.runner()
        self._sound = np.zeros(0, np.float32)
        self._mel = np.zeros((0, BANDS), np.float32)
        self._first_sample = self._first_frame = self._rows = 0

    @property
    def time(self) -> float:
        """Seconds of the next row that ``hear`` will give."""
        return self._rows / HZ

    @property
    def held(self) -> int:
        """How many numbers are kept for what comes next."""
        return self._mel.size + self._sound.size

    def hear(self, samples: Float32, last: bool = False) -> Posteriors:
        """The rows that (N,) further samples in [-1, 1] complete: none, one or many.

        A row is given once ``LOOK_AHEAD`` seconds of sound after it are there (and what the resampler holds
        back); ``last`` gives those that remain, as if silence followed.
        """
        clean = np.nan_to_num(samples.astype(np.float32, copy=False), posinf=0.0, neginf=0.0)
        fresh = self._resampler.resample_chunk(clean, last=last)
        self._sound = np.concatenate([self._sound, fresh])
        end = self._first_sample + len(self._sound)
        if last:
            self._sound = np.pad(self._sound, (0, _AHEAD * HOP + 2 * _HALF_WINDOW))
        self._add_frames()
        ready = (self._first_frame + len(self._mel) - _AHEAD + 1) // 2
        rows = max(min(ready, -(-end // (2 * HOP))), self._rows)
        parts = [self._judge(start, min(start + _ROWS, rows)) for start in range(self._rows, rows, _ROWS)]
        out = np.concatenate([np.zeros((0, 3, len(VISEMES)), np.float32), *parts])
        self._rows = rows
        self._forget()
        return Posteriors(HZ, *(np.ascontiguousarray(out[:, head]) for head in range(3)))

    def _add_frames(self) -> None:
        """Turn the sound that completes frames into frames."""
        known = self._first_frame + len(self._mel)
        total = self._first_sample + len(self._sound)
        count = (total - _HALF_WINDOW) // HOP + 1 - known
        if count <= 0:
            return
        lead = min(known, 2)
        begin = (known - lead) * HOP - self._first_sample
        self._mel = np.concatenate([self._mel, log_mel(self._sound[begin:])[lead : lead + count]])
        keep = max((known + count - 2) * HOP - self._first_sample, 0)
        self._sound, self._first_sample = self._sound[keep:], self._first_sample + keep

    def _judge(self, start: int, stop: int) -> Float32:
        """(stop - start, 3, 15) probabilities of rows ``start`` to ``stop``."""
        first = 2 * start - _BACK
        block = max(first - self._first_frame, 0) // LIVE_STEP * LIVE_STEP
        features = normalise_past(self._mel, self._network.prior, block)
        skip = first - self._first_frame - block
        window = silence(LIVE_WINDOW, self._network.prior)
        part = features[max(skip, 0) : max(skip, 0) + LIVE_WINDOW - max(-skip, 0)]
        window[max(-skip, 0) : max(-skip, 0) + len(part)] = part
        out = logits(self._runner, window)[_BACK // 2 : _BACK // 2 + stop - start]
        return softmax(out.reshape(-1, 3, len(VISEMES)))

    def _forget(self) -> None:
        """Drop frames that nothing will need: older than what level, mean and network look back on."""
        spare = len(self._mel) - _PAST - LIVE_WINDOW - 2 * LIVE_STEP
        if spare >= LIVE_STEP:
            drop = spare // LIVE_STEP * LIVE_STEP
            self._mel, self._first_frame = self._mel[drop:], self._first_frame + drop
