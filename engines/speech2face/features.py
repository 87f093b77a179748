"""Log-mel front end of the viseme network: the same numbers in training and in use."""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, maximum_filter1d, uniform_filter1d

from engines.types import Float32

Flags = NDArray[np.bool_]

SAMPLE_RATE = 16000
"""Hz. Everything here works at this rate."""
HOP = 160
"""Samples between two frames: 100 frames per second."""
BANDS = 40

_WINDOW = 400
_FFT = 512
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7600.0
_POWER_FLOOR = 1e-10
_BLOCK = 1000
"""Frames transformed at once, which bounds the working memory of long recordings."""

_LOUD_PERCENTILE = 97.0
"""The level of a recording is that of its loudest 3 %: one second of speech in half a minute still sets it."""
_QUIETEST_LEVEL = float(np.log(1e-8 * 150 * 250))
"""Level of noise at -80 dBFS RMS (window energy 150, about 250 bins): whatever is below counts as silence."""
_PAUSE_DROP = float(np.log(10**2.5))
"""A stretch may be 25 dB below the whole recording before its own level counts: long pauses stay pauses."""
_ACTIVE_DROP = float(np.log(10**2.2))
"""Frames within 22 dB of the level shape the mean spectrum of the speaker."""
_DYNAMIC_RANGE = float(np.log(10**6))
"""Nothing deeper than 60 dB under the level is told apart."""
_PRIOR_FRAMES = 30
"""Weight, in frames, of the mean spectrum of all speakers: it rules clips of a few syllables."""
_SCALE = 3.0
_HELD, _CLEAR, _FLICKER, _DRIFT = 40, 6.0, 0.5, 0.6
"""A held tone, over so many frames: nepers of power below the strongest band that count, mean change of the
bands within 30 ms, and that of the smoothed spectrum over all of them. Talk has 0.5 to 2.3 and 0.3 to 1.9."""
LIVE_STEP = 25
"""Frames of live sound that share one measurement of level and mean."""
_QUIETEST_LIVE = float(np.log(1e-5 * 150 * 250))
"""Level of noise at -50 dBFS: what stays below it is not speech into a microphone."""
_USUAL_LEVEL = float(np.log(1e-2 * 150 * 250))
"""Level of loud speech at -20 dBFS RMS, assumed until something was heard."""
_STEP, _REACH = 500, 1250
"""Level and mean are measured every 5 s over the 12.5 s before and after."""


def mel_frequency(hz: Float32 | float) -> Float32:
    """Frequency in Hz to mel: linear below 1 kHz, logarithmic above (Slaney, Auditory Toolbox, 1998)."""
    hz = np.asarray(hz, np.float32)
    logarithmic = 15.0 + 27.0 * np.log(np.maximum(hz, 1.0) / 1000.0) / np.log(6.4)
    return np.asarray(np.where(hz < 1000.0, hz * (3.0 / 200.0), logarithmic), np.float32)


@cache
def mel_filters() -> Float32:
    """(257, 40) float32, read-only: triangles of height 1, equally spaced in mel from 60 to 7600 Hz."""
    corners = np.linspace(mel_frequency(_LOWEST_HZ), mel_frequency(_HIGHEST_HZ), BANDS + 2)
    bins = mel_frequency(np.linspace(0.0, SAMPLE_RATE / 2, _FFT // 2 + 1, dtype=np.float32))[:, None]
    width = corners[1] - corners[0]
    filters = np.asarray(np.maximum(1.0 - np.abs(bins - corners[1:-1]) / width, 0.0), np.float32)
    filters.setflags(write=False)
    return filters


def log_mel(samples: Float32) -> Float32:
    """Natural log of the mel power spectrum.

    ``samples``: (N,) float32 mono at 16 kHz. Gives (ceil(N / 160), 40) float32; frame i is centred on sample
    160 i (a 25 ms Hann window; beyond the ends there is silence).
    """
    count = -(-len(samples) // HOP)
    out = np.empty((count, BANDS), np.float32)
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    padded = np.pad(samples.astype(np.float32, copy=False), (_WINDOW // 2, _WINDOW))
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        part = padded[start * HOP : (stop - 1) * HOP + _WINDOW]
        frames = np.lib.stride_tricks.sliding_window_view(part, _WINDOW)[::HOP] * window
        power = np.square(np.abs(scipy.fft.rfft(frames, _FFT, axis=1)))
        out[start:stop] = np.log(power @ mel_filters() + _POWER_FLOOR)
    return out


def loudness(mel: Float32) -> Float32:
    """(T,) log power of each frame of a (T, 40) log-mel spectrogram."""
    peak = mel.max(axis=1)
    return np.asarray(peak + np.log(np.exp(mel - peak[:, None]).sum(axis=1)), np.float32)


def speech_level(power: Float32) -> float:
    """Log power of the loud parts of (T,) frame log powers; silence gives the level of -80 dBFS noise."""
    if not len(power):
        return _QUIETEST_LEVEL
    return max(float(np.percentile(power, _LOUD_PERCENTILE)), _QUIETEST_LEVEL)


def active_sum(mel: Float32, power: Float32, level: float) -> tuple[Float32, int]:
    """Sum (40,) of the frames that carry speech, relative to ``level``, and how many there are."""
    active = mel[power > level - _ACTIVE_DROP]
    clipped = np.maximum(active - level, -_DYNAMIC_RANGE)
    return clipped.sum(axis=0, dtype=np.float32), len(active)


def held(mel: Float32) -> Flags:
    """(T,) where a tone of a (T, 40) log-mel spectrogram has the same colour for over 0.4 s: a sung vowel.

    Steady noise is none, since its bands flicker.
    """
    if len(mel) <= _HELD:
        return np.zeros(len(mel), bool)
    clear = np.maximum(mel, mel.max(axis=1, keepdims=True) - _CLEAR)
    change = np.abs(clear[3:] - clear[:-3]).mean(axis=1)
    flicker = uniform_filter1d(np.pad(change, (1, 2), mode="edge"), 20)
    colour = uniform_filter1d(uniform_filter1d(clear, 18, axis=0), 3, axis=1)
    colour -= colour.mean(axis=1, keepdims=True)
    drift = np.sqrt(np.square(colour[_HELD:] - colour[:-_HELD]).mean(axis=1))
    drift = np.pad(drift, (_HELD, 0), constant_values=np.inf)
    steady = np.pad((flicker < _FLICKER) & (drift < _DRIFT), (0, _HELD))
    from_its_start = maximum_filter1d(steady, _HELD + 1, origin=-(_HELD // 2))[: len(mel)]
    return np.asarray(binary_closing(np.pad(from_its_start, _HELD), np.ones(_HELD))[_HELD:-_HELD], bool)


def normalise(mel: Float32, prior: Float32, telling: Flags | None = None) -> Float32:
    """Take level and speaker out of a log-mel spectrogram.

    ``mel``: (T, 40); ``prior``: (40,) mean log-mel of speech relative to its level, over many speakers;
    ``telling``: (T,) the frames that tell of the speaker, all if absent: a vowel held for seconds does not.
    Gives (T, 40) float32 of about unit variance in speech. Level and mean spectrum are measured around each
    moment, so that a recording may change its speaker or distance; between measurements they are interpolated.
    """
    if not len(mel):
        return np.zeros((0, BANDS), np.float32)
    power = loudness(mel)
    lowest = speech_level(power) - _PAUSE_DROP
    centres = np.arange(min(_STEP // 2, len(mel) // 2), len(mel), _STEP)
    told = np.where(telling, power, -np.inf) if telling is not None else power
    levels, means = _measure(mel, (power, told), centres, (lowest, prior))
    out = np.empty_like(mel)
    for start in range(0, len(mel), _BLOCK):
        times = np.arange(start, min(start + _BLOCK, len(mel)))
        level = np.interp(times, centres, levels)[:, None]
        mean = np.stack([np.interp(times, centres, band) for band in means.T], axis=1)
        relative = np.maximum(mel[times] - level, -_DYNAMIC_RANGE)
        out[times] = (relative - mean) / _SCALE
    return out


def normalise_past(mel: Float32, prior: Float32, first: int = 0) -> Float32:
    """As ``normalise`` for live sound: every quarter of a second is measured against what came before it.

    ``mel``: (T, 40). Gives the rows from ``first`` on; ``first`` must be a multiple of ``LIVE_STEP``.
    """
    out = np.empty((max(len(mel) - first, 0), BANDS), np.float32)
    for start in range(first, len(mel), LIVE_STEP):
        past = mel[max(start - _REACH, 0) : start]
        power = loudness(past) if len(past) else np.zeros(0, np.float32)
        level = max(speech_level(power), _QUIETEST_LIVE) if len(past) else _USUAL_LEVEL
        total, count = active_sum(past, power, level)
        mean = (total + _PRIOR_FRAMES * prior) / (count + _PRIOR_FRAMES)
        relative = np.maximum(mel[start : start + LIVE_STEP] - level, -_DYNAMIC_RANGE)
        out[start - first : start - first + LIVE_STEP] = (relative - mean) / _SCALE
    return out


def silence(frames: int, prior: Float32) -> Float32:
    """(frames, 40) features of digital silence beside speech of an average speaker."""
    return np.tile((-_DYNAMIC_RANGE - prior) / _SCALE, (frames, 1)).astype(np.float32)


def _measure(
    mel: Float32, powers: tuple[Float32, Float32], centres: np.ndarray, defaults: tuple[float, Float32]
) -> tuple[Float32, Float32]:
    """Levels (C,) and mean spectra (C, 40) around each of the frames ``centres``; ``powers`` are those of all
    frames and of those which tell of the speaker."""
    (lowest, prior), (power, told) = defaults, powers
    levels = np.empty(len(centres), np.float32)
    means = np.empty((len(centres), BANDS), np.float32)
    for index, centre in enumerate(centres):
        near = slice(max(centre - _REACH, 0), centre + _REACH)
        levels[index] = max(speech_level(power[near]), lowest)
        total, count = active_sum(mel[near], told[near], float(levels[index]))
        means[index] = (total + _PRIOR_FRAMES * prior) / (count + _PRIOR_FRAMES)
    return levels, means
