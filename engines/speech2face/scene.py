"""What a face lives through while it speaks."""

from __future__ import annotations

from dataclasses import dataclass

from engines.speech2face.feelings import Feeling
from engines.types import Float32


@dataclass(frozen=True)
class Scene:
    """What a face lives through: T frame ``times`` (s), their ``fps``, speaking ``activity`` (T,) in [0, 1],
    ``accents`` (K, 2) of time and strength, and the ``feeling``."""

    times: Float32
    fps: float
    activity: Float32
    accents: Float32
    feeling: Feeling

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the end of the last."""
        return len(self.times) / self.fps

    def value(self, curve: Float32, time: float) -> float:
        """``curve``, one value per frame, at ``time`` (s)."""
        return float(curve[min(max(int(time * self.fps), 0), len(curve) - 1)])


def phrase_ends(scene: Scene) -> Float32:
    """(K,) seconds at which speaking stops for a moment."""
    falling = (scene.activity[1:] < 0.5) & (scene.activity[:-1] >= 0.5)
    return scene.times[1:][falling]
