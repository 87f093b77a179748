"""How fast this machine does the work of neural networks, measured once and remembered.

A short multiplication of matrices tells what the processors or the GPU can do at most. Networks get a share of
that, since they also move data about: GFPGAN and RestoreFormer in single precision did 24 GMAC/s on a core that
multiplies at 43, SadTalker and LivePortrait 36 to 44.
"""

from __future__ import annotations

import json
import math
import os
import threading
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from engines.errors import StudioError
from engines.files import whole_file
from studio.gpu import read_gpus

CPU_SHARE, GPU_SHARE = 0.6, 0.3
"""Of the fastest, what networks reach; the share of a GPU is a guess from published frame rates."""
ROUNDS = 5
CPU_SIZES, GPU_SIDE = (256, 2304, 4096), 4096


class MachineSpeed:
    """Remembers in the file ``path`` what was measured, and asks it once. Safe for several threads."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._rate: float | None = None

    def gmacs(self) -> float:
        """GMAC per second of a network, on what engines use here; the first time takes up to 0.3 s, and longer
        where a GPU has to be woken."""
        with self._lock:
            if self._rate is None:
                self._rate = self._remembered()
            return self._rate

    def _remembered(self) -> float:
        device, known = _device(), _read(self._path)
        if device not in known:
            known[device] = _measured(device)
            _write(self._path, known)
        return known[device]


def _device() -> str:
    """What engines compute on: another card or number of processors is measured anew."""
    gpus = read_gpus().gpus if find_spec("torch") else ()
    return gpus[0].name if gpus else f"cpu x{_processors()}"


def _processors() -> int:
    """How many of the machine's processors this program may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _measured(device: str) -> float:
    on_gpu = None if device.startswith("cpu x") else _gpu_gmacs()
    return CPU_SHARE * _cpu_gmacs() if on_gpu is None else GPU_SHARE * on_gpu


def _cpu_gmacs() -> float:
    """What all processors do together when nothing else runs: counted in their own time, not the clock's."""
    rows, inner, columns = CPU_SIZES
    random = np.random.default_rng(1)
    first = random.random((rows, inner), np.float32)
    second = random.random((inner, columns), np.float32)
    spent = []
    for _ in range(ROUNDS):
        start = time.process_time()
        np.matmul(first, second)
        spent.append(time.process_time() - start)
    return rows * inner * columns / 1e9 / max(min(spent), 1e-6) * _processors()


def _gpu_gmacs() -> float | None:
    """What the GPU does in half precision, by the clock; None if torch cannot use it."""
    import torch

    if not torch.cuda.is_available():
        return None
    matrix = torch.ones((GPU_SIDE, GPU_SIDE), dtype=torch.float16, device="cuda")
    spent = []
    for _ in range(ROUNDS):
        torch.cuda.synchronize()
        start = time.perf_counter()
        torch.matmul(matrix, matrix)
        torch.cuda.synchronize()
        spent.append(time.perf_counter() - start)
    return float(GPU_SIDE**3 / 1e9 / max(min(spent), 1e-6))


def _read(path: Path) -> dict[str, float]:
    try:
        found = json.loads(path.read_text("utf-8"))
        rates = {str(name): float(rate) for name, rate in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    return {name: rate for name, rate in rates.items() if math.isfinite(rate) and rate > 0}


def _write(path: Path, known: dict[str, float]) -> None:
    try:
        with whole_file(path) as part:
            part.write_text(json.dumps(known, indent=1), "utf-8")
    except (OSError, StudioError):
        return  # it is measured again next time
