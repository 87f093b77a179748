"""The tensors of a TorchScript archive, read without running anything of it.

Such a file is a zip: ``data.pkl`` describes a tree of modules whose leaves are tensors, ``data/<number>``
holds their bytes, the rest is code. Only the tree and the bytes are looked at. In the pickle, names may
stand for nothing but plain holders of attributes, ordered dicts, and the one function that says shape and
place of a tensor.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_KINDS = {
    "FloatStorage": np.float32,
    "HalfStorage": np.float16,
    "DoubleStorage": np.float64,
    "LongStorage": np.int64,
    "IntStorage": np.int32,
    "ByteStorage": np.uint8,
    "BoolStorage": np.bool_,
}
_LARGEST_TREE = 16 << 20
"""Bytes of a description of modules."""


def is_torchscript(path: Path) -> bool:
    """Whether ``path`` is a zip with code beside its tensors."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any("/code/" in name for name in archive.namelist())


def read_torchscript(path: Path) -> dict[str, NDArray[Any]]:
    """Every tensor by its dotted name, as ``state_dict`` would have it.

    Raises ValueError, KeyError, OSError, pickle.UnpicklingError or zipfile.BadZipFile for what is no such file.
    """
    with zipfile.ZipFile(path) as archive:
        (described,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        _check_sizes(archive, path.stat().st_size)
        root = _Reader(archive, described.removesuffix("data.pkl")).load()
    return dict(_named(root, ""))


def _check_sizes(archive: zipfile.ZipFile, size: int) -> None:
    """Tensors are stored as they are; the tree may be compressed but is small."""
    entries = archive.infolist()
    stored = sum(entry.file_size for entry in entries if "/data/" in entry.filename)
    trees = [entry.file_size for entry in entries if entry.filename.endswith("/data.pkl")]
    if stored > size or max(trees) > _LARGEST_TREE:
        raise ValueError("larger than its file")


@dataclass
class _Module:
    """Whatever class the file names: only its attributes count."""

    attributes: dict[str, Any] = field(default_factory=dict)

    def __setstate__(self, state: Any) -> None:
        self.attributes = dict(state)


@dataclass(frozen=True)
class _Kind:
    name: str


class _Reader(pickle.Unpickler):
    """Knows no class and no function of this process but the few that are named here."""

    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{folder}data.pkl")))
        self._archive, self._folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        """A stand-in for what the pickle names; raises UnpicklingError for anything that is not a network's."""
        if module.startswith("__torch__"):
            return type(name, (_Module,), {})
        if module == "torch" and name in _KINDS:
            return _Kind(name)
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch.jit._pickle":
            return _setting
        raise pickle.UnpicklingError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        """The numbers of one stored piece."""
        _, kind, key, _, count = pid
        stored: NDArray[Any] = np.frombuffer(self._archive.read(f"{self._folder}data/{key}"), _KINDS[kind.name])
        if len(stored) < count:
            raise ValueError("cut off")
        return stored


def _tensor(stored: NDArray[Any], offset: int, size: Any, stride: Any, *_: Any) -> NDArray[Any]:
    """The part of ``stored`` that a tensor is, checked to lie inside it."""
    size, stride = tuple(map(int, size)), tuple(map(int, stride))
    reach = offset + sum((count - 1) * step for count, step in zip(size, stride, strict=True))
    if min((offset, *size, *stride), default=0) < 0 or (all(size) and reach >= len(stored)):
        raise ValueError("outside")
    steps = [step * stored.itemsize for step in stride]
    return np.array(np.lib.stride_tricks.as_strided(stored[offset:], size, steps, writeable=False))


def _setting(*_: Any) -> None:
    """Lists of plain numbers, such as a layer's padding: not wanted."""


def _named(part: Any, name: str) -> Iterator[tuple[str, NDArray[Any]]]:
    if isinstance(part, np.ndarray):
        yield name, part
    elif isinstance(part, _Module):
        for key, value in part.attributes.items():
            yield from _named(value, f"{name}.{key}" if name else key)
