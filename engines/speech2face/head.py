"""How the head moves: with the words, with the breath, and a little when nothing happens.

Speakers' heads swing more while they speak and nod on stressed syllables (Munhall et al. 2004, "Visual prosody
and speech intelligibility"); in pauses the head returns to rest.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from engines.speech2face.life import Stream, drift, ends, phase_of, pulses, stream
from engines.speech2face.scene import Scene
from engines.types import Float32

SWAY = np.array([3.0, 1.6, 2.6, 0.012, 0.006, 0.012], np.float32)
"""Spread of slow sways while speaking: yaw, pitch, roll in degrees, x, y, z in iod."""
BEAT = np.array([1.4, 1.0, 1.0, 0.0, 0.0, 0.0], np.float32)
"""Spread of quicker movements at about the rate of words."""
IDLE = 0.32
"""Share of the sway that stays in silence."""
SWAY_RATE, BEAT_RATE = 0.45, 1.5
NOD = 3.2
"""Degrees a fully stressed syllable lowers the head."""
BREATHS = 0.24
"""Breaths per second at rest."""
BREATH = np.array([0.0, 0.28, 0.0, 0.0, 0.0045, 0.003], np.float32)
"""What one breath in does to the head."""


def _smooth(curve: Float32, seconds: float, fps: float) -> Float32:
    return np.asarray(gaussian_filter1d(curve, seconds * fps, axis=0, mode="nearest"), np.float32)


def _drifts(phase: Float32, seed: int, part: int) -> Float32:
    columns = [drift(phase, stream(seed, Stream.HEAD, part + axis)) for axis in range(6)]
    return np.stack(columns, axis=1)


def _nods(scene: Scene, seed: int) -> Float32:
    """(T,) degrees of nodding: three stressed syllables of four, each followed by a slower return."""
    rng = stream(seed, Stream.HEAD, 20)
    events = np.array(scene.accents, np.float32).reshape(-1, 2)
    chosen = rng.random(len(events)) < 0.75
    size = rng.uniform(0.5, 1.0, len(events)).astype(np.float32)
    weighted = np.stack([events[:, 0] + 0.04, events[:, 1] * size], axis=1)[chosen]
    return -NOD * pulses(scene.times, weighted, 0.22, 0.42)


def talk(scene: Scene, seed: int) -> Float32:
    """(T, 6) head motion that goes with the words, and its remainder in silence; 0 at both ends."""
    pace = phase_of(scene.feeling.tempo, scene.fps)
    speaking = _smooth(scene.activity, 0.35, scene.fps)[:, None]
    sway = SWAY * _drifts(pace * SWAY_RATE, seed, 0) * (IDLE + (1.0 - IDLE) * speaking)
    beat = BEAT * _drifts(pace * BEAT_RATE, seed, 10) * speaking
    motion = sway + beat
    motion[:, 1] += _smooth(_nods(scene, seed), 0.05, scene.fps)
    return np.asarray(motion * ends(scene.times, scene.duration, 0.6)[:, None], np.float32)


def breath(scene: Scene, seed: int) -> Float32:
    """(T,) breathing, -1 out to 1 in, depth by feeling: in faster than out, no two breaths alike."""
    rng = stream(seed, Stream.BREATH)
    phase = phase_of(scene.feeling.breath_rate * BREATHS, scene.fps) + rng.uniform(0.0, 1.0)
    wave = np.sin(2 * np.pi * phase + 0.45 * np.sin(2 * np.pi * phase))
    uneven = 1.0 + 0.25 * np.clip(drift(phase, rng), -2.0, 2.0)
    return np.asarray(wave * uneven * scene.feeling.breath_depth, np.float32)


def head_motion(scene: Scene, seed: int, head: float, breathing: float) -> Float32:
    """(T, 6) like ``Motion.head``. ``head`` 0 keeps it exactly still, also against breath and posture."""
    breaths = breathing * breath(scene, seed)[:, None] * BREATH
    settled = breaths * ends(scene.times, scene.duration, 0.5)[:, None]
    return np.asarray(head * (scene.feeling.posture + talk(scene, seed) + settled), np.float32)
