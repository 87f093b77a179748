"""Curves between two numbers."""

from __future__ import annotations

import numpy as np

from engines.facemesh.anatomy import Floats


def smoothstep(x: Floats, low: float, high: float) -> Floats:
    """0 below ``low``, 1 above ``high``, a cubic without kinks between."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))
