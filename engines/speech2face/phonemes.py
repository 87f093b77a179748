"""Timed phones of any language become timed viseme segments."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engines.speech2face.tables import Sound, VisemeTable, viseme_table
from engines.types import Phone

SHORTEST_PAUSE = 0.06
"""Seconds: a shorter pause is part of how a consonant is made and does not rest the mouth."""
FIRST_OF_TWO = 0.55
"""Share of its time that a diphthong gives to its first vowel."""
PRIMARY_STRESS = "ˈ"
UNKNOWN = ("E", 0.4)


@dataclass(frozen=True)
class Segment:
    """One viseme from ``start`` to ``end`` (s), weakened to ``amount`` in [0, 1]; vowels may be stressed."""

    start: float
    end: float
    viseme: int
    amount: float = 1.0
    stressed: bool = False


def letters(ipa: str) -> str:
    """The bare letters of ``ipa``: no stress, length, tone or other diacritics, no espeak punctuation."""
    plain = unicodedata.normalize("NFD", ipa)
    return "".join(char for char in plain.lower() if unicodedata.category(char) in ("Ll", "Lu", "Lo"))


def _spell(text: str, table: VisemeTable, language: str | None) -> list[Sound]:
    """Sounds of bare letters, affricates first; letters of no known class make a weak open mouth."""
    known = {**table.sounds, **table.languages.get((language or "").split("-")[0].lower(), {})}
    sounds, rest = [], text
    while rest:
        taken = rest[:2] if rest[:2] in known else rest[:1]
        rest = rest[len(taken) :]
        if taken not in table.shapeless:
            sounds.append(known.get(taken) or Sound(table.index(UNKNOWN[0]), UNKNOWN[1]))
    return sounds


def _distinct(sounds: Iterable[Sound]) -> list[Sound]:
    out: list[Sound] = []
    for sound in sounds:
        if not out or out[-1] != sound:
            out.append(sound)
    return out


def _shares(count: int) -> list[float]:
    return [FIRST_OF_TWO, 1.0 - FIRST_OF_TWO] if count == 2 else [1.0 / count] * count


def phone_segments(phone: Phone, language: str | None = None) -> list[Segment]:
    """The segments of one phone: none for sounds made in the throat, two for diphthongs."""
    table = viseme_table()
    if not phone.ipa.strip():
        return [Segment(phone.start, phone.end, table.index("sil"))]
    sounds = _distinct(_spell(letters(phone.ipa), table, language))
    stressed, at, out = phone.ipa.startswith(PRIMARY_STRESS), phone.start, []
    for sound, share in zip(sounds, _shares(len(sounds)) if sounds else [], strict=True):
        end = at + share * (phone.end - phone.start)
        accent = stressed and bool(table.vowel[sound.viseme])
        out.append(Segment(at, end, sound.viseme, sound.amount, accent))
        stressed, at = stressed and not accent, end
    return out


def _with_gaps(phones: Sequence[Phone], duration: float) -> list[Phone]:
    """``phones`` with the time that none of them covers filled by pauses."""
    out, at = [], 0.0
    for phone in phones:
        if phone.start > at:
            out.append(Phone(at, phone.start, ""))
        if phone.end > phone.start:
            out.append(phone)
        at = max(at, phone.end)
    return [*out, Phone(at, duration, "")] if duration > at else out


def _join_pauses(phones: Iterable[Phone]) -> list[Phone]:
    """Neighbouring pauses made one; then only those long enough to rest the mouth."""
    out: list[Phone] = []
    for phone in phones:
        if out and not phone.ipa and not out[-1].ipa:
            out[-1] = Phone(out[-1].start, phone.end, "")
        else:
            out.append(phone)
    return [phone for phone in out if phone.ipa or phone.end - phone.start >= SHORTEST_PAUSE]


def _hold(segments: Iterable[Segment]) -> list[Segment]:
    """The same viseme twice in a row is one long hold, as in "top man"."""
    out: list[Segment] = []
    for segment in segments:
        last = out[-1] if out else None
        if last and (last.viseme, last.amount) == (segment.viseme, segment.amount):
            accent = last.stressed or segment.stressed
            out[-1] = Segment(last.start, segment.end, last.viseme, last.amount, accent)
        else:
            out.append(segment)
    return out


def viseme_segments(phones: Sequence[Phone], duration: float, language: str | None = None) -> list[Segment]:
    """Segments in time order for ``duration`` seconds of speech.

    Time that no phone covers is silence. Sounds made in the throat leave a gap that their neighbours fill.
    """
    timed = _join_pauses(_with_gaps(phones, duration))
    return _hold(segment for phone in timed for segment in phone_segments(phone, language))
