"""Sounds that are not speech: noise, gusts, knocks, chords. All (count,) float with unit variance."""

from __future__ import annotations

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from engines.speech2face.features import SAMPLE_RATE

Sound = NDArray[np.floating]


def background(count: int, rng: np.random.Generator) -> Sound:
    """Mostly steady noise, at times something that changes."""
    kind = rng.choice([steady, gusts, knocks, chords], p=[0.6, 0.14, 0.13, 0.13])
    sound = kind(count, rng)
    return sound / (sound.std() + 1e-9)


def steady(count: int, rng: np.random.Generator) -> Sound:
    """Noise between white and brown, at times with mains hum."""
    spectrum = np.fft.rfft(rng.normal(size=count)) / np.arange(1, count // 2 + 2) ** rng.uniform(0.0, 1.0)
    noise = np.fft.irfft(spectrum, count)
    noise /= noise.std() + 1e-9
    if rng.random() < 0.15:
        times = np.arange(count) / SAMPLE_RATE
        noise += np.sin(2 * np.pi * rng.choice([50, 60, 100, 120]) * times) * rng.uniform(0.3, 2.0)
    return noise


def gusts(count: int, rng: np.random.Generator) -> Sound:
    """Noise that swells: wind, breath, traffic."""
    points = rng.gamma(0.7, size=max(2, int(count / SAMPLE_RATE * rng.uniform(0.7, 4))))
    swell = np.interp(np.linspace(0, len(points) - 1, count), np.arange(len(points)), points)
    return steady(count, rng) * swell


def knocks(count: int, rng: np.random.Generator) -> Sound:
    """Typing, steps, things put down: short ringing strokes, one to eight a second."""
    strokes = np.zeros(count)
    number = 1 + int(count / SAMPLE_RATE * rng.uniform(1, 8))
    strokes[rng.integers(0, count, number)] = rng.gamma(1.0, size=number)
    length = np.arange(int(0.15 * SAMPLE_RATE)) / SAMPLE_RATE
    ring = np.sin(2 * np.pi * rng.uniform(80, 2500) * length) * np.exp(-length / rng.uniform(0.004, 0.04))
    click = rng.normal(size=len(length)) * np.exp(-length / rng.uniform(0.001, 0.01))
    return scipy.signal.fftconvolve(strokes, ring + rng.uniform(0.1, 1.0) * click)[:count]


def chords(count: int, rng: np.random.Generator) -> Sound:
    """Simple music: chords of two to four notes that change and fade."""
    times = np.arange(count) / SAMPLE_RATE
    length = rng.uniform(0.2, 1.2)
    since = times % length
    out = np.zeros(count)
    root = 110 * 2 ** (rng.integers(0, 24, int(times[-1] / length) + 1) / 12)
    wave = rng.choice([np.sin, scipy.signal.sawtooth, scipy.signal.square])
    for interval in rng.choice([0, 3, 4, 7, 10, 12], rng.integers(2, 5), replace=False):
        pitch = root[(times / length).astype(int)] * 2 ** (interval / 12)
        out += wave(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE)
    return out * np.exp(-since / rng.uniform(0.1, 2.0))
