"""The photo's own coefficients: what the reconstruction network sees of it, and what is kept of its answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from engines.sadtalker.crop import Alignment, align
from engines.sadtalker.networks import Networks
from engines.sadtalker.points import five_points
from engines.types import Float32, Image

Floats = NDArray[Any]
EXPRESSION, POSE = slice(0, 64), slice(64, 70)
"""Of the coefficients that the renderer is driven by; the alignment's scale and shift follow."""
_EXP, _ANGLE, _TRANS = slice(80, 144), slice(224, 227), slice(254, 257)


def coefficients_of(networks: Networks, face: Image, points: Floats) -> Float32:
    """(73,): expression 64, angle 3, shift 3, and the alignment's scale and shift, of a face with 68 ``points``
    in px of the picture."""
    height, width = face.shape[:2]
    upwards = five_points(points)
    upwards[:, 1] = height - 1 - upwards[:, 1]
    alignment = align(upwards, width, height)
    found = networks.reconstruct(aligned(face, alignment))
    own = (found[_EXP], found[_ANGLE], found[_TRANS], np.array([alignment.scale]), alignment.shift)
    return np.concatenate(own).astype(np.float32)


def aligned(face: Image, alignment: Alignment) -> Image:
    """The (224, 224, 3) picture that the reconstruction network sees: black where the photo ends."""
    resized = Pillow.fromarray(face).resize(alignment.resized, Pillow.Resampling.BICUBIC)
    return np.asarray(resized.crop(alignment.box), np.uint8)
