"""The diffusion network: half a second of sound at a time, with a memory that goes on from window to window."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

import numpy as np

from engines.audio2face.feelings import Feelings
from engines.audio2face.folder import SAMPLE_RATE, DiffusionInfo, emotion_order
from engines.audio2face.network import Layout, OutOfMemory, Runner, numbers
from engines.audio2face.regression import NO_ROOM
from engines.audio2face.sound import Sound
from engines.errors import StudioError
from engines.types import Float32


def said_size(info: DiffusionInfo) -> int:
    """How many numbers the network says of a frame."""
    sizes = info.sizes
    return sizes.skin + sizes.tongue + sizes.jaw + sizes.eyes


def layouts(info: DiffusionInfo) -> tuple[Layout, Layout]:
    """Inputs and outputs by name; B is the third side of the memory and the first of all others."""
    sizes, said = info.sizes, said_size(info)
    memory = (sizes.steps, sizes.layers, None, sizes.latent)
    inputs: Layout = {
        "emotion": (None, sizes.centre, len(sizes.emotions)),
        "identity": (None, len(sizes.identities)),
        "input_latents": memory,
        "noise": (None, sizes.steps + 1, sizes.frames, said),
        "window": (None, info.sound.length),
    }
    return inputs, {"prediction": (None, sizes.frames, said), "output_latents": memory}


class Noise:
    """Normal noise, the same for the same seed: one for all windows, as NVIDIA's service has it, or new for
    every window, as the SDK does unless told otherwise.

    The SDK draws from cuRAND's Philox: its numbers are of the same distribution and not the same.
    """

    def __init__(self, info: DiffusionInfo, seed: int, fresh: bool = False) -> None:
        self._shape = (1, info.sizes.steps + 1, info.sizes.frames, said_size(info))
        self._seed, self._fresh = seed, fresh
        self._kept: Float32 | None = None

    def of(self, window: int) -> Float32:
        """(1, steps + 1, frames, R) of a window's number."""
        if self._fresh:
            return self._drawn(window)
        if self._kept is None:
            self._kept = self._drawn(0)
        return self._kept

    def _drawn(self, window: int) -> Float32:
        bits = np.random.Philox(np.random.SeedSequence([self._seed, window]))
        return np.random.Generator(bits).standard_normal(self._shape, np.float32)


class DiffusionTrack:
    """What a diffusion network says of one stream. ``rate``: frames per second, which the network sets.

    With L, C and R frames to the left, in the centre and to the right of a window of n samples, window k begins
    at sample k·n·C/(L+C+R) - padding; of its frames those in the centre count, the first of which is
    n·L/(L+C+R) samples into it. Windows before the sound warm the memory up, and frames before it are left out.
    """

    def __init__(self, runner: Runner, info: DiffusionInfo, face: int, noise: Noise, strength: float) -> None:
        """``face``: which of the network's identities; ``strength``: a factor on the sound."""
        sizes = info.sizes
        self.rate = Fraction(sizes.frames * SAMPLE_RATE, info.sound.length)
        self._runner, self._info, self._noise = runner, info, noise
        self._strength = np.float32(strength)
        self._identity = np.eye(len(sizes.identities), dtype=np.float32)[face : face + 1]
        self._memory = np.zeros((sizes.steps, sizes.layers, 1, sizes.latent), np.float32)
        self._frame = Fraction(SAMPLE_RATE) / self.rate
        self._stride = sizes.centre * self._frame
        self._window = 0

    @property
    def needs(self) -> int:
        """The first sample that a later window looks at."""
        return self._start(self._window)

    def ready(self, sound: Sound) -> int:
        """How many frames from the first on can be made of what has come of an open stream."""
        reach = sound.end + self._info.sound.before - self._info.sound.length
        windows = reach // self._stride + 1 if reach >= 0 else 0
        return max(self._first_of(int(windows)), 0)

    def count(self, samples: int) -> int:
        """How many frames there are in ``samples`` of a closed stream."""
        return ceil(samples / self._frame)

    def say(self, sound: Sound, feelings: Feelings, end: int) -> Iterator[Float32]:
        """What the network says of the frames that were not spoken of yet, in whole windows: those that end
        before frame ``end``, and once the stream is closed the one that holds it too."""
        while self._first_of(self._window + (0 if sound.closed else 1)) < end + (not sound.closed):
            first = self._first_of(self._window)
            frames = np.arange(first, first + self._info.sizes.centre)
            said = self._run(sound, feelings.at(frames, self.rate))
            self._window += 1
            if len(said := said[frames >= 0]):
                yield said

    def _run(self, sound: Sound, felt: Float32) -> Float32:
        sizes, window = self._info.sizes, sound.window(self._start(self._window), self._info.sound.length)
        feeds = {
            "emotion": felt[None, :, emotion_order(self._info)],
            "identity": self._identity,
            "input_latents": self._memory,
            "noise": self._noise.of(self._window),
            "window": window[None] * self._strength,
        }
        try:
            made = self._runner.run(feeds)
        except OutOfMemory:
            raise StudioError(NO_ROOM) from None
        self._memory = numbers(made["output_latents"])
        return numbers(made["prediction"][0, sizes.left : sizes.left + sizes.centre])

    def _start(self, window: int) -> int:
        return int(window * self._stride // 1) - self._info.sound.before

    def _first_of(self, window: int) -> int:
        """The number of the first frame of a window's centre; frame 0 is at sample 0."""
        sizes, padding = self._info.sizes, self._info.sound.before / self._frame
        return window * sizes.centre + sizes.left - ceil(padding)
