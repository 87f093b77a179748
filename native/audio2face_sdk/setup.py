"""Builds ``visema_audio2face``, a binding of NVIDIA's Audio2Face-3D SDK, where that and TensorRT are.

    AUDIO2FACE_SDK=/path/to/audio2x-sdk pip install --no-build-isolation ./native/audio2face_sdk

AUDIO2FACE_SDK is the folder that the SDK's own build makes, with include/ and lib/. TensorRT is looked for in
TENSORRT_ROOT_DIR, in Python's tensorrt package and among the system's libraries.
"""

import os
import sys
from ctypes.util import find_library
from importlib.util import find_spec
from pathlib import Path

from pybind11.setup_helpers import Pybind11Extension
from setuptools import setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).parent
WINDOWS = sys.platform == "win32"
FLAGS = ["/O2"] if WINDOWS else ["-O1", "-g0", "-fvisibility=hidden", "-Wall", "-Wextra"]
# The SDK is compiled with libstdc++'s old ABI: so is what calls it, and only C lies between that and Python.
OLD_ABI = [] if WINDOWS else ["-D_GLIBCXX_USE_CXX11_ABI=0"]


def sdk_folder() -> Path:
    """The SDK's folder; leaves with a sentence where there is none."""
    named = os.environ.get("AUDIO2FACE_SDK")
    if not named:
        sys.exit(
            "Set AUDIO2FACE_SDK to the audio2x-sdk folder that the build of NVIDIA's Audio2Face-3D SDK made."
        )
    library = Path(named, "lib", "audio2x.lib" if WINDOWS else "libaudio2x.so")
    header = Path(named, "include", "audio2face", "audio2face.h")
    absent = [str(path) for path in (header, library) if not path.is_file()]
    if absent:
        sys.exit(f"AUDIO2FACE_SDK is no Audio2Face-3D SDK: there is no {' and no '.join(absent)}.")
    return Path(named)


def tensorrt_folders() -> list[str]:
    """Where TensorRT is, nothing if the system knows; leaves with a sentence where it is not."""
    root = os.environ.get("TENSORRT_ROOT_DIR")
    package = find_spec("tensorrt_libs")
    places = [Path(root, "lib")] if root else []
    places += [Path(place) for place in (package.submodule_search_locations or [])] if package else []
    for place in places:
        if any(place.glob("*nvinfer*")):
            return [str(place)]
    if find_library("nvinfer"):
        return []
    sys.exit("TensorRT is not found: pip install -r requirements-nvidia.txt, or set TENSORRT_ROOT_DIR.")


class WithShim(build_ext):
    """Compiles shim.cpp with flags of its own."""

    def build_extension(self, ext: Pybind11Extension) -> None:
        """Makes shim.cpp an object of ``ext``."""
        ext.extra_objects = self.compiler.compile(
            [str(HERE / "shim.cpp")],
            output_dir=self.build_temp,
            include_dirs=[*ext.include_dirs],
            extra_postargs=[*FLAGS, *OLD_ABI, *([] if WINDOWS else ["-std=c++17"])],
        )
        super().build_extension(ext)


SDK = sdk_folder()
FOLDERS = [str(SDK / "lib"), *tensorrt_folders()]

setup(
    ext_modules=[
        Pybind11Extension(
            "visema_audio2face",
            ["bindings.cpp"],
            depends=["shim.h", "shim.cpp"],
            include_dirs=[str(SDK / "include")],
            libraries=["audio2x"],
            library_dirs=FOLDERS,
            runtime_library_dirs=[] if WINDOWS else FOLDERS,
            extra_link_args=[] if WINDOWS else ["-Wl,--allow-shlib-undefined"],
            extra_compile_args=FLAGS,
            cxx_std=17,
        )
    ],
    cmdclass={"build_ext": WithShim},
)
