"""What one render leaves behind besides the clip: how long each stage took, and what the user should know."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from engines.types import Speech, StageTime


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
