"""When the words of a text are spoken: places in the text on one side, marks in the sound on the other.

A voice does not say a text letter by letter: emoji are dropped, "$1,234" becomes six words, "of the" one. So
the words of the text and the marks of the voice are aligned like two recordings of one sentence: each word
takes about as long as it has letters, and pauses fall on punctuation (dynamic time warping).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.types import Speech

# Thai to Khmer, kana, Chinese: without spaces between words, so that each sign counts as one.
_SIGNS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
# Vowel signs and accents, which are no letters to regular expressions.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0dff"
_WORD = re.compile(
    rf"[{_SIGNS}]|[^\W_{_SIGNS}](?:[^\W_{_SIGNS}]|[{_MARKS}]|['’.,:\-](?=[^\W_{_SIGNS}]))*", re.UNICODE
)
_STOP, _HALT = re.compile(r"[.!?…。！？।؟۔\n]"), re.compile(r"[,;:،、，；：—–]")
DIGIT, SIGN = 5.0, 2.5
"""Letters' worth of a digit or a symbol with a name, and of a sign that is a syllable."""
READ_OUT = frozenset("$€£%@&+=/#")
MOST_MARKS = 8
"""Marks that one word of the text may have: "1234" is read as four or five."""
STEP_COST, PAUSE_COST = 0.06, 1.5
SHORTEST = 0.1
"""Seconds that are not worth telling apart."""
FULL_PAUSE = 0.25
"""Seconds of silence that surely end a sentence."""


@dataclass(frozen=True)
class Word:
    """A word of a text: where it begins and ends, how long it takes (in letters), and whether a pause follows
    (1 after a sentence, 0.4 after a comma)."""

    start: int
    end: int
    size: float
    pause: float


def words_of(text: str) -> list[Word]:
    """The words of ``text`` in order."""
    matches = list(_WORD.finditer(text))
    ends = [match.start() for match in matches[1:]] + [len(text)]
    found = []
    for match, end in zip(matches, ends, strict=True):
        after = text[match.end() : end]
        found.append(Word(match.start(), match.end(), _size(match[0], after), _pause(after)))
    return found


def _size(word: str, after: str) -> float:
    """Letters' worth of a word and of the symbols after it that are read out."""
    symbols = sum(char in READ_OUT for char in after)
    return 1.0 + DIGIT * symbols + sum(map(_weight, word))


def _weight(char: str) -> float:
    if char.isdigit():
        return DIGIT
    return SIGN if char >= "\u0e00" else 1.0


def _pause(between: str) -> float:
    return 1.0 if _STOP.search(between) else 0.4 if _HALT.search(between) else 0.0


def times_of(text: str, offsets: Sequence[int], speech: Speech) -> list[float]:
    """When the words at or after ``offsets`` (characters of ``text``) begin, in seconds.

    An offset before the first word is time 0, one after the last word is its end. Where the voice told no word
    starts, time goes with the length of the text.
    """
    words = words_of(text)
    starts = _word_times(words, speech)
    return [_time_at(offset, words, starts, speech) for offset in offsets]


def _time_at(offset: int, words: Sequence[Word], starts: Sequence[float], speech: Speech) -> float:
    index = next((i for i, word in enumerate(words) if word.end > offset), len(words))
    if index == len(words):
        return max((phone.end for phone in speech.phones if phone.ipa), default=speech.duration)
    return starts[index] if index else 0.0


def _word_times(words: Sequence[Word], speech: Speech) -> list[float]:
    """The time of every word of the text."""
    if not words:
        return []
    marks = sorted(time for time in speech.word_starts if time < speech.duration)
    if len(marks) < 2 or len(words) < 2:
        return _by_length(words, speech)
    spoken, silent = _intervals(marks, speech)
    return [marks[mark] for mark in _align(words, spoken, silent)]


def _intervals(marks: Sequence[float], speech: Speech) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N,) seconds of sound and of silence from each mark to the next one or the end."""
    edges = np.array([*marks, speech.duration])
    pauses = np.array([(p.start, p.end) for p in speech.phones if not p.ipa], np.float64).reshape(-1, 2)
    begin = np.maximum(pauses[None, :, 0], edges[:-1, None])
    end = np.minimum(pauses[None, :, 1], edges[1:, None])
    silent = np.maximum(end - begin, 0.0).sum(axis=1)
    return np.diff(edges) - silent, silent


def _align(
    words: Sequence[Word], spoken: NDArray[np.float64], silent: NDArray[np.float64]
) -> NDArray[np.int64]:
    """(W,) the mark at which each word begins, by the cheapest way through words and marks.

    A word may share the mark of the next one (0 marks) or have up to MOST_MARKS.
    """
    count = len(spoken)
    sizes = np.array([word.size for word in words])
    wanted = sizes * spoken.sum() / sizes.sum()
    heard = np.concatenate(([0.0], np.cumsum(spoken)))
    paused = np.clip(silent / FULL_PAUSE, 0.0, 1.0)
    best = np.full(count + 1, np.inf)
    best[0] = 0.0
    steps = np.zeros((len(words), count + 1), np.int64)
    for index, word in enumerate(words):
        ways = np.full((MOST_MARKS + 1, count + 1), np.inf)
        for step in range(min(MOST_MARKS, count) + 1):
            took = heard[step:] - heard[: count + 1 - step]
            miss = np.abs(took - wanted[index]) / (wanted[index] + SHORTEST)
            miss += _pause_costs(paused, step, word.pause) + STEP_COST * abs(step - 1)
            ways[step, step:] = best[: count + 1 - step] + miss
        steps[index] = ways.argmin(axis=0)
        best = ways.min(axis=0)
    return _way_back(steps, count)


def _pause_costs(paused: NDArray[np.float64], step: int, wanted: float) -> NDArray[np.float64] | float:
    """What it costs, for every mark at which a word of ``step`` marks may end, that the pause after it is not
    the ``wanted`` one and that there are pauses inside it."""
    if step == 0:
        return wanted
    total = np.concatenate(([0.0], np.cumsum(paused)))
    inside = total[step - 1 : len(paused)] - total[: len(paused) + 1 - step]
    return np.asarray(PAUSE_COST * (np.abs(paused[step - 1 :] - wanted) + inside))


def _way_back(steps: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    begins = np.zeros(len(steps), np.int64)
    mark = count
    for index in range(len(steps) - 1, -1, -1):
        mark -= int(steps[index, mark])
        begins[index] = mark
    return np.minimum(begins, count - 1)


def _by_length(words: Sequence[Word], speech: Speech) -> list[float]:
    """Times by the share of the text before each word, counted in sound without its pauses."""
    sizes = np.array([word.size for word in words])
    share = np.concatenate(([0.0], np.cumsum(sizes)[:-1])) / sizes.sum()
    sounds = [(p.start, p.end) for p in speech.phones if p.ipa] or [(0.0, speech.duration)]
    length = np.concatenate(([0.0], np.cumsum([end - start for start, end in sounds])))
    place = np.searchsorted(length, share * length[-1], side="right") - 1
    place = np.clip(place, 0, len(sounds) - 1)
    return [sounds[i][0] + float(s * length[-1] - length[i]) for i, s in zip(place, share, strict=True)]
