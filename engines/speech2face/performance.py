"""All that a face does at once: speaking, feeling, living."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.speech2face import Speech2FaceOptions
from engines.speech2face.articulate import articulate
from engines.speech2face.brows import brow_shapes
from engines.speech2face.eyes import blinks, gaze_degrees, look_shapes
from engines.speech2face.head import breath, head_motion
from engines.speech2face.mood import intensity
from engines.speech2face.mouth import Mouth
from engines.speech2face.scene import Scene
from engines.types import BLENDSHAPE_INDEX, Expression, Float32, Motion

HELD_GAZE = 0.85
"""Share of a head turn that the eyes undo to keep looking at the viewer."""


def perform(scene: Scene, mouth: Mouth, expression: Expression, options: Speech2FaceOptions) -> Motion:
    """The whole face at the times of ``scene``: what the mouth says, what is felt, and the life in it."""
    head = head_motion(scene, expression.seed, expression.head, expression.breathing)
    felt = intensity(scene, expression.seed) * scene.feeling.shapes + _breath_lips(scene, expression)
    feeling = replace(scene.feeling, shapes=felt)
    shapes, tongue = articulate(mouth, feeling, expression.mouth, options, scene.fps)
    shapes += brow_shapes(scene, expression.brows, expression.seed)
    _add_eyes(shapes, scene, expression, head)
    return Motion(scene.fps, np.clip(shapes, 0.0, 1.0).astype(np.float32), head, tongue)


def _breath_lips(scene: Scene, expression: Expression) -> Float32:
    """(T, 52) what heavy breathing does to a silent mouth: the jaw drops a little on the way in."""
    shapes = np.zeros((len(scene.times), len(BLENDSHAPE_INDEX)), np.float32)
    depth = np.clip(scene.feeling.breath_depth - 1.5, 0.0, 3.0)
    wave = breath(scene, expression.seed) / scene.feeling.breath_depth
    gasp = expression.breathing * 0.05 * depth * wave * (1.0 - scene.activity)
    shapes[:, BLENDSHAPE_INDEX["jawOpen"]] = gasp
    for side in ("Left", "Right"):
        shapes[:, BLENDSHAPE_INDEX[f"noseSneer{side}"]] = 0.8 * np.maximum(gasp, 0.0)
    return shapes


def _add_eyes(shapes: Float32, scene: Scene, expression: Expression, head: Float32) -> None:
    """In place: gaze that stays on the viewer while the head turns, then blinks over everything else."""
    degrees = scene.feeling.gaze + gaze_degrees(scene, expression.seed) - HELD_GAZE * head[:, :2]
    shapes += look_shapes(np.asarray(expression.gaze * degrees, np.float32))
    shut = blinks(scene, expression.blink, expression.seed)
    for eye, side in enumerate(("Left", "Right")):
        lid, wide = BLENDSHAPE_INDEX[f"eyeBlink{side}"], BLENDSHAPE_INDEX[f"eyeWide{side}"]
        shapes[:, lid] += shut[:, eye] * np.maximum(1.0 - shapes[:, lid], 0.0)
        shapes[:, wide] *= 1.0 - shut[:, eye]
