"""ARKit shapes of the lids and the brows as displacement fields. Amounts in iod at weight 1."""

from __future__ import annotations

import numpy as np

from engines.facemesh.anatomy import (
    BROW_BRIDGE,
    FOREHEAD,
    HAIRLINE,
    LEFT_BROW_LOWER,
    LEFT_BROW_UPPER,
    LEFT_EYE_BAG,
    LEFT_EYE_LOWER,
    LEFT_EYE_UPPER,
    LEFT_LID_CREASE,
    LEFT_LID_FOLD,
    LEFT_LOWER_LID_SKIN,
    RIGHT_BROW_LOWER,
    RIGHT_BROW_UPPER,
    RIGHT_EYE_BAG,
    RIGHT_EYE_LOWER,
    RIGHT_EYE_UPPER,
    RIGHT_LID_CREASE,
    RIGHT_LID_FOLD,
    RIGHT_LOWER_LID_SKIN,
    Floats,
    Row,
)
from engines.facemesh.curves import smoothstep
from engines.facemesh.shapes_mouth import split_pairs
from engines.facemesh.spread import bump, empty, left_share, make_spread

UPPER_LID_SHARE = 0.9
"""Share of the way that the upper lid goes when an eye closes; the lower lid comes up for the rest."""
LOOK_ACROSS, LOOK_UPDOWN = 0.055, 0.036
"""How far the iris goes at weight 1 of a look, about 25 degrees of a 12 mm eyeball."""
_EYES: tuple[tuple[Row, ...], ...] = (
    (RIGHT_EYE_UPPER, RIGHT_EYE_LOWER, RIGHT_LID_CREASE, RIGHT_LID_FOLD, RIGHT_LOWER_LID_SKIN, RIGHT_EYE_BAG),
    (LEFT_EYE_UPPER, LEFT_EYE_LOWER, LEFT_LID_CREASE, LEFT_LID_FOLD, LEFT_LOWER_LID_SKIN, LEFT_EYE_BAG),
)
_TEMPLES: Row = (21, 54, 162, 127, 251, 284, 389, 356, 34, 264, 139, 368)
# Along a brow from its outer to its inner end.
_INNER_UP = np.array([0.0, 0.12, 0.45, 0.9, 1.0])
_OUTER_UP = np.array([1.0, 0.95, 0.6, 0.2, 0.0])
_DOWN = np.array([0.3, 0.5, 0.8, 1.0, 1.0])


def _lids(points: Floats, weights: tuple[float, float, float, float, float, float]) -> Floats:
    """Both eyes' rows moved by a share of the way from the upper to the lower lid edge.

    ``weights``: upper edge, lower edge (upwards), crease, fold, skin below the lower lid (upwards), eye bag
    (upwards).
    """
    field = empty()
    upper, lower, crease, fold, skin, bag = weights
    for up, low, *rows in _EYES:
        way = points[list(low[1:-1])] - points[list(up[1:-1])]
        field[list(up[1:-1])] = way * upper
        field[list(low[1:-1])] = -way * lower
        for row, share in zip(rows, (crease, fold, -skin, -bag), strict=True):
            field[list(row)] = way * share
    return field


def lid_shapes(points: Floats) -> dict[str, Floats]:
    """Blink, squint, wide and what the lids do when the eyes look up and down."""
    pairs = {
        "eyeBlink": _lids(points, (UPPER_LID_SHARE, 1 - UPPER_LID_SHARE, 0.12, 0.04, 0.04, 0.0)),
        "eyeSquint": _lids(points, (0.14, 0.24, 0.10, 0.05, 0.24, 0.12)),
        "eyeWide": _lids(points, (-0.22, -0.05, -0.16, -0.05, -0.02, 0.0)),
        "eyeLookDown": _lids(points, (0.30, -0.04, 0.16, 0.04, -0.03, 0.0)),
        "eyeLookUp": _lids(points, (-0.12, 0.02, -0.09, -0.03, 0.0, 0.0)),
        "eyeLookIn": empty(),
        "eyeLookOut": empty(),
    }
    return split_pairs(pairs, left_share(points))


class BrowShapes:
    """Builds the brow fields of one face. Brows move as a whole; the hairline and the lid edges hold still."""

    def __init__(self, points: Floats) -> None:
        self.points = points
        held = {*HAIRLINE, *_TEMPLES, 168, 6}
        held |= {point for eye in _EYES for row in (eye[0], eye[1], eye[2]) for point in row}
        self._rows = (*_brow_rows(), *_fold_rows())
        moved = {point for row, _ in self._rows for point in row} | {*FOREHEAD, 9, 8}
        above_eyes = 1 - smoothstep(points[:, 1], -0.03, 0.03)
        self._spread = make_spread(points, held | moved, above_eyes)

    def field(self, along: Floats, amount: float, inwards: float = 0.0, forehead: float = 0.5) -> Floats:
        """A rise by ``amount`` times ``along`` (5,: outer to inner end), and a motion to the middle."""
        moves = empty()
        for row, follow in self._rows:
            place = np.linspace(0, 4, len(row))
            weight = np.interp(place, np.arange(5), along)
            moves[list(row), 1] = -amount * follow * weight
            moves[list(row), 0] = -np.sign(self.points[list(row), 0]) * inwards * follow * weight
        for points, share in (
            ((108, 151, 337), along[4]),
            ((69, 299), along[2]),
            ((68, 104, 298, 333), along[0]),
        ):
            moves[list(points), 1] = -amount * forehead * share
        moves[list(BROW_BRIDGE[:2]), 1] = -amount * 0.6 * along[4]
        return self._spread(moves)


def _brow_rows() -> tuple[tuple[Row, float], ...]:
    """Brow rows from the outer to the inner end, with how much they follow."""
    return (
        (RIGHT_BROW_UPPER, 1.0),
        (RIGHT_BROW_LOWER, 1.0),
        (LEFT_BROW_UPPER[::-1], 1.0),
        (LEFT_BROW_LOWER[::-1], 1.0),
    )


def _fold_rows() -> tuple[tuple[Row, float], ...]:
    return ((RIGHT_LID_FOLD, 0.5), (LEFT_LID_FOLD[::-1], 0.5))


def brow_shapes(points: Floats) -> dict[str, Floats]:
    """The five brow shapes."""
    brows = BrowShapes(points)
    down = brows.field(_DOWN, -0.060, inwards=0.032, forehead=0.4)
    down[:, 1] += 0.012 * bump(points, (8, 9), 0.06)
    pairs = {"browDown": down, "browOuterUp": brows.field(_OUTER_UP, 0.058)}
    return {"browInnerUp": brows.field(_INNER_UP, 0.066)} | split_pairs(pairs, left_share(points))
