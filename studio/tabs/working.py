"""Work of some seconds that an event waits for: it tells how far it is, and stops when nobody waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from engines.errors import Cancelled
from engines.progress import Watch

Result = TypeVar("Result")
GLANCE = 0.15
"""Seconds between two looks at the work."""


@dataclass(frozen=True)
class Told:
    """How far: a stage's name, its fraction in [0, 1], seconds since the beginning."""

    stage: str
    fraction: float
    seconds: float


class Working(Generic[Result]):
    """Runs ``make`` in a thread of its own. Iterate to learn how far it is; ``result`` is there afterwards."""

    def __init__(self, make: Callable[[Watch], Result]) -> None:
        self._watch = Watch(self._note)
        self._told = ("voice", 0.0)
        self._made: list[Result] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(make,), daemon=True)

    def __iter__(self) -> Iterator[Told]:
        """Start, and yield while it works; to stop iterating stops it. Raises what ``make`` raised."""
        start = time.monotonic()
        self._thread.start()
        try:
            while self._thread.is_alive():
                self._thread.join(GLANCE)
                yield Told(*self._told, time.monotonic() - start)
        finally:
            self._watch.cancel()
        if self._error is not None:
            raise self._error

    @property
    def result(self) -> Result:
        """What was made."""
        return self._made[0]

    def _note(self, stage: str, fraction: float) -> None:
        self._told = (stage, fraction)

    def _run(self, make: Callable[[Watch], Result]) -> None:
        try:
            self._made.append(make(self._watch))
        except Cancelled:
            return
        except BaseException as error:
            self._error = error
