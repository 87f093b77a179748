"""Speech and Expression become Motion, by Audio2Face-3D.

Its ARKit weights and those of ``Motion`` follow one convention, 1 being the whole pose that an artist made for
that shape, and are taken one to one, clipped to [0, 1]: how many inter-ocular distances the jaw of a model's
own face opens at 1 is not the 0.35 of ``Motion`` to the millimetre. "Lower face" in the options sets it right.
mouthClose is brought to ARKit's meaning (``LiveFace.moving``); what is left and right is the same in both.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engines.audio2face import Audio2FaceOptions
from engines.audio2face.files import EMOTION, folder_of, require
from engines.audio2face.heard import EmotionModel, HeardFeelings, heard_wishes, load_emotion_model
from engines.audio2face.live import LiveFace, Take, face_motion
from engines.audio2face.liveliness import blinking, head_of, lids_of, scene_of
from engines.audio2face.model import FaceModel, load_model
from engines.driving import joined_motion
from engines.progress import Watch
from engines.types import EmotionKey, Expression, Float32, Motion, Speech

STAGE = "motion"
PIECE = {"cpu": 0.3}
GPU_PIECE = 4.0
"""Seconds of sound between two looks at whether somebody cancelled."""
STILL = 0.3
"""Seconds of silence after which a face at rest is looked at."""


class Audio2FaceDriver:
    """The driver stage: one face in memory at a time, and Audio2Emotion. Safe for several threads."""

    def __init__(self) -> None:
        self._loaded: dict[str, FaceModel] = {}
        self._emotion: EmotionModel | None = None
        self._lock = threading.Lock()

    @property
    def device(self) -> str:
        """Where it computes; "cpu" also before a model is loaded."""
        return next((model.runner.device for model in self._loaded.values()), "cpu")

    def drive(self, speech: Speech, expression: Expression, fps: float, options: Audio2FaceOptions) -> Motion:
        """Motion of round(duration * fps) frames, at least one: Audio2Face's face, with head, breath and blinks
        of the embedded driver. Raises StudioError if the model is not there or not the right one."""
        return joined_motion(list(self.drive_pieces(speech, expression, fps, options, Watch())))

    def drive_pieces(
        self, speech: Speech, expression: Expression, fps: float, options: Audio2FaceOptions, watch: Watch
    ) -> Iterator[Motion]:
        """As ``drive``, while it is made, telling ``watch`` how far it is. Raises Cancelled."""
        speech, take = _with_sound(speech), Take(expression, fps, options)
        live = self.listen(take, speech.sample_rate)
        scene = scene_of(speech, expression, max(round(speech.duration * fps), 1), fps)
        head, lids = head_of(scene, expression), lids_of(scene, expression)
        at = 0
        for piece in self._pieces(speech, watch):
            frames = live.moving(live.hear(*piece))
            seen = slice(at, at + len(frames))
            if len(frames):
                yield blinking(face_motion(frames, head[seen], take, at), lids[seen])
            at += len(frames)

    def listen(self, take: Take, sample_rate: int) -> LiveFace:
        """A stream of sound at ``sample_rate`` Hz. Raises StudioError like ``drive``."""
        model = self._model(take.options)
        if take.options.emotions == "chosen":
            return LiveFace(model, take, sample_rate)
        wanted = heard_wishes(take.options, take.expression)
        return LiveFace(model, take, sample_rate, HeardFeelings(self._emotion_model(), wanted))

    def pose(self, expression: Expression) -> Float32:
        """The face that is silent with the first emotions of ``expression``: (52,) float32 in [0, 1]."""
        first = min(expression.emotions, key=lambda key: key.time, default=EmotionKey())
        held = replace(expression, emotions=(EmotionKey(0.0, first.weights),))
        live = self.listen(Take(held, 30.0, Audio2FaceOptions()), 16_000)
        silent = live.feed(np.zeros(int(16_000 * STILL), np.float32), last=True)
        return np.asarray(silent.blendshapes[-1])

    def close(self) -> None:
        """Let go of the model."""
        self._loaded.clear()
        self._emotion = None

    def _pieces(self, speech: Speech, watch: Watch) -> Iterator[tuple[Float32, bool]]:
        """The samples piece by piece, and whether it is the last."""
        count = len(speech.samples)
        size = max(int(PIECE.get(self.device, GPU_PIECE) * speech.sample_rate), 1)
        for start in range(0, count, size):
            watch.report(STAGE, start / count)
            yield speech.samples[start : start + size], start + size >= count

    def _model(self, options: Audio2FaceOptions) -> FaceModel:
        choice, name = require(options)
        with self._lock:
            if name not in self._loaded:
                self._loaded = {name: load_model(folder_of(choice.group), choice.face)}
            return self._loaded[name]

    def _emotion_model(self) -> EmotionModel:
        with self._lock:
            self._emotion = self._emotion or load_emotion_model(folder_of(EMOTION))
            return self._emotion


def _with_sound(speech: Speech) -> Speech:
    """Speech of a sample at least, so that there is a frame."""
    if len(speech.samples):
        return speech
    return replace(speech, samples=np.zeros(max(speech.sample_rate // 25, 1), np.float32))


def create() -> Audio2FaceDriver:
    """The factory named in the engine's declaration."""
    return Audio2FaceDriver()
