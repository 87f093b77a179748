"""Where the eyes look: angles as Audio2Face gives them, and as ARKit's shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.speech2face.eyes import FULL_GAZE
from engines.types import BLENDSHAPE_INDEX, Float32

SACCADE_HZ = 30.0
"""Rows per second of the table of saccades."""


@dataclass(frozen=True)
class EyeStrengths:
    """Factors on what the network says and on the saccades; ``offsets`` (4,) degrees: right eye x, y, left x,
    y; ``seed``: the row of the table of saccades to begin with."""

    network: float
    saccades: float
    offsets: Float32
    seed: int


class EyeTrack:
    """The eyes of one stream. ``table`` (N, 2): degrees of saccades about x and y."""

    def __init__(self, table: Float32, strengths: EyeStrengths, step: float) -> None:
        """``step``: seconds between frames."""
        self._table, self._strengths = table, strengths
        self._advance = np.float32(step) * np.float32(SACCADE_HZ)
        self._clock = np.float32(0.0)

    def turn(self, said: Float32) -> Float32:
        """(4,) degrees of the next frame, right x, y, left x, y; the network says ``said`` (4,)."""
        rows = len(self._table)
        row = int(np.float32(self._strengths.seed) + self._clock) % rows
        self._clock = np.float32((self._clock + self._advance) % np.float32(rows))
        jumps = np.tile(self._table[row], 2) * np.float32(self._strengths.saccades)
        return np.asarray(
            self._strengths.offsets + np.float32(self._strengths.network) * said + jumps, np.float32
        )


def look_weights(degrees: Float32) -> Float32:
    """(T, 52) eyeLook weights for (T, 4) degrees: right eye x, y, left eye x, y.

    The SDK leaves this open. Its heads look along +z with y up, so a turn about x looks down and one about y
    looks towards +x, which is the person's left. Weight 1 is ``FULL_GAZE`` degrees, as in the embedded driver.
    """
    shapes = np.zeros((len(degrees), len(BLENDSHAPE_INDEX)), np.float32)
    for side, columns, inwards in (("Right", degrees[:, :2], 1.0), ("Left", degrees[:, 2:], -1.0)):
        down, towards_nose = columns[:, 0] / FULL_GAZE, inwards * columns[:, 1] / FULL_GAZE
        for name, value in (("Down", down), ("Up", -down), ("In", towards_nose), ("Out", -towards_nose)):
            shapes[:, BLENDSHAPE_INDEX[f"eyeLook{name}{side}"]] = np.clip(value, 0.0, 1.0)
    return shapes
