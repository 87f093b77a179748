"""Typed options as data: what a slider, a command-line flag or a form field needs to know of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

Kind = Literal["number", "integer", "boolean", "string", "colour", "picture", "file"]
"""A colour is "#rrggbb"; a picture or a file is the path of one, "" for none. All are strings whose ``format``
in the JSON schema says so; a file may say there which ``endings`` it takes."""
_PLAIN: tuple[Kind, ...] = ("number", "integer", "boolean", "string")
_FORMATS: tuple[Kind, ...] = ("colour", "picture", "file")
FILES: tuple[Kind, ...] = ("picture", "file")
"""Kinds that name a file: what counts of them is the content."""


@dataclass(frozen=True)
class OptionField:
    """One option: ``minimum`` and ``maximum`` are None where open; ``choices`` is empty unless it is one.

    ``endings``: of a file, such as ".mp4"; empty where any will do. ``flag``: a short name for the command line
    besides the one that is made of the engine's and the option's.
    """

    name: str
    kind: Kind
    default: Any
    title: str
    description: str
    minimum: float | None
    maximum: float | None
    choices: tuple[Any, ...]
    endings: tuple[str, ...] = ()
    flag: str = ""


def option_fields(options: type[Any]) -> tuple[OptionField, ...]:
    """The simple fields of a dataclass whose ranges are declared with pydantic's Field, in order."""
    properties = TypeAdapter(options).json_schema().get("properties", {})
    return tuple(_field(name, entry) for name, entry in properties.items() if _kind(entry) is not None)


def _kind(entry: dict[str, Any]) -> Kind | None:
    known = (kind for kind in _FORMATS if kind == entry.get("format"))
    return next(known, None) or next((kind for kind in _PLAIN if kind == entry.get("type")), None)


def _field(name: str, entry: dict[str, Any]) -> OptionField:
    return OptionField(
        name=name,
        kind=_kind(entry) or "string",
        default=entry.get("default"),
        title=entry.get("title", name.replace("_", " ").capitalize()),
        description=entry.get("description", ""),
        minimum=entry.get("minimum"),
        maximum=entry.get("maximum"),
        choices=tuple(entry.get("enum", ())),
        endings=tuple(entry.get("endings", ())),
        flag=entry.get("flag", ""),
    )
