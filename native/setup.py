"""Builds the module ``visema_native``: ``pip install ./native``."""

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
SOURCES = sorted(path.name for path in HERE.glob("*.cpp"))
HEADERS = sorted(path.name for path in HERE.glob("*.hpp"))

setup(
    ext_modules=[
        Pybind11Extension(
            "visema_native",
            SOURCES,
            depends=HEADERS,
            cxx_std=17,
            extra_compile_args=FLAGS,
        )
    ]
)
