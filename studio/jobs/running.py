"""A job while it runs: how far it is, how long it may take, and how it is stopped."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from engines.errors import StudioError
from engines.progress import Watch
from studio.jobs.store import JobRow
from studio.jobs.timings import Forecast, Pace


class Interrupted(BaseException):
    """The process stops or the job is another worker's now: leave it where it is.

    Not an Exception, so that nothing on the way takes it for a failure and writes that down.
    """


@dataclass(frozen=True)
class Limits:
    """Seconds that a whole job and one stage of it may take."""

    job: float
    stage: float


@dataclass(frozen=True)
class Progress:
    """How far a job is; ``fraction`` of the whole in [0, 1]."""

    stage: str
    fraction: float
    seconds_left: float | None


@dataclass
class RunningJob:
    """Progress, limits and the way to stop of one job; made when it starts. Safe for several threads."""

    row: JobRow
    forecast: Forecast
    limits: Limits
    changed: threading.Condition
    watch: Watch = field(init=False)
    progress: Progress = field(init=False)
    reason: BaseException | None = None
    """Why it was stopped, if not because the user asked."""

    def __post_init__(self) -> None:
        self.watch = Watch(self._report)
        self.progress = Progress("starting", self.row.fraction, None)
        self._started = self._stage_started = time.monotonic()
        self._pace: Pace | None = None

    def stop(self, reason: BaseException | None = None) -> None:
        """Stop at the next frame, because the user asked or for ``reason``."""
        self.reason = self.reason or reason
        self.watch.cancel()

    def check_limits(self) -> str | None:
        """Stop the job if it has taken too long; returns the sentence that says so."""
        now = time.monotonic()
        over = now - self._started > self.limits.job, now - self._stage_started > self.limits.stage
        if not any(over):
            return None
        limit = self.limits.job if over[0] else self.limits.stage
        what = "The render" if over[0] else f"The stage '{self.progress.stage}'"
        sentence = (
            f"{what} took longer than the limit of {limit / 60:.0f} minutes; "
            "shorten the text or choose a smaller video, then try again."
        )
        self.stop(StudioError(sentence))
        return sentence

    def _report(self, stage: str, fraction: float) -> None:
        now = time.monotonic()
        if stage != self.progress.stage or self._pace is None:
            self._stage_started, self._pace = now, Pace(now, fraction)
        whole, left = self.forecast.at(stage, fraction, self._pace.whole(now, fraction))
        with self.changed:
            self.progress = Progress(stage, max(whole, self.progress.fraction), left)
            self.changed.notify_all()
