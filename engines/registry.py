"""Engines declare themselves; this finds them.

A folder in engines/ whose ``__init__.py`` has ``ENGINE = Engine(...)`` is an engine. That file imports nothing
heavy: the stage objects behind it are named as "module:factory" and imported when first used.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

import engines
from engines.errors import StudioError

Stage = Literal["voice", "driver", "animator", "finisher"]


@dataclass(frozen=True)
class NoOptions:
    """For engines that have nothing to set."""


@dataclass(frozen=True)
class Readiness:
    """Whether an engine can work as things are: ``problem`` is a sentence that says what is missing and how to
    get it, "" if nothing is. ``variant`` names the model file in use where there is more than one."""

    problem: str = ""
    variant: str = ""


@dataclass(frozen=True)
class Cost:
    """Work of an engine's networks in GMAC, 10^9 multiplications with addition: once for a ``photo``, once for
    a clip in the ``rehearsal`` before its frames, for every ``frame``, and for every ``second`` of speech that
    a driver hears. ``kept``: what is rehearsed serves later clips of the same face and feeling."""

    photo: float = 0.0
    rehearsal: float = 0.0
    frame: float = 0.0
    second: float = 0.0
    kept: bool = False

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.photo + other.photo,
            self.rehearsal + other.rehearsal,
            self.frame + other.frame,
            self.second + other.second,
            self.kept or other.kept,
        )


@dataclass(frozen=True)
class Recipe:
    """Which engines make a clip together. ``needs`` says in words what it takes beyond this installation.

    ``finishers`` go over the frames one after the other.
    """

    name: str
    title: str
    summary: str
    voice: str
    driver: str
    animator: str
    needs: str = "nothing"
    finishers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Engine:
    """What an engine says of itself.

    ``stages``: stage name -> "module:factory", a callable without arguments that returns the stage object.
    ``options``: a frozen dataclass, every field with a default and ``Annotated[..., Field(title=, ge=, le=,
    description=)]``; it makes sliders, flags and schema. ``weights``: names in models/weights.toml.
    ``memory``: bytes that the loaded engine holds. ``version`` changes whenever its results change.
    ``readiness``: "module:function" in a module that imports nothing heavy, called with the parsed options;
    returns a Readiness. Without it the engine is always ready. ``takes``: what an animator animates.
    ``notice``: what a person must know before using it, e.g. that text goes to another machine.
    ``rehearses``: its animator is a RehearsingAnimator. ``makes_lips``: its finisher draws the mouth anew.
    ``cost``: "module:function" in a module that imports nothing heavy, called with the parsed options and
    whether a finisher makes the lips; returns a Cost, from which people are told how long it takes before it
    was ever measured. Without it that is as little as Instant's.
    """

    name: str
    title: str
    version: str
    stages: Mapping[Stage, str]
    licence: str
    options: type[Any] = NoOptions
    weights: tuple[str, ...] = ()
    memory: int = 0
    recipes: tuple[Recipe, ...] = field(default=())
    readiness: str = ""
    notice: str = ""
    takes: Literal["picture", "video"] = "picture"
    rehearses: bool = False
    makes_lips: bool = False
    cost: str = ""

    def parse_options(self, values: Mapping[str, Any]) -> Any:
        """An instance of ``options``; raises StudioError naming the first value that does not fit."""
        try:
            return TypeAdapter(self.options).validate_python(dict(values))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise StudioError(f"The {self.title} option '{name}' is not right: {first['msg']}.") from None


@lru_cache(maxsize=1)
def all_engines() -> Mapping[str, Engine]:
    """Every engine by name, sorted by name."""
    found: dict[str, Engine] = {}
    for module in pkgutil.iter_modules(engines.__path__):
        if module.ispkg:
            engine = getattr(importlib.import_module(f"engines.{module.name}"), "ENGINE", None)
            if isinstance(engine, Engine):
                found[engine.name] = engine
    return dict(sorted(found.items()))


def get_engine(name: str) -> Engine:
    """The engine called ``name``; raises StudioError with the names that exist."""
    known = all_engines()
    if name not in known:
        raise StudioError(f"There is no engine '{name}'; choose one of: {', '.join(known)}.")
    return known[name]


def all_recipes() -> Mapping[str, Recipe]:
    """Every recipe by name."""
    return {recipe.name: recipe for engine in all_engines().values() for recipe in engine.recipes}


def get_recipe(name: str) -> Recipe:
    """The recipe called ``name``; raises StudioError with the names that exist."""
    known = all_recipes()
    if name not in known:
        raise StudioError(f"There is no recipe '{name}'; choose one of: {', '.join(known)}.")
    return known[name]


def all_finishers() -> Mapping[str, Engine]:
    """Every engine that can go over the frames of any recipe, by name."""
    return {name: engine for name, engine in all_engines().items() if "finisher" in engine.stages}


def get_finisher(name: str) -> Engine:
    """The finisher called ``name``; raises StudioError with the names that exist."""
    known = all_finishers()
    if name not in known:
        raise StudioError(f"There is no finisher '{name}'; choose from: {', '.join(known) or 'none'}.")
    return known[name]


def create_stage(engine: Engine, stage: Stage) -> Any:
    """Import and call the factory of ``stage``."""
    return _imported(engine.stages[stage])()


def engine_readiness(engine: Engine, values: Mapping[str, Any]) -> Readiness:
    """Whether ``engine`` can work now, with these options. Raises StudioError for options that do not fit."""
    if not engine.readiness:
        return Readiness()
    found: Readiness = _imported(engine.readiness)(engine.parse_options(values))
    return found


def engine_cost(engine: Engine, values: Mapping[str, Any], lips_follow: bool) -> Cost:
    """What the networks of ``engine`` have to do with these options; raises StudioError if they do not fit."""
    if not engine.cost:
        return Cost()
    found: Cost = _imported(engine.cost)(engine.parse_options(values), lips_follow)
    return found


def _imported(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
