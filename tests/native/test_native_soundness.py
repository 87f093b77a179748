"""The native core under the sanitizers, on input made to hurt, and the same numbers from every build of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NATIVE = HERE.parents[1] / "native"
BINDINGS = {"bindings.cpp", "canvas.cpp", "layers.cpp", "painting.cpp"}
COMPILER = next((found for name in ("g++", "clang++") if (found := shutil.which(name))), None)
SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
ROUNDS = "120"

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler")


def core() -> list[Path]:
    return [HERE / "driver.cpp", *(path for path in NATIVE.glob("*.cpp") if path.name not in BINDINGS)]


def convolutions() -> list[Path]:
    sources = [path for path in NATIVE.glob("conv/*.cpp") if path.name not in BINDINGS]
    return [HERE / "conv_driver.cpp", NATIVE / "threads.cpp", *sources]


def build(program: Path, sources: list[Path], *flags: str) -> Path:
    command = [str(COMPILER), "-std=c++17", "-O1", "-ffp-contract=off", *flags, f"-I{NATIVE}"]
    command += [*map(str, sources), "-pthread", "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "-fsanitize" in " ".join(flags) and "cannot find" in done.stderr:
        pytest.skip("the compiler has no sanitizers")
    assert done.returncode == 0, done.stderr
    return program


def run(program: Path, rounds: str = ROUNDS) -> str:
    strict = {"ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
    done = subprocess.run(
        [str(program), rounds], env={**os.environ, **strict}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.strip()


def test_nasty_input_is_harmless_and_every_build_gives_the_same_numbers(tmp_path: Path) -> None:
    sane = run(build(tmp_path / "sane", core(), *SANITIZERS))
    portable = run(build(tmp_path / "portable", core(), "-DVISEMA_PORTABLE"))
    assert sane == portable
    assert len(sane) == 32


def test_convolutions_stay_within_their_arrays_and_give_what_plain_sums_give(tmp_path: Path) -> None:
    program = build(tmp_path / "convolutions", convolutions(), *SANITIZERS, "-O0")
    assert float(run(program, "60")) < 1e-4
