"""From what Audio2Emotion says of a voice to the ten emotions, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.types import EMOTIONS, Float32

UNMAPPED = -1
_SHORTEST = 0.001


@dataclass(frozen=True)
class Blending:
    """How emotions follow the voice. ``mapping``: for each class of the network the number of an emotion in
    ``EMOTIONS``, or UNMAPPED; ``most``: how many may be felt at once; ``inertia``: share of what was felt
    before; ``preferred_share``: how far to draw towards the preferred ones; ``transition`` in seconds."""

    mapping: tuple[int, ...]
    contrast: float
    most: int
    inertia: float
    preferred_share: float
    transition: float
    strength: float


class EmotionBlend:
    """The emotions of one stream. What a class is not mapped to keeps what it had, strength and all."""

    def __init__(self, blending: Blending, step: float) -> None:
        """``step``: seconds between frames."""
        self._blending, self._share = blending, min(step / max(blending.transition, _SHORTEST), 1.0)
        self._felt = np.zeros(len(EMOTIONS), np.float32)
        self._before = np.zeros(len(EMOTIONS), np.float32)
        self._blended: Float32 | None = None

    def follow(self, logits: Float32, preferred: Float32) -> Float32:
        """(10,) emotions of the next frame. ``logits`` (C,) of the network's classes; ``preferred`` (10,)."""
        b, felt = self._blending, self._felt.copy()
        for place, chance in zip(b.mapping, likely(logits, b), strict=True):
            if place != UNMAPPED:
                felt[place] = chance
        felt = felt * np.float32(1.0 - b.inertia) + self._before * np.float32(b.inertia)
        self._before = felt
        felt = felt * np.float32(1.0 - b.preferred_share) + preferred * np.float32(b.preferred_share)
        if self._blended is not None:
            felt = felt * np.float32(self._share) + self._blended * np.float32(1.0 - self._share)
        self._blended = felt
        self._felt = felt * np.float32(b.strength)
        return self._felt


def likely(logits: Float32, blending: Blending) -> Float32:
    """(C,) how likely each class is: those without an emotion 0, and all but the most likely.

    A network that gives no numbers, as it does for near silence, hears nothing.
    """
    if not np.isfinite(logits).all():
        return np.zeros(len(logits), np.float32)
    raised = np.exp(blending.contrast * (logits - logits.max()))
    chances = np.asarray(raised / raised.sum(), np.float32)
    chances[np.array(blending.mapping) == UNMAPPED] = 0.0
    chances[np.argsort(-chances, kind="stable")[blending.most :]] = 0.0
    return chances
