"""Pickles of plain values and NumPy arrays, read without Python's unpickler.

A pickle is a program for a machine with a stack. This is such a machine that knows no imports and calls
nothing: it builds values, lists, tuples and dictionaries, and where a program names one of the few functions
with which NumPy packs an array, the bytes are read as numbers here. All other programs end with a PickleError.
"""

from __future__ import annotations

import math
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_STEPS = 6_000_000
"""Instructions; it takes a second for about a million."""
KINDS = frozenset(("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"))
MAX_AXES = 8
LEAST_BUDGET = 4096


class PickleError(Exception):
    """The program is broken, or more than values and arrays."""


@dataclass
class _Kind:
    """A dtype: ``code`` such as "f4"; ``order`` of its bytes, "<" or ">"."""

    code: str
    order: str = "<"

    def build(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in ("<", ">", "|", "="):
            raise PickleError
        if any(part is not None for part in state[2:5]):  # fields, or arrays in arrays
            raise PickleError
        self.order = "<" if state[1] in ("|", "=") else state[1]

    def read(self, data: Any, shape: Any, columns: bool) -> Any:
        """An array of ``shape`` out of bytes."""
        if not isinstance(data, bytes | bytearray) or not _is_shape(shape):
            raise PickleError
        kind = np.dtype(self.code).newbyteorder(self.order)  # type: ignore[arg-type]
        if math.prod(shape) * kind.itemsize != len(data):
            raise PickleError
        flat = np.frombuffer(bytes(data), kind).astype(kind.newbyteorder("="))
        return flat.reshape(shape, order="F" if columns else "C")


@dataclass
class _Pending:
    """An array that was begun and is built a few instructions later."""

    value: Any = None

    def build(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 5 or not isinstance(state[2], _Kind):
            raise PickleError
        _, shape, kind, columns, data = state
        self.value = kind.read(data, shape, bool(columns))


@dataclass(frozen=True)
class _Name:
    """A function or class that a program may name."""

    module: str
    name: str


def _is_shape(shape: Any) -> bool:
    sizes = isinstance(shape, tuple) and len(shape) <= MAX_AXES
    return sizes and all(type(size) is int and 0 <= size < 1 << 31 for size in shape)


def _begin_array(*_arguments: Any) -> _Pending:
    return _Pending()


def _kind(code: Any, *_flags: Any) -> _Kind:
    if not isinstance(code, str) or code.lstrip("<>|=") not in KINDS:
        raise PickleError
    return _Kind(code.lstrip("<>|="), ">" if code.startswith(">") else "<")


def _from_buffer(data: Any, kind: Any, shape: Any, order: Any = "C") -> Any:
    if not isinstance(kind, _Kind):
        raise PickleError
    return kind.read(data, shape, order == "F")


def _scalar(kind: Any, data: Any) -> Any:
    return _from_buffer(data, kind, ()).item()


def _encoded(text: Any, coding: Any) -> bytes:
    if not isinstance(text, str) or coding != "latin1":
        raise PickleError
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


def _known_names() -> dict[_Name, Callable[..., Any] | None]:
    """What each function does here; None for a class that is only handed to one."""
    known: dict[_Name, Callable[..., Any] | None] = {
        _Name("numpy", "ndarray"): None,
        _Name("numpy", "dtype"): _kind,
        _Name("_codecs", "encode"): _encoded,
        _Name("__builtin__", "bytes"): _no_bytes,
        _Name("builtins", "bytes"): _no_bytes,
    }
    for core in ("numpy.core", "numpy._core"):
        known[_Name(f"{core}.multiarray", "_reconstruct")] = _begin_array
        known[_Name(f"{core}.multiarray", "scalar")] = _scalar
        known[_Name(f"{core}.numeric", "_frombuffer")] = _from_buffer
    return known


NAMES = _known_names()
_MARK = object()


class _Machine:
    """Stack and memory of a program; ``budget``: bytes that it may turn into something else in all."""

    def __init__(self, budget: int) -> None:
        self.stack: list[Any] = []
        self.memory: dict[int, Any] = {}
        self._budget = budget

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise PickleError
        return self.stack.pop()

    def take(self, count: int) -> tuple[Any, ...]:
        return tuple(self.pop() for _ in range(count))[::-1]

    def top(self, kind: type) -> Any:
        if not self.stack or type(self.stack[-1]) is not kind:
            raise PickleError
        return self.stack[-1]

    def marked(self) -> list[Any]:
        """What was pushed since the last mark."""
        found = []
        while self.stack and self.stack[-1] is not _MARK:
            found.append(self.stack.pop())
        if not self.stack:
            raise PickleError
        self.stack.pop()
        return found[::-1]

    def extend(self, items: list[Any]) -> None:
        self.top(list).extend(items)

    def set_items(self, items: list[Any]) -> None:
        if len(items) % 2 or not all(isinstance(key, str) for key in items[::2]):
            raise PickleError
        self.top(dict).update(zip(items[::2], items[1::2], strict=True))

    def remember(self, place: int) -> None:
        self.memory[place] = self.pop()
        self.stack.append(self.memory[place])

    def recall(self, place: int) -> None:
        if place not in self.memory:
            raise PickleError
        self.stack.append(self.memory[place])

    def push_name(self, module: Any, name: Any) -> None:
        if not (isinstance(module, str) and isinstance(name, str)) or _Name(module, name) not in NAMES:
            raise PickleError
        self.stack.append(_Name(module, name))

    def call(self) -> None:
        named, arguments = self.take(2)
        work = NAMES.get(named) if isinstance(named, _Name) else None
        if work is None or not isinstance(arguments, tuple):
            raise PickleError
        self._charge(arguments)
        self.stack.append(work(*arguments))

    def build(self) -> None:
        state = self.pop()
        if not self.stack or not isinstance(self.stack[-1], _Kind | _Pending):
            raise PickleError
        self._charge(state)
        self.stack[-1].build(state)

    def _charge(self, values: Any) -> None:
        """Else one long text, read again and again, would fill the memory."""
        packed = (value for value in values if isinstance(value, str | bytes | bytearray))
        self._budget -= sum(len(value) for value in packed)
        if self._budget < 0:
            raise PickleError


def _pushes(make: Callable[[_Machine, Any], Any]) -> Callable[[_Machine, Any], None]:
    return lambda machine, argument: machine.stack.append(make(machine, argument))


_VALUES = (
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
    "SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8", "SHORT_BINSTRING", "BINSTRING",
)  # fmt: skip
_STEPS: Mapping[str, Callable[[_Machine, Any], Any]] = {
    **dict.fromkeys(_VALUES, _pushes(lambda _, value: value)),
    "PROTO": lambda *_: None,
    "FRAME": lambda *_: None,
    "MARK": _pushes(lambda *_: _MARK),
    "NONE": _pushes(lambda *_: None),
    "NEWTRUE": _pushes(lambda *_: True),
    "NEWFALSE": _pushes(lambda *_: False),
    "EMPTY_LIST": _pushes(lambda *_: []),
    "EMPTY_TUPLE": _pushes(lambda *_: ()),
    "EMPTY_DICT": _pushes(lambda *_: {}),
    "LIST": _pushes(lambda machine, _: machine.marked()),
    "TUPLE": _pushes(lambda machine, _: tuple(machine.marked())),
    "TUPLE1": _pushes(lambda machine, _: machine.take(1)),
    "TUPLE2": _pushes(lambda machine, _: machine.take(2)),
    "TUPLE3": _pushes(lambda machine, _: machine.take(3)),
    "APPEND": lambda machine, _: machine.extend([machine.pop()]),
    "APPENDS": lambda machine, _: machine.extend(machine.marked()),
    "SETITEM": lambda machine, _: machine.set_items(list(machine.take(2))),
    "SETITEMS": lambda machine, _: machine.set_items(machine.marked()),
    "BINPUT": lambda machine, place: machine.remember(place),
    "LONG_BINPUT": lambda machine, place: machine.remember(place),
    "MEMOIZE": lambda machine, _: machine.remember(len(machine.memory)),
    "BINGET": lambda machine, place: machine.recall(place),
    "LONG_BINGET": lambda machine, place: machine.recall(place),
    "GLOBAL": lambda machine, names: machine.push_name(*names.split(" ", 1)),
    "STACK_GLOBAL": lambda machine, _: machine.push_name(*machine.take(2)),
    "REDUCE": lambda machine, _: machine.call(),
    "BUILD": lambda machine, _: machine.build(),
}
"""What is done for an instruction, by the name that pickletools gives it."""


def read_pickle(data: bytes) -> Any:
    """What ``data`` holds: None, numbers, text, bytes, lists, tuples, dictionaries by text, and, still packed
    (see ``array_of``), arrays. Raises PickleError for anything else."""
    machine = _Machine(2 * len(data) + LEAST_BUDGET)
    try:
        for count, (instruction, argument, _) in enumerate(pickletools.genops(data)):
            if instruction.name == "STOP":
                return machine.pop()
            if count > MAX_STEPS or instruction.name not in _STEPS:
                raise PickleError
            _STEPS[instruction.name](machine, argument)
    except (ValueError, TypeError, IndexError, OverflowError, UnicodeError, MemoryError):
        raise PickleError from None
    raise PickleError


def array_of(value: Any) -> Any:
    """A value of ``read_pickle`` as an array, if it is one or a number. Raises PickleError."""
    if isinstance(value, _Pending):
        value = value.value
    if not isinstance(value, np.ndarray | int | float) or isinstance(value, bool):
        raise PickleError
    return np.asarray(value)
