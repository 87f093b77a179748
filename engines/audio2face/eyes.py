"""Where the eyes look: angles as Audio2Face gives them, and as ARKit's shapes."""

from __future__ import annotations

import numpy as np

from engines.face_geometry import EyeOptions, eye_angles
from engines.speech2face.eyes import FULL_GAZE
from engines.types import BLENDSHAPE_INDEX, Float32

SACCADE_HZ = 30.0
"""Rows per second of the table of saccades."""


class EyeTrack:
    """The eyes of one stream. ``table`` (N, 2): degrees of saccades about x and y."""

    def __init__(self, table: Float32, options: EyeOptions, first: int, step: float) -> None:
        """``first``: the row of the table to begin with; ``step``: seconds between frames."""
        self._table, self._options, self._first = table, options, np.float32(first)
        self._advance = np.float32(step) * np.float32(SACCADE_HZ)
        self._clock = np.float32(0.0)

    def turn(self, said: Float32) -> Float32:
        """(B, 4) degrees of the next frames, right x, y, left x, y; the network says ``said`` (B, 4)."""
        angles = eye_angles(said, self._table[[self._row() for _ in said]], self._options)
        return np.asarray(angles[:, [0, 1, 3, 4]], np.float32)

    def _row(self) -> int:
        """The row of the next frame. The SDK's clock is of float32, and so is this one."""
        rows = len(self._table)
        row = int(self._first + self._clock) % rows
        self._clock = np.float32((self._clock + self._advance) % np.float32(rows))
        return row


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
