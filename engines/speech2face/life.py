"""What all signs of life share: seeded randomness that does not depend on the frame rate, and smooth pulses."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from scipy.interpolate import PchipInterpolator

from engines.speech2face.mouth import smoothstep
from engines.types import Float32


class Stream(IntEnum):
    """One random stream per sign of life, so that changing one never changes another."""

    BLINK = 1
    GAZE = 2
    BROWS = 3
    HEAD = 4
    BREATH = 5
    MOOD = 6


def stream(seed: int, name: Stream, part: int = 0) -> np.random.Generator:
    """The generator of one sign of life, and of one part of it."""
    return np.random.default_rng(np.random.SeedSequence([seed, int(name), part]))


def drift(phase: Float32, rng: np.random.Generator) -> Float32:
    """(T,) smooth noise of unit variance, about one swing per unit of ``phase`` ((T,), not falling)."""
    knots = rng.standard_normal(int(np.ceil(phase[-1])) + 3) if len(phase) else np.zeros(2)
    curve = PchipInterpolator(np.arange(len(knots)) - 1.0, knots)(phase)
    return np.asarray(curve * 1.15, np.float32)


def ring_drift(phase: Float32, whole: float, rng: np.random.Generator) -> Float32:
    """(T,) noise like ``drift`` that begins anew after ``whole`` units of ``phase``, without a seam.

    The interpolation looks at two neighbours only, so that repeating the first and last knots closes the ring.
    """
    count = max(round(whole), 3)
    places = np.arange(-2, count + 4)
    knots = rng.standard_normal(count)[places % count]
    return np.asarray(PchipInterpolator(places, knots)(phase * (count / whole)) * 1.15, np.float32)


def pulse(times: Float32, centre: float, rise: float, fall: float) -> Float32:
    """(T,) 0 to 1 to 0: up in ``rise`` seconds before ``centre``, down in ``fall`` seconds after it."""
    offset = times - centre
    return smoothstep(np.where(offset < 0, 1.0 + offset / rise, 1.0 - offset / fall).astype(np.float32))


def pulses(times: Float32, events: Float32, rise: float, fall: float) -> Float32:
    """(T,) the highest of the pulses of ``events``, (K, 2) of time (s) and height."""
    out = np.zeros(len(times), np.float32)
    for centre, height in events:
        first, last = np.searchsorted(times, (centre - rise, centre + fall))
        near = slice(int(first), int(last))
        out[near] = np.maximum(out[near], height * pulse(times[near], float(centre), rise, fall))
    return out


def ends(times: Float32, duration: float, seconds: float) -> Float32:
    """(T,) 0 at both ends of the clip, 1 inside: movements begin and finish gently."""
    ramp = min(seconds, duration / 2) or 1.0
    return smoothstep(np.minimum(times, duration - times) / ramp)


def phase_of(rate: Float32, fps: float) -> Float32:
    """(T,) integral of ``rate`` (per second) from the first frame on."""
    return np.concatenate(([0.0], np.cumsum(rate[:-1]) / fps)).astype(np.float32)
