"""Builds the module ``visema_native``: ``pip install ./native``."""

import sys

from pybind11.setup_helpers import Pybind11Extension
from setuptools import setup

# Strict floating point stays on: the results must not depend on the compiler.
FLAGS = ["/O2"] if sys.platform == "win32" else ["-O3", "-fvisibility=hidden", "-Wall", "-Wextra"]

setup(
    ext_modules=[
        Pybind11Extension(
            "visema_native",
            ["bindings.cpp", "raster.cpp"],
            depends=["raster.hpp"],
            cxx_std=17,
            extra_compile_args=FLAGS,
        )
    ]
)
