"""One recording's motion, taken part by part: as far as a driver has to go for it, and no further."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from engines.driving import Performance, gives_pieces, joined_motion, motion_pieces
from engines.pipeline import Pipeline
from engines.progress import Watch
from engines.registry import Recipe, engine_readiness, get_engine, get_recipe
from engines.types import AvatarRef, EmotionKey, Expression, Motion, Output, RenderRequest, Speech, Words
from studio.services import DEFAULT_RECIPE

BEST_RECIPE = "audio2face"
WARM_UP = 0.5
"""Seconds that a driver hears before the part from which it goes on at another frame rate."""
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Take:
    """What is to be moved, how it should feel, and by which recipe's driver."""

    speech: Speech
    expression: Expression
    recipe: str

    @property
    def driver(self) -> str:
        """The engine that moves."""
        return get_recipe(self.recipe).driver


def usual_recipe() -> Recipe:
    """Whose driver moves recordings for which none is named: Audio2Face's if its files are here."""
    ready = not engine_readiness(get_engine(get_recipe(BEST_RECIPE).driver), {}).problem
    return get_recipe(BEST_RECIPE if ready else DEFAULT_RECIPE)


def move(pipeline: Pipeline, take: Take, fps: float) -> Motion:
    """The motion of the whole recording at ``fps``."""
    request = RenderRequest(AvatarRef(""), Words(), take.expression, take.recipe, output=Output(fps))
    motion, _ = pipeline.move(take.speech, request, get_recipe(take.recipe))
    return motion


def between(motion: Motion, start: float, end: float) -> Motion:
    """The frames whose time in the clip lies from ``start`` to before ``end`` (s)."""
    first, last = (math.ceil(moment * motion.fps - _ROUNDING) - motion.first for moment in (start, end))
    return motion.cut(max(first, 0), max(last, 0))


class Mover:
    """The motion of a recording from its beginning to its end. A driver that gives pieces is only asked for as
    many as a part takes, and hears what is left of the recording when the frame rate changes."""

    def __init__(self, pipeline: Pipeline, take: Take) -> None:
        self._pipeline, self._take = pipeline, take
        self._rate = 0.0
        self._pieces: Iterator[Motion] = iter(())
        self._kept: list[Motion] = []

    def part(self, start: float, end: float, fps: float) -> Motion:
        """The frames from ``start`` to before ``end`` (s), which does not lie before the last part's."""
        if fps != self._rate:
            self._rate, self._kept, self._pieces = fps, [], self._begin(start, fps)
        while not self._kept or _end(self._kept[-1]) < end:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._kept.append(piece)
        motion = joined_motion([piece for piece in self._kept if _end(piece) > start] or self._kept[-1:])
        self._kept = [motion]
        return between(motion, start, end)

    def _begin(self, start: float, fps: float) -> Iterator[Motion]:
        engine = get_engine(self._take.driver)
        driver = self._pipeline.manager.stage(engine.name, "driver")
        if not gives_pieces(driver):
            return iter([move(self._pipeline, self._take, fps)])
        first = math.floor(max(start - WARM_UP, 0.0) * fps)
        take = _rest(self._take, first / fps)
        wanted = Performance(take.speech, take.expression, fps, engine.parse_options({}))
        pieces = motion_pieces(driver, wanted, Watch())
        return (replace(piece, first=piece.first + first) for piece in pieces)


def _end(motion: Motion) -> float:
    """Seconds at which ``motion`` is over."""
    return (motion.first + len(motion)) / motion.fps


def _rest(take: Take, start: float) -> Take:
    """``take`` from ``start`` (s) on."""
    speech, keys = take.speech, take.expression.emotions
    samples = speech.samples[round(start * speech.sample_rate) :]
    before = [key for key in sorted(keys, key=lambda key: key.time) if key.time <= start][-1:]
    after = [EmotionKey(key.time - start, key.weights) for key in keys if key.time > start]
    emotions = (*(EmotionKey(0.0, key.weights) for key in before), *after)
    rest = Speech(samples, speech.sample_rate, language=speech.language)
    return replace(take, speech=rest, expression=replace(take.expression, emotions=emotions))
