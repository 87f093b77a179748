"""The log-mel spectrogram that Wav2Lip and SadTalker were trained on, from 16 kHz sound.

Pre-emphasis, magnitudes of a centred short-time Fourier transform, 80 area-normalised bands on Slaney's mel
scale, decibels, scaled so that -100 dB is -4 and 0 dB is 4. The numbers are those of Wav2Lip's hparams.py.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.signal.windows import hann

from engines.types import Float32

RATE = 16_000
"""Hz of the sound."""
HOP = 200
HZ = RATE / HOP
"""Columns per second."""
BANDS = 80
FLOOR, CEILING = -4.0, 4.0
"""What silence and full scale are."""
_WINDOW = 800
_PRE_EMPHASIS = 0.97
_LOWEST, _HIGHEST = 55.0, 7600.0
_REFERENCE_DB, _RANGE_DB = 20.0, 100.0
_BLOCK = 4096
"""Columns made at once: ten minutes of sound would take 300 MB in one piece."""
_LINEAR_HZ, _LINEAR_MELS = 1000.0, 15.0
_LOG_STEP = np.log(6.4) / 27.0
"""Slaney's scale: 15 mels in the first kHz, then 27 more up to 6.4 kHz."""


def log_mel(wave: Float32, pad_mode: Literal["reflect", "constant"] = "reflect") -> Float32:
    """(80, 1 + N // 200) float32 in -4..4 of (N,) samples at 16 kHz; column j is centred at j / 80 s.

    ``pad_mode``: what lies before and after the sound: its mirror image (Wav2Lip) or silence (SadTalker).
    """
    raw = np.asarray(wave, np.float64)
    raised = np.concatenate([raw[:1], raw[1:] - _PRE_EMPHASIS * raw[:-1]])
    # A mirror image takes more than half a window of sound.
    mode = pad_mode if len(raw) > _WINDOW // 2 else "constant"
    padded = np.pad(raised, _WINDOW // 2, mode=mode)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP]
    blocks = [_bands(frames[start : start + _BLOCK]) for start in range(0, len(frames), _BLOCK)]
    return np.ascontiguousarray(np.concatenate(blocks).T)


def _bands(frames: NDArray[np.float64]) -> Float32:
    """(T, 80) of (T, 800) samples."""
    magnitude = np.abs(np.fft.rfft(frames * hann(_WINDOW, sym=False)))
    decibels = 20 * np.log10(np.maximum(1e-5, magnitude @ _filters().T)) - _REFERENCE_DB
    scaled = (CEILING - FLOOR) * (decibels + _RANGE_DB) / _RANGE_DB + FLOOR
    return np.clip(scaled, FLOOR, CEILING).astype(np.float32)


@lru_cache(maxsize=1)
def _filters() -> NDArray[np.float64]:
    """(80, 401): triangles that overlap by half on the mel scale, each with an area of 1 over Hz."""
    lowest, highest = _to_mel(np.array([_LOWEST, _HIGHEST]))
    edges = _to_hz(np.linspace(lowest, highest, BANDS + 2))
    bins = np.fft.rfftfreq(_WINDOW, 1 / RATE)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.asarray(np.maximum(np.minimum(rising, falling), 0.0) * (2 / (edges[2:] - edges[:-2]))[:, None])


def _to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _LINEAR_MELS + np.log(np.maximum(hz, _LINEAR_HZ) / _LINEAR_HZ) / _LOG_STEP
    return np.asarray(np.where(hz < _LINEAR_HZ, hz * _LINEAR_MELS / _LINEAR_HZ, above))


def _to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _LINEAR_HZ * np.exp(_LOG_STEP * (mel - _LINEAR_MELS))
    return np.asarray(np.where(mel < _LINEAR_MELS, mel * _LINEAR_HZ / _LINEAR_MELS, above))
