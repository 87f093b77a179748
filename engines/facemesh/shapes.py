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

PUFFED: Row = (207, 187, 427, 411)
"""Where filled cheeks come forward."""
BESIDE_PUFF: Row = (216, 436, 212, 432)
"""Where they meet the mouth."""
APPLE: Row = (205, 425, 50, 280)
CHIN_BOSS: Row = (199, 200)


@dataclass(frozen=True)
class Shapes:
    """``moves``: (52, 468, 3) float32, iod at weight 1. ``shades``: (52, 468) float32, change of brightness.

    ``closing``: (468, 3), from the photo to closed lips; ``unsmile``: (468, 3), from there to no smile at all.
    """

    moves: Float32
    shades: Float32
    closing: Float32
    unsmile: Float32


def _shade_fields(points: Floats) -> dict[str, Floats]:
    """Broad shading, (468,) each: skin that comes forward catches light. Folds are drawn by ``creases``."""
    apples, left = 0.030 * bump(points, APPLE, 0.10), left_share(points)
    return {
        "cheekPuff": 0.06 * bump(points, PUFFED, 0.09) - 0.06 * bump(points, BESIDE_PUFF, 0.05),
        "jawForward": 0.05 * bump(points, CHIN_BOSS, 0.08),
        "cheekSquintLeft": apples * left,
        "cheekSquintRight": apples * (1 - left),
    }


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
