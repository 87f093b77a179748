"""What one render leaves behind besides the clip: how long each stage took, and what the user should know."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from engines.types import Image, Speech, StageTime


@dataclass(frozen=True)
class Spoken:
    """Speech, whether it came from the cache, and notes on what was wrong with a recording."""

    speech: Speech
    cached: bool = False
    notes: tuple[str, ...] = ()


@dataclass
class Ledger:
    """What happened in one render: stage times and notes for the user."""

    times: list[StageTime] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def timed(self, stage: str) -> Iterator[Callable[[], None]]:
        """Time a stage; call what is yielded if it came from the cache."""
        start, cached = time.perf_counter(), False

        def mark_cached() -> None:
            nonlocal cached
            cached = True

        yield mark_cached
        self.times.append(StageTime(stage, round(time.perf_counter() - start, 4), cached))

    def add(self, stage: str, seconds: float) -> None:
        """Add ``seconds`` to the time of ``stage``."""
        before = next((index for index, time in enumerate(self.times) if time.stage == stage), None)
        if before is None:
            self.times.append(StageTime(stage, round(seconds, 4)))
        else:
            self.times[before] = StageTime(stage, round(self.times[before].seconds + seconds, 4))


def timing(frames: Iterator[Image], spent: list[float]) -> Generator[Image, None, None]:
    """Pass frames on, adding up the seconds that waiting for them takes."""
    while True:
        start = time.perf_counter()
        frame = next(frames, None)
        spent[0] += time.perf_counter() - start
        if frame is None:
            return
        yield frame
