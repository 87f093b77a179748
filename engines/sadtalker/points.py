"""The points that SadTalker needs of a face, out of the studio's own mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.types import Float32

Floats = NDArray[Any]

RIGHT_EYE, LEFT_EYE = (33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380)
"""The mesh's points where the 68-point scheme has 36 to 41 and 42 to 47: outlines from the picture's left."""
NOSE_TIP, MOUTH_RIGHT, MOUTH_LEFT = 4, 61, 291
"""Where it has 30, 48 and 54."""


def as_68(landmarks: Float32) -> Floats:
    """(468, 3) mesh -> (68, 2): eyes, tip of the nose and corners of the mouth; NaN for all others."""
    points = np.full((68, 2), np.nan)
    mesh = np.asarray(landmarks[:, :2], np.float64)
    points[36:42], points[42:48] = mesh[list(RIGHT_EYE)], mesh[list(LEFT_EYE)]
    points[30], points[48], points[54] = mesh[NOSE_TIP], mesh[MOUTH_RIGHT], mesh[MOUTH_LEFT]
    return points


def five_points(points: Floats) -> Floats:
    """(68, 2) -> (5, 2): both eyes by their corners, tip of the nose, corners of the mouth."""
    return np.stack([points[[36, 39]].mean(0), points[[42, 45]].mean(0), points[30], points[48], points[54]])
