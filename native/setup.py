"""Builds the modules ``visema_native``, ``visema_solver`` and ``visema_conv``: ``pip install ./native``."""

import sys
from pathlib import Path

from pybind11.setup_helpers import Pybind11Extension
from setuptools import setup

# Strict floating point stays on: the results must not depend on the compiler.
FLAGS = (
    ["/O2"]
    if sys.platform == "win32"
    else [
        "-O3",
        "-ffp-contract=off",
        "-fno-trapping-math",
        "-fno-math-errno",
        "-fvisibility=hidden",
        "-Wall",
        "-Wextra",
    ]
)

HERE = Path(__file__).parent
HEADERS = ["*.hpp", "solver/*.hpp", "conv/*.hpp"]


def _found(*patterns: str) -> list[str]:
    return sorted(path.relative_to(HERE).as_posix() for pattern in patterns for path in HERE.glob(pattern))


def _module(name: str, sources: list[str]) -> Pybind11Extension:
    depends = _found(*HEADERS)
    return Pybind11Extension(name, sources, depends=depends, cxx_std=17, extra_compile_args=FLAGS)


setup(
    ext_modules=[
        _module("visema_native", _found("*.cpp")),
        _module("visema_solver", _found("solver/*.cpp", "threads.cpp")),
        _module("visema_conv", _found("conv/*.cpp", "threads.cpp")),
    ]
)
