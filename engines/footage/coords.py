"""LiveTalking's coords.pkl, read without ever running what a pickle could run.

A pickle is a program. Only the instructions that build lists and tuples of whole numbers are let through; then
an unpickler without any classes runs them.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from engines.errors import StudioError

Box = tuple[int, int, int, int]
MAX_BYTES = 16 << 20
MAX_BOXES = 60 * 900
FARTHEST = 1 << 20
"""Pixels: no box of a picture reaches further."""
ALLOWED = frozenset(
    (
        "PROTO", "FRAME", "STOP", "MARK", "EMPTY_LIST", "LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE",
        "TUPLE1", "TUPLE2", "TUPLE3", "INT", "BININT", "BININT1", "BININT2", "LONG1", "MEMOIZE", "PUT",
        "BINPUT", "LONG_BINPUT", "GET", "BINGET", "LONG_BINGET",
    )
)  # fmt: skip
"""Names of instructions, as pickletools has them."""
REFUSED = (
    "The coords.pkl holds more than boxes of whole numbers and was not read; make it again with LiveTalking's "
    "own genavatar."
)
BROKEN = "The coords.pkl is not a list of boxes with four numbers each; export the avatar again."


def read_coords(path: Path) -> tuple[Box, ...]:
    """Top, bottom, left, right in px of every frame. Raises StudioError for anything else in the file."""
    if path.stat().st_size > MAX_BYTES:
        raise StudioError(f"The coords.pkl is larger than {MAX_BYTES >> 20} MB and was not read.")
    data = path.read_bytes()
    _check_program(data)
    try:
        found = _Plain(io.BytesIO(data)).load()
    except (pickle.UnpicklingError, ValueError, IndexError, EOFError, TypeError, AttributeError, KeyError):
        raise StudioError(BROKEN) from None
    return _boxes(found)


def write_coords(path: Path, boxes: Sequence[Box]) -> None:
    """Write what ``read_coords`` and LiveTalking read."""
    path.write_bytes(pickle.dumps([tuple(int(edge) for edge in box) for box in boxes], protocol=4))


def _check_program(data: bytes) -> None:
    """Raise StudioError at the first instruction that is not needed for boxes."""
    try:
        for instruction, argument, _ in pickletools.genops(data):
            if instruction.name not in ALLOWED:
                raise StudioError(REFUSED)
            if isinstance(argument, int) and abs(argument) >= 1 << 62:
                raise StudioError(BROKEN)
    except (ValueError, IndexError, EOFError, UnicodeDecodeError):
        raise StudioError(BROKEN) from None


class _Plain(pickle.Unpickler):
    """Knows no class, function or outside object."""

    def find_class(self, _module: str, _name: str) -> NoReturn:
        raise StudioError(REFUSED)

    def persistent_load(self, _pid: Any) -> NoReturn:
        raise StudioError(REFUSED)


def _boxes(found: Any) -> tuple[Box, ...]:
    if not isinstance(found, list | tuple) or not 0 < len(found) <= MAX_BOXES:
        raise StudioError(BROKEN)
    return tuple(_box(entry) for entry in found)


def _box(entry: Any) -> Box:
    if not isinstance(entry, list | tuple) or len(entry) != 4:
        raise StudioError(BROKEN)
    if any(type(edge) is not int or abs(edge) > FARTHEST for edge in entry):
        raise StudioError(BROKEN)
    top, bottom, left, right = entry
    return top, bottom, left, right
