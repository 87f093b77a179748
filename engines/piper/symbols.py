"""Sentences as the symbols that a voice was trained on, and the time of symbols as the time of sounds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from engines.espeak.phones import TimedSounds, to_ipa

BEGIN, END, PAD = "^", "$", "_"
STRESS = frozenset("ˈˌ")
SHORT_S = 0.06
"""A gap between words that is shorter than this is part of the sound before it."""
_CLAUSE = re.compile(r"([,;:،、，；：])\s*(?=\D|$)|([.!?…。！？؟।]+)[\"'”’»)\]]*\s*$")
_ASCII = {"،": ",", "、": ",", "，": ",", "；": ";", "：": ":", "！": "!", "？": "?", "؟": "?"}
_SWITCH = re.compile(r"\([^)]*\)")


def clauses(sentence: str) -> list[tuple[str, str]]:
    """The parts of ``sentence`` with the mark after each, of ",;:.!?"; the last always has one."""
    found, start = [], 0
    for match in _CLAUSE.finditer(sentence):
        mark = (match[1] or match[2])[0]
        found.append(
            (sentence[start : match.start()].strip(), _ASCII.get(mark, mark if mark in ",;:!?" else "."))
        )
        start = match.end()
    if sentence[start:].strip():
        found.append((sentence[start:].strip(), "."))
    return found


def symbols_of(spelt: str, mark: str) -> list[str]:
    """The symbols of a clause in espeak's IPA, one a code point, and of the ``mark`` after it."""
    plain = _SWITCH.sub("", spelt).replace("\n", " ").strip()
    return list(unicodedata.normalize("NFD", plain)) + ([mark, " "] if mark in ",;:" else [mark])


def clustered(symbols: Sequence[str], clusters: Iterable[tuple[str, ...]]) -> list[str]:
    """``symbols`` with every run that is in ``clusters`` as one symbol, the longest first."""
    known = sorted({tuple(cluster) for cluster in clusters}, key=len, reverse=True)
    out: list[str] = []
    at = 0
    while at < len(symbols):
        run = next((item for item in known if tuple(symbols[at : at + len(item)]) == item), (symbols[at],))
        out.append("".join(run))
        at += len(run)
    return out


def known_symbols(symbols: Iterable[str], table: Mapping[str, Sequence[int]]) -> list[str]:
    """From BEGIN to END what ``table`` knows."""
    return [BEGIN, *(symbol for symbol in symbols if symbol in table and symbol not in (BEGIN, END, PAD)), END]


def ids_of(symbols: Sequence[str], table: Mapping[str, Sequence[int]]) -> list[list[int]]:
    """The ids of each symbol; all but the last are followed by the padding, as in training."""
    return [[*table[symbol], *(() if symbol == END else table[PAD])] for symbol in symbols]


def timed(symbols: Sequence[str], counts: Sequence[int], sample_rate: int) -> TimedSounds:
    """The sounds of ``symbols`` that take ``counts`` samples each, from the first sound that is no pause.

    Marks belong to the letter that they change.
    """
    sounds: list[tuple[int, str]] = []
    words: list[int] = []
    at, stress, begun, fresh = 0, "", 0, True
    for symbol, count in zip(symbols, counts, strict=True):
        if symbol in STRESS:
            begun, stress = (begun if stress else at), symbol
        elif to_ipa(symbol) and unicodedata.category(symbol[0]) in ("Ll", "Lo"):
            sounds.append((begun if stress else at, stress + symbol))
            words += [sounds[-1][0]] if fresh else []
            stress, fresh = "", False
        elif _changes_letter(symbol):
            sounds[-1:] = [(start, name + symbol) for start, name in sounds[-1:]]
        else:
            fresh = True
            if sounds and (count > SHORT_S * sample_rate or symbol == END):
                sounds.append((at, ""))
        at += count
    named = [(start, to_ipa(name)) for start, name in sounds]
    return TimedSounds(tuple(start for start, _ in named), tuple(name for _, name in named), at, tuple(words))


def _changes_letter(symbol: str) -> bool:
    """Length, tone and other marks, which stand after their letter."""
    marks = ("Mn", "Lm", "Sk", "Nd", "Sm", "So")
    return unicodedata.category(symbol[0]) in marks and symbol not in (BEGIN, END)
