"""Implicit motion that tests make up."""

from __future__ import annotations

import numpy as np

from engines.liveportrait.implicit import Implicit


def made_up(count: int = 20, fps: float = 25.0, seed: int = 0) -> Implicit:
    """``count`` frames of small smooth motion, different for every ``seed``."""
    random = np.random.default_rng(seed)
    moments = np.arange(count) / fps

    def waves(*shape: int) -> np.ndarray:
        phase, pace = random.uniform(0, 6, shape), random.uniform(2, 6, shape)
        return np.sin(phase + pace * moments.reshape(-1, *[1] * len(shape))).astype(np.float32)

    return Implicit(
        fps=fps,
        expression=0.03 * waves(21, 3),
        scale=1.4 + 0.05 * waves(),
        rotation=8 * waves(3) + np.float32(2),
        translation=0.04 * waves(3),
        eyes=0.3 + 0.1 * waves(2),
        lips=0.2 + 0.1 * waves(),
    )
