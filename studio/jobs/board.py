"""Jobs as everybody else sees them: submit, watch, list, cancel, retry."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engines.errors import StudioError
from engines.pipeline import Pipeline
from engines.types import RenderRequest
from studio.consent import ConsentRecord
from studio.jobs.views import FINAL, JobView
from studio.library import Library, StoredClip
from studio.settings import Settings

if TYPE_CHECKING:
    from studio.jobs.machinery import Machinery
    from studio.jobs.store import JobRow
    from studio.jobs.timings import Timings

HEARTBEAT = 0.5
"""Seconds after which a watcher looks again, if nothing is heard before."""
MAX_LISTED = 200
UNKNOWN = "There is no such job; it may have been forgotten."


class Jobs:
    """The queue. Opened at first use: who only renders at the command line pays nothing for it.

    Any number of processes may submit and watch. ``start`` lets this one work; ``submit`` does so too unless
    the settings leave the work to others.
    """

    def __init__(self, pipeline: Pipeline, library: Library, settings: Settings) -> None:
        self._pipeline, self._library, self._settings = pipeline, library, settings
        self._opening = threading.Lock()
        self._opened: Machinery | None = None

    def start(self, only_work: bool = False) -> None:
        """Take up work, and go on with what was left. ``only_work``: finished clips belong to another machine.

        Raises StudioError if database or storage cannot be used.
        """
        machinery = self._open(only_work)
        machinery.forget_old()
        if self._settings.render_here or only_work:
            machinery.start()

    def submit(
        self,
        owner: str,
        request: RenderRequest,
        avatar_name: str,
        vip: bool = False,
        consent: ConsentRecord | None = None,
    ) -> str:
        """Queue a render and return its id. Picture and recording are copied, so the caller's may go away.

        ``vip`` goes before all that do not. ``consent`` is for pictures that are no avatar of the owner's; an
        avatar's own record goes before it. Raises StudioError for a request that can never work.
        """
        from studio.jobs.machinery import new_row

        machinery = self._open()
        row = new_row(owner, avatar_name, request, vip)
        machinery.submit(row, request, self._library.origin(owner, Path(request.avatar.source), consent))
        if self._settings.render_here:
            machinery.start()
        return row.id

    def view(self, owner: str, job_id: str) -> JobView:
        """How a job stands; raises StudioError if the owner has none of that id."""
        row = self._row(owner, job_id)
        queue = self._open().store.queue(row.lane) if row.state == "queued" else []
        return self._view(row, queue)

    def watch(self, owner: str, job_id: str) -> Iterator[JobView]:
        """Views as the job goes on, at least every HEARTBEAT seconds, until it has ended."""
        changed, last = self._open().runner.changed, None
        while True:
            view = self.view(owner, job_id)
            yield view
            if view.state in FINAL:
                return
            with changed:
                changed.wait(HEARTBEAT if last == view else HEARTBEAT / 5)
            last = view

    def cancel(self, owner: str, job_id: str) -> None:
        """Stop a job, queued or running; one that has ended stays as it is."""
        self._open().cancel(self._row(owner, job_id))

    def retry(self, owner: str, job_id: str) -> None:
        """Queue a failed job again, at the end; it goes on after its last good segment.

        Raises StudioError if it has not failed.
        """
        machinery, row = self._open(), self._row(owner, job_id)
        if not machinery.store.again(row.id, ("failed",), machinery.durable.enqueue):
            raise StudioError("Only a job that failed can be tried again.")
        machinery.runner.announce()
        if self._settings.render_here:
            machinery.start()

    def position(self, owner: str, job_id: str) -> int:
        """Place in the queue, 1 is next; 0 once it runs or has ended."""
        return self.view(owner, job_id).position

    def list(self, owner: str) -> tuple[JobView, ...]:
        """The owner's jobs, those of earlier runs of the studio too, newest first."""
        store = self._open().store
        rows = store.of(owner, MAX_LISTED)
        queues = {lane: store.queue(lane) for lane in {row.lane for row in rows if row.state == "queued"}}
        return tuple(self._view(row, queues.get(row.lane, [])) for row in rows)

    def counts(self) -> dict[str, int]:
        """How many jobs of everybody are "queued" and "running"."""
        return self._open().store.counts()

    def running_here(self) -> int:
        """How many jobs this very process works at."""
        with self._opening:
            return len(self._opened.runner.jobs()) if self._opened else 0

    def unfinished(self) -> set[str]:
        """The ids of all jobs whose files are still needed."""
        return self._open().store.unfinished()

    def expected(self, owner: str, job_id: str) -> float:
        """Seconds that all of a job should take on this machine."""
        machinery, row = self._open(), self._row(owner, job_id)
        return machinery.expected(row)

    def timings(self) -> Timings:
        """What the stages of earlier jobs took on this machine."""
        return self._open().timings

    def close(self) -> None:
        """Stop working. What runs or waits stays so, and goes on when a studio starts again."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _open(self, only_work: bool = False) -> Machinery:
        with self._opening:
            if self._opened is None:
                from studio.jobs.machinery import Machinery  # database libraries take long to import

                self._opened = Machinery(self._pipeline, self._library, self._settings, only_work)
            return self._opened

    def _row(self, owner: str, job_id: str) -> JobRow:
        row = self._open().store.get(job_id)
        if row is None or row.owner != owner:
            raise StudioError(UNKNOWN)
        return row

    def _view(self, row: JobRow, queue: Sequence[str]) -> JobView:
        running = self._open().runner.job(row.id) if row.state == "running" else None
        shown = running.progress if running else row
        return JobView(
            id=row.id,
            state=row.state,
            stage=shown.stage,
            fraction=shown.fraction,
            seconds_left=0.0 if row.state == "completed" else shown.seconds_left,
            position=queue.index(row.id) + 1 if row.id in queue else 0,
            message=row.message,
            clip=self._clip(row),
            avatar=row.avatar,
            vip=row.vip,
            created=row.created,
        )

    def _clip(self, row: JobRow) -> StoredClip | None:
        return self._open().collect(row) if row.state == "completed" else None
