"""What feeling a text seems to ask for: a suggestion from words, emoji and punctuation, for people to edit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from engines.feeling_tags import FeelingCue, TaggedText, feeling_table
from engines.types import EMOTIONS

_SENTENCE = re.compile(
    r"[^.!?…。！？।؟\n]*(?:[.!?…。！？।؟]+[\"'”’»)\]]*|\n|$)(?:\s*(?![\w¿¡\"“„«(])[^\w\s]+)*\s*"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
NEGATED = 3
"""Words that a negation reaches."""
CLEAR = 0.2
"""Strength under which a feeling is not worth a tag."""


def suggest_feelings(text: str, language: str | None = None) -> TaggedText:
    """``text`` (without tags) with a cue where a sentence suggests another feeling than the one before.

    ``language`` (BCP-47-like) chooses the words to look for; without one, or in a language that the table does
    not have, those of all its languages count. Where nothing is found there are no cues.
    """
    cues: list[FeelingCue] = []
    for start, sentence in _sentences(text):
        weights = feeling_of(sentence, language)
        if weights != (cues[-1].weights if cues else {}):
            cues.append(FeelingCue(start, weights))
    return TaggedText(text, tuple(cues))


def feeling_of(sentence: str, language: str | None = None) -> dict[str, float]:
    """The weights that one sentence suggests: at most the two strongest emotions, none if nothing tells."""
    rules = feeling_table()["weights"]
    found = _counted(_emoji(sentence) + _telling(sentence, language))
    scores = {name: rules["word"] + rules["more"] * (count - 1) for name, count in found.items()}
    if scores and ("!" in sentence or "！" in sentence or _shouted(sentence)):
        scores = {name: score * rules["loud"] for name, score in scores.items()}
    scores = scores or dict(_marks(sentence))
    strongest = sorted(scores.items(), key=lambda item: -item[1])[:2]
    kept = [item for item in strongest if item[1] >= max(CLEAR, 0.7 * strongest[0][1])]
    return {name: round(min(score, rules["most"]), 2) for name, score in kept}


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    for match in _SENTENCE.finditer(text):
        if any(char.isalnum() for char in match[0]):
            skip = len(match[0]) - len(match[0].lstrip())
            yield match.start() + skip, match[0]


def _counted(names: list[str]) -> dict[str, int]:
    return {name: names.count(name) for name in EMOTIONS if name in names}


def _emoji(sentence: str) -> list[str]:
    table = feeling_table()["emoji"]
    return [name for name, signs in table.items() for sign in signs.split() if sign in sentence]


def _telling(sentence: str, language: str | None) -> list[str]:
    """The emotion of every telling word; a negation before it takes it away or turns it round."""
    negation = feeling_table()["negation"]
    words = [match[0].lower().replace("’", "'") for match in _WORD.finditer(sentence)]
    told: list[str] = []
    for index, word in enumerate(words):
        names = _lexicon(language).get(word) or _by_stem(word, language)
        negated = any(before in negation["words"].split() for before in words[max(index - NEGATED, 0) : index])
        told += (
            [negation["opposites"][name] for name in names if name in negation["opposites"]]
            if negated
            else names
        )
    return told


def _by_stem(word: str, language: str | None) -> list[str]:
    stems = (word[:length] + "*" for length in range(len(word), 2, -1))
    return next((_lexicon(language)[stem] for stem in stems if stem in _lexicon(language)), [])


@lru_cache(maxsize=8)
def _lexicon(language: str | None) -> Mapping[str, list[str]]:
    """Every telling word, or its stem and "*", with its emotions."""
    words: Mapping[str, Any] = feeling_table()["words"]
    tag = (language or "").lower().partition("-")[0]
    lexicon: dict[str, list[str]] = {}
    for table in [words[tag]] if tag in words else words.values():
        for name, entries in table.items():
            for entry in entries.split():
                lexicon.setdefault(entry, []).append(name)
    return lexicon


def _shouted(sentence: str) -> bool:
    words = [match[0] for match in _WORD.finditer(sentence)]
    return len(words) > 1 and all(word.isupper() for word in words)


def _marks(sentence: str) -> Mapping[str, float]:
    """What the punctuation says by itself."""
    rules: Mapping[str, Any] = feeling_table()["weights"]
    asks, calls = any(m in sentence for m in "?？؟"), any(m in sentence for m in "!！")
    if asks or calls:
        mark = "astonished" if asks and calls else "question" if asks else "exclamation"
    else:
        mark = "trailing" if "..." in sentence or "…" in sentence else ""
    found: Mapping[str, float] = rules.get(mark, {})
    return found
