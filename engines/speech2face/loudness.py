"""How loud speech is, when there is speech at all, and where its beats fall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_opening, gaussian_filter1d, uniform_filter1d
from scipy.signal import butter, find_peaks, sosfilt

from engines.types import Float32

HZ = 100.0
"""Rate of every curve here."""
SILENT_DB = -68.0
"""dB of full scale below which nothing counts as speech."""
LEAST_RANGE_DB = 9.0
"""Steady noise varies less than this between its quiet and its loud moments; speech varies more."""
BAND = (120.0, 4000.0)


@dataclass(frozen=True)
class Loudness:
    """Curves of N points at ``HZ``: ``db`` of full scale, ``level`` in [0, 1] from the quietest to the loudest
    speech, ``activity`` in [0, 1]: 1 where somebody may be speaking."""

    db: Float32
    level: Float32
    activity: Float32

    def at(self, curve: Float32, times: Float32) -> Float32:
        """``curve`` at ``times`` (s); its ends hold outside."""
        return np.interp(times, np.arange(len(curve)) / HZ, curve).astype(np.float32)


def _band(samples: Float32, sample_rate: int) -> NDArray[np.float64]:
    """What carries speech: no rumble, no hiss; values that are not numbers are silence."""
    samples = np.nan_to_num(samples, posinf=0.0, neginf=0.0)
    high = min(BAND[1], 0.45 * sample_rate)
    if high <= BAND[0]:
        return np.asarray(samples, np.float64)
    sections = butter(2, (BAND[0], high), "bandpass", fs=sample_rate, output="sos")
    return np.asarray(sosfilt(sections, samples), np.float64)


def decibels(samples: Float32, sample_rate: int) -> Float32:
    """(N,) RMS of 25 ms windows every 10 ms in dB of full scale, at least -100."""
    count = max(int(len(samples) / sample_rate * HZ), 1)
    power = np.concatenate(([0.0], np.cumsum(_band(samples, sample_rate) ** 2)))
    centre = (np.arange(count) + 0.5) * sample_rate / HZ
    half = 0.0125 * sample_rate
    start = np.clip(centre - half, 0, len(samples)).astype(int)
    end = np.clip(centre + half, 0, len(samples)).astype(int)
    mean = np.maximum(power[end] - power[start], 0.0) / np.maximum(end - start, 1)
    return np.asarray(10.0 * np.log10(mean + 1e-10), np.float32)


def _quiet_and_loud(db: Float32) -> tuple[float, float]:
    """dB of the background and of loud speech; equal where nothing stands out for a tenth of a second."""
    quiet = float(np.percentile(db, 8))
    speech = db[db > max(quiet + LEAST_RANGE_DB, SILENT_DB)]
    return quiet, float(np.percentile(speech, 92)) if len(speech) >= 0.1 * HZ else quiet


def _activity(db: Float32, quiet: float, loud: float) -> Float32:
    """Above the noise floor, bursts under 50 ms dropped, gaps under 150 ms kept."""
    threshold = max(quiet + 0.35 * (loud - quiet), loud - 32.0)
    mask = binary_opening(np.pad(db > threshold, 20), np.ones(5))
    mask = binary_closing(mask, np.ones(15))[20:-20]
    return np.asarray(uniform_filter1d(mask.astype(np.float32), round(0.08 * HZ)), np.float32)


def measure(samples: Float32, sample_rate: int) -> Loudness:
    """Loudness of ``samples``: (N,) float32 mono in [-1, 1], N at least 1."""
    db = decibels(samples, sample_rate)
    quiet, loud = _quiet_and_loud(db)
    if loud <= quiet:
        return Loudness(db, np.zeros(len(db), np.float32), np.zeros(len(db), np.float32))
    level = gaussian_filter1d(np.clip((db - (loud - 30.0)) / 30.0, 0.0, 1.0), 2.5)
    return Loudness(db, np.asarray(level, np.float32), _activity(db, quiet, loud))


def beats(loudness: Loudness, activity: Float32) -> Float32:
    """(K, 2): time (s) and strength in [0, 1] of the syllables that stand out, at least 0.3 s apart."""
    swell = gaussian_filter1d(loudness.level * activity, 5.0)
    peaks, found = find_peaks(swell, prominence=0.06, distance=int(0.3 * HZ))
    if not len(peaks):
        return np.zeros((0, 2), np.float32)
    prominence = found["prominences"]
    strength = np.clip(prominence / max(float(prominence.max()), 0.25), 0.0, 1.0) * swell[peaks]
    return np.stack([peaks / HZ, np.clip(strength * 1.2, 0.0, 1.0)], axis=1).astype(np.float32)
