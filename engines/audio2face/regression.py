"""The regression networks: a window of sound around every frame, each frame for itself, at any frame rate."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor

import numpy as np

from engines.audio2face.feelings import Feelings, Frames
from engines.audio2face.folder import SAMPLE_RATE, RegressionInfo, emotion_order
from engines.audio2face.network import Layout, OutOfMemory, Runner, numbers
from engines.audio2face.sound import Sound
from engines.errors import StudioError
from engines.types import Float32

BATCH = {"cpu": 8}
GPU_BATCH = 64
NO_ROOM = "There is not enough memory for Audio2Face; unload other engines, or close other programs."


def layouts(info: RegressionInfo) -> tuple[Layout, Layout]:
    """Inputs and outputs: emotion (B, 1, 16 + 10), input (B, 1, samples); result (B, 1, all that it says)."""
    sizes = info.sizes
    said = sizes.skin + sizes.tongue + sizes.jaw + sizes.eyes
    felt = sizes.moods + len(sizes.emotions)
    return (
        {"emotion": (None, 1, felt), "input": (None, 1, info.sound.length)},
        {"result": (None, 1, said)},
    )


class RegressionTrack:
    """What a regression network says of one stream, in batches. ``rate``: frames per second."""

    def __init__(
        self, runner: Runner, info: RegressionInfo, mood: Float32, fps: Fraction, strength: float
    ) -> None:
        """``mood`` (16,): the implicit emotion; ``strength``: a factor on the sound."""
        self.rate = fps
        self._runner, self._info, self._mood = runner, info, mood
        self._strength = np.float32(strength)
        self._stride = Fraction(SAMPLE_RATE) / fps
        self._batch = BATCH.get(runner.device, GPU_BATCH)
        self._next = 0

    @property
    def needs(self) -> int:
        """The first sample that a later frame looks at."""
        return self._start(self._next)

    def ready(self, sound: Sound) -> int:
        """How many frames from the first on can be made of what has come of an open stream.

        Frame i is at sample floor(i · 16000 / fps) and looks on to the end of its window.
        """
        judged = sound.end - (self._info.sound.length - self._info.sound.target)
        return max(ceil((judged + 1) / self._stride), 0)

    def count(self, samples: int) -> int:
        """How many frames there are in ``samples`` of a closed stream."""
        return ceil(samples / self._stride)

    def say(self, sound: Sound, feelings: Feelings, end: int) -> Iterator[Float32]:
        """What the network says of the frames before ``end`` that it has not spoken of yet, (B, R) each."""
        while self._next < end:
            frames = np.arange(self._next, min(self._next + self._batch, end))
            try:
                said = self._run(sound, feelings.at(frames, self.rate), frames)
            except OutOfMemory:
                self._halve()
                continue
            self._next += len(frames)
            yield said

    def _halve(self) -> None:
        if self._batch == 1:
            raise StudioError(NO_ROOM) from None
        self._batch //= 2

    def _run(self, sound: Sound, felt: Float32, frames: Frames) -> Float32:
        heard = np.stack([sound.window(self._start(int(i)), self._info.sound.length) for i in frames])
        heard *= self._strength
        explicit = felt[:, emotion_order(self._info)]
        emotion = np.concatenate([np.tile(self._mood, (len(frames), 1)), explicit], axis=1)
        made = self._runner.run({"emotion": emotion[:, None], "input": heard[:, None]})
        return numbers(made["result"].reshape(len(frames), -1))

    def _start(self, frame: int) -> int:
        return floor(frame * self._stride) - self._info.sound.target
