"""Runs one job as a workflow of durable steps: begin, every segment, join, finish."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from engines.errors import Cancelled, StudioError
from engines.pipeline import Pipeline
from engines.requests import making_name
from engines.staged import Outline, StagedRender, Times
from studio.jobs.durable import Step
from studio.jobs.files import JobFiles
from studio.jobs.running import Interrupted, Limits, RunningJob
from studio.jobs.store import Enqueue, JobStore
from studio.jobs.timings import Forecast, Timings, known_size
from studio.library import Library

log = logging.getLogger(__name__)

UNEXPECTED = "Something went wrong that should not have; the log has the details. Please try again."
MAX_STARTS = 12
"""Starts that got no further after which a job is taken for what stops the studio."""
POISONED = (
    f"The studio stopped {MAX_STARTS} times while it worked at this clip; try a smaller video or other words."
)


class _Stopped(BaseException):
    """How a step ends that did not work: past DBOS, which would keep an Exception as the step's result."""

    def __init__(self, reason: BaseException) -> None:
        self.reason = reason


class Runner:
    """Does the work. ``changed`` is notified whenever something happens to a job."""

    def __init__(
        self, pipeline: Pipeline, library: Library, store: JobStore, files: JobFiles, timings: Timings
    ) -> None:
        self._pipeline, self._library = pipeline, library
        self._store, self._files, self._timings = store, files, timings
        self._running: dict[str, RunningJob] = {}
        self.changed = threading.Condition()

    def run(self, worker: str, limits: Limits, enqueue: Enqueue) -> Callable[[str, int, Step], None]:
        """The workflow as this worker runs it; ``enqueue`` queues a job that must begin anew."""

        def render(job_id: str, attempt: int, step: Step) -> None:
            row = self._store.begin(job_id, attempt, worker)
            if row is None:
                return
            job = RunningJob(row, Forecast(self._timings, self._files.named(row)), limits, self.changed)
            self._running[row.id] = job
            try:
                self._attend(job, step, enqueue)
            finally:
                del self._running[row.id]
                self.announce()

        return render

    def announce(self) -> None:
        """Wake everybody who watches."""
        with self.changed:
            self.changed.notify_all()

    def job(self, job_id: str) -> RunningJob | None:
        """The job, if it runs here."""
        return self._running.get(job_id)

    def jobs(self) -> list[RunningJob]:
        """Everything that runs here."""
        return list(self._running.values())

    def _attend(self, job: RunningJob, step: Step, enqueue: Enqueue) -> None:
        """Run the job and write down how it ended. Interrupted passes: then it has not ended."""
        try:
            if not self._render(job, step):
                self._store.again(job.row.id, ("running",), enqueue, keep_turn=True)
        except _Stopped as stopped:
            self._fail(job, job.reason or stopped.reason)
        except Exception as error:
            self._fail(job, job.reason or error)

    def _fail(self, job: RunningJob, reason: BaseException) -> None:
        if not _is_own_fault(reason):
            raise Interrupted
        if isinstance(reason, Cancelled):
            self._files.drop(job.row)
            self._store.end(job.row, "cancelled")
        elif isinstance(reason, StudioError):
            self._store.end(job.row, "failed", str(reason))
        else:
            log.error("render %s failed", job.row.id, exc_info=reason)
            self._store.end(job.row, "failed", UNEXPECTED)

    def _render(self, job: RunningJob, step: Step) -> bool:
        """All steps; False if the job must begin anew, because what makes clips has changed since it began."""

        def kept(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
            return step(name, _watched, job, function, *arguments)

        if self._files.is_delivered(job.row):  # and the process was killed before it could say so
            self._files.drop(job.row)
            self._store.end(job.row, "completed", collected=self._files.collects)
            return True
        request = _watched(job, self._prepare, job)
        staged = StagedRender(self._pipeline, request, self._files.folder(job.row), job.watch)
        try:
            outline = Outline.parse(kept("begin", self._begin, job, staged))
            if outline.key != _watched(job, self._pipeline.key, request):
                return False
            if outline.segments:
                job.forecast.size = known_size(outline.spec, job.forecast.size.cost)
            spent = [kept("segment", self._segment, job, staged, outline, i) for i in range(outline.segments)]
            kept("join", self._join, job, staged, outline, spent)
        finally:
            staged.close()
        kept("finish", self._files.deliver, job.row)
        self._store.end(job.row, "completed", collected=self._files.collects)
        return True

    def _prepare(self, job: RunningJob) -> Any:
        if job.row.cancel:
            raise Cancelled
        if job.row.starts > MAX_STARTS:
            raise StudioError(POISONED)
        return self._files.request(job.row)

    def _begin(self, job: RunningJob, staged: StagedRender) -> dict[str, Any]:
        outline = staged.begin(self._files.video(job.row))
        self._files.keep(job.row, *staged.take_paths(outline))
        self._store.moved(job.row)
        return outline.document()

    def _segment(self, job: RunningJob, staged: StagedRender, outline: Outline, index: int) -> Times:
        spent = staged.segment(outline, index)
        self._files.keep(job.row, staged.segment_path(outline, index))
        self._store.moved(job.row)
        return spent

    def _join(self, job: RunningJob, staged: StagedRender, outline: Outline, spent: list[Times]) -> None:
        video = self._files.video(job.row)
        clip = staged.join(outline, spent, video)
        manifest = self._library.describe_clip(job.row.owner, job.row.id, clip, job.row.avatar)
        self._files.keep(job.row, video, manifest)
        if outline.segments:
            name = making_name(clip.request.recipe, clip.request.finish)
            self._timings.learn(name, known_size(outline.spec, job.forecast.size.cost), clip.times)


def _is_own_fault(reason: BaseException) -> bool:
    """Whether the job itself went wrong, not its database or a program that ends under its threads."""
    if isinstance(reason, SQLAlchemyError):
        log.error("a job waits for its database: %s", reason)
    return threading.main_thread().is_alive() and not isinstance(reason, Interrupted | SQLAlchemyError)


def _watched(job: RunningJob, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call ``function`` unless the job was stopped; whatever goes wrong leaves as _Stopped."""
    try:
        job.watch.check()
        return function(*arguments)
    except Exception as error:
        raise _Stopped(error) from error
