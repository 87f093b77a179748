"""From the library's events to phones: real IPA, no gaps, stop closures where they are heard."""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engines.espeak.client import Utterance

QUIET = 40
"""Of 32768 (-58 dBFS): below this the library is silent; it has no noise floor."""

PAUSE_S, ECHOING, ECHO = 0.1, 0.2, 0.045
"""Pauses of at least this length tell of an echo if this part of them is not silent; some timbres have one, at
less than this part of the peak."""

CLOSURE_S, PAUSE_CLOSURE_S, LEFT_S = 0.12, 0.06, 0.02
"""Longest closure of a stop within speech and after a pause, and what it leaves of the sound before it."""

UNRELEASED_S, SWALLOWED_S = 0.08, 0.06
"""Longest time for a sound to which the library gives none: before a pause, and within speech."""

STOP = re.compile(r"^[ˈˌ]*[pbtdkɡqɢʈɖcɟɓɗʄɠ]")
"""A sound that begins with a closure of the mouth."""
_VOWEL = re.compile(r"^[ˈˌ]*[aeiouyæøœɐɑɒɔəɘɛɜɤɨɪɯɵʉʊʌʏᵻ]")
_RETROFLEX = re.compile(r"([sztdnlr])\.")
_PLAIN_TO_RETROFLEX = dict(zip("sztdnlr", "ʂʐʈɖɳɭɽ", strict=True))
_ASPIRATED = re.compile(r"(?<=[ptkɕʂʃs])h")
# Letters of ASCII notations that the library's tables leave in some languages, and look-alikes, one by one.
_RESPELLED = str.maketrans(dict(zip("ASZNX?gΦε", "ɑʃʒŋχʔɡɸɛ", strict=True)) | {"ʦ": "ts"})
_LONE_MARKS = {"ʲ": "j", "ʰ": "h", "ʷ": "w"}
_NOT_IPA = re.compile(r"[^a-z\u00e0-\u03ff\u1d00-\u1dff]|[\u0361\u035c\u02bc]")


@dataclass(frozen=True)
class TimedSounds:
    """Sounds of one utterance: ``starts`` and ``names`` go together, "" is a pause; all times in samples.

    The last sound ends at ``end``. ``words`` are the starts of words.
    """

    starts: tuple[int, ...]
    names: tuple[str, ...]
    end: int
    words: tuple[int, ...]


@lru_cache(maxsize=4096)
def to_ipa(name: str) -> str:
    """The IPA of the library's name of a sound; stress and length marks stay, tones and tie bars go.

    "" if the name is a pause or nothing but marks.
    """
    if name.startswith("("):  # "(en)": from here on the sounds are those of another language
        return ""
    name = _RETROFLEX.sub(lambda match: _PLAIN_TO_RETROFLEX[match[1]], name).translate(_RESPELLED)
    name = _ASPIRATED.sub("ʰ", _NOT_IPA.sub("", name)).replace("nɡ", "ŋ")
    name = _LONE_MARKS.get(name, name)
    return name if any(unicodedata.category(char) in ("Ll", "Lo") for char in name) else ""


def timed_sounds(spoken: Utterance) -> TimedSounds:
    """The sounds of an utterance with exact starts, without language switches and empty sounds."""
    end = len(spoken.samples)
    marks = [(start, to_ipa(name)) for start, name in spoken.phones if name == "" or to_ipa(name) != ""]
    marks = _with_room([*marks, (end, "")], spoken.sample_rate)
    segments = [(a, b, name) for (a, name), (b, _) in itertools.pairwise(marks) if b > a]
    loud = np.abs(spoken.samples.astype(np.int32)) > quiet_level(segments, spoken)
    moved = _with_closures(_without_unnamed_sounds(segments, loud), loud, spoken.sample_rate)
    words = tuple(_word_start(start, moved) for start, _ in _first_of_each_word(spoken.words))
    return TimedSounds(tuple(s for s, _ in moved), tuple(n for _, n in moved), end, tuple(dict.fromkeys(words)))


def _with_room(marks: list[tuple[int, str]], sample_rate: int) -> list[tuple[int, str]]:
    """Give sounds without length some: the lips show them although the library made them part of a neighbour.

    An unreleased stop before a pause takes the pause's beginning, an implosive before a vowel the vowel's, an
    "l" before "v" the end of its vowel. The last mark is the end.
    """
    roomy = [mark for mark, after in itertools.pairwise(marks) if mark[1] or after[0] > mark[0]] + marks[-1:]
    for index in range(len(roomy) - 1):
        (start, name), (following, next_name) = roomy[index], roomy[index + 1]
        if not name or following > start:
            continue
        if index + 2 < len(roomy) and (next_name == "" or _VOWEL.match(next_name)):
            longest, share = (UNRELEASED_S, 2) if next_name == "" else (SWALLOWED_S, 3)
            room = (roomy[index + 2][0] - following) // share
            roomy[index + 1] = (following + min(int(longest * sample_rate), room), next_name)
        elif index > 0:
            room = (start - roomy[index - 1][0]) // 3
            roomy[index] = (start - min(int(SWALLOWED_S * sample_rate), room), name)
    return roomy


def quiet_level(segments: list[tuple[int, int, str]], spoken: Utterance) -> float:
    """Magnitude of a sample up to which an utterance is silent: some timbres have an echo in their pauses."""
    least = int(PAUSE_S * spoken.sample_rate)
    pauses = [
        spoken.samples[start:stop] for start, stop, name in segments if name == "" and stop - start > least
    ]
    if not pauses:
        return QUIET
    magnitudes = np.abs(np.concatenate(pauses).astype(np.int32))
    if np.mean(magnitudes > QUIET) < ECHOING:
        return QUIET
    return max(QUIET, ECHO * float(np.abs(spoken.samples.astype(np.int32)).max()))


def _without_unnamed_sounds(
    segments: list[tuple[int, int, str]], loud: NDArray[np.bool_]
) -> list[tuple[int, str]]:
    """(start, name) of each sound, successive pauses merged.

    Some languages have sounds without a name, such as the short vowel before a Russian "r": what is loud is no
    pause and belongs to the sound after it.
    """
    merged: list[tuple[int, str]] = []
    waiting: int | None = None
    for start, stop, name in segments:
        if name == "" and np.mean(loud[start:stop]) > 0.5:
            waiting = start if waiting is None else waiting
        elif name or not merged or merged[-1][1]:
            merged.append((start if waiting is None or not name else waiting, name))
            waiting = None
    return merged


def _first_of_each_word(words: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """A word that is read as several, such as a number, is reported at the same position several times."""
    return [word for index, word in enumerate(words) if index == 0 or word[1] != words[index - 1][1]]


def _word_start(start: int, sounds: list[tuple[int, str]]) -> int:
    """The start of the sound whose word mark is ``start``: its closure may begin before the mark."""
    return min((at for at, name in sounds if name), key=lambda at: abs(at - start), default=start)


def _with_closures(
    sounds: list[tuple[int, str]], loud: NDArray[np.bool_], sample_rate: int
) -> list[tuple[int, str]]:
    """Start each stop where its closure begins.

    The library reports a stop at its burst and leaves the silence of the closure to the sound before it; the
    lips of a "p" are shut from that silence on.
    """
    moved: list[tuple[int, str]] = []
    for start, name in sounds:
        if moved and STOP.match(name):
            before, previous = moved[-1]
            longest = CLOSURE_S if previous else PAUSE_CLOSURE_S
            earliest = max(before + int(LEFT_S * sample_rate), start - int(longest * sample_rate))
            start = _silence_start(loud, earliest, start)
        moved.append((start, name))
    return moved


def _silence_start(loud: NDArray[np.bool_], earliest: int, end: int) -> int:
    """Where the silence that ends at ``end`` begins, not before ``earliest``; ``end`` if there is none."""
    if earliest >= end:
        return end
    last = np.flatnonzero(loud[earliest:end])
    return earliest + int(last[-1]) + 1 if len(last) else earliest
