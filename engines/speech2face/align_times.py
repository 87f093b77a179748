"""From the state of each frame to the times of sounds, finer than the frames."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from engines.speech2face.align_chain import Chain, Ints
from engines.speech2face.tables import viseme_table
from engines.types import Float32, Phone

HZ = 100.0
"""Frames per second of the alignment."""
SMOOTH = 5
"""Frames over which what is heard without a text is averaged: 50 ms."""
SHORTEST_HEARD = 3


def runs(values: Ints) -> list[tuple[int, int]]:
    """First frame and end of each run of equal ``values``, which is not empty."""
    edges = np.flatnonzero(np.diff(values)) + 1
    bounds = [0, *edges.tolist(), len(values)]
    return list(pairwise(bounds))


def crossing(before: Float32, after: Float32, frame: int) -> float:
    """Seconds at which, between ``frame`` - 1 and ``frame``, the likelihood ``after`` overtakes ``before``."""
    ahead = float(before[frame - 1] - after[frame - 1])
    behind = float(after[frame] - before[frame])
    share = ahead / (ahead + behind) if ahead > 0.0 and behind > 0.0 else 0.5
    return (frame - 1 + share) / HZ


def text_sounds(
    chain: Chain, states: Ints, heard: Float32, phones: Sequence[Phone]
) -> tuple[list[Phone], tuple[float, ...]]:
    """The sounds of the text that are said, with their times, and the starts of their words."""
    part = chain.part[states]
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    for first, end in runs(part):
        if part[first] < 0:
            continue
        phone = chain.parts[part[first]].phone
        starts.setdefault(phone, _edge(chain, states, heard, first))
        ends[phone] = _edge(chain, states, heard, end)
    said = [Phone(start, ends[index], phones[index].ipa) for index, start in starts.items()]
    begun = chain.begins[states] & np.diff(part, prepend=-1).astype(bool)
    words = {chain.parts[part[frame]].phone for frame in np.flatnonzero(begun)}
    return said, tuple(starts[phone] for phone in sorted(words))


def _edge(chain: Chain, states: Ints, heard: Float32, frame: int) -> float:
    """Seconds at which the sound before ``frame`` gives way to the one from it on."""
    if frame in (0, len(states)):
        return frame / HZ
    before, after = chain.viseme[states[frame - 1]], chain.viseme[states[frame]]
    return crossing(heard[:, before], heard[:, after], frame)


@lru_cache(maxsize=1)
def _letters() -> tuple[str, ...]:
    """A sound for each mouth shape, "" for silence."""
    table = viseme_table()
    first: dict[int, str] = {}
    for letter, sound in table.sounds.items():
        if sound.amount == 1.0:
            first.setdefault(sound.viseme, letter)
    return tuple(first.get(index, "") for index in range(len(table.order)))


def heard_sounds(chain: Chain, states: Ints, heard: Float32) -> list[Phone]:
    """What is said where the text has nothing: one sound for each mouth shape that is heard."""
    free = chain.part[states] < 0
    padded = np.pad(heard, ((SMOOTH // 2, SMOOTH // 2), (0, 0)), mode="edge")
    sums = np.cumsum(np.pad(padded, ((1, 0), (0, 0))), axis=0)
    likeliest = np.where(free, (sums[SMOOTH:] - sums[:-SMOOTH]).argmax(axis=1), -1)
    return [
        Phone(first / HZ, end / HZ, _letters()[likeliest[first]])
        for first, end in runs(likeliest)
        if likeliest[first] > 0 and end - first >= SHORTEST_HEARD
    ]


def seconds_of(phones: Sequence[Phone]) -> float:
    """How long ``phones`` take together."""
    return sum(phone.end - phone.start for phone in phones)


def longest_astray(said: Sequence[Phone], other: Sequence[Phone]) -> tuple[float, float]:
    """Start of the longest run of ``other`` sounds with none of those ``said`` between, and how long its sounds
    take, both in seconds; pauses do not count."""
    starts = np.array([phone.start for phone in said])
    stretches: dict[int, list[Phone]] = {}
    for phone in other:
        stretches.setdefault(int(np.searchsorted(starts, phone.start)), []).append(phone)
    longest = max(stretches.values(), key=seconds_of, default=[])
    return (longest[0].start, seconds_of(longest)) if longest else (0.0, 0.0)


def with_pauses(sounds: Sequence[Phone], duration: float) -> tuple[Phone, ...]:
    """``sounds`` in time order from 0 to ``duration`` (s) without gaps: between them are pauses."""
    out: list[Phone] = []
    for sound in (*sounds, Phone(duration, duration, "")):
        end = out[-1].end if out else 0.0
        if sound.start > end:
            out.append(Phone(end, sound.start, ""))
        if sound.ipa:
            out.append(sound)
    return tuple(out)
