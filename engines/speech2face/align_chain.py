"""The words of a text as a chain of states through which a recording has to pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.speech2face.phonemes import phone_segments
from engines.speech2face.tables import viseme_table
from engines.types import Phone, Speech

Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]
Costs = NDArray[np.float64]

SHORTEST = 3
"""Frames that each part of a sound lasts at least."""
LEFT_OUT, LEFT_OUT_PER_SECOND = 5.0, 10.0
"""Cost of a word that the recording lacks: once, and for each second that the voice takes for it."""


@dataclass(frozen=True)
class Part:
    """A piece of a sound that looks the same throughout: ``phone`` counts the sounds of the text, ``share`` is
    its part of the sound's time."""

    phone: int
    viseme: int
    share: float


@dataclass(frozen=True)
class Chain:
    """S states in order. Each is one frame of a part, or a pause between two words.

    ``viseme``: (S,) what is heard; ``part``: (S,) index into ``parts``, -1 for a pause; ``loops``: (S,) whether
    a state may last; ``begins``: (S,) whether a word begins here, so that the pause before it may be skipped;
    ``closing``: (S,) 1 where the lips come together, -1 where they part again. ``pauses``: (W + 1,) states of
    the pauses around W words; ``cost``: (W + 1,) cost of leaving out all words before each.
    """

    parts: tuple[Part, ...]
    viseme: Ints
    part: Ints
    loops: Flags
    begins: Flags
    closing: Costs
    pauses: Ints
    cost: Costs

    def __len__(self) -> int:
        return len(self.viseme)


def spoken_words(spoken: Speech) -> list[list[Phone]]:
    """The sounds of each word in order; a pause ends a word too."""
    starts = np.array(spoken.word_starts)
    words: list[list[Phone]] = []
    before: int | None = None
    for phone in spoken.phones:
        word = int(np.searchsorted(starts, phone.start + 1e-4, side="right"))
        if phone.ipa and word != before:
            words.append([])
        if phone.ipa:
            words[-1].append(phone)
        before = word if phone.ipa else None
    return words


def _word_parts(word: Sequence[Phone], first: int, language: str | None) -> list[Part]:
    """The parts of a word whose sounds count from ``first``.

    Sounds of the throat have the shape of what follows, as in the training of the recogniser.
    """
    parts: list[Part] = []
    following = viseme_table().index("E")
    for index in range(len(word) - 1, -1, -1):
        shapes = phone_segments(word[index], language)
        length = max(word[index].end - word[index].start, 1e-3)
        own = [Part(first + index, shape.viseme, (shape.end - shape.start) / length) for shape in shapes]
        parts[:0] = own = own or [Part(first + index, following, 1.0)]
        following = own[0].viseme
    return parts


def _closing(viseme: Ints) -> Costs:
    shut = (viseme == viseme_table().index("PP")).astype(float)
    return np.diff(shut, prepend=0.0)


def make_chain(words: Sequence[Sequence[Phone]], language: str | None) -> Chain:
    """The chain of ``words``, with a pause that may be skipped before, between and after them."""
    silent = viseme_table().index("sil")
    parts: list[Part] = []
    rows: list[tuple[int, int, bool, bool]] = [(silent, -1, True, False)]
    count = 0
    for word in words:
        begins = True
        for part in _word_parts(word, count, language):
            parts.append(part)
            for frame in range(1, SHORTEST + 1):
                rows.append((part.viseme, len(parts) - 1, frame == SHORTEST, begins))
                begins = False
        rows.append((silent, -1, True, False))
        count += len(word)
    viseme, part_of, loops, first = (np.array(column) for column in zip(*rows, strict=True))
    seconds = np.array([word[-1].end - word[0].start for word in words])
    cost = np.append(0.0, np.cumsum(LEFT_OUT + LEFT_OUT_PER_SECOND * seconds))
    pauses = np.flatnonzero(part_of < 0)
    return Chain(tuple(parts), viseme, part_of, loops, first, _closing(viseme), pauses, cost)
