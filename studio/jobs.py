"""Renders in the background, one after the other. The page, the CLI and the API watch them and may go away.

A job is owned by nobody's browser event: closing a tab neither stops it nor starts it twice.
"""

from __future__ import annotations

import logging
import queue
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from engines.errors import Cancelled, StudioError
from engines.pipeline import Pipeline
from engines.progress import Watch
from engines.requests import is_transparent, option_pictures, with_pictures
from engines.types import RenderRequest
from studio.library import Library, StoredClip

log = logging.getLogger(__name__)

State = Literal["queued", "running", "completed", "failed", "cancelled"]
FINAL: tuple[State, ...] = ("completed", "failed", "cancelled")
HEARTBEAT = 0.5
MAX_KEPT = 200
STAGE_SPANS: dict[str, tuple[float, float]] = {
    "photo": (0.0, 0.06),
    "voice": (0.06, 0.09),
    "align": (0.09, 0.10),
    "motion": (0.10, 0.12),
    "render": (0.12, 1.0),
}
"""Which part of a whole job each stage takes, from renders of some seconds on two CPU cores."""
UNEXPECTED = "Something went wrong that should not have; the log has the details. Please try again."


@dataclass(frozen=True)
class JobView:
    """A job as seen at one moment. ``fraction`` of the whole in [0, 1]; ``position`` 1 is next in the queue."""

    id: str
    state: State
    stage: str = "queued"
    fraction: float = 0.0
    seconds_left: float | None = None
    position: int = 0
    message: str = ""
    clip: StoredClip | None = None
    avatar: str = ""


@dataclass
class _Job:
    """A job and what the worker needs for it."""

    owner: str
    request: RenderRequest
    view: JobView
    watch: Watch = field(default_factory=Watch)
    started: float = 0.0


class Jobs:
    """The queue and its one worker thread."""

    def __init__(self, pipeline: Pipeline, library: Library) -> None:
        self._pipeline, self._library = pipeline, library
        self._jobs: dict[str, _Job] = {}
        self._waiting: queue.Queue[str | None] = queue.Queue()
        self._changed = threading.Condition()
        self._worker = threading.Thread(target=self._work, name="render", daemon=True)
        self._worker.start()

    def submit(self, owner: str, request: RenderRequest, avatar_name: str) -> str:
        """Queue a render and return its id. Recordings are copied, so the caller's file may go away."""
        job_id = secrets.token_hex(8)
        folder = self._library.start_clip(owner, job_id)
        request = _keep_files(request, folder)
        with self._changed:
            self._forget_old()
            self._jobs[job_id] = _Job(owner, request, JobView(job_id, "queued", avatar=avatar_name))
            self._changed.notify_all()
        self._waiting.put(job_id)
        return job_id

    def view(self, owner: str, job_id: str) -> JobView:
        """How a job stands; raises StudioError if the owner has none of that id."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None or job.owner != owner:
                raise StudioError("There is no such job; it may be from before the studio was restarted.")
            return replace(job.view, position=self._position(job_id))

    def watch(self, owner: str, job_id: str) -> Iterator[JobView]:
        """Views as the job goes on, at least every HEARTBEAT seconds, until it has ended."""
        last = None
        while True:
            view = self.view(owner, job_id)
            yield view
            if view.state in FINAL:
                return
            with self._changed:
                if last == view:
                    self._changed.wait(HEARTBEAT)
                else:
                    self._changed.wait(HEARTBEAT / 5)
            last = view

    def cancel(self, owner: str, job_id: str) -> None:
        """Stop a job, queued or running; one that has ended stays as it is."""
        self.view(owner, job_id)
        with self._changed:
            job = self._jobs[job_id]
            job.watch.cancel()
            if job.view.state == "queued":
                self._end(job, "cancelled")

    def list(self, owner: str) -> tuple[JobView, ...]:
        """The owner's jobs of this run of the studio, newest first."""
        with self._changed:
            own = [job_id for job_id, job in self._jobs.items() if job.owner == owner]
        return tuple(self.view(owner, job_id) for job_id in reversed(own))

    def close(self) -> None:
        """Cancel everything and wait for the worker."""
        with self._changed:
            for job in self._jobs.values():
                job.watch.cancel()
        self._waiting.put(None)
        self._worker.join(timeout=5.0)

    def _work(self) -> None:
        while (job_id := self._waiting.get()) is not None:
            job = self._jobs.get(job_id)
            if job is not None and job.view.state == "queued":
                self._run(job)

    def _run(self, job: _Job) -> None:
        job.started = time.monotonic()
        self._show(job, state="running", stage="photo")
        job.watch = self._reporting_watch(job)
        try:
            self._render(job)
        except Cancelled:
            self._end(job, "cancelled")
        except StudioError as error:
            self._end(job, "failed", str(error))
        except Exception:
            log.exception("render %s failed", job.view.id)
            self._end(job, "failed", UNEXPECTED)

    def _render(self, job: _Job) -> None:
        folder = self._library.start_clip(job.owner, job.view.id)
        name = "clip.webm" if is_transparent(job.request) else "clip.mp4"
        clip = self._pipeline.render(job.request, folder / name, job.watch)
        _drop_copies(job.request, folder)
        stored = self._library.finish_clip(job.owner, job.view.id, clip, job.view.avatar)
        self._show(job, state="completed", stage="done", fraction=1.0, seconds_left=0.0, clip=stored)

    def _reporting_watch(self, job: _Job) -> Watch:
        """A watch that shows progress; a cancel that came before it was made is not lost."""
        watch = Watch(lambda stage, fraction: self._progress(job, stage, fraction))
        with self._changed:
            if job.watch.cancelled:
                watch.cancel()
            job.watch = watch
        return watch

    def _progress(self, job: _Job, stage: str, fraction: float) -> None:
        start, end = STAGE_SPANS.get(stage, (0.0, 1.0))
        whole = max(start + (end - start) * fraction, job.view.fraction)
        elapsed = time.monotonic() - job.started
        left = elapsed * (1 - whole) / whole if stage == "render" and whole > start else None
        self._show(job, stage=stage, fraction=whole, seconds_left=left)

    def _show(self, job: _Job, **changes: object) -> None:
        with self._changed:
            job.view = replace(job.view, **changes)  # type: ignore[arg-type]
            self._changed.notify_all()

    def _end(self, job: _Job, state: State, message: str = "") -> None:
        shutil.rmtree(self._library.start_clip(job.owner, job.view.id), ignore_errors=True)
        self._show(job, state=state, message=message, seconds_left=None)

    def _position(self, job_id: str) -> int:
        queued = [key for key, job in self._jobs.items() if job.view.state == "queued"]
        return queued.index(job_id) + 1 if job_id in queued else 0

    def _forget_old(self) -> None:
        ended = [key for key, job in self._jobs.items() if job.view.state in FINAL]
        for key in ended[: max(len(self._jobs) - MAX_KEPT, 0)]:
            del self._jobs[key]


def _keep_files(request: RenderRequest, folder: Path) -> RenderRequest:
    """``request`` with copies in ``folder`` of its recording and of the pictures among its options."""
    pictures = {
        place: _copy(path, folder, f"picture{index}")
        for index, (place, path) in enumerate(option_pictures(request).items())
    }
    audio = request.words.audio and _copy(request.words.audio, folder, "recording")
    return with_pictures(replace(request, words=replace(request.words, audio=audio)), pictures)


def _copy(source: str, folder: Path, what: str) -> str:
    path = Path(source)
    if not path.is_file():
        raise StudioError(f"The {what.rstrip('0123456789')} is gone; upload or record it again.")
    kept = folder / f"{what}{path.suffix.lower()[:6]}"
    shutil.copyfile(path, kept)
    return str(kept)


def _drop_copies(request: RenderRequest, folder: Path) -> None:
    copies = {request.words.audio, *option_pictures(request).values()}
    for path in folder.iterdir():
        if str(path) in copies:
            path.unlink()
