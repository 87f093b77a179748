"""How a long piece of work tells how far it is, and learns that nobody wants it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engines.errors import Cancelled

Report = Callable[[str, float], None]
"""Called with a stage's name and its fraction done in [0, 1]."""


def _ignore(_stage: str, _fraction: float) -> None:
    """Report to nobody."""


class Watch:
    """Progress out, cancel in: passed along with a piece of work.

    ``report(stage, fraction)`` tells; ``check()`` raises Cancelled once ``cancel()`` was called, by any thread.
    """

    def __init__(self, on_report: Report = _ignore) -> None:
        self._on_report = on_report
        self._cancelled = threading.Event()

    def report(self, stage: str, fraction: float) -> None:
        """Say that ``stage`` is done to ``fraction``; raises Cancelled if it was cancelled meanwhile."""
        self.check()
        self._on_report(stage, fraction)

    def cancel(self) -> None:
        """Ask the work to stop at its next check."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether cancel was asked for."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise Cancelled if cancel was asked for."""
        if self.cancelled:
            raise Cancelled
