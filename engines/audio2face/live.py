"""One stream: pieces of sound in, frames out, as soon as enough is heard of what follows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

import numpy as np

from engines.audio2face import Audio2FaceOptions
from engines.audio2face.eyes import look_weights
from engines.audio2face.face import FaceFrames, FaceTrack
from engines.audio2face.feelings import ChosenFeelings, Feelings
from engines.audio2face.model import FaceModel
from engines.audio2face.retime import Retimer
from engines.audio2face.settings import face_settings
from engines.audio2face.sound import Sound
from engines.speech2face.performance import HELD_GAZE
from engines.types import BLENDSHAPE_INDEX, BLENDSHAPES, Expression, Float32, Motion

FINEST = 1001
"""Largest denominator of a frame rate: 30000/1001 is one."""
OPEN, CLOSE = BLENDSHAPE_INDEX["jawOpen"], BLENDSHAPE_INDEX["mouthClose"]
BROWS = [column for column, name in enumerate(BLENDSHAPES) if name.startswith("brow")]


@dataclass(frozen=True)
class Take:
    """How a stream is to be performed: its feelings, frames per second and options."""

    expression: Expression
    fps: float
    options: Audio2FaceOptions


class LiveFace:
    """One stream of mono sound to the motion of a face; use one per stream.

    A frame comes once 0.26 s of sound after it are there, with a diffusion model 0.27 to 0.77 s. However the
    sound is cut into pieces, the motion is that of the whole. The head keeps still: it is not Audio2Face's.
    """

    def __init__(
        self, model: FaceModel, take: Take, sample_rate: int, feelings: Feelings | None = None
    ) -> None:
        """``sample_rate``: Hz. ``feelings`` takes the place of the expression's emotions."""
        self._take, self._rate = take, sample_rate
        self._fps = Fraction(take.fps).limit_denominator(FINEST)
        settings = face_settings(model.config, take.options, take.expression)
        self._open_in_close = np.float32(model.geometry.open_in_close)
        self._eye_offsets = np.array(settings.eyes.offsets, np.float32)
        self._sound = Sound(sample_rate)
        self._feelings = feelings or ChosenFeelings(take.expression.emotions)
        self._track = model.track(self._fps, settings, take.options, take.expression.seed)
        self._face = FaceTrack(model.geometry, settings, float(self._track.rate))
        self._retimer = Retimer(self._track.rate, self._fps)
        self._given = self._made = 0

    @property
    def held(self) -> int:
        """How many samples are kept for what comes next."""
        return self._sound.held

    def feed(self, samples: Float32, last: bool = False) -> Motion:
        """The frames that (N,) further samples in [-1, 1] complete; ``last`` gives those that remain, as if
        silence followed: round(seconds * fps) in all, at least one. Raises StudioError."""
        frames = self.hear(samples, last)
        still = np.zeros((len(frames), 6), np.float32)
        motion = face_motion(self.moving(frames), still, self._take, self._made)
        self._made += len(frames)
        return motion

    def hear(self, samples: Float32, last: bool = False) -> FaceFrames:
        """As ``feed``, before it becomes motion."""
        self._given += len(samples)
        self._sound.add(samples, last)
        self._feelings.hear(self._sound)
        end = self._wanted() if last else None
        for said in self._track.say(self._sound, self._feelings, self._reach(end)):
            self._retimer.take(self._face.frames(said))
        self._sound.forget(min(self._track.needs, self._feelings.needs(self._sound)))
        return self._retimer.give(end)

    def moving(self, frames: FaceFrames) -> FaceFrames:
        """``frames`` as they are on any face.

        The eyes' fixed offsets go: they aim the eyeballs of one mesh. NVIDIA's mouthClose is an open jaw with
        closed lips, ARKit's only closes what jawOpen opens (Audio2Face-3D-Training-Framework, on preparing
        data): so the jaw that it holds is added to jawOpen, as far as the model's own shapes say.
        """
        skin = frames.skin.copy()
        skin[:, OPEN] += np.clip(skin[:, CLOSE], 0.0, 1.0) * self._open_in_close
        return replace(frames, skin=skin, eyes=frames.eyes - self._eye_offsets)

    def _wanted(self) -> int:
        """How many frames a closed stream has."""
        return max(round(self._given / self._rate * self._take.fps), 1)

    def _reach(self, end: int | None) -> int:
        """Before which frame of the network's own rate it can and should speak now."""
        if end is not None:
            last = ceil((end - 1) * self._track.rate / self._fps)
            return last + 1 if self._track.rate == self._fps else min(last + 1, self._most())
        known = self._feelings.known(self._track.rate)
        ready = self._track.ready(self._sound)
        return ready if known is None else min(ready, known)

    def _most(self) -> int:
        return max(self._track.count(self._sound.end), 1)


def face_motion(frames: FaceFrames, head: Float32, take: Take, first: int = 0) -> Motion:
    """Weights as this studio understands them, clipped to [0, 1], over a ``head`` (T, 6) that the eyes make up
    for. ``first``: as in Motion."""
    expression = take.expression
    shapes = frames.skin.copy()
    shapes[:, BROWS] *= np.float32(expression.brows)
    held = np.tile(np.stack([head[:, 1], -head[:, 0]], axis=1), 2) * np.float32(HELD_GAZE)
    shapes += look_weights((frames.eyes + held) * np.float32(expression.gaze))
    blend, tongue = (np.clip(weights, 0.0, 1.0) for weights in (shapes, frames.tongue))
    return Motion(take.fps, blend, head, tongue, first)
