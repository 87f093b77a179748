"""A process that works at the queue: it takes jobs, says that it lives, and takes over from those that died."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

from studio.jobs.durable import LOCAL, Durable
from studio.jobs.runner import Runner
from studio.jobs.running import Interrupted, Limits, Progress, RunningJob
from studio.jobs.store import JobStore

log = logging.getLogger(__name__)

PULSE = 0.3
"""Seconds between looks at what other processes want, and at the limits."""
ROUNDS = 4
"""Pulses between signs of life."""
RECOVER = 3.0
"""Seconds to leave a database in peace that gave an error."""
LAST_BREATH = 10.0
"""Seconds that a running job gets to notice that the process stops."""


@dataclass(frozen=True)
class Terms:
    """How a worker works: its name, limits per job, seconds of silence after which another counts as dead.

    ``alone``: a lock file, where only one process may work at the database (SQLite); None where several may.
    """

    name: str
    limits: Limits
    patience: float
    alone: Path | None = None


class Worker:
    """Works from ``start`` to ``stop``; while another process holds the lock it waits for its turn."""

    def __init__(self, store: JobStore, durable: Durable, runner: Runner, terms: Terms) -> None:
        self._store, self._durable, self._runner, self._terms = store, durable, runner, terms
        self._lock = FileLock(terms.alone) if terms.alone else None
        self._stopping = threading.Event()
        self._launched = False
        self._adrift: set[str] = set()  # should run here and did not at the last look
        self._told: dict[str, Progress] = {}
        self._thread = threading.Thread(target=self._live, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; what runs here stays unfinished and goes on at the next start, or at another worker."""
        self._stopping.set()
        self._thread.join()
        if not self._launched:
            return
        self._quit_jobs()
        self._durable.stop()
        with suppress(SQLAlchemyError):
            self._store.leave(self._terms.name)
        if self._lock:
            self._lock.release()

    def _live(self) -> None:
        rounds = 0
        while not self._stopping.is_set():
            pause = PULSE
            try:
                if self._launched or self._launch():
                    self._pulse(rounds % ROUNDS == 0)
                    rounds += 1
            except Exception as error:
                log.error("the job worker goes on after: %s", error)
                pause = RECOVER
            self._stopping.wait(pause)

    def _launch(self) -> bool:
        """Begin to work, unless somebody else does; true once it does."""
        if not self._take_lock():
            return False
        self._store.beat(self._terms.name)
        self._store.release(self._alive())
        run = self._runner.run(self._terms.name, self._terms.limits, self._durable.enqueue)
        self._launched = self._durable.launch(run)
        if not self._launched and self._lock:
            self._lock.release()
        return self._launched

    def _take_lock(self) -> bool:
        try:
            if self._lock:
                self._lock.acquire(blocking=False)
        except Timeout:
            return False
        return True

    def _alive(self) -> set[str]:
        """Whose jobs are to be left alone: nobody's where only one process works, which has just begun."""
        return self._store.alive(self._terms.patience) if self._terms.name != LOCAL else set()

    def _pulse(self, sign_of_life: bool) -> None:
        here = {job.row.id: job for job in self._runner.jobs()}
        if here or sign_of_life:
            self._obey(here, self._store.orders(self._terms.name))
        for job in here.values():
            self._look_after(job)
        if sign_of_life and self._terms.name != LOCAL:
            self._store.beat(self._terms.name)
            if self._durable.recover(self._alive()):
                self._store.release(self._alive())

    def _obey(self, here: dict[str, RunningJob], orders: dict[str, bool]) -> None:
        """Stop what is cancelled or somebody else's; queue again what should run here and does not."""
        for job_id, job in here.items():
            if job_id not in orders:
                job.stop(Interrupted())
            elif orders[job_id]:
                job.stop()
        missing = set(orders) - set(here)
        for job_id in missing & self._adrift:
            self._store.again(job_id, ("running",), self._durable.enqueue, keep_turn=True)
        self._adrift = missing - self._adrift

    def _look_after(self, job: RunningJob) -> None:
        too_long = job.check_limits()
        if too_long:
            self._store.end(job.row, "failed", too_long)
        elif self._told.get(job.row.id) != job.progress:
            self._told = {job.row.id: job.progress}
            self._store.report(job.row, job.progress.stage, job.progress.fraction, job.progress.seconds_left)

    def _quit_jobs(self) -> None:
        deadline = time.monotonic() + LAST_BREATH
        while (jobs := self._runner.jobs()) and time.monotonic() < deadline:
            for job in jobs:
                job.stop(Interrupted())
            with self._runner.changed:
                self._runner.changed.wait(0.1)
