"""Speech and Expression become Motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.progress import Watch
from engines.speech2face import Speech2FaceOptions
from engines.speech2face.align import align
from engines.speech2face.eyes import look_shapes
from engines.speech2face.feelings import feel, weights_at
from engines.speech2face.from_phones import mouth_from_phones
from engines.speech2face.from_sound import mouth_from_sound
from engines.speech2face.idle import idle
from engines.speech2face.loudness import measure
from engines.speech2face.mouth import Mouth, frame_times
from engines.speech2face.performance import perform
from engines.speech2face.scene import Scene
from engines.types import Alignment, EmotionKey, Expression, Float32, Motion, Speech


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
        return perform(scene, mouth, expression, options)

    def align(self, recording: Speech, spoken: Speech, watch: Watch) -> Alignment:
        """``recording`` with the sounds of ``spoken``, the same text, at its own times: see ``align.align``."""
        return align(recording, spoken, watch)

    def idle(self, expression: Expression, seconds: float, fps: float) -> Motion:
        """A silent face whose last frame flows into its first: see ``idle.idle``."""
        return idle(expression, seconds, fps)

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


def create() -> Speech2FaceDriver:
    """The driver stage."""
    return Speech2FaceDriver()
