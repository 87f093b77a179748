"""Speech and Expression become Motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.speech2face import Speech2FaceOptions
from engines.speech2face.articulate import articulate
from engines.speech2face.brows import brow_shapes
from engines.speech2face.eyes import blinks, gaze_degrees, look_shapes
from engines.speech2face.feelings import feel, weights_at
from engines.speech2face.from_phones import mouth_from_phones
from engines.speech2face.from_sound import mouth_from_sound
from engines.speech2face.head import breath, head_motion
from engines.speech2face.life import Stream, drift, stream
from engines.speech2face.loudness import measure
from engines.speech2face.mouth import Mouth, frame_times
from engines.speech2face.scene import Scene
from engines.types import BLENDSHAPE_INDEX, EmotionKey, Expression, Float32, Motion, Speech

HELD_GAZE = 0.85
"""Share of a head turn that the eyes undo to keep looking at the viewer."""

WAVER = 0.1
"""How far a feeling swells and ebbs in speech."""


class Speech2FaceDriver:
    """The embedded driver: no weights to fetch, no GPU. Holds no state, so threads may share it."""

    def drive(self, speech: Speech, expression: Expression, fps: float, options: Speech2FaceOptions) -> Motion:
        """Motion of round(duration * fps) frames, at least one.

        Timed phones are followed where the speech has them; otherwise the sound is listened to.
        """
        times = frame_times(max(round(speech.duration * fps), 1), fps)
        mouth = _listen(speech, times, options)
        feeling = feel(weights_at(expression.emotions, times))
        scene = Scene(times, fps, mouth.activity, mouth.accents, feeling)
        head = head_motion(scene, expression.seed, expression.head, expression.breathing)
        felt = replace(
            feeling, shapes=_waver(scene, expression) * feeling.shapes + _breath_lips(scene, expression)
        )
        shapes, tongue = articulate(mouth, felt, expression.mouth, options, fps)
        shapes += brow_shapes(scene, expression.brows, expression.seed)
        _add_eyes(shapes, scene, expression, head)
        return Motion(fps, np.clip(shapes, 0.0, 1.0).astype(np.float32), head, tongue)

    def pose(self, expression: Expression) -> Float32:
        """The face at rest that the first emotions of ``expression`` ask for: (52,) float32 in [0, 1]."""
        first = min(expression.emotions, key=lambda key: key.time, default=None)
        keys = () if first is None else (EmotionKey(0.0, first.weights),)
        feeling = feel(weights_at(keys, np.zeros(1, np.float32)))
        looks = look_shapes(expression.gaze * feeling.gaze)
        return np.asarray(np.clip(feeling.shapes + looks, 0.0, 1.0)[0], np.float32)


def _listen(speech: Speech, times: Float32, options: Speech2FaceOptions) -> Mouth:
    if not len(speech.samples):
        speech = replace(speech, samples=np.zeros(max(speech.sample_rate // 25, 1), np.float32))
    loudness = measure(speech.samples, speech.sample_rate)
    hear = mouth_from_phones if speech.phones else mouth_from_sound
    return hear(speech, loudness, times, options.lead / 1000.0)


def _waver(scene: Scene, expression: Expression) -> Float32:
    """(T, 1) around 1: a feeling swells and ebbs while somebody speaks; a face at rest holds it."""
    swell = np.clip(drift(0.7 * scene.times, stream(expression.seed, Stream.MOOD)), -1.5, 1.5)
    depth = WAVER * min(expression.mouth, 1.0) * scene.activity
    return np.asarray(1.0 + depth * swell, np.float32)[:, None]


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
    for side in ("Left", "Right"):
        lid, wide = BLENDSHAPE_INDEX[f"eyeBlink{side}"], BLENDSHAPE_INDEX[f"eyeWide{side}"]
        shapes[:, lid] += shut * np.maximum(1.0 - shapes[:, lid], 0.0)
        shapes[:, wide] *= 1.0 - shut


def create() -> Speech2FaceDriver:
    """The driver stage."""
    return Speech2FaceDriver()
