"""``bench instant``: speed and memory of the embedded engine, cold, warm and cached.

Each measurement runs in a fresh process with a fresh data folder, so that nothing is warm by accident.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from studio.benches.table import Row
from studio.settings import PROJECT

MEMORY_SECONDS = (5, 30, 120)


def run() -> tuple[Row, ...]:
    """Measure; takes about a minute on two CPU cores. Windows does not tell a process its peak memory."""
    speed = _measure("speed", 30)
    if sys.platform == "win32":
        return _speed_rows(speed)
    memory = {seconds: _measure("memory", seconds)["peak_mib"] for seconds in MEMORY_SECONDS}
    return (*_speed_rows(speed), *_memory_rows(memory))


def _measure(what: str, seconds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        command = [sys.executable, "-m", "studio.benches.instant_worker", what, str(seconds), folder]
        done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
        measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return measured


def _speed_rows(speed: dict[str, Any]) -> tuple[Row, ...]:
    whole, encode = speed["render"], speed["encode_alone"]
    return (
        Row("speech in the clip", speed["clip_seconds"], "s"),
        Row("whole render, avatar prepared", whole, "s", "under 15 s for 30 s with native code"),
        Row("  of which waiting for frames", speed["frames"], "s"),
        Row("encoding the same frames alone", encode, "s"),
        Row("whole render / encoding alone", whole / encode, "x", "at most 2"),
        Row("faster than real time", speed["clip_seconds"] / whole, "x", "above 1"),
        Row("time to the first frame, prepared", speed["first_frame"], "s"),
        Row("first render ever, two words", speed["cold"], "s"),
        Row("same photo, two other words", speed["new_words"], "s"),
        Row("first / same photo with new words", speed["cold"] / speed["new_words"], "x", "at least 4"),
        Row("identical request again", speed["identical"], "s"),
        Row("first / identical", speed["long_first"] / speed["identical"], "x", "at least 40"),
        Row("native core in use", float(speed["native"]), ""),
    )


def _memory_rows(memory: dict[int, float]) -> tuple[Row, ...]:
    growth = (memory[120] / memory[30] - 1) * 100
    peaks = tuple(Row(f"peak memory, {seconds} s clip", peak, "MiB") for seconds, peak in memory.items())
    return (*peaks, Row("growth of the peak from 30 s to 120 s", growth, "%", "within 10"))


def bench_photo() -> Path:
    """The astronaut that scikit-image ships if it is installed, else the first sample avatar."""
    try:
        import skimage.data

        return Path(skimage.data.__file__).parent / "astronaut.png"
    except ImportError:
        from studio.library import Library

        return Library(Path()).samples()[0].source
