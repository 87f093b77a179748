"""Levels of quality: what one word, low, medium or high, stands for in every part of a request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from engines.errors import StudioError
from engines.options import OptionField, option_fields
from engines.registry import Engine, all_finishers, engine_readiness, get_finisher
from engines.requests import engines_of
from engines.types import Encoding, Output, RenderRequest


@dataclass(frozen=True)
class Level:
    """``size``: long side of the video in px; ``encoding``: see engines.encode; ``face``: side in px of the
    picture that networks draw, where an engine has the choice; ``batch``: frames that go through them at a
    time, 0 is as many as fit; ``enhancer``: the engine that goes over the frames last, "" for none."""

    title: str
    size: int
    fps: float
    encoding: Encoding
    face: int
    batch: int
    enhancer: str = ""


QUALITIES: Mapping[str, Level] = MappingProxyType(
    {
        "low": Level("Low", 384, 20.0, "quick", 256, 2),
        "medium": Level("Medium", 640, 25.0, "usual", 256, 0),
        "high": Level("High", 1080, 25.0, "fine", 512, 0, "gfpgan"),
    }
)


def at_quality(
    request: RenderRequest, name: str, given: Collection[str] = ()
) -> tuple[RenderRequest, tuple[str, ...]]:
    """``request`` at the level ``name``, and sentences on what had to be left out.

    What the request says of engines' options stays, and so do the fields of its output named in ``given``. An
    enhancer that cannot work as things are is left out. Raises StudioError for a level that does not exist.
    """
    level = _level(name)
    wanted = {"size": level.size, "fps": level.fps, "encoding": level.encoding}
    kept = {field: getattr(request.output, field) for field in given}
    request = replace(request, output=Output(**{**wanted, **kept}))
    notes: tuple[str, ...] = ()
    if level.enhancer:
        problem = missing(level.enhancer, request.options)
        notes = (left_out(level, problem),) if problem else ()
        request = request if problem else enhanced(request, level.enhancer)
    options, more = _options(request, level)
    return replace(request, options=options), (*notes, *more)


def fitting_options(engine: Engine, level: Level, given: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """What ``level`` changes of the options of ``engine`` beside those ``given``, and a sentence on what is
    left out, "" if nothing: larger faces where only the model file for smaller ones is there."""
    found = {name: value for name, value in level_options(engine, level).items() if name not in given}
    problem = engine_readiness(engine, {**given, **found}).problem if "size" in found else ""
    if not problem or engine_readiness(engine, given).problem:
        return found, ""
    del found["size"]
    what = f"{level.title} quality draws faces of {level.face} pixels with {engine.title}"
    return found, f"{what}; that is left out here: {problem}"


def level_options(engine: Engine, level: Level) -> dict[str, Any]:
    """What ``level`` changes of the options of ``engine``: its ``size`` where that is a choice of pictures, and
    its ``batch``."""
    fields = {field.name: field for field in option_fields(engine.options)}
    wanted = {"size": _choice(fields.get("size"), level.face), "batch": level.batch}
    return {
        name: value
        for name, value in wanted.items()
        if name in fields and value is not None and value != fields[name].default
    }


def enhancers() -> Mapping[str, Engine]:
    """The finishers that make pictures clearer, more or less as asked for, by name."""
    return {
        name: engine
        for name, engine in all_finishers().items()
        if any(field.name == "strength" for field in option_fields(engine.options))
    }


def enhanced(request: RenderRequest, name: str, strength: float | None = None) -> RenderRequest:
    """``request`` with the enhancer ``name`` after all else; ``strength`` from 0 to 1, None for what it says.

    Raises StudioError for a name that is none.
    """
    known = enhancers()
    if name not in known:
        raise StudioError(f"There is no enhancer '{name}'; choose from: {', '.join(known) or 'none'}.")
    finish = tuple(dict.fromkeys((*request.finish, name)))
    if strength is None:
        return replace(request, finish=finish)
    options = {**request.options.get(name, {}), "strength": strength}
    known[name].parse_options(options)
    return replace(request, finish=finish, options={**request.options, name: options})


def missing(enhancer: str, options: Mapping[str, Mapping[str, Any]]) -> str:
    """Why ``enhancer`` cannot work as things are, "" if it can."""
    return engine_readiness(get_finisher(enhancer), options.get(enhancer, {})).problem


def left_out(level: Level, problem: str) -> str:
    """The sentence about the enhancer of ``level`` that cannot work."""
    title = get_finisher(level.enhancer).title
    return f"{level.title} quality also makes the face clearer with {title}; it is left out here: {problem}"


def _level(name: str) -> Level:
    if name not in QUALITIES:
        raise StudioError(f"There is no quality '{name}'; choose one of: {', '.join(QUALITIES)}.")
    return QUALITIES[name]


def _options(request: RenderRequest, level: Level) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The options of ``request`` with those of ``level``, and what is left out of them."""
    options, notes = dict(request.options), []
    for engine in engines_of(request):
        given = request.options.get(engine.name, {})
        found, note = fitting_options(engine, level, given)
        if found:
            options[engine.name] = {**found, **given}
        notes += [note] if note else []
    return options, notes


def _choice(field: OptionField | None, face: int) -> Any:
    """The choice of ``field`` that means ``face`` px, None if it has none."""
    choices = field.choices if field else ()
    return next((choice for choice in choices if str(choice) == str(face)), None)
