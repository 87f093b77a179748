"""Words become Speech: spoken by the engine that their voice names, or read from a recording, then aligned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from engines.audio import AudioLimits, read_recording
from engines.cache import Cache, make_key, pack_speech, unpack_speech
from engines.errors import StudioError
from engines.feeling_tags import parse_feelings
from engines.inputs import check_text
from engines.ledger import Spoken
from engines.manager import EngineManager
from engines.progress import Watch
from engines.registry import Engine, Recipe, get_engine
from engines.requests import speech_digest
from engines.transcripts import fit_notes, has_transcript, pack_alignment, unpack_alignment
from engines.types import Speech, Words
from engines.voices import DEFAULT_LANGUAGE, EMBEDDED, choose_voice

Options = Mapping[str, Mapping[str, Any]]
"""Options by engine, as in a request."""
UNREAD = "How this text sounds in the voice's language is not known here; the mouth follows the sound alone."


class Speaking:
    """The first part of the pipeline. ``max_seconds`` limits speech."""

    def __init__(self, manager: EngineManager, cache: Cache, max_seconds: float) -> None:
        self._manager, self._cache, self._max_seconds = manager, cache, max_seconds

    def identity(self, words: Words, recipe: Recipe) -> str:
        """What decides how ``words`` sound besides the request and the versions of engines, for keys.

        Raises StudioError if their voice cannot speak here.
        """
        if words.audio is not None:
            return ""
        chosen = choose_voice(words.voice, recipe.voice)
        found: str = self._manager.stage(chosen.engine.name, "voice").identity(chosen.name)
        return found if chosen.engine.name == EMBEDDED else f"{found} {get_engine(EMBEDDED).version}"

    def speak(self, words: Words, recipe: Recipe, options: Options, watch: Watch) -> Spoken:
        """The speech of ``words``: their text spoken without its feeling tags, or their recording."""
        if words.audio is not None:
            limits = AudioLimits(max_seconds=self._max_seconds)
            recording = read_recording(Path(words.audio), limits, watch)
            return Spoken(recording.speech, notes=recording.notes)
        spoken = self._say(words, recipe, options, watch)
        self._check_length(spoken.speech)
        return spoken

    def needs_alignment(self, spoken: Spoken, words: Words) -> bool:
        """Whether it is known what is said, but not when: a recording with its text, a voice without times."""
        return has_transcript(words) or (words.audio is None and not spoken.speech.phones)

    def align(self, spoken: Spoken, words: Words, recipe: Recipe, watch: Watch) -> Spoken:
        """``spoken`` with the sounds of the text at their times, where they are needed.

        Everything else, and a recipe whose driver cannot align, comes back as it is. A voice that told the
        starts of its words keeps them.
        """
        engine = get_engine(recipe.driver)
        driver = self._manager.stage(engine.name, "driver") if self.needs_alignment(spoken, words) else None
        find = getattr(driver, "align", None)
        if find is None:
            return spoken
        like = _as_embedded(words, recipe, spoken.speech)
        said = self._model(like, words, recipe, watch)
        if said is None:
            return replace(spoken, notes=(*spoken.notes, UNREAD))
        key = make_key(
            engine.version, get_engine(EMBEDDED).version, speech_digest(spoken.speech), words.text, like.voice
        )

        def make() -> bytes:
            return pack_alignment(find(spoken.speech, said, watch))

        data, cached = self._cache.get_or_make("speech", key, tag_of(engine), make)
        alignment = unpack_alignment(data, spoken.speech)
        speech = replace(alignment.speech, language=alignment.speech.language or spoken.speech.language)
        if spoken.speech.word_starts:
            speech = replace(speech, word_starts=spoken.speech.word_starts)
        notes = fit_notes(alignment, "voice" if words.audio is None else "recording")
        return Spoken(speech, cached, (*spoken.notes, *notes))

    def _model(self, like: Words, words: Words, recipe: Recipe, watch: Watch) -> Speech | None:
        """``like`` in the embedded voice's mouth; None if it cannot read what another voice has said."""
        try:
            return self._say(like, recipe, {}, watch).speech
        except StudioError:
            if words.audio is None:
                return None
            raise

    def _say(self, words: Words, recipe: Recipe, options: Options, watch: Watch) -> Spoken:
        """The text of ``words``, spoken."""
        text = check_text(parse_feelings(words.text or "").text, self._max_seconds)
        chosen = choose_voice(words.voice, recipe.voice)
        engine = chosen.engine
        voice = self._manager.stage(engine.name, "voice")
        parsed = engine.parse_options(options.get(engine.name, {}))
        made_by = (engine.name, engine.version, voice.identity(chosen.name))
        key = make_key(made_by, text, chosen.name, asdict(parsed))

        def make() -> bytes:
            return pack_speech(voice.speak(text, chosen.name, parsed, watch))

        data, cached = self._cache.get_or_make("speech", key, tag_of(engine), make)
        speech = unpack_speech(data)
        return Spoken(replace(speech, language=chosen.language or speech.language), cached)

    def _check_length(self, speech: Speech) -> None:
        if speech.duration > self._max_seconds:
            raise StudioError(
                f"The text takes {speech.duration / 60:.1f} minutes to say and the limit is "
                f"{self._max_seconds / 60:.0f}; shorten it or render it in parts."
            )


def _as_embedded(words: Words, recipe: Recipe, speech: Speech) -> Words:
    """The text of ``words`` for the embedded voice, in the language in which it is said."""
    chosen = choose_voice(words.voice, recipe.voice)
    if chosen.engine.name == EMBEDDED:
        return replace(words, voice=chosen.name, audio=None)
    return replace(words, voice=chosen.language or speech.language or DEFAULT_LANGUAGE, audio=None)


def tag_of(engine: Engine) -> str:
    """The tag of an engine's results in the cache."""
    return f"{engine.name}-{engine.version}"
