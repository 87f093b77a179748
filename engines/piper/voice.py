"""The voice stage: text becomes Speech with the times of its phones, by the model's own durations."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from engines.errors import StudioError
from engines.espeak.assembly import Part, assemble
from engines.espeak.client import EspeakHelper, UtteranceRefused
from engines.espeak.phones import TimedSounds
from engines.espeak.text import Sentence, clean, has_words, sentences
from engines.espeak.voices import find_voice
from engines.piper import PiperOptions
from engines.piper.config import VoiceConfig, read_config
from engines.piper.model import PiperModel, Said, Wish, missing_libraries
from engines.piper.ready import NONE_HERE, voice_store
from engines.piper.store import VoiceStore, config_of, fingerprint
from engines.piper.symbols import clauses, clustered, ids_of, known_symbols, symbols_of, timed
from engines.progress import Watch
from engines.stages import VoiceInfo, VoiceOffer
from engines.types import Speech
from engines.voice_sound import NOTHING_TO_SAY

SENTENCE_PAUSE_S = 0.2
ESPEAK, TEXT = "espeak", "text"
FULL_SCALE = 32767


@dataclass(frozen=True)
class _Loaded:
    """The model that spoke last, and what it was made of."""

    fingerprint: str
    config: VoiceConfig
    model: PiperModel


class PiperVoice:
    """Text to speech with the voices of ``store``; the model that spoke last is held.

    Chance gives life to sound and rhythm; with a liveliness of 0 the same text always sounds the same.
    """

    def __init__(self, store: VoiceStore) -> None:
        self._store, self._helper = store, EspeakHelper()
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    def offer(self) -> VoiceOffer:
        """The voices that are here."""
        found = sorted(self._infos(), key=lambda info: (info.language_name, info.name))
        return VoiceOffer(tuple(found), missing_libraries() or ("" if found else NONE_HERE))

    def identity(self, voice: str) -> str:
        """The voice's files. Raises StudioError if it is not here."""
        return fingerprint(self._store.find(voice))

    def speak(self, text: str, voice: str, options: Any, watch: Watch) -> Speech:
        """Speak ``text`` sentence by sentence; ``options`` are PiperOptions, None for the defaults.

        Peak -3 dBFS, 0.15 s of silence before and 0.35 s after. The phones are those of the model, from end to
        end; there are none if the model does not tell their times. Raises StudioError, Cancelled.
        """
        options = options if isinstance(options, PiperOptions) else PiperOptions()
        found = sentences(clean(text))
        if not found:
            raise StudioError(NOTHING_TO_SAY)
        loaded = self._load(self._store.find(voice))
        parts = []
        for index, sentence in enumerate(found):
            watch.report("voice", index / len(found))
            parts.append(self._say(sentence, loaded, options, watch))
        watch.report("voice", 1.0)
        rate = loaded.config.audio.sample_rate
        track = assemble(parts, rate)
        speech = Speech(track.samples, rate, text, find_voice(loaded.config.espeak.voice).language.id)
        if not all(part.sounds.names for part in parts):
            return speech
        return replace(speech, phones=track.phones, word_starts=track.word_starts)

    def licence(self, voice: str, watch: Watch) -> str:
        """The model card of a voice of the repository, with its licence, and its size."""
        return self._store.licence(voice, watch)

    def fetch(self, voice: str, watch: Watch) -> Path:
        """Fetch a voice of the repository."""
        return self._store.fetch(voice, watch)

    def remove(self, voice: str, _watch: Watch) -> None:
        """Remove a voice from this machine."""
        self._store.remove(voice)

    def close(self) -> None:
        """Let the model go and end the helper process; the next words start them again."""
        with self._lock:
            self._loaded = None
        self._helper.close()

    def _infos(self) -> Iterator[VoiceInfo]:
        for name in self._store.names():
            try:
                config = read_config(config_of(self._store.find(name)))
            except StudioError:
                continue  # said when it is chosen
            people = f", {config.num_speakers} speakers" if config.num_speakers > 1 else ""
            title = f"{config.dataset.replace('_', ' ').capitalize() or name} ({config.audio.quality}{people})"
            yield VoiceInfo(name, title.replace(" ()", ""), config.tag, config.language_name)

    def _load(self, path: Path) -> _Loaded:
        with self._lock:
            wanted = fingerprint(path)
            if self._loaded is None or self._loaded.fingerprint != wanted:
                self._loaded = None
                config = read_config(config_of(path))
                if config.phoneme_type not in (ESPEAK, TEXT):
                    raise StudioError(
                        f"'{path.stem}' reads {config.phoneme_type} sounds, which are not known here; "
                        "choose another voice."
                    )
                self._loaded = _Loaded(wanted, config, PiperModel(path, config))
            return self._loaded

    def _say(self, sentence: Sentence, loaded: _Loaded, options: PiperOptions, watch: Watch) -> Part:
        config = loaded.config
        spelt = self._symbols(sentence.text, config, watch)
        symbols = known_symbols(clustered(spelt, config.vowel_clusters), config.phoneme_id_map)
        ids = ids_of(symbols, config.phoneme_id_map)
        wish = Wish(options.speed, options.liveliness, options.speaker)
        said = loaded.model.say([item for some in ids for item in some], wish)
        peak = max(float(np.abs(said.samples).max(initial=0.0)), 1e-9)
        sounds = _sounds(symbols, list(map(len, ids)), said, config)
        pause = SENTENCE_PAUSE_S * sentence.pause * options.pauses
        samples = (said.samples * (FULL_SCALE / peak)).astype(np.int16)
        return Part(samples, config.audio.sample_rate, sounds, config.dataset, pause)

    def _symbols(self, sentence: str, config: VoiceConfig, watch: Watch) -> list[str]:
        if config.phoneme_type == TEXT:
            return list(unicodedata.normalize("NFD", sentence))
        name = find_voice(config.espeak.voice).espeak
        found: list[str] = []
        for words, mark in clauses(sentence):
            try:
                spelt = self._helper.spell(words, name, watch) if has_words(words) else ()
            except UtteranceRefused:
                raise StudioError(
                    "eSpeak NG cannot read this voice's language; choose another voice."
                ) from None
            found += symbols_of(" ".join(spelt), mark)
        return found


def _sounds(symbols: list[str], sizes: list[int], said: Said, config: VoiceConfig) -> TimedSounds:
    """The sounds of a sentence; none where the model does not tell their times, or reads mere letters."""
    if said.counts is None or config.phoneme_type == TEXT:
        return TimedSounds((), (), len(said.samples), ())
    edges = np.cumsum([0, *sizes])
    counts = [int(said.counts[first:end].sum()) for first, end in pairwise(edges)]
    return timed(symbols, counts, config.audio.sample_rate)


def create() -> PiperVoice:
    """The factory that the engine's declaration names."""
    return PiperVoice(voice_store())
