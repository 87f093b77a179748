"""What a machine whose program folder was wiped gets back: model files and the native core.

Model files are kept a second time in the data folder, which persists (a Space keeps /data). Start-up takes from
there what is missing, without the network; ``fetch`` also downloads what neither place has any more.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from engines import weights
from engines.errors import StudioError
from engines.files import whole_file
from engines.mirror import Mirror
from engines.native import native_module
from engines.progress import Watch
from engines.weights import WeightStore, problem_of
from studio.settings import PROJECT, Settings
from studio.setup.parts import has_compiler

Tell = Callable[[str], None]
"""Hears one sentence about something that was done, or could not be."""
MOST_LINES = 30
BUILD_SECONDS = 1800.0
NO_COMPILER = (
    "The native core that this machine had is gone and there is no C++ compiler to build it again; "
    "rendering takes longer, with the same pixels."
)
NOT_BUILT = "The native core could not be built again ({reason}); rendering takes longer, with the same pixels."


class RecoveryLog:
    """The newest sentences, each with its time. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[str] = []

    def lines(self) -> tuple[str, ...]:
        """Newest first."""
        with self._lock:
            return tuple(reversed(self._lines))

    def telling(self, tell: Tell) -> Tell:
        """``tell``, and remember it."""

        def both(sentence: str) -> None:
            with self._lock:
                self._lines = [*self._lines, f"{datetime.now().astimezone():%H:%M} {sentence}"][-MOST_LINES:]
            tell(sentence)

        return both


def mirror_of(settings: Settings, store: WeightStore) -> Mirror | None:
    """Where copies of the model files are kept; None where the files lie in the data folder themselves."""
    mirror = Mirror(store, settings.data / "models")
    return mirror if mirror.needed else None


def recover_engines(settings: Settings, tell: Tell, watch: Watch, fetch: bool = True) -> bool:
    """Rebuild what was lost; True if all is there in the end.

    ``tell`` hears a sentence about each thing that was done or could not be. ``fetch``: download what was once
    here and no copy is left of. Raises Cancelled as ``watch`` says.
    """
    store = weights.weight_store()
    mirror, ledger = mirror_of(settings, store), settings.data / "engines" / "kept.json"
    had = _read(ledger)
    bring_back(store, mirror, store.weights(), tell, watch)
    lost = [name for name in store.weights() if name in had.files and not _there(store, name)]
    for name in lost:
        _get(store, name, fetch, tell, watch)
    _keep(store, mirror, tell, watch)
    built = _build_again(tell) if had.native and not _native_there() else True
    there = {name for name in store.weights() if _there(store, name)}
    _write(ledger, Had(had.files | there, had.native or _native_there()))
    return built and set(lost) <= there


def bring_back_setup(settings: Settings, tell: Tell) -> None:
    """Put back at once the few small files without which no face is found; quick when nothing is missing."""
    store = weights.weight_store()
    needed = [name for name, weight in store.weights().items() if weight.setup]
    bring_back(store, mirror_of(settings, store), needed, tell, Watch())


def bring_back(
    store: WeightStore, mirror: Mirror | None, names: Iterable[str], tell: Tell, watch: Watch
) -> None:
    """Put back those of ``names`` that are lost and were kept, without the network.

    A damaged copy is told and removed.
    """
    for name in names if mirror else ():
        watch.check()
        try:
            if mirror and mirror.bring_back(name, watch):
                tell(f"{store.weight(name).file} was lost and is back from its copy in the data folder.")
        except StudioError as error:
            tell(str(error))


@dataclass(frozen=True)
class Had:
    """What this studio once had: names of model files, and whether the native core was built."""

    files: Set[str]
    native: bool


def _get(store: WeightStore, name: str, fetch: bool, tell: Tell, watch: Watch) -> None:
    """Download a file that is lost for good, or say that it is."""
    file = store.weight(name).file
    if not fetch:
        tell(f"{file} is lost and no copy was kept; 'launch.py engines recover' downloads it again.")
        return
    try:
        store.ensure(name, watch)
        tell(f"{file} was lost and is downloaded again.")
    except StudioError as error:
        tell(str(error))


def _keep(store: WeightStore, mirror: Mirror | None, tell: Tell, watch: Watch) -> None:
    """Keep a copy of every file that is there; what speaks against it is told."""
    for name in store.weights() if mirror else ():
        watch.check()
        try:
            if mirror and _there(store, name):
                mirror.keep(name, watch)
        except StudioError as error:
            tell(str(error))


def _there(store: WeightStore, name: str) -> bool:
    weight = store.weight(name)
    return not problem_of(store.target_of(weight), weight)


def _native_there() -> bool:
    return find_spec("visema_native") is not None and native_module() is not None


def _build_again(tell: Tell) -> bool:
    """Build the native core into the Python that runs; the next start uses it."""
    if not has_compiler():
        tell(NO_COMPILER)
        return False
    pip = [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    native = [*pip, "--no-build-isolation", "--no-deps", "--force-reinstall", str(PROJECT / "native")]
    for command in ([*pip, "-r", str(PROJECT / "requirements-native.txt")], native):
        reason = _complaint(command)
        if reason:
            tell(NOT_BUILT.format(reason=reason))
            return False
    tell("The native core was lost and is built again; the next start uses it.")
    return True


def _complaint(command: list[str]) -> str:
    """Run ``command``; "" or the last thing that it said."""
    try:
        done = subprocess.run(
            command, cwd=PROJECT, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)[:200]
    lines = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else (lines[-1] if lines else "pip failed")[:200].rstrip(".")


def _read(path: Path) -> Had:
    try:
        document = json.loads(path.read_text("utf-8"))
        return Had({str(name) for name in document["files"]}, bool(document["native"]))
    except (OSError, ValueError, TypeError, KeyError):
        return Had(frozenset(), False)


def _write(path: Path, had: Had) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        part.write_text(json.dumps({"files": sorted(had.files), "native": had.native}, indent=1), "utf-8")
