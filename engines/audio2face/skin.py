"""The skin's way from what a network says to a pose. All of it is per vertex, and only those are reckoned
that the solver looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.types import Float32

_SHORTEST = 1e-9


def lower_face(heights: Float32, level: float, softness: float) -> Float32:
    """(V,) how far each vertex is of the lower face, from its height (V,) in any unit.

    1 / (1 + exp(-(level - y) / softness)) with y from 0 at the lowest to 1 at the highest vertex.
    """
    span = float(np.ptp(heights)) or 1.0
    y = (heights - heights.min()) / span
    return np.asarray(1.0 / (1.0 + np.exp(np.clip((y - level) / softness, -80.0, 80.0))), np.float32)


class Smoother:
    """Two one-pole filters in a row. ``seconds`` is the time in which half of a step is taken; 0 passes all."""

    def __init__(self, seconds: float, step: float) -> None:
        """``step``: seconds between frames."""
        share = 1.0 - 0.5 ** (step / seconds) if seconds > _SHORTEST else 1.0
        self._share = np.float32(share)
        self._first: Float32 | None = None
        self._second: Float32 | None = None

    def follow(self, values: Float32) -> Float32:
        """The filtered ``values`` of the next frame; the first frame passes as it is."""
        if self._first is None or self._second is None:
            self._first, self._second = values.copy(), values.copy()
        self._first += (values - self._first) * self._share
        self._second += (self._first - self._second) * self._share
        return self._second


@dataclass(frozen=True)
class SkinStrengths:
    """How the skin takes what a network says. ``*_smoothing`` in seconds, offsets in units of the poses."""

    skin: float
    upper: float
    lower: float
    upper_smoothing: float
    lower_smoothing: float
    eyelid_offset: float
    lip_offset: float


@dataclass(frozen=True)
class SkinRest:
    """(M, 3) ``neutral`` and the deltas of shut ``lids`` and open ``lips``; (M, 1) ``lower``: the mask."""

    neutral: Float32
    lids: Float32
    lips: Float32
    lower: Float32


class SkinTrack:
    """The skin of one stream: its smoothing goes on from frame to frame."""

    def __init__(self, rest: SkinRest, strengths: SkinStrengths, step: float) -> None:
        """``step``: seconds between frames."""
        self._rest, self._strengths = rest, strengths
        self._always = rest.lids * np.float32(-strengths.eyelid_offset) + rest.lips * np.float32(
            strengths.lip_offset
        )
        self._upper = Smoother(strengths.upper_smoothing, step)
        self._lower = Smoother(strengths.lower_smoothing, step)
        self._upper_share = (1.0 - rest.lower) * np.float32(strengths.upper)
        self._lower_share = rest.lower * np.float32(strengths.lower)

    def pose(self, delta: Float32) -> Float32:
        """(M, 3) the skin of the next frame, whose network says ``delta`` (M, 3)."""
        moved = np.float32(self._strengths.skin) * delta + self._always
        upper, lower = self._upper.follow(moved), self._lower.follow(moved)
        return self._rest.neutral + upper * self._upper_share + lower * self._lower_share
