"""Videos on their way to becoming avatars: in the background, one after the other, through restarts.

<data>/shoots/<id>/clip.<ext>  shoot.json. An avatar gets the id of its shoot.
"""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from engines.clips import inspect_clip
from engines.errors import Cancelled, StudioError
from engines.files import whole_folder
from engines.footage.filming import FilmOptions
from engines.progress import Watch
from studio.consent import ConsentRecord
from studio.films import Films, film_facts
from studio.library import Library, checked_owner
from studio.shoot_files import Shoot, read_shoot, write_shoot

log = logging.getLogger(__name__)

State = Literal["queued", "running", "completed", "failed", "cancelled"]
FINAL: tuple[State, ...] = ("completed", "failed", "cancelled")
UNEXPECTED = "The video could not be prepared; the log has the details."
NO_SHOOT = "There is no such video in preparation; it may be finished or was cancelled."
LOOK_EVERY = 0.3
KEPT = 24 * 3600.0
"""Seconds for which a failed shoot can be asked about."""
SURE = 0.02
"""Share that must be done before the time left is told."""
_ID = re.compile(r"[a-z0-9]{1,40}")


@dataclass(frozen=True)
class ShootView:
    """How far a video is: ``fraction`` in [0, 1], ``seconds_left`` if that can be told, ``message`` if it
    failed, ``notes`` on what was noticed."""

    id: str
    name: str
    consent: str
    state: State
    fraction: float = 0.0
    seconds_left: float | None = None
    message: str = ""
    notes: tuple[str, ...] = ()


class _Running:
    """One shoot of this process."""

    def __init__(self, number: str, shoot: Shoot) -> None:
        self.shoot, self.ending = shoot, False
        self.view = ShootView(number, shoot.name, shoot.record.right, "queued")
        self.watch = Watch(self._tell)
        self._began: tuple[float, float] | None = None

    def change(self, state: State, message: str = "", notes: tuple[str, ...] = ()) -> None:
        """Say how it ended."""
        self.view = replace(self.view, state=state, seconds_left=None, message=message, notes=notes)

    def _tell(self, _stage: str, done: float) -> None:
        now = time.monotonic()
        start, first = self._began = self._began or (now, done)
        left = (now - start) * (1 - done) / (done - first) if done - first > SURE else None
        self.view = replace(self.view, state="running", fraction=done, seconds_left=left)


class Shoots:
    """Makes avatars of videos for ``library``. Safe for several threads."""

    def __init__(self, root: Path, films: Films, library: Library) -> None:
        self._root, self._films, self._library = root, films, library
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="shoot")
        self._known: dict[str, _Running] = {}
        self._lock = threading.Lock()

    def submit(self, owner: str, clip: Path, name: str, record: ConsentRecord, options: FilmOptions) -> str:
        """Take a copy of ``clip`` and begin; returns the id. Raises StudioError for what is no clip."""
        inspect_clip(clip)
        number = secrets.token_hex(6)
        shoot = Shoot(checked_owner(owner), name, f"clip{_ending(clip)}", record, options)
        with whole_folder(self._root / number) as part:
            shutil.copyfile(clip, part / shoot.clip)
            write_shoot(part, shoot)
        self._begin(number, shoot)
        return number

    def resume(self) -> None:
        """Go on with what an earlier process left, and forget old failures."""
        for folder in self._root.glob("*"):
            shoot = read_shoot(folder)
            if shoot is None or (shoot.problem and time.time() - folder.stat().st_mtime > KEPT):
                shutil.rmtree(folder, ignore_errors=True)
            elif not shoot.problem and self._running(folder.name) is None:
                self._begin(folder.name, shoot)

    def view(self, owner: str, number: str) -> ShootView:
        """How far a shoot of the owner's is. Raises StudioError if there is none of that id."""
        running = self._running(number)
        if running is not None and running.shoot.owner == owner:
            return running.view
        shoot = read_shoot(self._root / number) if _ID.fullmatch(number) else None
        if shoot is None or shoot.owner != owner:
            raise StudioError(NO_SHOOT)
        state: State = "failed" if shoot.problem else "queued"
        return ShootView(number, shoot.name, shoot.record.right, state, message=shoot.problem)

    def watch(self, owner: str, number: str) -> Iterator[ShootView]:
        """Views of a shoot as it goes on, the last one final."""
        last = None
        while last is None or last.state not in FINAL:
            view = self.view(owner, number)
            if view != last:
                yield view
            last = view
            time.sleep(LOOK_EVERY if view.state not in FINAL else 0)

    def unfinished(self, owner: str) -> list[ShootView]:
        """The owner's shoots that are not over."""
        with self._lock:
            views = [item.view for item in self._known.values() if item.shoot.owner == owner]
        return [view for view in views if view.state not in FINAL]

    def cancel(self, owner: str, number: str) -> None:
        """Stop a shoot of the owner's."""
        self.view(owner, number)
        running = self._running(number)
        if running is not None:
            running.watch.cancel()

    def close(self) -> None:
        """Stop working; what is not finished goes on at the next start."""
        with self._lock:
            for running in self._known.values():
                running.ending = True
                running.watch.cancel()
        self._pool.shutdown(wait=True)

    def _running(self, number: str) -> _Running | None:
        with self._lock:
            return self._known.get(number)

    def _begin(self, number: str, shoot: Shoot) -> None:
        running = _Running(number, shoot)
        with self._lock:
            self._known[number] = running
        self._pool.submit(self._work, running)

    def _work(self, running: _Running) -> None:
        try:
            running.watch.check()
            running.change("completed", notes=self._make(running))
        except Cancelled:
            self._stop(running)
        except StudioError as error:
            self._fail(running, str(error))
        except Exception:
            log.exception("a video could not be prepared")
            self._fail(running, UNEXPECTED)

    def _make(self, running: _Running) -> tuple[str, ...]:
        """Make the film and keep it as an avatar, under the id of the shoot; returns its notes."""
        shoot, folder = running.shoot, self._root / running.view.id
        filmed = self._films.make(folder / shoot.clip, shoot.options, running.watch)
        facts = film_facts(filmed, shoot.options)

        def fill(part: Path) -> Path:
            return self._films.take(filmed, part)

        self._library.add_film(shoot.owner, shoot.name, shoot.record, facts, fill, running.view.id)
        shutil.rmtree(folder, ignore_errors=True)
        return filmed.notes

    def _stop(self, running: _Running) -> None:
        """Cancelled by its owner: forget it. Cancelled by the end of the process: leave it to the next one."""
        folder = self._root / running.view.id
        if not running.ending:
            self._films.forget(folder / running.shoot.clip, running.shoot.options)
            shutil.rmtree(folder, ignore_errors=True)
        running.change("cancelled")

    def _fail(self, running: _Running, problem: str) -> None:
        folder = self._root / running.view.id
        with suppress(OSError, StudioError):
            (folder / running.shoot.clip).unlink(missing_ok=True)
            write_shoot(folder, replace(running.shoot, problem=problem))
        running.change("failed", problem)


def _ending(clip: Path) -> str:
    suffix = clip.suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ".video"
