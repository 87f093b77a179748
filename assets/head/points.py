"""The points of the whole head, as the shapes see them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.head.form import Array

LEFT, RIGHT = 1.0, -1.0
"""The person's own; the left is where x is positive."""


@dataclass(frozen=True)
class Head:
    """All points (N, 3) in mm with what shapes ask of them.

    ``part`` of the head; ``eye`` and ``mouth`` rings and ``upper`` as in ``Skin``.
    """

    points: Array
    part: Array
    eye: Array
    mouth: Array
    upper: Array

    @property
    def skin(self) -> Array:
        """1 for skin and brows, which follow it."""
        return np.isin(self.part, ("skin", "brow")).astype(float)
