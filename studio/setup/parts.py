"""What there is to install, and on which machines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from studio.setup.environment import Environment, Part, command, install, say

_LIGHT = (230, 770)
_NEURAL = (300, 1220)
_NEURAL_CUDA = (3200, 8000)
_NVIDIA = (3000, 6000)
_BUILD = (2, 10)
_DEV = (100, 300)
_SOURCES = {".cpp", ".cc", ".h", ".hpp", ".py", ".toml", ".txt"}
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")


def light(root: Path) -> Part:
    """What the studio and its embedded engine need; nothing works without."""
    return _requirements(root, "", "the studio", _LIGHT, "")


def install_neural(environment: Environment) -> None:
    """The libraries of the neural engines, and TensorRT where an NVIDIA GPU is."""
    root = environment.root
    neural = _requirements(root, "neural", "the neural engines' libraries", _NEURAL, "the neural engines")
    there = install(
        environment, neural if environment.settled(neural) else _for_this_machine(environment, neural)
    )
    nvidia = _requirements(root, "nvidia", "TensorRT", _NVIDIA, "TensorRT")
    if there and shutil.which("nvidia-smi") and (environment.settled(nvidia) or has_nvidia()):
        install(environment, nvidia)


def _for_this_machine(environment: Environment, neural: Part) -> Part:
    """``neural`` with the torch that fits: on Linux its plain build brings CUDA, gigabytes of no use to a CPU.

    Where pip finds no CPU build either, the part is marked as failed unless the user asked for all.
    """
    if not sys.platform.startswith("linux"):
        return neural
    cuda = replace(neural, fetch=_NEURAL_CUDA[0], disk=_NEURAL_CUDA[1])
    if has_nvidia():
        return cuda
    pins = neural.inputs[0].read_text(encoding="utf-8").split()
    build = next(pin for pin in pins if pin.startswith("torch==")) + "+cpu"
    if environment.run("-m", "pip", "install", "--dry-run", "--no-deps", build):
        return replace(neural, arguments=(*neural.arguments, build))
    if not environment.stamp("full"):
        say(f"pip finds no CPU build of torch here, and the plain one brings {cuda.fetch} MB of CUDA.")
        say(f"Going on without {neural.without}; '{command()} --full' installs it all the same.")
        environment.note(neural.name, "failed " + environment.fingerprint(neural))
    return cuda


def install_native(environment: Environment) -> None:
    """The compiled core, where its sources and a compiler are; then what stands on NVIDIA's own SDK."""
    native = _native(environment.root)
    if native.inputs and not environment.settled(native) and has_compiler():
        build = _requirements(
            environment.root, "native", "what builds the native core", _BUILD, "the native core"
        )
        if install(environment, build):
            install(environment, native, log=environment.stamps / "native.log")
    binding = _sdk_binding(environment.root)
    if os.environ.get("AUDIO2FACE_SDK") and not environment.settled(binding) and has_compiler():
        install(environment, binding, log=environment.stamps / "audio2face-sdk.log")


def install_test_tools(environment: Environment) -> None:
    """What the tests need besides, with a browser where the system has none."""
    install(environment, _requirements(environment.root, "dev", "what the tests need", _DEV, ""))
    if any(map(shutil.which, _BROWSERS)) or environment.stamp("browser"):
        return
    say("Fetching a browser for the tests of the page (about 170 MB).")
    there = environment.run("-m", "playwright", "install", "chromium")
    environment.note("browser", "there" if there else "failed")
    if not there:
        say("No browser could be fetched, so the tests of the page are skipped; install Chromium to run them.")


def fetch_models(environment: Environment) -> None:
    """The embedded engine's model files, at set-up; afterwards launch.py looks after them."""
    models = Part(
        "models", "the face models", (), (environment.root / "models" / "weights.toml",), 36, 2, "faces"
    )
    if not environment.settled(models):
        say("Fetching the face models: about 36 MB, takes 2 MB on disk.")
        there = environment.run("-m", "engines.weights", output=sys.stderr)
        environment.note(models.name, ("" if there else "failed ") + environment.fingerprint(models))


def has_nvidia() -> bool:
    """Whether an NVIDIA GPU with its driver is there."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return False
    try:
        return subprocess.run([tool, "-L"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def has_compiler() -> bool:
    """Whether a C++ compiler can be run."""
    if os.name == "nt":
        base = os.environ.get("PROGRAMFILES(X86)", "C:/Program Files (x86)")
        return bool(shutil.which("cl")) or Path(base, "Microsoft Visual Studio/Installer/vswhere.exe").is_file()
    if sys.platform == "darwin":  # /usr/bin/c++ is a stand-in that opens a dialog until the tools are installed
        return subprocess.run(["/usr/bin/xcode-select", "-p"], capture_output=True, check=False).returncode == 0
    return any(map(shutil.which, (os.environ.get("CXX") or "c++", "g++", "clang++")))


def _requirements(root: Path, kind: str, title: str, sizes: tuple[int, int], without: str) -> Part:
    file = root / (f"requirements-{kind}.txt" if kind else "requirements.txt")
    return Part(kind or "light", title, ("-r", str(file)), (file,), *sizes, without)


def _native(root: Path) -> Part:
    folder = root / "native"
    sources = tuple(path for path in sorted(folder.rglob("*")) if _is_source(path.relative_to(folder)))
    arguments = ("--no-build-isolation", "--no-deps", "--force-reinstall", str(root / "native"))
    return Part("native-core", "the native core", arguments, sources, 0, 1, "its speed")


def _sdk_binding(root: Path) -> Part:
    folder = root / "native" / "audio2face_sdk"
    sources = tuple(path for path in sorted(folder.glob("*")) if _is_source(path.relative_to(folder)))
    arguments = ("--no-build-isolation", "--no-deps", "--force-reinstall", str(folder))
    title = "the binding of the Audio2Face SDK"
    return Part("audio2face-sdk", title, arguments, sources, 0, 1, title)


def _is_source(path: Path) -> bool:
    made = any(part == "build" or part.endswith(".egg-info") for part in path.parts)
    return path.suffix in _SOURCES and not made
