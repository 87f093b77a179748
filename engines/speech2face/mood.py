"""A feeling that lives: it swells with the voice, lets go in pauses, and never holds quite still."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from engines.speech2face.life import Stream, pulses, stream
from engines.speech2face.scene import Scene
from engines.types import BLENDSHAPES, Float32

WAVES, WAVE = 0.45, 0.09
"""Swings per second of the whole face's slow swell, and its size."""
RIPPLES, RIPPLE = 0.7, 0.07
"""The same for each part of the face by itself: a corner of the mouth, the brows, the eyes."""
STRESS, USUAL_STRESS = 0.24, 0.35
"""How far stressed words raise a feeling, and the stress at which it is as strong as wanted."""
LET_GO = 0.12
"""Share of a feeling that rests while nothing is said between words."""
PARTS = (
    ("mouthSmileLeft", "mouthDimpleLeft", "cheekSquintLeft", "mouthFrownLeft", "mouthStretchLeft"),
    ("mouthSmileRight", "mouthDimpleRight", "cheekSquintRight", "mouthFrownRight", "mouthStretchRight"),
    ("browInnerUp", "browOuterUpLeft", "browOuterUpRight", "browDownLeft", "browDownRight"),
    ("eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "noseSneerLeft", "noseSneerRight"),
)


def _noise(scene: Scene, rate: float, seed: int, part: int) -> Float32:
    """(T,) slow noise in [-1, 1]."""
    swings = scene.wander(rate * scene.feeling.tempo, stream(seed, Stream.MOOD, part))
    return np.asarray(np.tanh(0.7 * swings), np.float32)


def _voice(scene: Scene) -> Float32:
    """(T,) what the voice does to a feeling: up on stressed words, down in pauses; 0 if nothing is said."""
    if not scene.activity.any():
        return np.zeros(len(scene.times), np.float32)
    stress = pulses(scene.times, scene.accents, 0.30, 0.60)
    speaking = gaussian_filter1d(scene.activity, 0.25 * scene.fps, mode="nearest")
    swell = STRESS * speaking * (stress - USUAL_STRESS) - LET_GO * (1.0 - speaking)
    return np.asarray(gaussian_filter1d(swell, 0.09 * scene.fps, mode="nearest"), np.float32)


def intensity(scene: Scene, seed: int) -> Float32:
    """(T, 52) factors around 1, within about a quarter of it, on the shapes of a feeling."""
    whole = 1.0 + WAVE * _noise(scene, WAVES, seed, 0) + _voice(scene)
    factors = np.repeat(whole[:, None], len(BLENDSHAPES), axis=1)
    for number, names in enumerate(PARTS, 1):
        columns = [BLENDSHAPES.index(name) for name in names]
        factors[:, columns] += RIPPLE * _noise(scene, RIPPLES, seed, number)[:, None]
    return np.asarray(factors, np.float32)
