"""Reads the files of a model folder, and refuses in one sentence what does not fit. Nothing is unpickled."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from engines.audio2face.pointers import is_pointer
from engines.errors import StudioError
from engines.types import Float32

T = TypeVar("T")
LONGEST_JSON = 4 << 20
LARGEST_ARRAY = 2 << 30
"""Bytes; the largest array of the official files has 0.2 GB."""
_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError)


class Unfit(Exception):  # noqa: N818 - becomes a StudioError that names the file
    """What does not fit, to end a sentence that begins with the file."""


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn what does not fit of the file at ``path`` into a StudioError of one sentence."""
    try:
        yield
    except Unfit as error:
        raise StudioError(refusal(path, str(error))) from None


def refusal(path: Path, what: str) -> str:
    """The sentence that refuses the file at ``path`` because of ``what``."""
    return f"The model file {path.name} in {path.parent} cannot be used for Audio2Face: {what}; fetch it again."


def check_real(path: Path) -> None:
    """Raises Unfit unless there is a file at ``path`` that is itself and no pointer to it."""
    if not path.is_file():
        raise Unfit("it is missing")
    if is_pointer(path):
        raise Unfit("it is a Git LFS pointer, not the file itself")


def read_json(path: Path, kind: type[T], key: str = "") -> T:
    """The JSON at ``path``, or what lies under ``key`` in it, as a ``kind``. Raises StudioError."""
    with refusing(path):
        check_real(path)
        try:
            if path.stat().st_size > LONGEST_JSON:
                raise Unfit("it is too long")
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            raise Unfit("it is damaged or no JSON") from None
        found: T = _validated(document, kind, key)
        return found


def _validated(document: Any, kind: Any, key: str) -> Any:
    if key:
        if not isinstance(document, dict) or key not in document:
            raise Unfit(f"it lacks '{key}'")
        document = document[key]
    try:
        return _adapter(kind).validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise Unfit(f"its '{place}' does not fit ({first['msg']})") from None


@lru_cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@dataclass(frozen=True)
class Header:
    """What an array of an .npz says of itself."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class Archive:
    """The arrays of an .npz. Use it as a context; its methods raise Unfit for what does not fit."""

    def __init__(self, path: Path) -> None:
        check_real(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except _BROKEN:
            raise Unfit("it is cut off or no .npz archive") from None
        self.names = tuple(name.removesuffix(".npy") for name in self._zip.namelist())

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def header(self, name: str) -> Header:
        """Shape and type of an array, without reading it."""
        with self._open(name) as (_, header):
            return header

    def numbers(self, name: str, shape: tuple[int | None, ...]) -> Float32:
        """An array of finite numbers whose sides are ``shape``, None where any will do."""
        with self._open(name) as (file, header):
            _check_shape(name, header, shape)
            return _block(file, name, header, header.shape)

    def points(self, name: str, count: int | None = None) -> Float32:
        """(V, 3) points, also where they lie in one row; ``count``: how many they must be."""
        shape = self.header(name).shape
        flat = self.numbers(name, (None,) * len(shape)).reshape(-1)
        found = len(flat) // 3
        if not found or len(flat) % 3 or (count is not None and found != count):
            raise Unfit(f"its array '{name}' is {_sides(shape)} and not {count or 'any number of'}x3")
        return flat.reshape(-1, 3)

    def rows(self, name: str, shape: tuple[int | None, ...]) -> Iterator[Float32]:
        """Every entry along the first side of an array, one at a time: some are too large to hold whole."""
        with self._open(name) as (file, header):
            _check_shape(name, header, shape)
            for _ in range(header.shape[0]):
                yield _block(file, name, header, header.shape[1:])

    def words(self, name: str) -> tuple[str, ...]:
        """An array of names, kept as bytes or as text."""
        values = self._plain(name, "SU")
        return tuple(v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values.tolist())

    def counts(self, name: str) -> NDArray[np.int64]:
        """(N,) whole numbers from 0."""
        values = self._plain(name, "iu").astype(np.int64)
        if len(values) and values.min() < 0:
            raise Unfit(f"its array '{name}' has numbers below 0")
        return values

    def _plain(self, name: str, kinds: str) -> NDArray[Any]:
        with self._open(name) as (file, header):
            if header.dtype.kind not in kinds or len(header.shape) != 1:
                raise Unfit(f"its array '{name}' is of another kind")
            return _values(file, name, header, header.shape)

    @contextmanager
    def _open(self, name: str) -> Iterator[tuple[IO[bytes], Header]]:
        if name not in self.names:
            raise Unfit(f"it lacks the array '{name}'")
        try:
            with self._zip.open(f"{name}.npy") as file:
                yield file, _read_header(file, name)
        except _BROKEN:
            raise Unfit(f"its array '{name}' is damaged") from None


def _read_header(file: IO[bytes], name: str) -> Header:
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if dtype.hasobject or (fortran and len(shape) > 1):
        raise Unfit(f"its array '{name}' is of another kind")
    if dtype.itemsize * int(np.prod(shape, dtype=np.float64)) > LARGEST_ARRAY:
        raise Unfit(f"its array '{name}' is too large")
    return Header(shape, dtype)


def _check_shape(name: str, header: Header, shape: tuple[int | None, ...]) -> None:
    right = len(shape) == len(header.shape) and all(
        wanted in (None, found) for wanted, found in zip(shape, header.shape, strict=False)
    )
    if not right:
        wanted = _sides(tuple("any" if side is None else side for side in shape))
        raise Unfit(f"its array '{name}' is {_sides(header.shape)} and not {wanted}")


def _sides(shape: tuple[Any, ...]) -> str:
    return "x".join(map(str, shape)) or "a single number"


def _block(file: IO[bytes], name: str, header: Header, shape: tuple[int, ...]) -> Float32:
    if header.dtype.kind not in "fiu":
        raise Unfit(f"its array '{name}' holds no numbers")
    values = _values(file, name, header, shape).astype(np.float32)
    if not np.isfinite(values).all():
        raise Unfit(f"its array '{name}' is not all numbers")
    return values


def _values(file: IO[bytes], name: str, header: Header, shape: tuple[int, ...]) -> NDArray[Any]:
    wanted = header.dtype.itemsize * int(np.prod(shape, dtype=np.int64))
    data = file.read(wanted)
    if len(data) != wanted:
        raise Unfit(f"its array '{name}' is cut off")
    return np.frombuffer(data, header.dtype).reshape(shape)
