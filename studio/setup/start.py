"""From a fresh folder to a running studio, and from there on quickly."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from studio.setup import parts
from studio.setup.environment import Environment, SetupError, install, say

ROOT = Path(__file__).resolve().parents[2]
REBUILD = 250
"""Exit code that asks run.cmd for the Python outside .venv: Windows cannot replace a program that runs."""

_OWN_FLAGS = {"--light", "--full"}


def main(arguments: Sequence[str]) -> int:
    """Set up, then start the studio, or the tests if the first word is "test".

    ``--light`` and ``--full`` before it choose what is installed, and are remembered. Returns the exit code of
    what was started, 1 after a sentence on stderr, or 130 if the user stopped it.
    """
    count = next((i for i, word in enumerate(arguments) if word not in _OWN_FLAGS), len(arguments))
    flags, command = arguments[:count], list(arguments[count:])
    testing = command[:1] == ["test"]
    environment = Environment(ROOT)
    try:
        with _alone(ROOT):
            _set_up(environment, flags, testing)
        if testing:
            os.chdir(ROOT)
            return _hand_over(environment, ["-m", "pytest", *command[1:]])
        return _hand_over(environment, [str(ROOT / "launch.py"), *command])
    except SetupError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"Set-up failed in {ROOT} ({error}); put the studio into a folder that you may write to.")
        return 1
    except KeyboardInterrupt:
        say("Stopped; the next start goes on from here.")
        return 130


def _set_up(environment: Environment, flags: Sequence[str], testing: bool) -> None:
    """Bring .venv to what is wanted; only looks when it is there already. Raises SetupError."""
    light = parts.light(environment.root)
    if not environment.healthy(light):
        _rebuild(environment)
    _remember(environment, flags)
    install(environment, light)
    if not (environment.stamp("light-only") or os.environ.get("STUDIO_LIGHT")):
        parts.install_neural(environment)
    parts.install_native(environment)
    parts.fetch_models(environment)
    if testing:
        parts.install_test_tools(environment)


def _rebuild(environment: Environment) -> None:
    """Make .venv anew, by the Python outside of it where this one runs inside."""
    if not environment.inside:
        environment.make()
    elif os.name == "nt":
        raise SystemExit(REBUILD)
    else:
        outside: str = sys._base_executable  # type: ignore[attr-defined]
        os.execv(outside, [outside, "-I", *sys.argv])  # noqa: S606


def _remember(environment: Environment, flags: Sequence[str]) -> None:
    """Keep the choice between the light and the full studio for later starts; both retry what failed."""
    if flags:
        environment.forget_failures()
    if "--light" in flags:
        environment.forget("full")
        environment.note("light-only", "chosen")
    if "--full" in flags:
        environment.forget("light-only")
        environment.note("full", "chosen")


def _hand_over(environment: Environment, command: Sequence[str]) -> int:
    """Become ``command`` of the environment's Python; on Windows, wait for it and return its exit code."""
    full = [str(environment.python), *command]
    if os.name != "nt":
        os.execv(full[0], full)  # noqa: S606
    environ = {**os.environ, "PYTHONUTF8": "1"}  # else redirected output cannot hold every letter there
    return subprocess.run(full, env=environ, check=False).returncode


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Held during set-up, so that two starts at once do not install over each other."""
    folder = root / "models" / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".setup.lock").open("a+") as file:
        _lock(file)
        yield  # closing the file, or the end of the process, releases the lock


if sys.platform == "win32":

    def _lock(file: IO[str]) -> None:
        import msvcrt

        while True:
            with contextlib.suppress(OSError):  # it gives up after ten seconds, the other may take longer
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                return
else:

    def _lock(file: IO[str]) -> None:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another start is setting up; waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
