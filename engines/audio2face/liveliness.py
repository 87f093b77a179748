"""What Audio2Face leaves to others: the head, breath and blinks, as the embedded driver has them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.speech2face.eyes import blinks
from engines.speech2face.feelings import feel, weights_at
from engines.speech2face.head import head_motion
from engines.speech2face.loudness import beats, measure
from engines.speech2face.mouth import frame_times
from engines.speech2face.scene import Scene
from engines.types import BLENDSHAPE_INDEX, Expression, Float32, Motion, Speech


def scene_of(speech: Speech, expression: Expression, frames: int, fps: float) -> Scene:
    """When it is spoken and stressed in ``speech``, which has a sample at least, and what is felt."""
    times = frame_times(frames, fps)
    loudness = measure(speech.samples, speech.sample_rate)
    feeling = feel(weights_at(expression.emotions, times))
    activity = loudness.at(loudness.activity, times)
    return Scene(times, fps, activity, beats(loudness, loudness.activity), feeling)


def head_of(scene: Scene, expression: Expression) -> Float32:
    """(T, 6) like ``Motion.head``."""
    return head_motion(scene, expression.seed, expression.head, expression.breathing)


def lids_of(scene: Scene, expression: Expression) -> Float32:
    """(T, 2) how far blinks shut the left and the right eye."""
    return blinks(scene, expression.blink, expression.seed)


def blinking(motion: Motion, shut: Float32) -> Motion:
    """``motion`` with blinks over everything else that its lids do; ``shut`` (T, 2): left and right."""
    shapes = motion.blendshapes.copy()
    for eye, side in enumerate(("Left", "Right")):
        lid, wide = BLENDSHAPE_INDEX[f"eyeBlink{side}"], BLENDSHAPE_INDEX[f"eyeWide{side}"]
        shapes[:, lid] += shut[:, eye] * (1.0 - shapes[:, lid])
        shapes[:, wide] *= 1.0 - shut[:, eye]
    return replace(motion, blendshapes=np.clip(shapes, 0.0, 1.0))
