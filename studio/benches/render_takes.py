"""The clips of ``bench render``: the same words, moved once, filmed with every face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from engines.audio import write_wav
from engines.encode import encode_clip
from engines.photos import make_portrait, read_photo
from engines.pipeline import Pipeline
from engines.pipeline import Take as Footing
from engines.progress import Watch
from engines.registry import Recipe, get_recipe
from engines.types import (
    BLENDSHAPE_INDEX,
    Arrays,
    AvatarRef,
    Expression,
    Float32,
    FrameStream,
    Image,
    Motion,
    Output,
    Phone,
    Portrait,
    RenderRequest,
    Speech,
    Words,
)
from studio.benches import render_measures
from studio.benches.render_judge import SOUND_RATE
from studio.benches.render_tracker import Seen

TEXT = (
    "My brother Bob bought a big blue boat last summer. Please move the purple box over to the farm before "
    "five! We have never found a better place."
)
"""About ten seconds, without a feeling, with as many P, B and M as there is room for."""
SIZE, FPS = 512, 25.0
STILL_HEAD = Expression(head=0.0, breathing=0.0)
REACH = 1.65
"""The face's outline times this holds everything that an expression may move while the head is still."""
CLICKS = (0.71, 1.62, 2.53, 3.34)
"""When the test signal clicks and its mouth is widest (s); off the frames' own times on purpose."""
CLICK, PULSE = 0.004, 0.2
"""Length of a click, and how long before it the mouth begins to open and after it is shut (s)."""
PULSE_JAW = 0.5
NOSE_TIP = 1
SMILE_KEPT = {"facemesh": {"keep_smile": 1.0}}


@dataclass(frozen=True)
class Part:
    """What is said and how the face moves. ``phones``: the true sounds, also where the driver was not told."""

    name: str
    speech: Speech
    motion: Motion
    phones: tuple[Phone, ...]

    def sound(self) -> Float32:
        """(S,) the speech at the judge's rate."""
        return np.asarray(soxr.resample(self.speech.samples, self.speech.sample_rate, SOUND_RATE), np.float32)

    def weights(self, *names: str) -> Float32:
        """(T,) mean of some shapes."""
        return np.asarray(self.motion.blendshapes[:, [BLENDSHAPE_INDEX[name] for name in names]].mean(axis=1))


@dataclass(frozen=True)
class Take:
    """``part`` filmed to ``clip``; ``background``: the largest change (0 to 255) of a pixel that must not move,
    before encoding, or None where the head moves."""

    part: Part
    clip: Path
    background: int | None


@dataclass(frozen=True)
class Sitter:
    """A face to be filmed, and its frames at rest against the photo before encoding, dB within the face's
    outline: ``kept`` with the photo's smile, ``above`` the same above the tip of the nose, ``shipped`` with the
    default, which lets most of a smile go."""

    name: str
    source: Path
    portrait: Portrait
    prepared: Arrays
    kept: float
    above: float
    shipped: float


class Stage:
    """Where clips are filmed, in ``folder``."""

    def __init__(self, pipeline: Pipeline, folder: Path) -> None:
        self.pipeline, self.folder = pipeline, folder
        self.recipe: Recipe = get_recipe("instant")

    def parts(self) -> tuple[Part, ...]:
        """The text as shipped, with the head still, and as a recording whose words nobody told."""
        words = Words(TEXT)
        told = self.pipeline.speak(words, self.recipe, {}, Watch()).speech
        recording = self.folder / "recording.wav"
        write_wav(recording, told)
        heard = self.pipeline.speak(Words(audio=str(recording)), self.recipe, {}, Watch()).speech
        return (
            Part("text", told, self._moved(told, Expression()), told.phones),
            Part("still", told, self._moved(told, STILL_HEAD), told.phones),
            Part("recording", heard, self._moved(heard, Expression()), told.phones),
        )

    def aligned(self) -> Part:
        """The recording with its text known; filmed by nobody, its motion is measured as it is planned."""
        words = Words(TEXT, audio=str(self.folder / "recording.wav"))
        spoken = self.pipeline.speak(words, self.recipe, {}, Watch())
        found = self.pipeline.align(spoken, words, self.recipe, Watch()).speech
        told = self.pipeline.speak(Words(TEXT), self.recipe, {}, Watch()).speech
        return Part("recording with its text", found, self._moved(found, Expression()), told.phones)

    def _moved(self, speech: Speech, expression: Expression) -> Motion:
        request = replace(self._request(Path()), expression=expression)
        return self.pipeline.move(speech, request, self.recipe)[0]

    def _request(self, source: Path) -> RenderRequest:
        return RenderRequest(AvatarRef(str(source)), Words(), output=Output(FPS, SIZE))

    def sitter(self, name: str, source: Path) -> Sitter:
        """A face, and how like the photo it rests. Raises StudioError where the photo cannot be animated."""
        portrait = make_portrait(read_photo(source), 0, SIZE)
        prepared, _ = self.pipeline.prepare(AvatarRef(str(source)), self.recipe, SIZE)
        shipped, kept = (
            next(self._frames(request, prepared, resting(1)).frames)
            for request in (self._request(source), replace(self._request(source), options=SMILE_KEPT))
        )
        face = render_measures.face_mask(portrait.landmarks, portrait.rgb.shape[:2])
        above = face & (np.arange(len(face)) < portrait.landmarks[NOSE_TIP, 1])[:, None]
        likeness = partial(render_measures.likeness, portrait.rgb)
        figures = likeness(kept, face), likeness(kept, above), likeness(shipped, face)
        return Sitter(name, source, portrait, prepared, *figures)

    def film(self, sitter: Sitter, part: Part) -> Take:
        """Make the clip of ``part`` with a face."""
        stream = self._frames(self._request(sitter.source), sitter.prepared, part.motion)
        clip = self.folder / f"{sitter.name}-{part.name}.mp4"
        still = not part.motion.head.any()
        watched = Watched(stream, sitter.portrait)
        encode_clip(watched.stream() if still else stream, part.speech, clip, Watch())
        return Take(part, clip, watched.change if still else None)

    def _frames(self, request: RenderRequest, prepared: Arrays, motion: Motion) -> FrameStream:
        unheard = Speech(np.zeros(1, np.float32), SOUND_RATE)
        return self.pipeline.stream(request, Footing(prepared, unheard, motion), Watch())


class Watched:
    """A stream whose background is compared with the photo as its frames go by."""

    def __init__(self, stream: FrameStream, portrait: Portrait) -> None:
        self._stream, self._photo = stream, portrait.rgb
        self._outside: NDArray[np.bool_] = ~render_measures.face_mask(
            portrait.landmarks, portrait.rgb.shape[:2], REACH
        )
        self.change = 0

    def stream(self) -> FrameStream:
        """The same frames."""
        return replace(self._stream, frames=self._passing())

    def _passing(self) -> Iterator[Image]:
        for frame in self._stream.frames:
            self.change = max(self.change, render_measures.farthest(frame, self._photo, self._outside))
            yield frame


def resting(count: int) -> Motion:
    """``count`` frames in which nothing moves."""
    return Motion(FPS, np.zeros((count, len(BLENDSHAPE_INDEX)), np.float32), np.zeros((count, 6), np.float32))


def clicking() -> Part:
    """The test signal: clicks, and a mouth that is widest just then. Made without a driver."""
    rate, seconds = 48000, CLICKS[-1] + 0.8
    samples = np.zeros(int(seconds * rate), np.float32)
    motion = resting(int(seconds * FPS))
    times = np.arange(len(motion)) / FPS
    for click in CLICKS:
        samples[int(click * rate) : int((click + CLICK) * rate)] = 0.8
        near = np.clip((times - click) / PULSE, -1.0, 1.0)
        motion.blendshapes[:, BLENDSHAPE_INDEX["jawOpen"]] += PULSE_JAW * (0.5 + 0.5 * np.cos(np.pi * near))
    return Part("clicks", Speech(samples, rate), motion, ())


def click_lags(seen: Seen, opened: NDArray[np.floating]) -> NDArray[np.float64]:
    """Seconds by which each mouth pulse of the test signal, (T,) iod, comes after its click as it is heard: the
    pulse's centre of gravity against the loudest moment near by."""
    heard_at = seen.sound_start + np.arange(len(seen.sound)) / SOUND_RATE
    found = []
    for click in CLICKS:
        near = np.abs(seen.times - click) < 1.6 * PULSE
        mass = opened[near] - np.nanmin(opened[near])
        middle = float((mass * seen.times[near]).sum() / mass.sum())
        loudness = np.abs(seen.sound) * (np.abs(heard_at - click) < 1.6 * PULSE)
        found.append(middle - float(heard_at[int(np.argmax(loudness))]))
    return np.array(found)
