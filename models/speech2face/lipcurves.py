"""Opening and width of the mouth that ARKit weights give, as a camera would measure them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.speech2face.tables import shape_columns
from engines.types import Float32

OPENING_PER_JAW = 0.35
"""Inner-lip opening, in distances of the outer eye corners, of jawOpen 1 (see ``engines.types.Motion``)."""
WIDENING = {
    "mouthStretch": 0.20, "mouthSmile": 0.16, "mouthDimple": 0.05, "mouthPucker": -0.24, "mouthFunnel": -0.12,
}  # fmt: skip
"""Change of the mouth's width, in the same unit, of each weight at 1."""


def _weight(shapes: Float32, name: str) -> NDArray[np.float32]:
    return np.asarray(shapes[..., list(shape_columns(name))].mean(axis=-1), np.float32)


def opening(shapes: Float32) -> Float32:
    """(...,) inner-lip opening of (..., 52) weights."""
    jaw = _weight(shapes, "jawOpen") - _weight(shapes, "mouthClose")
    return np.asarray(OPENING_PER_JAW * np.maximum(jaw, 0.0), np.float32)


def width(shapes: Float32) -> Float32:
    """(...,) change of the mouth's width against rest of (..., 52) weights."""
    return np.asarray(sum(gain * _weight(shapes, name) for name, gain in WIDENING.items()), np.float32)
