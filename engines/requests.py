"""RenderRequest to and from its JSON document, with every range checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from engines.adjust import check_shifts
from engines.digests import file_digest
from engines.errors import StudioError
from engines.options import FILES, Kind, option_fields
from engines.registry import (
    Cost,
    Engine,
    Recipe,
    all_recipes,
    engine_cost,
    engine_readiness,
    get_engine,
    get_finisher,
    get_recipe,
)
from engines.sniff import is_video, sidecar
from engines.types import EMOTIONS, AvatarRef, EmotionKey, RenderRequest, Speech
from engines.voices import speaker_of

OptionPlace = tuple[str, str]
"""An engine and one of its options."""


def parse_request(document: Mapping[str, Any]) -> RenderRequest:
    """A checked request; raises StudioError naming the first field that does not fit."""
    request: RenderRequest = _checked(RenderRequest, document)
    check_emotions(request.expression.emotions)
    check_shifts(request.avatar.adjust)
    for name in request.finish:
        get_finisher(name)
    return request


def parse_avatar(document: Mapping[str, Any]) -> AvatarRef:
    """The avatar of a request, checked; raises StudioError naming the first field that does not fit."""
    avatar: AvatarRef = _checked(AvatarRef, document)
    check_shifts(avatar.adjust)
    return avatar


def _checked(kind: type, document: Mapping[str, Any]) -> Any:
    try:
        return _adapter(kind).validate_python(dict(document))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StudioError(f"The request's '{where}' is not right: {first['msg']}.") from None


def request_document(request: RenderRequest) -> dict[str, Any]:
    """The request as plain JSON values."""
    document: dict[str, Any] = _adapter(RenderRequest).dump_python(request, mode="json")
    return document


def request_schema() -> dict[str, Any]:
    """The JSON schema of a request."""
    return _adapter(RenderRequest).json_schema()


def check_emotions(keys: tuple[EmotionKey, ...]) -> None:
    """Raise StudioError if an emotion has a name that is not one of the ten."""
    for name in (name for key in keys for name in key.weights):
        if name not in EMOTIONS:
            raise StudioError(f"There is no emotion '{name}'; choose from: {', '.join(EMOTIONS)}.")


@lru_cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    """Made once: building it takes longer than a whole check."""
    return TypeAdapter(kind)


def source_digest(source: str | Path) -> str:
    """What names an avatar's picture, or its film with the arrays beside it, by content."""
    arrays = sidecar(Path(source))
    return file_digest(source) + (file_digest(arrays) if arrays.is_file() and is_video(Path(source)) else "")


def check_kind(request: RenderRequest) -> None:
    """Raise StudioError if the recipe's animator takes pictures and the avatar is a video, or the reverse."""
    recipe = get_recipe(request.recipe)
    takes = get_engine(recipe.animator).takes
    found = "video" if is_video(Path(request.avatar.source)) else "picture"
    if found != takes:
        raise StudioError(
            f"This avatar is a {found} and the recipe {recipe.title} takes a {takes}; "
            f"choose {' or '.join(fitting_recipes(found))}."
        )


def fitting_recipes(kind: str) -> list[str]:
    """Titles of the recipes for avatars of a ``kind``, "picture" or "video", that can work as things are."""
    fitting = (recipe for recipe in all_recipes().values() if get_engine(recipe.animator).takes == kind)
    return [recipe.title for recipe in fitting if _is_ready(recipe)]


def option_files(request: RenderRequest) -> dict[OptionPlace, str]:
    """The paths of pictures and other files that ``request`` gives as options."""
    return {
        (name, field.name): str(values[field.name])
        for name, values in request.options.items()
        for field in option_fields(get_engine(name).options)
        if field.kind in FILES and values.get(field.name)
    }


def file_kind(place: OptionPlace) -> Kind:
    """What an option that ``option_files`` found holds: "picture" or "file"."""
    engine, option = place
    return next(field.kind for field in option_fields(get_engine(engine).options) if field.name == option)


def with_files(request: RenderRequest, files: Mapping[OptionPlace, str]) -> RenderRequest:
    """``request`` with ``files`` as options, in place of those that ``option_files`` found."""
    options = {name: dict(values) for name, values in request.options.items()}
    for (engine, option), path in files.items():
        options.setdefault(engine, {})[option] = path
    return replace(request, options=options)


def content_options(engine: Engine, values: Mapping[str, Any]) -> dict[str, Any]:
    """The options of ``engine``, parsed and as plain values, with files named by their content."""
    options = asdict(engine.parse_options(values))
    for field in option_fields(engine.options):
        if field.kind in FILES and options[field.name]:
            options[field.name] = file_digest(options[field.name])
    return options


def finishers_of(request: RenderRequest) -> tuple[Engine, ...]:
    """What goes over the frames of ``request``, in order: its recipe's finishers, then its own, each once.

    Raises StudioError for a name that is none.
    """
    names = dict.fromkeys((*get_recipe(request.recipe).finishers, *request.finish))
    return tuple(get_finisher(name) for name in names)


def engines_of(request: RenderRequest) -> tuple[Engine, ...]:
    """Every engine that has a part in ``request``, each once."""
    recipe = get_recipe(request.recipe)
    speaker = speaker_of(request.words, recipe).name
    names = (speaker, recipe.driver, recipe.animator, *(engine.name for engine in finishers_of(request)))
    return tuple(get_engine(name) for name in dict.fromkeys(names))


def engine_versions(request: RenderRequest) -> dict[str, str]:
    """The version of every engine of ``request``, with the model file in use where there is more than one."""
    return {engine.name: engine_version(engine, request) for engine in engines_of(request)}


def engine_version(engine: Engine, request: RenderRequest) -> str:
    """The version of ``engine`` for ``request``, with the model file in use where there is more than one."""
    variant = engine_readiness(engine, request.options.get(engine.name, {})).variant
    return f"{engine.version} ({variant})" if variant else engine.version


def check_engines(request: RenderRequest) -> None:
    """Raise StudioError, saying what to do and what works now, if an engine of ``request`` cannot work."""
    for engine in engines_of(request):
        problem = engine_readiness(engine, request.options.get(engine.name, {})).problem
        if problem:
            raise StudioError(f"{problem} {ways_on(request)}".strip())


def ways_on(request: RenderRequest) -> str:
    """A sentence on what is ready now for the avatar of ``request`` instead of its recipe; "" if nothing is."""
    wanted = get_recipe(request.recipe)
    kind = get_engine(wanted.animator).takes
    ready = [
        recipe
        for recipe in all_recipes().values()
        if recipe.name != wanted.name and get_engine(recipe.animator).takes == kind and _is_ready(recipe)
    ]
    finishers = [get_finisher(name) for name in wanted.finishers]
    ways = [recipe.title for recipe in ready]
    ways += [
        f"{recipe.title} with {finisher.title} after it"
        for recipe in ready
        for finisher in finishers
        if finisher.name not in recipe.finishers and not engine_readiness(finisher, {}).problem
    ]
    return f"Ready now: {', '.join(ways)}." if ways else ""


def _is_ready(recipe: Recipe) -> bool:
    names = (recipe.driver, recipe.animator, *recipe.finishers)
    return not any(engine_readiness(get_engine(name), {}).problem for name in names)


def making_cost(recipe: str, finish: Iterable[str], options: Mapping[str, Mapping[str, Any]]) -> Cost:
    """What the networks of a recipe and of what else goes over its frames have to do together."""
    found = get_recipe(recipe)
    names = dict.fromkeys((found.driver, found.animator, *found.finishers, *finish))
    engines = [get_engine(name) for name in names]
    lips = any(engine.makes_lips for engine in engines)
    return sum((engine_cost(engine, options.get(engine.name, {}), lips) for engine in engines), Cost())


def making_name(recipe: str, finish: Iterable[str]) -> str:
    """A recipe and what else goes over its frames, in one word: jobs of one such name take equally long."""
    return "+".join((recipe, *finish))


def is_transparent(request: RenderRequest) -> bool:
    """Whether the frames of ``request`` have an alpha channel, and the clip must be a .webm."""
    animator = get_engine(get_recipe(request.recipe).animator)
    options = animator.parse_options(request.options.get(animator.name, {}))
    return bool(getattr(options, "transparent", False))


def content_document(request: RenderRequest) -> str:
    """The request as JSON with files named by their content: equal requests give equal text."""
    files = {place: file_digest(path) for place, path in option_files(request).items()}
    document = request_document(with_files(request, files))
    document["avatar"]["source"] = source_digest(request.avatar.source)
    if request.words.audio is not None:
        document["words"]["audio"] = file_digest(request.words.audio)
    return json.dumps(document, sort_keys=True)


def speech_digest(speech: Speech) -> str:
    """SHA-256 in hex of what is heard and of the phones that are known of it."""
    phones = [[phone.start, phone.end, phone.ipa] for phone in speech.phones]
    digest = hashlib.sha256(np.ascontiguousarray(speech.samples).data)
    digest.update(json.dumps([speech.sample_rate, phones]).encode())
    return digest.hexdigest()
