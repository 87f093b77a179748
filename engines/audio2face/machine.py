"""What a TensorRT plan is made for: the GPU, its driver and TensorRT."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

_PATIENCE = 10.0


@dataclass(frozen=True)
class Machine:
    """``gpu``: name and compute capability of the first GPU; versions of its driver and of TensorRT."""

    gpu: str
    driver: str
    tensorrt: str


@lru_cache(maxsize=1)
def this_machine() -> Machine | None:
    """None where there is no NVIDIA GPU that the driver tells of, or no TensorRT."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return None
    query = [tool, "--query-gpu=name,compute_cap,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=_PATIENCE, check=False)
        return parse_machine(done.stdout, version("tensorrt")) if done.returncode == 0 else None
    except (OSError, subprocess.TimeoutExpired, PackageNotFoundError):
        return None


def parse_machine(told: str, tensorrt: str) -> Machine | None:
    """The first GPU of what nvidia-smi tells; None if it tells of none."""
    parts = [part.strip() for part in (told.splitlines() or [""])[0].split(",")]
    if len(parts) != 3 or not all(parts):
        return None
    return Machine(f"{parts[0]} ({parts[1]})", parts[2], tensorrt)
