"""The native core under the sanitizers, on input made to hurt, and the same numbers from every build of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NATIVE = HERE.parents[1] / "native"
BINDINGS = {"bindings.cpp", "canvas.cpp", "layers.cpp", "painting.cpp", "geometry_bindings.cpp"}
COMPILER = next((found for name in ("g++", "clang++") if (found := shutil.which(name))), None)
SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
Sources = Callable[[Path], list[Path]]

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler")


def mesh_sources(_folder: Path) -> list[Path]:
    return [HERE / "driver.cpp", *(path for path in NATIVE.glob("*.cpp") if path.name not in BINDINGS)]


def solver_sources(folder: Path) -> list[Path]:
    """All in one: most of the time goes into reading the same headers."""
    parts = [HERE / "solver_driver.cpp", NATIVE / "threads.cpp", *sorted(NATIVE.glob("solver/*.cpp"))]
    whole = folder / "solver.cpp"
    whole.write_text("".join(f'#include "{path}"\n' for path in parts if path.name not in BINDINGS), "utf-8")
    return [whole]


def convolution_sources() -> list[Path]:
    sources = [path for path in NATIVE.glob("conv/*.cpp") if path.name not in BINDINGS]
    return [HERE / "conv_driver.cpp", NATIVE / "threads.cpp", *sources]


def build(program: Path, sources: list[Path], *flags: str) -> Path:
    command = [str(COMPILER), "-std=c++17", "-ffp-contract=off", *flags, f"-I{NATIVE}"]
    command += [*map(str, sources), "-pthread", "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "-fsanitize" in " ".join(flags) and "cannot find" in done.stderr:
        pytest.skip("the compiler has no sanitizers")
    assert done.returncode == 0, done.stderr
    return program


def run(program: Path, rounds: int) -> str:
    strict = {"ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
    done = subprocess.run(
        [str(program), str(rounds)],
        env={**os.environ, **strict},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("sources", "level", "rounds"),
    [(mesh_sources, "-O1", 120), (solver_sources, "-O0", 40)],
    ids=["mesh", "solver"],
)
def test_nasty_input_is_harmless_and_every_build_gives_the_same_numbers(
    tmp_path: Path, sources: Sources, level: str, rounds: int
) -> None:
    files = sources(tmp_path)
    sane = run(build(tmp_path / "sane", files, level, *SANITIZERS), rounds)
    portable = run(build(tmp_path / "portable", files, "-O1", "-DVISEMA_PORTABLE"), rounds)
    assert sane == portable
    assert len(sane) == 32


def test_convolutions_stay_within_their_arrays_and_give_what_plain_sums_give(tmp_path: Path) -> None:
    program = build(tmp_path / "convolutions", convolution_sources(), *SANITIZERS, "-O0")
    assert float(run(program, 60)) < 1e-4


def test_the_distribution_is_its_modules_alone(tmp_path: Path) -> None:
    copy = shutil.copytree(NATIVE, tmp_path / "native", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    command = [sys.executable, "setup.py", "egg_info", "--egg-base", str(tmp_path)]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = (tmp_path / "visema_native.egg-info" / "top_level.txt").read_text("utf-8").split()
    assert listed == ["visema_conv", "visema_native", "visema_solver"]
