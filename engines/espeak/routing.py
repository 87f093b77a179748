"""Which voice speaks which part of a sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engines.espeak.text import Run, Sentence, has_words, runs, script_of
from engines.espeak.voices import ChosenVoice

JOIN_PAUSE = 0.15
"""Between two voices in one sentence, in sentence pauses."""


@dataclass(frozen=True)
class Line:
    """Words for one voice; ``pause`` after them in sentence pauses."""

    text: str
    voice: ChosenVoice
    pause: float


@dataclass(frozen=True)
class _Span:
    """Part of a sentence; ``voice`` is None for digits, whose language their neighbours decide."""

    text: str
    voice: ChosenVoice | None


def lines_of(sentence: Sentence, chosen: ChosenVoice) -> list[Line]:
    """The parts of ``sentence``, each with the voice that reads it; letters that none can read are left out."""
    spans = [span for run in runs(sentence.text) if (span := _span(run, sentence.text, chosen)) is not None]
    lines: list[Line] = []
    for index, span in enumerate(spans):
        voice = span.voice or _voice_between(spans, index, chosen)
        if lines and (lines[-1].voice == voice or not has_words(span.text)):
            lines[-1] = replace(lines[-1], text=lines[-1].text + span.text)
        else:
            lines.append(Line(span.text, voice, JOIN_PAUSE))
    lines = [replace(line, text=line.text.strip()) for line in lines if has_words(line.text)]
    return [*map(_unfinished, lines[:-1]), *(replace(line, pause=sentence.pause) for line in lines[-1:])]


def unreadable_scripts(text: str, chosen: ChosenVoice) -> list[str]:
    """Names of the scripts in ``text`` that no voice reads, e.g. "Khmer"."""
    scripts = {script for char in text if (script := script_of(char)) is not None}
    return sorted(script.title() for script in scripts if chosen.reader_of(script, text) is None)


def _span(run: Run, sentence: str, chosen: ChosenVoice) -> _Span | None:
    if run.script is None:
        return _Span(run.text, None)
    reader = chosen.reader_of(run.script, sentence)
    return _Span(run.text, reader) if reader else None


def _voice_between(spans: list[_Span], index: int, chosen: ChosenVoice) -> ChosenVoice:
    """Digits between words of one language belong to it; between two languages they go to the chosen voice."""
    before = next((span.voice for span in reversed(spans[:index]) if span.voice), None)
    after = next((span.voice for span in spans[index + 1 :] if span.voice), None)
    if before and after and before != after:
        return chosen
    return before or after or chosen


def _unfinished(line: Line) -> Line:
    """A comma keeps the melody up where the sentence goes on in another voice."""
    return replace(line, text=f"{line.text},") if line.text[-1:].isalnum() else line
