"""What the training voices say."""

from __future__ import annotations

import json
import random
import re
from functools import cache
from pathlib import Path
from pydoc_data.topics import topics

_PLAIN = re.compile(r"[A-Za-z ,.'!?-]{20,140}")
_DICTIONARY_WORD = re.compile(r"[a-z]{2,12}")

_PROMPTS = json.loads(Path(__file__).with_name("prompts.json").read_text(encoding="utf-8"))
EVERYDAY: tuple[str, ...] = tuple(_PROMPTS["everyday"].split())
"""Common English words, among them many with lips that close, touch, round or spread."""
NATIVE: dict[str, str] = _PROMPTS["native"]
"""A few sentences per language (espeak-ng voice names) with their own sounds."""


@cache
def sentences() -> tuple[str, ...]:
    """Plain English sentences out of Python's own documentation."""
    text = re.sub(r"\s+", " ", " ".join(topics.values()))
    parts = (part.strip() for part in re.split(r"(?<=[.!?]) ", text))
    return tuple(sorted({part for part in parts if _PLAIN.fullmatch(part) and part.count(" ") >= 3}))


@cache
def dictionary_words() -> tuple[str, ...]:
    """English words of the pocketsphinx pronunciation dictionary."""
    import pocketsphinx

    path = Path(pocketsphinx.get_model_path()) / "en-us" / "cmudict-en-us.dict"
    words = (line.split()[0] for line in path.read_text(encoding="utf-8").splitlines() if line)
    return tuple(sorted({word for word in words if _DICTIONARY_WORD.fullmatch(word)}))


def english_prompt(rng: random.Random) -> str:
    """A sentence from the documentation, or four to ten everyday and rare words."""
    kind = rng.random()
    if kind < 0.45:
        return rng.choice(sentences())
    everyday = 0.7 if kind < 0.85 else 0.1
    words = [
        rng.choice(EVERYDAY if rng.random() < everyday else dictionary_words())
        for _ in range(rng.randint(4, 10))
    ]
    return " ".join(words) + rng.choice(".?!")


def native_prompt(rng: random.Random, language: str) -> str:
    """One of the language's sentences, or some of its words in any order."""
    text = NATIVE[language]
    words = text.split()
    if len(words) < 8 or rng.random() < 0.4:
        return str(rng.choice(re.findall(r"[^.!?。?।]+[.!?。?।]?", text))).strip()
    return " ".join(rng.sample(words, rng.randint(5, min(12, len(words)))))
