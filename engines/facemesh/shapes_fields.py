"""What the shapes of the lower face are built from: motions of lips, jaw and cheeks, carried to the skin.

Amounts are in iod (outer eye corner to outer eye corner, about 9 cm on an adult). x runs to the picture's
right, which is the person's left; y down the face; z away from the viewer.
"""

from __future__ import annotations

import numpy as np

from engines.facemesh.anatomy import JAW_LINE, NOSE_RIDGE, Floats, Row
from engines.facemesh.curves import smoothstep
from engines.facemesh.rest import IS_UPPER, LIP_ROWS, RING, RestFace
from engines.facemesh.spread import Spread, bump, empty, make_spread

JAW_DROP: Floats = np.array(
    [0.03, 0.10, 0.18, 0.28, 0.36, 0.40, 0.44, 0.46, 0.44, 0.40, 0.36, 0.28, 0.18, 0.10, 0.03]
)
"""(15,) per unit of opening, along JAW_LINE (measured on ten speakers)."""
JAW_BACK = 0.32 / 0.46
"""How far the chin swings back, of its drop (measured on ten speakers)."""
_HELD: Row = (
    *NOSE_RIDGE, 98, 327, 97, 326, 64, 294, 129, 358, 33, 133, 263, 362, 145, 374, 23, 253, 110, 339,
    50, 280, 117, 346, 118, 347, 101, 330, 36, 266, 234, 454, 127, 356, 93, 323, 132, 361, 116, 345, 123, 352,
    147, 376, 9, 10,
)  # fmt: skip
"""Points that the mouth does not move."""


class LipFields:
    """Builds displacement fields (468, 3) of one face."""

    def __init__(self, face: RestFace) -> None:
        self.face = face
        self.points = face.points
        self.corner = face.place**2
        """(8, 11): 1 at the corners, 0 in the middle."""
        self.middle = face.bulge
        """(8, 11): 1 in the middle, 0 at the corners."""
        self.bowed: Floats = np.maximum(1 - np.abs(face.place) ** (2 + 2 * RING * IS_UPPER), 0.0) ** 0.8
        """(8, 11): the same for an opening; the outer edge of the upper lip rises evenly and keeps its bow."""
        self.plump: Floats = np.asarray(1 - face.place**4)
        """(8, 11): 1 over most of the lips, 0 at the corners."""
        self.thickness = self._thickness(face.closed_lips)
        below_nose = smoothstep(face.points[:, 1], 0.05, 0.22)
        controls = {*map(int, LIP_ROWS.ravel()), *JAW_LINE, *_HELD}
        self._spread: Spread = make_spread(face.points, controls, below_nose)

    @staticmethod
    def _thickness(closed: Floats) -> Floats:
        """(8, 11): distance of each row below (above: negative) its lip's opening edge, lips closed."""
        edge = np.repeat(closed[[0, 4], :, 1], 4, axis=0)
        return np.asarray(closed[..., 1] - edge)

    def field(self, lips: Floats, jaw: Floats | None = None) -> Floats:
        """Spread lip motions (8, 11, 3) and jaw motions (15, 3). Rows that share a corner take the mean."""
        total, count = empty(), np.zeros((len(self.points), 1))
        np.add.at(total, LIP_ROWS, lips)
        np.add.at(count, LIP_ROWS, 1.0)
        moves = total / np.maximum(count, 1.0)
        if jaw is not None:
            moves[list(JAW_LINE)] = jaw
        return self._spread(moves)

    @staticmethod
    def lips(x: Floats | float = 0.0, y: Floats | float = 0.0, z: Floats | float = 0.0) -> Floats:
        """(8, 11, 3) from anything that broadcasts to (8, 11)."""
        return np.stack([np.broadcast_to(part, (8, 11)) for part in (x, y, z)], axis=2)

    def outward(self) -> Floats:
        """(8, 11): -1 on the person's right, 1 on the left, 0 in the middle, rising towards the corners."""
        share = np.abs(self.face.place) ** 0.3
        return np.asarray(self.face.reach * share)

    def fuller(self, amount: float, share: float) -> Floats:
        """(8, 11): the red grows by ``amount`` and a ``share`` of its thickness, most in the middle."""
        edges = amount * RING * np.where(IS_UPPER > 0, -1.0, 1.0)
        return np.asarray(self.plump * (edges + share * self.thickness))

    def unbowed(self, share: float) -> Floats:
        """(8, 11): the cupid's bow gives way by ``share``: pushed together as it is, it would make a heart. The
        line between the lips gives way on both of them, so that they still meet."""
        rows = self.face.closed_lips[..., 1]
        bow = np.stack(
            [
                row - np.polyval(np.polyfit(at, row, 2), at)
                for at, row in zip(self.face.place, rows, strict=True)
            ]
        )
        bow[4:] = bow[0] * (1 - RING[4:])
        return np.asarray(-share * self.plump * bow)

    def rounding(self) -> Floats:
        """(8, 11): the outer edges move out beside the middle, so that a narrow mouth is round, not pointed."""
        beside = 4 * self.corner * (1 - self.corner)
        return np.asarray(beside * RING * np.where(IS_UPPER > 0, -0.012, 0.024))

    def lift(self, centres: Row, radius: float, amount: float) -> Floats:
        """A soft upwards motion around some points."""
        field = empty()
        field[:, 1] = -amount * bump(self.points, centres, radius)
        return field

    def swell(self, centres: Row, radius: float, share: float) -> Floats:
        """Skin around the middle of some points grows by ``share``: what comes near looks larger."""
        away = self.points - self.points[list(centres)].mean(0)
        bell = np.exp(-((np.linalg.norm(away[:, :2], axis=1) / radius) ** 2) / 2)
        field = share * bell[:, None] * away
        field[:, 2] = -share * radius * bell
        return np.asarray(field)

    @staticmethod
    def jaw(opening: float) -> Floats:
        """(15, 3): the jaw line for an opening."""
        drop = JAW_DROP * opening
        return np.stack([np.zeros(15), drop, JAW_BACK * drop], axis=1)
