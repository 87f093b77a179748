"""Brows that stress what is said."""

from __future__ import annotations

import numpy as np

from engines.speech2face.life import Stream, pulses, stream
from engines.speech2face.scene import Scene
from engines.speech2face.tables import shape_columns
from engines.types import BLENDSHAPE_INDEX, Float32

RAISE = {"browInnerUp": 0.30, "browOuterUp": 0.30, "eyeWide": 0.10}
LOWER = {"browDown": 0.22, "eyeSquint": 0.10}
SHARE = 0.5
"""Share of the stressed syllables that the brows join (Swerts and Krahmer 2008 find about half)."""


def _accents(scene: Scene, seed: int) -> tuple[Float32, Float32]:
    """Events (time, height) of raised and of lowered brows: five in six go up."""
    rng = stream(seed, Stream.BROWS)
    events = np.array(scene.accents, np.float32).reshape(-1, 2)
    joins, lowers = rng.random(len(events)) < SHARE, rng.random(len(events)) < 0.17
    events[:, 1] = np.clip(events[:, 1] * rng.uniform(0.6, 1.3, len(events)), 0.0, 1.0)
    events[:, 0] -= 0.03
    return events[joins & ~lowers], events[joins & lowers]


def brow_shapes(scene: Scene, strength: float, seed: int) -> Float32:
    """(T, 52) what the brows add: accents on stressed syllables and a slow restlessness; 0 at both ends."""
    shapes = np.zeros((len(scene.times), len(BLENDSHAPE_INDEX)), np.float32)
    raised, lowered = _accents(scene, seed)
    rest = 0.06 * np.maximum(scene.wander(0.5 * scene.feeling.tempo, stream(seed, Stream.BROWS, 1)), 0.0)
    up = pulses(scene.times, raised, 0.16, 0.34) + rest
    down = pulses(scene.times, lowered, 0.18, 0.40)
    for curve, weights in ((up, RAISE), (down, LOWER)):
        for name, weight in weights.items():
            shapes[:, shape_columns(name)] += (curve * weight)[:, None]
    return shapes * strength * scene.margins(0.3)[:, None]
