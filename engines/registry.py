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

Stage = Literal["voice", "driver", "animator"]


@dataclass(frozen=True)
class NoOptions:
    """For engines that have nothing to set."""


@dataclass(frozen=True)
class Recipe:
    """Which engines make a clip together. ``needs`` says in words what it takes beyond this installation."""

    name: str
    title: str
    summary: str
    voice: str
    driver: str
    animator: str
    needs: str = "nothing"


@dataclass(frozen=True)
class Engine:
    """What an engine says of itself.

    ``stages``: stage name -> "module:factory", a callable without arguments that returns the stage object.
    ``options``: a frozen dataclass, every field with a default and ``Annotated[..., Field(title=, ge=, le=,
    description=)]``; it makes sliders, flags and schema. ``weights``: names in models/weights.toml.
    ``memory``: bytes that the loaded engine holds. ``version`` changes whenever its results change.
    ``notice``: what a person must know before using it, e.g. that text goes to another machine.
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
    notice: str = ""

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


def create_stage(engine: Engine, stage: Stage) -> Any:
    """Import and call the factory of ``stage``."""
    module, _, factory = engine.stages[stage].partition(":")
    return getattr(importlib.import_module(module), factory)()
