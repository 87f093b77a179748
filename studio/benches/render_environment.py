"""A Python with MediaPipe for the judge, made once below the data folder: the studio's own cannot hold it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from engines.errors import StudioError

MEDIAPIPE = "mediapipe==0.10.21"
"""The last release that carries its face models and the tracker that uses them; for Python 3.9 to 3.12."""
BESIDES = (
    "protobuf>=4.25.3,<5",
    "absl-py",
    "attrs",
    "flatbuffers",
    "matplotlib",
    "numpy<2",
    "opencv-python-headless<4.12",
    "av",
)
FETCHES, TAKES = 180, 520
"""Megabytes on Linux."""
SUITABLE = ("python3.12", "python3.11", "python3.10", "python3.9")


def judge_python(folder: Path) -> Path:
    """The Python of the environment in ``folder``, made if it is not there. Raises StudioError if it cannot."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "ready").is_file():
        base = _base_python()
        print(
            f"Making the judge's own Python in {folder}: fetches about {FETCHES} MB, takes about {TAKES} MB.",
            file=sys.stderr,
        )
        _make(folder, base, python)
    return python


def _base_python() -> str:
    """A Python that MediaPipe has wheels for."""
    if (3, 9) <= sys.version_info[:2] <= (3, 12):
        return sys.executable
    found = next(filter(None, map(shutil.which, SUITABLE)), None)
    if found is None:
        raise StudioError(
            "The judge of the bench needs Python 3.9 to 3.12; install one, or name a Python that has "
            "mediapipe 0.10.21 with --judge."
        )
    return found


def _make(folder: Path, base: str, python: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input")
    _run((base, "-m", "venv", str(folder)))
    _run((*pip, "--no-deps", MEDIAPIPE))
    _run((*pip, *BESIDES))
    (folder / "ready").write_text(MEDIAPIPE, "utf-8")


def _run(command: Sequence[str]) -> None:
    try:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError):
        raise StudioError(
            "The judge's own Python could not be made (the reason is above); check network and disk, or "
            "name a Python that has mediapipe 0.10.21 and av with --judge."
        ) from None
