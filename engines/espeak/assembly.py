"""Utterances and pauses become one speech: trimmed, levelled, without clicks, with phones from end to end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.espeak.client import Utterance
from engines.espeak.phones import QUIET, STOP, TimedSounds, timed_sounds
from engines.types import Float32, Phone

LEAD_S, TAIL_S = 0.15, 0.35
"""Silence before and after everything: a face needs a moment to begin and to come to rest."""

PEAK = 10 ** (-3 / 20)
"""-3 dBFS."""

TAPER_S, RELEASE_S = 0.003, 0.012
"""Fade at both edges of an utterance, and what is kept after its last loud sample."""

EARLY_STOP_S = 0.05
"""How long before its burst a stop that begins an utterance closes the lips."""


@dataclass(frozen=True)
class Part:
    """One trimmed utterance: (N,) int16 samples, its sounds, who spoke it, seconds of silence after it."""

    samples: NDArray[np.int16]
    sample_rate: int
    sounds: TimedSounds
    speaker: str
    pause: float


@dataclass(frozen=True)
class Track:
    """Samples in [-1, 1] with their phones and word starts in seconds."""

    samples: Float32
    phones: tuple[Phone, ...]
    word_starts: tuple[float, ...]


def make_part(spoken: Utterance, speaker: str, pause: float) -> Part | None:
    """An utterance without the silence around it; None if there is nothing else."""
    loud = np.flatnonzero(np.abs(spoken.samples.astype(np.int32)) > QUIET)
    if not len(loud):
        return None
    release = int(RELEASE_S * spoken.sample_rate)
    first, end = int(loud[0]), min(int(loud[-1]) + release, len(spoken.samples))
    sounds = _shifted(timed_sounds(spoken), first, end - first)
    return Part(spoken.samples[first:end], spoken.sample_rate, sounds, speaker, pause)


def _shifted(sounds: TimedSounds, offset: int, length: int) -> TimedSounds:
    """``sounds`` after cutting ``offset`` samples from the start, ``length`` samples long.

    A last stop without a release may end after the samples do: the lips stay shut for a moment.
    """
    ends = (*sounds.starts[1:], sounds.end)
    rows = [
        (max(start - offset, 0), name)
        for start, end, name in zip(sounds.starts, ends, sounds.names, strict=True)
        if end > offset
    ]
    end = length
    while rows and rows[-1][1] == "":
        end = rows.pop()[0]
    words = tuple(max(word - offset, 0) for word in sounds.words)
    return TimedSounds(tuple(s for s, _ in rows), tuple(n for _, n in rows), end, words)


def assemble(parts: Sequence[Part], sample_rate: int) -> Track:
    """One after the other, all speakers equally loud, the loudest sample at PEAK; ``parts`` is not empty."""
    starts = _part_starts(parts, sample_rate)
    total = starts[-1] + len(parts[-1].samples) + int(TAIL_S * sample_rate)
    samples = np.zeros(total, dtype=np.float32)
    gains = _speaker_gains(parts)
    for start, part in zip(starts, parts, strict=True):
        taper = int(TAPER_S * sample_rate)
        samples[start : start + len(part.samples)] = gains[part.speaker] * _tapered(part.samples, taper)
    samples *= PEAK / max(float(np.abs(samples).max()), 1e-9)
    words = sorted(
        {start + word for start, part in zip(starts, parts, strict=True) for word in part.sounds.words}
    )
    phones = _phones(_marks(starts, parts, sample_rate), total, sample_rate)
    return Track(samples, phones, tuple(word / sample_rate for word in words))


def _part_starts(parts: Sequence[Part], sample_rate: int) -> list[int]:
    """Sample at which each part begins."""
    starts = [int(LEAD_S * sample_rate)]
    for part in parts[:-1]:
        starts.append(starts[-1] + len(part.samples) + int(part.pause * sample_rate))
    return starts


def _speaker_gains(parts: Sequence[Part]) -> dict[str, float]:
    """Gain that brings each speaker's RMS level to that of the first one, at most 6 dB."""
    levels = {
        speaker: _level([p for p in parts if p.speaker == speaker]) for speaker in {p.speaker for p in parts}
    }
    return {speaker: min(max(levels[parts[0].speaker] / level, 0.5), 2.0) for speaker, level in levels.items()}


def _level(parts: Iterable[Part]) -> float:
    """RMS of what is not silent."""
    powers = [(float(np.sum(loud**2)), len(loud)) for part in parts for loud in [_loud(part.samples)]]
    return float(np.sqrt(sum(power for power, _ in powers) / max(sum(count for _, count in powers), 1)))


def _loud(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    values = samples.astype(np.float64)
    return values[np.abs(values) > QUIET]


def _tapered(samples: NDArray[np.int16], taper: int) -> Float32:
    """``samples`` as floats with ``taper`` samples of fade at both ends."""
    faded = samples.astype(np.float32)
    taper = min(taper, len(faded) // 2)
    ramp = np.linspace(0.0, 1.0, taper, dtype=np.float32)
    faded[:taper] *= ramp
    faded[len(faded) - taper :] *= ramp[::-1]
    return faded


def _marks(starts: Sequence[int], parts: Sequence[Part], sample_rate: int) -> list[tuple[int, str]]:
    """(start sample, IPA) of every sound, pauses between parts included."""
    marks: list[tuple[int, str]] = [(0, "")]
    for start, part in zip(starts, parts, strict=True):
        sounds = [(start + at, name) for at, name in zip(part.sounds.starts, part.sounds.names, strict=True)]
        if sounds and STOP.match(sounds[0][1]):
            room = (sounds[0][0] - marks[-1][0]) // 2
            sounds[0] = (sounds[0][0] - min(int(EARLY_STOP_S * sample_rate), room), sounds[0][1])
        marks += [*sounds, (start + part.sounds.end, "")]
    return marks


def _phones(marks: Sequence[tuple[int, str]], total: int, sample_rate: int) -> tuple[Phone, ...]:
    """Phones from 0 to ``total`` samples without gaps."""
    ends = [start for start, _ in marks[1:]] + [total]
    return tuple(
        Phone(start / sample_rate, end / sample_rate, name)
        for (start, name), end in zip(marks, ends, strict=True)
        if end > start
    )
