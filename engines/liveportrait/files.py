"""Whether LivePortrait's model files are there, and what to say if not. Imports nothing heavy."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from engines.errors import StudioError
from engines.liveportrait import WEIGHTS, LivePortraitOptions
from engines.model_files import LIBRARIES
from engines.registry import Cost, Readiness
from engines.weights import weight_store

NO_LIBRARIES = (
    "LivePortrait needs torch and safetensors, which are not installed: start ./run.sh --full once, or run "
    "pip install -r requirements-neural.txt."
)
PHOTO_GMAC, FRAME_GMAC = 38.0, 617.0
SLOW_FPS, FAST_FPS = 12.5, 25.0
"""Frames a second of a loop without and with a GPU; those in between are mixed."""


def readiness(_options: LivePortraitOptions) -> Readiness:
    """Whether the libraries and all model files are there."""
    if any(find_spec(name) is None for name in LIBRARIES):
        return Readiness(NO_LIBRARIES)
    return Readiness(_problem())


def cost(options: LivePortraitOptions, lips_follow: bool) -> Cost:
    """As counted on the networks. Under lips that a finisher makes, a loop may be all that is drawn."""
    live = Cost(photo=PHOTO_GMAC, frame=FRAME_GMAC)
    auto = options.performance == "auto" and (_has_gpu() or not lips_follow)
    if options.drive or options.performance == "live" or auto:
        return live
    frames = options.loop_seconds * (FAST_FPS if _has_gpu() else SLOW_FPS)
    return Cost(photo=PHOTO_GMAC, rehearsal=frames * FRAME_GMAC, kept=True)


def _has_gpu() -> bool:
    """Without asking torch, which takes seconds to import."""
    return shutil.which("nvidia-smi") is not None or (
        sys.platform == "darwin" and platform.machine() == "arm64"
    )


def find_files() -> dict[str, Path]:
    """Where the model files lie, by the names of WEIGHTS; raises StudioError if one is absent."""
    problem = _problem()
    if problem:
        raise StudioError(problem)
    store = weight_store()
    return {network: store.path(name) for network, name in WEIGHTS.items()}


def _problem() -> str:
    """The sentence about what is absent, "" if nothing is."""
    store = weight_store()
    absent = [
        weight for weight in map(store.weight, WEIGHTS.values()) if not _is_there(store.target_of(weight))
    ]
    if not absent:
        return ""
    total = sum(weight.bytes for weight in absent) / 1e6
    names = ", ".join(Path(weight.file).name for weight in absent)
    files = "the model file" if len(absent) == 1 else f"{len(absent)} model files"
    where = store.target_of(absent[0]).parent
    return (
        f"LivePortrait needs {files} {names} ({total:.0f} MB, licence MIT): download LivePortrait on the "
        f"Engines tab or with 'launch.py engines download liveportrait', or save {absent[0].source.where}"
        f"{' and the others' if len(absent) > 1 else ''} in {where}."
    )


def _is_there(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0
