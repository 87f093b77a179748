"""A network in onnxruntime: checked against the layout that is expected of it, on a GPU if there is one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from engines.audio2face.reading import Unfit, check_real, refusing
from engines.errors import StudioError
from engines.types import Float32

Layout = Mapping[str, tuple[int | None, ...]]
"""The sides of tensors by name, None where any number will do."""
Layouts = tuple[Layout, Layout]
"""Those of the inputs and of the outputs."""
_ERRORS_ONLY = 3
MOST = np.float32(1e6)
_SPACE = ("out of memory", "failed to allocate", "bad_alloc", "cublas_status_alloc_failed")


class Runner(Protocol):
    """Whatever runs a network. ``device``: where it computes."""

    device: str

    def run(self, feeds: Mapping[str, Float32]) -> dict[str, Float32]:
        """The outputs by name. Raises OutOfMemory, or StudioError for a network that fails."""
        ...


class OutOfMemory(Exception):  # noqa: N818 - the caller asks again for less
    """The network had no room for what it was given."""


class Network:
    """A network in memory, safe to ask from several threads. ``device``: where it computes."""

    def __init__(self, path: Path, inputs: Layout, outputs: Layout) -> None:
        """Raises StudioError naming the first thing that does not fit."""
        with refusing(path):
            check_real(path)
            self._session = _session(path)
            _check(self._session.get_inputs(), inputs, "input")
            _check(self._session.get_outputs(), outputs, "output")
        self._path, self._names = path, list(outputs)
        on_gpu = self._session.get_providers()[0] == "CUDAExecutionProvider"
        self.device = "cuda:0" if on_gpu else "cpu"

    def run(self, feeds: Mapping[str, Float32]) -> dict[str, Float32]:
        """The outputs by name. Raises OutOfMemory, or StudioError for a network that fails."""
        try:
            made = self._session.run(self._names, dict(feeds))
        except Exception as error:
            if any(words in str(error).lower() for words in _SPACE):
                raise OutOfMemory from None
            raise StudioError(f"The network {self._path.name} failed on this sound; fetch it again.") from None
        return {name: np.asarray(value, np.float32) for name, value in zip(self._names, made, strict=True)}


def numbers(said: Float32) -> Float32:
    """``said`` with 0 for what is no number, within ±``MOST``: networks give such for sounds that they never
    heard, and it must not stay in smoothing."""
    return np.clip(np.nan_to_num(said, posinf=0.0, neginf=0.0), -MOST, MOST)


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
    there = onnxruntime.get_available_providers()
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=[p for p in wanted if p in there])
    except Exception:
        raise Unfit("it is cut off or no ONNX network") from None


def _check(found: list[Any], layout: Layout, role: str) -> None:
    sides = {tensor.name: tensor.shape for tensor in found}
    for name, wanted in layout.items():
        if name not in sides:
            raise Unfit(f"its network lacks the {role} '{name}' and has {', '.join(sides) or 'none'}")
        if not _fits(sides[name], wanted):
            shown = "x".join("any" if side is None else str(side) for side in wanted)
            raise Unfit(f"the {role} '{name}' of its network is {'x'.join(map(str, sides[name]))}, not {shown}")
    if role == "input" and len(sides) != len(layout):
        raise Unfit(f"its network wants more: {', '.join(name for name in sides if name not in layout)}")


def _fits(found: list[Any], wanted: tuple[int | None, ...]) -> bool:
    return len(found) == len(wanted) and all(
        not isinstance(side, int) or side in (-1, like) or like is None
        for side, like in zip(found, wanted, strict=True)
    )
