"""What the doctor looks at. Quick: nothing heavy is imported, packages are asked for by their metadata."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from engines import weights
from engines.native import native_module, solver_module
from studio.backup.ledger import Ledger
from studio.settings import PROJECT, Settings

State = Literal["ok", "missing", "wrong"]

_RUN = "run.cmd" if os.name == "nt" else "./run.sh"
_LIBRARIES = f"{_RUN} (or pip install -r requirements.txt)"
_NEURAL = f"{_RUN} --full (or pip install -r requirements-neural.txt)"
_LITTLE_ROOM = 2 * 10**9
_NVIDIA_QUERY = ("--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")


@dataclass(frozen=True)
class Check:
    """One line of the doctor. ``required``: Instant cannot render without it.

    ``found`` says what is there; ``costs`` what does not work without, ``remedy`` how to get it.
    """

    name: str
    state: State
    found: str
    costs: str
    remedy: str
    required: bool = False


def all_checks(settings: Settings) -> tuple[Check, ...]:
    """Every check, what Instant needs first."""
    return (
        _python(),
        _libraries(),
        _ffmpeg(),
        _voices(),
        *_weights(),
        _models_folder(),
        _data_folder(settings),
        _room(settings),
        _cache(settings),
        _backup(settings),
        _native(),
        _solver(),
        _gpu(),
        _cuda(),
        _package("torch", "torch", "no neural recipes", _NEURAL),
        _package("onnxruntime", "onnxruntime", "no neural engines that come as ONNX", _NEURAL),
        _package(
            "TensorRT",
            "tensorrt",
            "neural engines are slower on NVIDIA GPUs",
            "pip install -r requirements-nvidia.txt",
        ),
        _sdk(),
    )


def _python() -> Check:
    suitable = (3, 10) <= sys.version_info[:2] <= (3, 14)
    found = f"{platform.python_version()} ({sys.executable})"
    costs = "the studio is not tried with this version"
    return Check("Python", "ok" if suitable else "wrong", found, costs, "install Python 3.12", required=True)


def _libraries() -> Check:
    """Whether every line of requirements.txt that holds everywhere is installed."""
    wanted = list(_requirement_names(PROJECT / "requirements.txt"))
    absent = [name for name in wanted if _version(name) is None]
    found = f"absent: {', '.join(absent)}" if absent else f"{len(wanted)} packages"
    return Check("libraries", "missing" if absent else "ok", found, "no studio", _LIBRARIES, required=True)


def _ffmpeg() -> Check:
    """FFmpeg's libraries lie inside PyAV; H.264 is what a clip needs."""
    costs = "no recordings can be read and no clips written"
    try:
        av = importlib.import_module("av")
        codec = importlib.import_module("av.codec")
        codec.Codec("libx264", "w")
    except (ImportError, ValueError) as error:
        return Check("ffmpeg", "wrong", str(error), costs, _LIBRARIES, required=True)
    return Check(
        "ffmpeg", "ok", f"{av.ffmpeg_version_info} inside PyAV {av.__version__}", costs, _LIBRARIES, True
    )


def _voices() -> Check:
    """The voice library is only looked for: it is loaded by the helper process alone."""
    costs = "no speech from typed text (recordings still work)"
    try:
        loader = importlib.import_module("espeakng_loader")
        there = Path(loader.get_library_path()).is_file() and Path(loader.get_data_path()).is_dir()
    except ImportError:
        there = False
    languages = json.loads((PROJECT / "engines" / "espeak" / "voices.json").read_text(encoding="utf-8"))[
        "languages"
    ]
    found = f"espeak-ng of espeakng-loader {_version('espeakng-loader')}, {len(languages)} languages"
    return Check(
        "voices", "ok" if there else "missing", found if there else "no espeak-ng", costs, _LIBRARIES, True
    )


def _weights() -> Iterator[Check]:
    known = weights.weight_store().weights()
    for weight in weights.status():
        state: State = "ok" if weight.present else "wrong" if weight.problem else "missing"
        found = f"{weight.bytes / 1e6:.1f} MB, {weight.licence}, {weight.path}"
        setup, source = known[weight.name].setup, known[weight.name].source
        tab = "" if source.kind == "by-hand" else "download it on the Engines tab, or "
        by_hand = f"{tab}save {source.where} as {weight.path}"
        remedy = f"start {_RUN} with a network connection, which puts it at {weight.path}" if setup else by_hand
        yield Check(weight.name, state, weight.problem or found, f"no {weight.enables}", remedy, setup)


def _models_folder() -> Check:
    """Asks without making the folder."""
    folder = weights.weights_folder()
    nearest = _nearest(folder)
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    found = str(folder) if writable else f"{folder} cannot be written to"
    remedy = "allow writing there, or name another folder with STUDIO_MODELS"
    return Check("models folder", "ok" if writable else "wrong", found, "no model file can be fetched", remedy)


def _data_folder(settings: Settings) -> Check:
    """Asks without making the folder."""
    nearest = _nearest(settings.data)
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    found = str(settings.data) if writable else f"{settings.data} cannot be written to"
    remedy = "allow writing there, or name another folder with --data or STUDIO_DATA"
    return Check(
        "data folder", "ok" if writable else "wrong", found, "nothing can be kept", remedy, required=True
    )


def _room(settings: Settings) -> Check:
    free = shutil.disk_usage(_nearest(settings.data)).free
    costs = "long clips may not fit"
    state: State = "ok" if free >= _LITTLE_ROOM else "wrong"
    return Check("disk room", state, f"{free / 1e9:.1f} GB free", costs, "free some room, or move STUDIO_DATA")


def _cache(settings: Settings) -> Check:
    used = sum(path.stat().st_size for path in settings.cache_folder.rglob("*") if path.is_file())
    found = f"{used / 1e6:.0f} of {settings.cache_bytes / 1e6:.0f} MB used"
    return Check("cache", "ok", found, "repeated work is done again", "raise STUDIO_CACHE_BYTES")


def _backup(settings: Settings) -> Check:
    costs = "avatars and clips lie on this machine alone"
    remedy = "set STUDIO_BACKUP to s3://bucket/prefix"
    if not settings.backup:
        return Check("backup", "missing", "none", costs, remedy)
    ledger = Ledger(settings.data, settings.backup)
    waiting = len(ledger.waiting())
    found = f"{settings.backup}, {waiting} of {sum(1 for _ in ledger.items())} still to be copied"
    return Check("backup", "ok", found, costs, remedy)


def _native() -> Check:
    costs = "rendering takes longer, with the same pixels"
    remedy = f"install a C++ compiler and Python's headers, then {_RUN} --full (or --light)"
    try:
        module = importlib.import_module("visema_native")
    except ImportError as error:
        return Check("native core", "missing", str(error), costs, remedy)
    if native_module() is None:
        return Check("native core", "wrong", "built from other sources", costs, f"{_RUN} builds it anew")
    return Check("native core", "ok", str(module.__file__), costs, remedy)


def _solver() -> Check:
    costs = "Audio2Face finds the weights of a face more slowly, with the same result"
    module = solver_module()
    found = str(module.__file__) if module else "not built from these sources"
    remedy = f"install a C++ compiler and Python's headers, then {_RUN} --full (or --light)"
    return Check("blendshape solver", "ok" if module else "missing", found, costs, remedy)


def _sdk() -> Check:
    """NVIDIA's own SDK is only looked for: loading it brings CUDA and TensorRT along."""
    there = importlib.util.find_spec("visema_audio2face")
    found = f"{there.origin}, tried by us against a stand-in only" if there else "not found"
    costs = "NVIDIA's own Audio2Face cannot be called from Python; the studio's engine does without"
    remedy = "build the SDK and set AUDIO2FACE_SDK; see 'Audio2Face SDK' in README.md"
    return Check("Audio2Face SDK", "ok" if there else "missing", found, costs, remedy)


def _gpu() -> Check:
    costs = "the neural engines are slow; Instant does not need one"
    name = _nvidia() or _apple()
    return Check("GPU", "ok" if name else "missing", name or "none", costs, "use a machine with an NVIDIA GPU")


def _cuda() -> Check:
    """Whether the torch that is installed can use an NVIDIA GPU, as its own file says: importing it is slow."""
    costs = "an NVIDIA GPU is not used by the neural engines"
    build = cuda_build()
    if build:
        return Check("CUDA", "ok", f"{build} inside torch", costs, "")
    found = "torch is a build without CUDA" if _version("torch") else "no torch"
    remedy = "pip install torch==2.13.0 from the index for your CUDA, where there is an NVIDIA GPU"
    return Check("CUDA", "missing", found, costs, remedy)


def cuda_build() -> str:
    """The CUDA version that torch was built for; "" if none or if there is no torch."""
    found = importlib.util.find_spec("torch")
    file = Path(found.origin).with_name("version.py") if found and found.origin else None
    if file is None or not file.is_file():
        return ""
    line = re.search(r"^cuda\b[^=]*=\s*'([\d.]+)'", file.read_text(encoding="utf-8"), re.MULTILINE)
    return line[1] if line else ""


def _nvidia() -> str:
    tool = shutil.which("nvidia-smi")
    if not tool:
        return ""
    try:
        done = subprocess.run([tool, *_NVIDIA_QUERY], capture_output=True, text=True, timeout=2, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "; ".join(done.stdout.split("\n")).strip("; ") if done.returncode == 0 else ""


def _apple() -> str:
    return "Apple GPU" if sys.platform == "darwin" and platform.machine() == "arm64" else ""


def _package(name: str, distribution: str, costs: str, remedy: str) -> Check:
    version = _version(distribution)
    return Check(name, "ok" if version else "missing", version or "not installed", costs, remedy)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _requirement_names(file: Path) -> Iterator[str]:
    """Names in a requirements file, without those that hold for some machines only."""
    for line in file.read_text(encoding="utf-8").splitlines():
        name = re.match(r"[A-Za-z0-9._-]+", line)
        if name and ";" not in line:
            yield name[0]


def _nearest(folder: Path) -> Path:
    """``folder``, or the nearest one above it that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
