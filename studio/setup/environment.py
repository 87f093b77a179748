"""The virtual environment, and what is remembered about its content."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_SUITABLE = "import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))"


class SetupError(Exception):
    """Set-up cannot go on. The message is one sentence that says what to do."""


@dataclass(frozen=True)
class Part:
    """One thing to install, remembered by a stamp in .venv.

    ``arguments``: for pip install. ``inputs``: files whose change asks for installing again. ``fetch`` and
    ``disk``: rough megabytes. ``without``: what does not work if it fails; "" if nothing works then.
    """

    name: str
    title: str
    arguments: tuple[str, ...]
    inputs: tuple[Path, ...]
    fetch: int
    disk: int
    without: str


def say(sentence: str) -> None:
    """Tell the user on stderr."""
    print(f"visema: {sentence}", file=sys.stderr, flush=True)


class Environment:
    """The virtual environment in ``root``/.venv and the stamps of what is installed in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.stamps = self.folder / "visema"

    @property
    def inside(self) -> bool:
        """Whether this very process is the environment's Python."""
        return self.folder.exists() and self.folder.samefile(sys.prefix)

    def run(self, *arguments: str, output: IO[str] | int | None = None) -> bool:
        """Run the environment's Python in the studio's folder, words into ``output``; True if all is well."""
        target = subprocess.DEVNULL if output is None else output
        # PIP_USER: a user's setting "install into my home" is an error inside a virtual environment
        environ = {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
        command = [str(self.python), *arguments]
        try:
            done = subprocess.run(
                command,
                env=environ,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=target,
                stderr=target,
                check=False,
            )
        except OSError:  # absent, or a link to a Python that is gone
            return False
        return done.returncode == 0

    def fingerprint(self, part: Part) -> str:
        """Changes with what ``part`` is made of and with the environment's Python."""
        digest = hashlib.sha256()
        for path in (self.folder / "pyvenv.cfg", *part.inputs):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()

    def stamp(self, name: str) -> str:
        """What was noted for ``name``: "begun", a fingerprint, "failed " and a fingerprint, or nothing."""
        try:
            return (self.stamps / name).read_text(encoding="utf-8")
        except OSError:
            return ""

    def note(self, name: str, text: str) -> None:
        """Remember ``text`` for ``name``, in one step."""
        self.stamps.mkdir(parents=True, exist_ok=True)
        part = self.stamps / f"{name}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(self.stamps / name)

    def forget(self, name: str) -> None:
        """Drop what was noted for ``name``."""
        (self.stamps / name).unlink(missing_ok=True)

    def forget_failures(self) -> None:
        """Make every part that failed be tried again."""
        for path in self.stamps.glob("*"):
            if self.stamp(path.name).startswith("failed"):
                self.forget(path.name)

    def settled(self, part: Part) -> bool:
        """Whether ``part`` as it stands is installed, or is known to fail and can be done without."""
        stamp = self.stamp(part.name)
        return bool(stamp) and stamp.removeprefix("failed ") == self.fingerprint(part)

    def healthy(self, first: Part) -> bool:
        """Whether .venv can be built on: its Python runs, is one that is tried, and has pip if needed.

        An environment in which installing ``first`` broke off may hold half a package, so it is not.
        """
        if not (self.folder / "pyvenv.cfg").is_file() or self.stamp(first.name) == "begun":
            return False
        suitable = self.inside or self.run("-I", "-c", _SUITABLE)
        return suitable and (self.settled(first) or self.run("-I", "-m", "pip", "--version"))

    def make(self) -> None:
        """Make .venv, in place of a broken one; raises SetupError. Not to be called by the Python inside it."""
        if self.folder.exists() or self.folder.is_symlink():
            say("The environment in .venv is broken or half made; making it anew.")
            _remove(self.folder)
        say(f"Making .venv with Python {sys.version.split()[0]}.")
        command = [sys.executable, "-m", "venv", str(self.folder)]
        if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode != 0:
            raise SetupError(
                "Python could not make .venv; install its venv module (Debian, Ubuntu: python3-venv)."
            )


def _remove(folder: Path) -> None:
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    else:
        shutil.rmtree(folder)


def install(environment: Environment, part: Part, log: Path | None = None) -> bool:
    """Install ``part`` unless it is settled; whether it is there.

    Raises SetupError if it fails and nothing works without it. pip speaks on stderr, or into ``log``.
    """
    if environment.settled(part):
        return not environment.stamp(part.name).startswith("failed")
    say(f"Installing {part.title}: {_cost(part)}.")
    environment.note(part.name, "begun")
    problem = _attempt(environment, part, log)
    if problem and not part.without:
        environment.forget(part.name)
        raise SetupError(f"{problem}. Check the network or pip's settings, then start again.")
    if problem:
        say(f"{problem}. Going on without {part.without}; '{command()} --full' tries again.")
    environment.note(part.name, ("failed " if problem else "") + environment.fingerprint(part))
    return not problem


def command() -> str:
    """How the user calls the studio."""
    return "run.cmd" if os.name == "nt" else "./run.sh"


def _cost(part: Part) -> str:
    fetch = f"fetches about {part.fetch} MB, " if part.fetch else ""
    return f"{fetch}takes about {part.disk} MB on disk"


def _attempt(environment: Environment, part: Part, log: Path | None) -> str:
    """Install ``part``; what went wrong, or ""."""
    free = shutil.disk_usage(environment.root).free // 10**6
    if free < part.disk + part.fetch:
        return f"Only {free} MB are free on the disk, too little for {part.title}"
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(log.open("w", encoding="utf-8")) if log else sys.stderr
        if environment.run("-m", "pip", "install", *part.arguments, output=output):
            return ""
    return f"pip could not install {part.title} (see {log or 'its words above'})"
