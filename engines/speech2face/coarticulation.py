"""Timed visemes become curves: dominance blending after Cohen and Massaro (1993), "Modeling coarticulation in
synthetic visual speech", with the jaw and the lips as two systems after Edwards et al. (2016), "JALI".

Every segment pulls the face to its target with a weight that falls off with the time to it; the face is the
weighted mean. A sound of the tongue alone has almost no weight on the lips, so the rounding of "oo" shows
through the t of "too", and a vowel's spread through an n.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.speech2face.loudness import Loudness
from engines.speech2face.mouth import CLOSE, JAW, smoothstep
from engines.speech2face.phonemes import Segment
from engines.speech2face.tables import VisemeTable
from engines.types import BLENDSHAPE_INDEX, Float32

REACH = 0.8
"""Seconds beyond which a segment has no say."""
BLOCK = 128
"""Frames blended at once, so that memory does not grow with the square of the clip."""
SHARPNESS = 1.3
"""Exponent of the fall-off; 1 is the pure exponential of the paper, 2 a Gaussian."""
RAMP = 0.05
"""Seconds in which lips travel to and from a forced contact."""
JAW_COLUMNS = (JAW, BLENDSHAPE_INDEX["jawForward"])


@dataclass(frozen=True)
class Pull:
    """N segments: ``start``, ``end`` (s), ``viseme`` (index) and ``gain`` on the target, each (N,)."""

    start: Float32
    end: Float32
    viseme: NDArray[np.intp]
    gain: Float32

    def near(self, first: float, last: float) -> Pull:
        """The segments that have a say between ``first`` and ``last`` (s)."""
        keep = (self.end > first - REACH) & (self.start < last + REACH)
        return Pull(self.start[keep], self.end[keep], self.viseme[keep], self.gain[keep])


def _relative_level(segments: Sequence[Segment], loudness: Loudness) -> Float32:
    """(N,) loudness of each segment against the median of all, in units of the whole speech range."""
    middle = np.array([(segment.start + segment.end) / 2 for segment in segments], np.float32)
    level = loudness.at(loudness.level, middle)
    return np.asarray(level - np.median(level), np.float32)


def pulls(segments: Sequence[Segment], loudness: Loudness, table: VisemeTable) -> Pull:
    """Loud and stressed vowels are made larger, soft ones smaller: 0.75 to 1.25; consonants stay."""
    viseme = np.array([segment.viseme for segment in segments], np.intp)
    stressed = np.array([segment.stressed for segment in segments], bool)
    loud = 1.0 + 0.6 * _relative_level(segments, loudness) + np.where(stressed, 0.12, -0.05)
    gain = np.where(table.vowel[viseme] > 0, np.clip(loud, 0.75, 1.25), 1.0)
    amount = np.array([segment.amount for segment in segments], np.float32)
    start = np.array([segment.start for segment in segments], np.float32)
    end = np.array([segment.end for segment in segments], np.float32)
    return Pull(start, end, viseme, (gain * amount).astype(np.float32))


def _falloff(times: Float32, pull: Pull, table: VisemeTable) -> Float32:
    """(T, N) influence in [0, 1]: 1 inside a segment, fading before by its onset and after by its decay."""
    lead = table.lead[pull.viseme]
    half = np.maximum(pull.end - pull.start, 0.02) / 2
    core = np.maximum(0.6 * half, half - 0.06)
    offset = times[:, None] - ((pull.start + pull.end) / 2 - lead)[None]
    tau = np.where(offset < 0, table.onset[pull.viseme], table.decay[pull.viseme])
    distance = np.maximum(np.abs(offset) - core, 0.0) / tau
    return np.asarray(np.exp(-(distance**SHARPNESS)), np.float32)


def _mean(weights: Float32, targets: Float32) -> Float32:
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray((weights / np.maximum(total, 1e-12)) @ targets, np.float32)


def _blend_block(times: Float32, pull: Pull, table: VisemeTable) -> tuple[Float32, Float32]:
    falloff = _falloff(times, pull, table)
    gain = pull.gain[:, None]
    shapes = _mean(falloff * table.lips[pull.viseme], table.targets[pull.viseme] * gain)
    jaw = _mean(falloff * table.jaw[pull.viseme], table.targets[pull.viseme][:, JAW_COLUMNS] * gain)
    shapes[:, JAW_COLUMNS] = jaw
    tongue = _mean(falloff * table.jaw[pull.viseme], table.tongue[pull.viseme] * gain)
    return shapes, tongue


def blend(times: Float32, pull: Pull, table: VisemeTable) -> tuple[Float32, Float32]:
    """Shapes (T, 52) and tongue (T, 16) at ``times`` (s). Closing the lips is left to ``contacts``."""
    shapes = np.zeros((len(times), table.targets.shape[1]), np.float32)
    tongue = np.zeros((len(times), table.tongue.shape[1]), np.float32)
    for first in range(0, len(times), BLOCK):
        rows = slice(first, first + BLOCK)
        near = pull.near(float(times[rows][0]), float(times[rows][-1]))
        if len(near.start):
            shapes[rows], tongue[rows] = _blend_block(times[rows], near, table)
    shapes[:, CLOSE] = 0.0
    return shapes, tongue


def _ramps(first: Float32, last: Float32) -> tuple[Float32, Float32]:
    """Seconds to travel to and from each of N holds that run from ``first`` to ``last`` (s): half of what lies
    between two holds, so that the lips part, at most ``RAMP``."""
    between = np.clip((first[1:] - last[:-1]) / 2, 0.005, RAMP)
    return np.append(np.float32(RAMP), between), np.append(between, np.float32(RAMP))


def contacts(times: Float32, segments: Sequence[Segment], viseme: int) -> Float32:
    """(T,) how firmly the lips make the contact of ``viseme``: 1 over the middle 70% of each segment, and for
    at least one frame, however short the sound."""
    out = np.zeros(len(times), np.float32)
    frame = float(times[1] - times[0]) if len(times) > 1 else 0.04
    chosen = [segment for segment in segments if segment.viseme == viseme]
    if not chosen:
        return out
    start, end = np.array([(segment.start, segment.end) for segment in chosen], np.float32).T
    half = np.maximum(0.35 * (end - start), 0.51 * frame)
    first, last = (start + end) / 2 - half, (start + end) / 2 + half
    for segment, begin, finish, to, away in zip(chosen, first, last, *_ramps(first, last), strict=True):
        near = slice(*np.searchsorted(times, (begin - to, finish + away)))
        outside = np.maximum((begin - times[near]) / to, (times[near] - finish) / away)
        out[near] = np.maximum(out[near], segment.amount * smoothstep(1.0 - outside))
    return out
