"""The voice stage: text of any length and mix of scripts becomes Speech with the times of its phones."""

from __future__ import annotations

from collections import Counter
from typing import Any

from engines.errors import StudioError
from engines.espeak import EspeakOptions
from engines.espeak.assembly import Part, assemble, make_part
from engines.espeak.client import EspeakHelper, Request, UtteranceRefused
from engines.espeak.routing import Line, lines_of, unreadable_scripts
from engines.espeak.text import clean, sentences
from engines.espeak.voices import find_voice, voice_infos
from engines.progress import Watch
from engines.stages import VoiceInfo, VoiceOffer
from engines.types import Phone, Speech

SENTENCE_PAUSE_S, NATURAL_RATE = 0.3, 165
NOTHING_TO_SAY = "There is nothing to say in this text; type some words."


class EspeakVoice:
    """Text to speech with eSpeak NG in a process of its own, started with the first words."""

    def __init__(self, helper: EspeakHelper | None = None) -> None:
        self.helper = helper or EspeakHelper()

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Every voice that was tried and works, by language name; the plainest of a language first."""
        return voice_infos()

    def offer(self) -> VoiceOffer:
        """All of them; nothing is missing."""
        return VoiceOffer(self.voices())

    def identity(self, voice: str) -> str:
        """Nothing besides: the library comes with the engine."""
        return find_voice(voice).espeak

    def speak(self, text: str, voice: str, options: Any, watch: Watch) -> Speech:
        """Speak ``text`` sentence by sentence; ``options`` are EspeakOptions, None for the defaults.

        The samples are at 22050 Hz, peak -3 dBFS, with 0.15 s of silence before and 0.35 s after. The phones
        follow each other without gaps over the whole duration. Words in scripts that the voice does not know
        are spoken by the same timbre in a language that does.
        Raises StudioError for an unknown voice or text with nothing to say, Cancelled within a sentence.
        """
        options = options if isinstance(options, EspeakOptions) else EspeakOptions()
        lines = self._lines(text, voice)
        parts = []
        for index, line in enumerate(lines):
            watch.report("voice", index / len(lines))
            parts += self._say(line, options, watch)
        watch.report("voice", 1.0)
        if not parts:
            raise StudioError(NOTHING_TO_SAY)
        rate = parts[0].sample_rate
        track = assemble(parts, rate)
        return Speech(track.samples, rate, text, main_language(parts), track.phones, track.word_starts)

    def phones(self, text: str, voice: str, watch: Watch) -> tuple[Phone, ...]:
        """The phones of ``text`` as this voice would time them, for aligning a recording of the same words."""
        return self.speak(text, voice, None, watch).phones

    def close(self) -> None:
        """End the helper process; the next words start it again."""
        self.helper.close()

    def _lines(self, text: str, voice: str) -> list[Line]:
        chosen = find_voice(voice)
        found = sentences(clean(text))
        if not found:
            raise StudioError(NOTHING_TO_SAY)
        lines = [line for sentence in found for line in lines_of(sentence, chosen)]
        if not lines:
            scripts = " or ".join(unreadable_scripts(text, chosen))
            raise StudioError(f"No voice here reads {scripts} letters; write the text in another script.")
        return lines

    def _say(self, line: Line, options: EspeakOptions, watch: Watch) -> list[Part]:
        language = line.voice.language
        request = Request(
            line.text,
            line.voice.espeak,
            options.rate,
            options.pitch,
            options.liveliness,
            kana=language.id == "ja",
        )
        try:
            spoken = self.helper.speak(request, watch)
        except UtteranceRefused:
            raise StudioError(f"eSpeak NG cannot speak {language.name}; choose another voice.") from None
        pause = SENTENCE_PAUSE_S * line.pause * options.pauses * NATURAL_RATE / options.rate
        part = make_part(spoken, language.id, pause)
        return [part] if part else []


def main_language(parts: list[Part]) -> str:
    """The tag of the language that is spoken longest."""
    samples: Counter[str] = Counter()
    for part in parts:
        samples[part.speaker] += len(part.samples)
    return samples.most_common(1)[0][0]


def create() -> EspeakVoice:
    """The factory that the engine's declaration names."""
    return EspeakVoice()
