"""What the NVIDIA driver says of its GPUs: memory, how busy they are, how hot."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from dataclasses import dataclass

NO_TOOL = "There is no NVIDIA GPU here, or its driver's nvidia-smi is not found: everything runs on the CPU."
NO_ANSWER = "The NVIDIA driver does not answer (nvidia-smi failed); restart the machine or look at its driver."
_FIELDS = ("name", "memory.used", "memory.total", "utilization.gpu", "temperature.gpu")
_MEBIBYTE = 1 << 20
_PATIENCE = 5.0
_FRESH = 2.0
"""Seconds for which an answer holds, so that many who look ask the driver once."""


@dataclass(frozen=True)
class Gpu:
    """One GPU: memory in bytes, ``busy`` in percent, ``celsius``; None where the driver does not say."""

    name: str
    memory_used: int | None
    memory_total: int | None
    busy: int | None
    celsius: int | None


@dataclass(frozen=True)
class GpuReport:
    """The GPUs, or in ``note`` a sentence that says why there are none."""

    gpus: tuple[Gpu, ...]
    note: str = ""


class GpuWatch:
    """Asks the driver, not more often than every two seconds. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked, self._report = float("-inf"), GpuReport((), NO_TOOL)

    def report(self) -> GpuReport:
        """The GPUs now."""
        with self._lock:
            if time.monotonic() - self._asked > _FRESH:
                self._report, self._asked = read_gpus(), time.monotonic()
            return self._report


def read_gpus() -> GpuReport:
    """Ask nvidia-smi."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return GpuReport((), NO_TOOL)
    query = [tool, f"--query-gpu={','.join(_FIELDS)}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return GpuReport((), NO_ANSWER)
    gpus = tuple(_gpu(line) for line in done.stdout.splitlines() if line.count(",") == len(_FIELDS) - 1)
    return GpuReport(gpus) if done.returncode == 0 and gpus else GpuReport((), NO_ANSWER)


def _gpu(line: str) -> Gpu:
    name, *rest = (part.strip() for part in line.split(","))
    used, total, busy, celsius = map(_number, rest)
    return Gpu(name, _bytes(used), _bytes(total), busy, celsius)


def _number(text: str) -> int | None:
    """A whole number; the driver writes "[N/A]" for what a card cannot tell."""
    return int(text) if text.isdecimal() else None


def _bytes(mebibytes: int | None) -> int | None:
    return None if mebibytes is None else mebibytes * _MEBIBYTE
