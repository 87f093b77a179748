"""Where skin folds, how deep, and with which ARKit shapes.

The folds and the muscles that make them follow FACS (Ekman, Friesen and Hager 2002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.facemesh.anatomy import Floats, Row


@dataclass(frozen=True)
class Crease:
    """``path``: knots of the curve, each the mean of some points of the face. ``depth``: brightness taken at
    its middle; ``ridge``: direction (right, down) to the skin that bulges into the light. ``shapes``: ARKit
    name -> share of the fold at weight 1."""

    path: tuple[Row, ...]
    depth: float
    ridge: tuple[float, float]
    shapes: dict[str, float]

    @property
    def of_smile(self) -> bool:
        """Whether it is a fold between a smiling mouth and its cheek."""
        return self.path[0][0] in _BESIDE_MOUTH

    def knots(self, points: Floats) -> Floats:
        """(K, 2) px from the (468 or more, 2) points of a face."""
        return np.stack([points[list(row)].mean(0) for row in self.path])


NASOLABIAL = ((102, 129), (203,), (206,), (216,), (212,))
"""From the wing of the nose to beside the mouth."""
DIMPLE = ((186,), (57,), (43,))
"""Around the corner of the mouth."""
MARIONETTE = ((57,), (43, 202), (202, 204), (211, 204))
"""From the corner of the mouth down."""
FROWN_LINE = ((107, 9), (55, 8), (193, 8))
"""Upright, beside the root of the nose."""
NOSE_LINE = ((217, 114), (198, 126), (131, 209))
"""On the side of the nose, above its wing."""
BELOW_EYE = ((228, 117), (229, 118), (230, 119), (231, 120))
"""Where the raised cheek meets the lower lid."""
BROW_LINE = ((104,), (69, 105), (108, 66))
"""Across the outer half of the forehead."""
_MIRROR = {
    102: 331, 129: 358, 203: 423, 206: 426, 216: 436, 212: 432, 186: 410, 57: 287, 43: 273, 202: 422, 204: 424,
    211: 431, 107: 336, 55: 285, 193: 417, 217: 437, 114: 343, 198: 420, 126: 355, 131: 360, 209: 429, 228: 448,
    117: 346, 229: 449, 118: 347, 230: 450, 119: 348, 231: 451, 120: 349, 104: 333, 69: 299, 105: 334, 108: 337,
    66: 296,
}  # fmt: skip
_BESIDE_MOUTH = (102, 331, 186, 410)
"""First points of the folds beside the mouth."""
_PAIRED: tuple[Crease, ...] = (
    Crease(NASOLABIAL, 0.11, (-0.9, -0.4), {
        "mouthSmile": 0.8, "cheekSquint": 0.4, "mouthUpperUp": 0.6, "noseSneer": 0.9,
    }),
    Crease(DIMPLE, 0.14, (-1.0, 0.0), {
        "mouthDimple": 1.0, "mouthSmile": 0.5, "mouthStretch": 0.6, "mouthPress": 0.4,
    }),
    Crease(MARIONETTE, 0.09, (-1.0, -0.2), {"mouthFrown": 1.0}),
    Crease(FROWN_LINE, 0.13, (-1.0, 0.0), {"browDown": 1.0}),
    Crease(NOSE_LINE, 0.08, (0.7, -0.7), {"noseSneer": 1.0}),
    Crease(BELOW_EYE, 0.09, (0.0, 1.0), {"cheekSquint": 1.0, "mouthSmile": 0.35, "eyeSquint": 0.4}),
    Crease(BROW_LINE, 0.06, (0.0, 1.0), {"browOuterUp": 1.0}),
)  # fmt: skip
_WHOLE: tuple[Crease, ...] = (
    Crease(((69,), (108,), (151,), (337,), (299,)), 0.07, (0.0, 1.0), {"browInnerUp": 1.0}),
    Crease(((107, 108), (9, 151), (336, 337)), 0.06, (0.0, 1.0), {"browInnerUp": 1.0}),
    Crease(((106, 182), (83,), (18,), (313,), (335, 406)), 0.14, (0.0, 1.0), {
        "mouthShrugLower": 1.0, "mouthFrownLeft": 0.2, "mouthFrownRight": 0.2, "mouthRollLower": 0.4,
    }),
)  # fmt: skip


def _one_side(crease: Crease, side: str) -> Crease:
    """The part of a pair on one side of the face; pairs are given for the person's right."""
    left = side == "Left"
    path = tuple(tuple(_MIRROR.get(point, point) if left else point for point in row) for row in crease.path)
    ridge = (-crease.ridge[0] if left else crease.ridge[0], crease.ridge[1])
    shapes = {f"{name}{side}": weight for name, weight in crease.shapes.items()}
    return Crease(path, crease.depth, ridge, shapes)


CREASES: tuple[Crease, ...] = (
    *(_one_side(crease, side) for crease in _PAIRED for side in ("Left", "Right")),
    *_WHOLE,
)
