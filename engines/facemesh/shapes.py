"""All 52 ARKit shapes of one face: how every point moves and how the skin darkens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.facemesh.anatomy import (
    POINTS,
    Floats,
    Row,
)
from engines.facemesh.rest import RestFace
from engines.facemesh.shapes_eyes import brow_shapes, lid_shapes
from engines.facemesh.shapes_fields import LipFields
from engines.facemesh.shapes_jaw import close_photo, let_smile_go
from engines.facemesh.shapes_mouth import mouth_shapes
from engines.facemesh.spread import bump, left_share
from engines.types import BLENDSHAPES, Float32

# Creases, as the points that they run through.
NASOLABIAL: Row = (203, 206, 216, 423, 426, 436)
BESIDE_NOSE: Row = (129, 203, 358, 423)
CORNERS: Row = (57, 287)
GLABELLA: Row = (55, 285, 9)
FOREHEAD_LINES: Row = (108, 69, 337, 299, 151)
CHIN_CREASE: Row = (18, 83, 313)


@dataclass(frozen=True)
class Shapes:
    """``moves``: (52, 468, 3) float32, iod at weight 1. ``shades``: (52, 468) float32, change of brightness.

    ``closing``: (468, 3), from the photo to closed lips; ``unsmile``: (468, 3), from there to no smile at all.
    """

    moves: Float32
    shades: Float32
    closing: Float32
    unsmile: Float32


def _shade_pairs() -> dict[str, tuple[Row, float, float]]:
    """Paired shape -> (crease points, radius in iod, change of brightness)."""
    return {
        "mouthSmile": (NASOLABIAL, 0.026, -0.06),
        "mouthDimple": (CORNERS, 0.03, -0.10),
        "mouthStretch": (CORNERS, 0.03, -0.05),
        "mouthFrown": (CORNERS, 0.035, -0.07),
        "mouthUpperUp": (NASOLABIAL, 0.026, -0.04),
        "noseSneer": (BESIDE_NOSE, 0.028, -0.07),
        "browDown": (GLABELLA, 0.03, -0.09),
        "cheekSquint": (NASOLABIAL, 0.026, -0.03),
    }


def _shade_fields(points: Floats) -> dict[str, Floats]:
    left = left_share(points)
    fields = {
        "browInnerUp": -0.05 * bump(points, FOREHEAD_LINES, 0.04),
        "mouthShrugLower": -0.08 * bump(points, CHIN_CREASE, 0.03),
        "mouthPucker": -0.04 * bump(points, CORNERS, 0.04),
    }
    for name, (crease, radius, change) in _shade_pairs().items():
        field = change * bump(points, crease, radius)
        fields[f"{name}Left"], fields[f"{name}Right"] = field * left, field * (1 - left)
    return fields


def build_shapes(face: RestFace) -> Shapes:
    """The shapes for one face."""
    mouth = LipFields(face)
    closing, unsmile = close_photo(mouth), let_smile_go(mouth)
    moves = mouth_shapes(mouth) | lid_shapes(face.points) | brow_shapes(face.points)
    shades = _shade_fields(face.points)
    none, flat = np.zeros((POINTS, 3)), np.zeros(POINTS)
    return Shapes(
        moves=np.stack([moves.get(name, none) for name in BLENDSHAPES]).astype(np.float32),
        shades=np.stack([shades.get(name, flat) for name in BLENDSHAPES]).astype(np.float32),
        closing=closing.astype(np.float32),
        unsmile=unsmile.astype(np.float32),
    )
