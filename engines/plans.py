"""TensorRT plans: networks compiled for one GPU, kept for as long as GPU, driver, TensorRT and network stay.

A plan is a folder with the plan itself and a note of what it was made for. The folder appears whole or not at
all, so a build that was stopped leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from engines.digests import file_digest
from engines.files import whole_folder
from engines.progress import Watch

PlanState = Literal["ready", "missing", "stale", "damaged"]
Make = Callable[[Path, Watch], None]
"""Writes a plan to a path; reports to the watch and stops when it says so."""
PLAN, NOTE = "network.plan", "plan.json"
_ROOT = Path(__file__).resolve().parent.parent
_SPACE = Path("/data")


@dataclass(frozen=True)
class PlanKey:
    """Everything that a plan depends on. ``gpu``: its name; ``driver`` and ``tensorrt``: versions; ``model``:
    SHA-256 of the network; ``shapes``: what sizes its inputs may have; ``half``: made with half precision."""

    gpu: str
    driver: str
    tensorrt: str
    model: str
    shapes: str
    half: bool = False

    @property
    def digest(self) -> str:
        """Twelve hex digits that name it."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class PlanReport:
    """How the plan ``name`` stands; ``reason`` says what changed or is wrong, "" if nothing."""

    name: str
    state: PlanState
    path: Path
    reason: str = ""


def plans_folder() -> Path:
    """``plans`` of the data folder: STUDIO_DATA, /data on a Space, else ``data`` beside the program."""
    chosen = os.environ.get("STUDIO_DATA", "")
    if chosen:
        return Path(chosen).expanduser().resolve() / "plans"
    on_space = bool(os.environ.get("SPACE_ID")) and os.access(_SPACE, os.W_OK)
    return (_SPACE if on_space else _ROOT / "data") / "plans"


@dataclass(frozen=True)
class PlanStore:
    """Plans in ``folder``. Several processes may use it at once."""

    folder: Path

    def report(self, name: str, key: PlanKey) -> PlanReport:
        """Whether there is a plan ``name`` for ``key`` and whether it is whole; reads all of it once."""
        place = self._place(name, key)
        if place.is_dir():
            reason = _damage(place, key)
            return PlanReport(name, "damaged" if reason else "ready", place / PLAN, reason)
        others = self._others(name, key)
        if others:
            return PlanReport(name, "stale", place / PLAN, _changed(others[-1], key))
        return PlanReport(name, "missing", place / PLAN)

    def ensure(self, name: str, key: PlanKey, make: Make, watch: Watch) -> Path:
        """Where the plan lies, made by ``make`` if it is not there, stale or damaged; others of this GPU go.

        Raises Cancelled, and what ``make`` raises; the plan is then as it was before.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with _locked(self.folder / f".{name}.lock", watch):
            found = self.report(name, key)
            if found.state != "ready":
                self._build(name, key, make, watch)
            return found.path

    def names(self) -> tuple[str, ...]:
        """What there are plans of, for whatever machine."""
        notes = sorted(self.folder.glob(f"*/{NOTE}")) if self.folder.is_dir() else []
        return tuple(dict.fromkeys(note.parent.name.rpartition("-")[0] for note in notes))

    def _build(self, name: str, key: PlanKey, make: Make, watch: Watch) -> None:
        place = self._place(name, key)
        shutil.rmtree(place, ignore_errors=True)
        with whole_folder(place) as part:
            make(part / PLAN, watch)
            watch.check()
            note = {"key": asdict(key), "sha256": file_digest(part / PLAN)}
            (part / NOTE).write_text(json.dumps(note, indent=1), encoding="utf-8")
        for old in self._others(name, key):
            if _key_in(old).get("gpu") == key.gpu:
                shutil.rmtree(old, ignore_errors=True)

    def _place(self, name: str, key: PlanKey) -> Path:
        return self.folder / f"{name}-{key.digest}"

    def _others(self, name: str, key: PlanKey) -> list[Path]:
        """The plans of that name for another key, the newest last."""
        notes = [note for note in self.folder.glob(f"{name}-*/{NOTE}") if note.parent != self._place(name, key)]
        named = [note for note in notes if note.parent.name.rpartition("-")[0] == name]
        return [note.parent for note in sorted(named, key=lambda note: note.stat().st_mtime)]


def _damage(place: Path, key: PlanKey) -> str:
    try:
        note = json.loads((place / NOTE).read_text(encoding="utf-8"))
        whole = note["sha256"] == file_digest(place / PLAN) and note["key"] == asdict(key)
    except (OSError, ValueError, KeyError, TypeError):
        return "it cannot be read"
    return "" if whole else "its content changed"


def _key_in(place: Path) -> dict[str, object]:
    try:
        found = json.loads((place / NOTE).read_text(encoding="utf-8"))["key"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _changed(place: Path, key: PlanKey) -> str:
    old = _key_in(place)
    names = [name for name, value in asdict(key).items() if old.get(name) != value]
    return f"another {' and '.join(names)}"


class _locked:  # noqa: N801 - reads as what it does
    """Held while a plan is made; waiting for another process can be cancelled."""

    def __init__(self, path: Path, watch: Watch) -> None:
        self._lock, self._watch = FileLock(path), watch

    def __enter__(self) -> None:
        while True:
            self._watch.check()
            try:
                self._lock.acquire(timeout=0.2)
                return
            except Timeout:
                continue

    def __exit__(self, *_: object) -> None:
        self._lock.release()
