"""A few silent seconds of a face, drawn once and kept: for words that come later, only lips are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.liveportrait.files import FAST_FPS, SLOW_FPS
from engines.liveportrait.frames import Stage, boxes_in_photo, spec_of
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.posing import face_boxes, implicit_of
from engines.liveportrait.source import Source
from engines.progress import Watch
from engines.speech2face.idle import idle
from engines.stages import Given, Keep
from engines.types import Arrays, EmotionKey, Expression, Float32, FrameStream, Image, Motion

if TYPE_CHECKING:
    from engines.liveportrait import LivePortraitOptions

PREFIX = "loop."
CHUNK = 8
"""Frames that are kept at a time: what a render that is broken off has drawn is not lost."""
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 96, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
STEP = 0.1
"""To which emotions are rounded: feelings that nobody can tell apart share a loop."""
BLEND = 0.4
"""Seconds from one feeling's loop to the next's."""
STAGE = "rehearse"


@dataclass(frozen=True)
class Feeling:
    """From ``time`` (s) on, the emotions ``weights``."""

    time: float
    weights: dict[str, float]


def feelings_of(expression: Expression) -> tuple[Feeling, ...]:
    """What is felt when, in order, from the first frame on; the same feeling is not named twice in a row."""
    keys = sorted(expression.emotions, key=lambda key: key.time)
    if not keys or keys[0].time > 0:
        keys = [EmotionKey(), *keys]
    found: list[Feeling] = []
    for key in keys:
        weights = {name: round(weight / STEP) * STEP for name, weight in sorted(key.weights.items())}
        weights = {name: round(weight, 3) for name, weight in weights.items() if weight}
        if not found or found[-1].weights != weights:
            found.append(Feeling(key.time, weights))
    return tuple(found)


def rehearse_loops(stage: Stage, given: Given, keep: Keep, watch: Watch) -> Arrays:
    """A loop for every feeling of a clip, drawn now or before; its arrays are for ``LoopPlayer``."""
    feelings = feelings_of(given.expression)
    different = [dict(pairs) for pairs in dict.fromkeys(tuple(f.weights.items()) for f in feelings)]
    out: Arrays = {
        f"{PREFIX}times": np.array([feeling.time for feeling in feelings]),
        f"{PREFIX}which": np.array([different.index(feeling.weights) for feeling in feelings]),
    }
    for number, weights in enumerate(different):
        expression = replace(given.expression, emotions=(EmotionKey(0.0, weights),))
        part = number / len(different), 1 / len(different)
        for name, value in _loop(stage, expression, keep, _Share(watch, *part)).items():
            out[f"{PREFIX}{number}.{name}"] = value
    return out


@dataclass(frozen=True)
class _Share:
    """A part of the progress: from ``start`` on, ``size`` of the whole."""

    watch: Watch
    start: float
    size: float

    def report(self, fraction: float) -> None:
        self.watch.report(STAGE, self.start + self.size * fraction)


def _loop(stage: Stage, expression: Expression, keep: Keep, share: _Share) -> Arrays:
    """One loop: its pictures as JPEG bytes with where each ends, its rate, and the face's box in each."""
    fps = SLOW_FPS if stage.painter.device == "cpu" else FAST_FPS
    motion = idle(expression, stage.options.loop_seconds, fps)
    source = Source.from_arrays(stage.prepared)
    implicit = implicit_of(motion, source, stage.options)
    parts = _named(expression, stage.options, fps)
    pictures: list[bytes] = []
    for first in range(0, len(motion), CHUNK):
        share.report(first / len(motion))

        def make(first: int = first) -> Arrays:
            return _packed(_drawn(stage, implicit, first, len(motion), share))

        pictures += _unpacked(keep("features", (*parts, first), make))
    boxes = boxes_in_photo(face_boxes(implicit, source), stage.prepared)
    return {**_packed(pictures), "fps": np.array(fps), "boxes": boxes}


def _named(expression: Expression, options: LivePortraitOptions, fps: float) -> tuple[Any, ...]:
    """All that decides how a loop looks."""
    felt, drawn = asdict(expression), asdict(options)
    del felt["mouth"]
    wanted = ("head", "blink", "gaze", "mouth", "feeling", "stitching", "loop_seconds")
    return ("loop", felt, {name: drawn[name] for name in wanted}, fps)


def _drawn(stage: Stage, implicit: Implicit, first: int, count: int, share: _Share) -> list[bytes]:
    found = []
    for index, crop in enumerate(islice(stage.crops(_cut(implicit, first)), CHUNK), first + 1):
        share.report(index / count)
        found.append(cv2.imencode(".jpg", crop[..., ::-1], JPEG)[1].tobytes())
    return found


def _cut(implicit: Implicit, first: int) -> Implicit:
    span = slice(first, first + CHUNK)
    return Implicit(
        implicit.fps,
        implicit.expression[span],
        implicit.scale[span],
        implicit.rotation[span],
        implicit.translation[span],
    )


def _packed(pictures: Sequence[bytes]) -> Arrays:
    ends = np.cumsum([len(picture) for picture in pictures])
    return {"jpeg": np.frombuffer(b"".join(pictures), np.uint8), "ends": ends}


def _unpacked(arrays: Arrays) -> list[bytes]:
    return [part.tobytes() for part in np.split(arrays["jpeg"], arrays["ends"][:-1])]


def has_loops(prepared: Arrays) -> bool:
    """Whether ``rehearse_loops`` made loops of this photo."""
    return f"{PREFIX}times" in prepared


class LoopPlayer:
    """The loops of one clip."""

    def __init__(self, stage: Stage) -> None:
        self._paster, self._prepared = stage.paster(), stage.prepared
        self._times: NDArray[np.float64] = stage.prepared[f"{PREFIX}times"]
        self._which: NDArray[np.int64] = stage.prepared[f"{PREFIX}which"]
        self._loops = [_Loop(stage.prepared, f"{PREFIX}{number}.") for number in range(self._which.max() + 1)]

    def play(self, motion: Motion) -> FrameStream:
        """As many frames as ``motion`` has; what it does does not count."""
        times = (motion.first + np.arange(len(motion))) / motion.fps
        boxes = np.stack([self._box(time) for time in times])
        spec = spec_of(self._prepared, motion.fps, len(motion))
        return FrameStream(spec, self._frames(times), (self._note(),), boxes)

    def _note(self) -> str:
        seconds = self._loops[0].seconds
        return (
            f"Head and eyes go through a loop of {seconds:.0f} s, drawn once for this face and feeling; choose "
            "the performance 'live' to have every frame drawn."
        )

    def _frames(self, times: NDArray[np.float64]) -> Iterator[Image]:
        for time in times:
            mixed = sum(share * loop.picture(time) for loop, share in self._shown(time))
            yield self._paster.paste(np.rint(mixed).astype(np.uint8))

    def _box(self, time: float) -> Float32:
        return np.asarray(sum(share * loop.box(time) for loop, share in self._shown(time)), np.float32)

    def _shown(self, time: float) -> list[tuple[_Loop, float]]:
        """The loops seen at ``time`` and their shares."""
        now = max(int(np.searchsorted(self._times, time, "right")) - 1, 0)
        share = 1.0 if now == 0 else min((time - self._times[now]) / BLEND, 1.0)
        loops = [(self._loops[self._which[now]], share)]
        return loops if share == 1.0 else [*loops, (self._loops[self._which[now - 1]], 1.0 - share)]


class _Loop:
    """One loop of ``prepared``, whose arrays' names begin with ``prefix``."""

    def __init__(self, prepared: Arrays, prefix: str) -> None:
        self._bytes, self._ends = prepared[f"{prefix}jpeg"], prepared[f"{prefix}ends"]
        self._boxes, self._fps = prepared[f"{prefix}boxes"], float(prepared[f"{prefix}fps"])
        self._known: dict[int, Image] = {}

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self._ends) / self._fps

    def picture(self, time: float) -> Float32:
        """(S, S, 3) float32 RGB."""
        first, second, share = self._place(time)
        near = [self._decoded(number).astype(np.float32) for number in (first, second)]
        return np.asarray(near[0] + share * (near[1] - near[0]), np.float32)

    def box(self, time: float) -> Float32:
        """(4,) px of the photo."""
        first, second, share = self._place(time)
        return np.asarray(self._boxes[first] + share * (self._boxes[second] - self._boxes[first]), np.float32)

    def _place(self, time: float) -> tuple[int, int, np.float32]:
        """The pictures before and after ``time``, and how far it is from the first.

        A quarter of a step aside: at twice the loop's rate every frame is mixed alike, none is sharper.
        """
        step = (time * self._fps + 0.25) % len(self._ends)
        first = int(step)
        return first, (first + 1) % len(self._ends), np.float32(step - first)

    def _decoded(self, number: int) -> Image:
        if number not in self._known:
            start = self._ends[number - 1] if number else 0
            bgr = cv2.imdecode(self._bytes[start : self._ends[number]], cv2.IMREAD_COLOR)
            self._known = {**dict(list(self._known.items())[-1:]), number: np.asarray(bgr, np.uint8)[..., ::-1]}
        return self._known[number]
