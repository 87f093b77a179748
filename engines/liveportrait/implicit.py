"""LivePortrait's own motion, frame by frame: what its motion extractor reads and its generator is driven by."""

from __future__ import annotations

from dataclasses import dataclass

from engines.types import Float32


@dataclass(frozen=True)
class Implicit:
    """Implicit motion of T frames.

    ``expression``: (T, 21, 3) float32, offsets of the implicit keypoints, in the network's own unit. ``scale``:
    (T,) float32 > 0. ``rotation``: (T, 3) float32, pitch, yaw, roll in degrees as the network counts them.
    ``translation``: (T, 3) float32. ``eyes``: (T, 2) float32, how open the eyes are (left, right: height over
    width), None where not measured. ``lips``: (T,) float32, the same of the mouth.
    """

    fps: float
    expression: Float32
    scale: Float32
    rotation: Float32
    translation: Float32
    eyes: Float32 | None = None
    lips: Float32 | None = None

    def __len__(self) -> int:
        return len(self.expression)
