"""A face that waits: motion without words that can be played again and again."""

from __future__ import annotations

import numpy as np

from engines.errors import StudioError
from engines.speech2face import Speech2FaceOptions
from engines.speech2face.feelings import feel, weights_at
from engines.speech2face.mouth import Mouth, frame_times
from engines.speech2face.performance import perform
from engines.speech2face.scene import Scene
from engines.types import BLENDSHAPES, TONGUE_SHAPES, EmotionKey, Expression, Motion

SHORTEST, LONGEST = 2.0, 600.0
"""Seconds of a loop."""


def idle(expression: Expression, seconds: float, fps: float) -> Motion:
    """round(seconds * fps) frames of a silent, living face whose last frame flows into its first.

    Noise is periodic, breaths come in a whole number, no blink or glance is cut. It feels what the first
    emotions of ``expression`` say. Raises StudioError unless ``seconds`` is from 2 to 600.
    """
    if not SHORTEST <= seconds <= LONGEST:
        raise StudioError(
            f"An idle loop takes {SHORTEST:.0f} to {LONGEST:.0f} seconds; ask for another length."
        )
    times = frame_times(round(seconds * fps), fps)
    first = min(expression.emotions, key=lambda key: key.time, default=EmotionKey())
    feeling = feel(weights_at((EmotionKey(0.0, first.weights),), times))
    mouth = _silent_mouth(len(times))
    scene = Scene(times, fps, mouth.activity, mouth.accents, feeling, loop=True)
    return perform(scene, mouth, expression, Speech2FaceOptions())


def _silent_mouth(count: int) -> Mouth:
    nothing = np.zeros(count, np.float32)
    return Mouth(
        shapes=np.zeros((count, len(BLENDSHAPES)), np.float32),
        tongue=np.zeros((count, len(TONGUE_SHAPES)), np.float32),
        closure=nothing,
        contact=nothing,
        activity=nothing,
        accents=np.zeros((0, 2), np.float32),
    )
