"""Which engine speaks with which voice: the one place where the id of a voice is taken apart.

"en-us" is a voice of the recipe's own voice engine; "piper:en_US-amy-medium" one of the engine Piper, with any
recipe; "openai:alloy@de" says besides which language a voice that speaks many is to be taken for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engines.errors import StudioError
from engines.registry import Engine, Recipe, all_engines, get_engine
from engines.types import Words

EMBEDDED = "espeak"
"""The voice engine that is always there, and whose sounds every other voice can be aligned to."""
DEFAULT_LANGUAGE = "en-us"
LONGEST = 200


@dataclass(frozen=True)
class ChosenVoice:
    """A voice of an engine; ``language`` is "" where the id does not say it."""

    engine: Engine
    name: str
    language: str = ""


def voice_engines() -> Mapping[str, Engine]:
    """Every engine with voices by name, the embedded one first."""
    found = {name: engine for name, engine in all_engines().items() if "voice" in engine.stages}
    return dict(sorted(found.items(), key=lambda item: item[0] != EMBEDDED))


def get_voice_engine(name: str) -> Engine:
    """The voice engine called ``name``; raises StudioError with the names that exist."""
    known = voice_engines()
    if name not in known:
        raise StudioError(f"There is no voice engine '{name[:40]}'; choose one of: {', '.join(known)}.")
    return known[name]


def choose_voice(voice: str, standard: str = EMBEDDED) -> ChosenVoice:
    """The voice with this id, ``standard``'s if it names no engine. Raises StudioError for a wrong engine."""
    if len(voice) > LONGEST:
        raise StudioError("The name of the voice is too long; choose one from 'voices list'.")
    prefix, separator, rest = voice.strip().partition(":")
    if not separator:
        return ChosenVoice(get_engine(standard), voice)
    name, _, language = rest.partition("@")
    return ChosenVoice(get_voice_engine(prefix), name, language)


def speaker_of(words: Words, recipe: Recipe) -> Engine:
    """The engine that gives ``words`` their sound; of a recording the one that knows how its text sounds."""
    return (
        get_engine(recipe.voice) if words.audio is not None else choose_voice(words.voice, recipe.voice).engine
    )


def language_of(voice: str) -> str:
    """The language that the id of a voice tells, as a tag; more may follow in it. "" if it tells none."""
    chosen = choose_voice(voice)
    named = chosen.name.partition("+")[0].replace("_", "-")
    return chosen.language or (named if chosen.engine.name == EMBEDDED or "-" in named else "")


def full_id(engine: Engine, voice: str) -> str:
    """The id under which requests name ``voice`` of ``engine``."""
    return voice if engine.name == EMBEDDED else f"{engine.name}:{voice}"
