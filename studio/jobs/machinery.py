"""The parts behind ``Jobs``, put together: database, durable queue, files, runner and worker."""

from __future__ import annotations

import secrets
import threading
from typing import Any

from engines.errors import StudioError
from engines.pipeline import Pipeline
from engines.registry import get_recipe
from engines.requests import making_cost
from engines.types import RenderRequest
from studio.jobs.database import database_url, open_database
from studio.jobs.durable import LOCAL, Durable
from studio.jobs.files import JobFiles
from studio.jobs.runner import Runner
from studio.jobs.running import Limits
from studio.jobs.storage import open_storage
from studio.jobs.store import JobRow, JobStore
from studio.jobs.timings import Forecast, Timings
from studio.jobs.worker import Terms, Worker
from studio.library import Library, StoredClip
from studio.settings import Settings

NO_STORAGE = (
    "Machines that share a database need a place for their files too: set STUDIO_STORAGE to a folder that all "
    "of them see, or to s3://bucket/prefix."
)


class Machinery:
    """An open queue. ``only_work``: this machine has no library of its own; clips stay in the storage.

    Raises StudioError if database or storage cannot be used.
    """

    def __init__(self, pipeline: Pipeline, library: Library, settings: Settings, only_work: bool) -> None:
        url = database_url(settings.database_url, settings.data)
        shared = not url.startswith("sqlite")
        storage = open_storage(settings.storage)
        if shared and storage is None:
            raise StudioError(NO_STORAGE)
        self._engine = open_database(url)
        name = secrets.token_hex(8) if shared else LOCAL
        self.store = JobStore(self._engine)
        self.durable = Durable(self._engine, url, name, LANES)
        self.files = JobFiles(library, storage, collects=not only_work)
        self.timings = Timings(settings.data / "timings.json")
        self.runner = Runner(pipeline, library, self.store, self.files, self.timings)
        limits = Limits(settings.job_seconds, settings.stage_seconds)
        alone = None if shared else settings.data / "jobs.lock"
        self._terms = Terms(name, limits, settings.worker_patience, alone)
        self._worker: Worker | None = None
        self._starting, self._collecting = threading.Lock(), threading.Lock()

    def start(self) -> None:
        """Work at the queue, if this process does not yet."""
        with self._starting:
            if self._worker is None:
                self._worker = Worker(self.store, self.durable, self.runner, self._terms)
                self._worker.start()

    def submit(self, row: JobRow, request: RenderRequest, origin: dict[str, Any]) -> None:
        """Take a job's files in and queue it, all or nothing. ``origin`` says whose face it shows."""
        try:
            self.store.add(self.files.take_in(row, request, origin), self.durable.enqueue)
        except BaseException:
            self.files.drop(row)
            raise
        self.runner.announce()

    def cancel(self, row: JobRow) -> None:
        """Stop a job that waits or runs, here or elsewhere."""
        before = self.store.cancel(row.id)
        if before == "queued":
            self.durable.drop(row.id, row.attempt)
            self.files.drop(row)
        running = self.runner.job(row.id)
        if running is not None:
            running.stop()
        self.runner.announce()

    def expected(self, row: JobRow) -> float:
        """Seconds that all of a job should take on this machine."""
        return Forecast(self.timings, self.files.named(row)).whole

    def collect(self, row: JobRow) -> StoredClip | None:
        """The clip of a completed job, brought here if another machine made it; None if it was deleted."""
        with self._collecting:
            clip = self.files.collect(row)
            if not row.collected and self.files.collects:
                self.store.collect(row.id)
            return clip

    def forget_old(self) -> None:
        """Drop the records of the oldest jobs where there are very many."""
        self.durable.forget(self.store.forget_old())

    def close(self) -> None:
        """Stop working and let go of the database."""
        if self._worker is not None:
            self._worker.stop()
        self.durable.close()
        self.store.close()


LANES = ("cpu", "gpu")
"""Each takes one heavy job at a time in a process."""


def lane_of(request: RenderRequest) -> str:
    """Where a job queues: one lane for networks that draw or change the frames, which share the GPU where there
    is one and take long where there is none, and one for the rest."""
    cost = making_cost(request.recipe, request.finish, request.options)
    networks = cost.frame or cost.rehearsal
    return "gpu" if networks or "GPU" in get_recipe(request.recipe).needs else "cpu"


def new_row(owner: str, avatar_name: str, request: RenderRequest, vip: bool) -> JobRow:
    """A job that nobody knows of yet; its request is filled in when its files are taken in."""
    return JobRow(secrets.token_hex(8), owner, avatar_name, {}, lane_of(request), vip=vip)
