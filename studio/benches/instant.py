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
SIZES = {512: 30, 1080: 10}
"""Long sides of the pictures in px, and how many seconds of video are made at each."""
TRIES = 3
"""Times vary with what else the machine does: of several, the best counts."""


def run() -> tuple[Row, ...]:
    """Measure; takes about two minutes on two CPU cores. Windows does not tell a process its peak memory."""
    rows = [row for size, seconds in SIZES.items() for row in _size_rows(size, seconds)]
    rows += _speed_rows(_measure("speed", 5))
    if sys.platform != "win32":
        memory = {seconds: _measure("memory", seconds)["peak_mib"] for seconds in MEMORY_SECONDS}
        rows += _memory_rows(memory)
    return tuple(rows)


def _measure(what: str, seconds: int, size: int = 512) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        command = [sys.executable, "-m", "studio.benches.instant_worker", what, str(seconds), folder, str(size)]
        done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
        measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return measured


def _size_rows(size: int, seconds: int) -> list[Row]:
    whole = _measure("render", seconds, size)
    core, plain = (
        min(_measure(way, 2, size)["frame_ms"] for _ in range(TRIES)) for way in ("frames", "plain_frames")
    )
    start = min((_measure("start", 10, size) for _ in range(TRIES)), key=lambda found: float(found["second"]))
    render, encode = whole["render"], whole["encode_alone"]
    return [
        Row(f"{size} px: whole render, {whole['clip_seconds']:.0f} s of video", render, "s"),
        Row(f"{size} px: encoding the same frames alone", encode, "s"),
        Row(f"{size} px: whole render / encoding alone", render / encode, "x", "at most 1.5"),
        Row(
            f"{size} px: in pieces, as jobs do it / in one go",
            whole["render_in_pieces"] / render,
            "x",
            "at most 1.1",
        ),
        Row(f"{size} px: faster than real time", whole["clip_seconds"] / render, "x", "above 1"),
        Row(f"{size} px: a frame, native core", core, "ms"),
        Row(f"{size} px: a frame, without it", plain, "ms"),
        Row(f"{size} px: without / with native core", plain / core, "x", "at least 3"),
        Row(f"{size} px: preparing an avatar, nothing loaded", start["prepare"], "s", "under 1"),
        Row(f"{size} px: time to the first encoded second, prepared", start["second"], "s", "under 0.7"),
    ]


def _speed_rows(speed: dict[str, Any]) -> tuple[Row, ...]:
    return (
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
