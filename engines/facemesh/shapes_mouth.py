"""ARKit shapes of the lips and the jaw as displacement fields.

Amounts are in iod (about 9 cm on an adult) at weight 1. What an opening does to the lips, the corners and the
chin was measured on ten real speakers: of one unit of opening the upper lip takes 0.21 and the lower lip 0.79,
the corners drop by 0.23, the chin by 0.46 and back by 0.32. Names and meanings are Apple's.
"""

from __future__ import annotations

import numpy as np

from engines.facemesh.anatomy import (
    JAW_LINE,
    NOSE_RIDGE,
    Floats,
    Row,
)
from engines.facemesh.curves import smoothstep
from engines.facemesh.rest import FOLLOW, IS_UPPER, LIP_ROWS, RING, UPPER_SHARE, RestFace, lip_motion
from engines.facemesh.spread import Spread, bump, empty, left_share, make_spread

OPEN_AT_ONE = 0.35
"""Opening of the inner lips at jawOpen 1, iod."""
CORNER_DROP = 0.23
JAW_DROP: Floats = np.array(
    [0.03, 0.10, 0.18, 0.28, 0.36, 0.40, 0.44, 0.46, 0.44, 0.40, 0.36, 0.28, 0.18, 0.10, 0.03]
)
"""(15,) per unit of opening, along JAW_LINE."""
JAW_BACK = 0.32 / 0.46
MEETING = 0.30
"""Where lips meet over an open jaw, as a share of the opening below the closed line."""
CHEEKS: Row = (205, 425, 187, 411, 50, 280)
APPLES: Row = (50, 280, 101, 330, 118, 347)
CHIN_BOSS: Row = (199, 200, 201, 421)
NASAL_WINGS: Row = (129, 358, 49, 279, 98, 327)
UNDER_CORNERS: Row = (43, 273, 57, 287)
_HELD: Row = (
    *NOSE_RIDGE, 98, 327, 97, 326, 64, 294, 129, 358, 33, 133, 263, 362, 145, 374, 23, 253, 110, 339,
    50, 280, 117, 346, 118, 347, 101, 330, 36, 266, 234, 454, 127, 356, 93, 323, 132, 361, 116, 345, 123, 352,
    147, 376, 9, 10,
)  # fmt: skip
"""Points that the mouth does not move."""


class MouthShapes:
    """Builds the fields (468, 3) of one face; the methods are named after the shapes."""

    def __init__(self, face: RestFace) -> None:
        self.face = face
        self.points = face.points
        self.lips = face.closed_lips
        below_nose = smoothstep(face.points[:, 1], 0.05, 0.22)
        controls = {*map(int, LIP_ROWS.ravel()), *JAW_LINE, *_HELD}
        self._spread: Spread = make_spread(face.points, controls, below_nose)
        self.corner = face.place**2
        self.middle = face.bulge

    def _field(self, lips: Floats, jaw: Floats | None = None) -> Floats:
        """Spread lip motions (8, 11, 3) and jaw motions (15, 3). Rows that share a corner take the mean."""
        total, count = empty(), np.zeros((len(self.points), 1))
        np.add.at(total, LIP_ROWS, lips)
        np.add.at(count, LIP_ROWS, 1.0)
        moves = total / np.maximum(count, 1.0)
        if jaw is not None:
            moves[list(JAW_LINE)] = jaw
        return self._spread(moves)

    def _lips(self, x: Floats | float = 0.0, y: Floats | float = 0.0, z: Floats | float = 0.0) -> Floats:
        """(8, 11, 3) from anything that broadcasts to (8, 11)."""
        return np.stack([np.broadcast_to(part, (8, 11)) for part in (x, y, z)], axis=2)

    def _thickness(self) -> Floats:
        """(8, 11): distance of each row below (above: negative) its lip's opening edge, lips closed."""
        edge = np.repeat(self.lips[[0, 4], :, 1], 4, axis=0)
        return np.asarray(self.lips[..., 1] - edge)

    def _plump(self) -> Floats:
        """(8, 11): 1 over most of the lips, 0 at the corners."""
        return np.asarray(1 - self.face.place**4)

    def _rounding(self) -> Floats:
        """(8, 11): the outer edges move out beside the middle, so that a narrow mouth is round, not pointed."""
        beside = 4 * self.corner * (1 - self.corner)
        return np.asarray(beside * RING * np.where(IS_UPPER > 0, -0.010, 0.015))

    def _outward(self) -> Floats:
        """(8, 11): -1 on the person's right, 1 on the left, 0 in the middle, rising towards the corners."""
        return np.asarray(np.sign(self.face.place) * np.abs(self.face.place) ** 1.3)

    def _lift(self, centres: Row, radius: float, amount: float) -> Floats:
        """A soft upwards motion around some points."""
        field = empty()
        field[:, 1] = -amount * bump(self.points, centres, radius)
        return field

    def _jaw(self, opening: float) -> Floats:
        """(15, 3): the jaw line for an opening."""
        drop = JAW_DROP * opening
        return np.stack([np.zeros(15), drop, JAW_BACK * drop], axis=1)

    def close_photo(self) -> Floats:
        """From the photo to closed lips; the jaw follows as far as the mouth was open."""
        face = self.face
        loss = float((face.gap - face.slack).max())
        return self._field(face.closing(), self._jaw(-loss))

    def let_smile_go(self) -> Floats:
        """From closed lips, smiling as in the photo, to closed lips without a smile."""
        face = self.face
        inwards = -self.face.place * face.width_excess * 0.5 * 0.75
        field = self._field(self._lips(x=inwards, y=face.corner_excess * self.corner))
        return field - self._lift(APPLES, 0.16, 0.25 * face.corner_excess)

    def jaw_open(self) -> Floats:
        """Both lips part by the measured shares, the corners drop and come in a little, the jaw swings down."""
        opening = OPEN_AT_ONE * self.middle
        lips = lip_motion(-UPPER_SHARE * opening, (1 - UPPER_SHARE) * opening)
        lips[..., 1] += OPEN_AT_ONE * CORNER_DROP * self.corner
        lips[..., 0] -= 0.03 * self.face.place
        return self._field(lips, self._jaw(OPEN_AT_ONE))

    def mouth_close(self) -> Floats:
        """Takes back all of jaw_open's opening and leaves the jaw down."""
        opening = OPEN_AT_ONE * self.middle
        return self._field(
            lip_motion((UPPER_SHARE + MEETING) * opening, -(1 - UPPER_SHARE - MEETING) * opening)
        )

    def jaw_side(self) -> Floats:
        """The jaw to the person's left: lower lip with it, upper lip a little."""
        lips = self._lips(x=0.06 * (1 - IS_UPPER) * (0.4 + 0.6 * self.middle) + 0.012 * IS_UPPER)
        jaw = np.zeros((15, 3))
        jaw[:, 0] = 0.065 * np.minimum(JAW_DROP / 0.40, 1.0)
        return self._field(lips, jaw)

    def jaw_forward(self) -> Floats:
        """The lower jaw comes forward: seen from the front, chin and lower lip grow a little."""
        jaw = np.zeros((15, 3))
        jaw[:, 1], jaw[:, 2] = 0.02 * JAW_DROP / 0.46, -0.08 * JAW_DROP / 0.46
        lower = 1 - IS_UPPER
        return self._field(self._lips(y=0.012 * lower * RING * self.middle, z=-0.06 * lower * self.middle), jaw)

    def funnel(self) -> Floats:
        """Lips flare: in from the corners, the red grows outwards."""
        lips = self._lips(
            x=-self.face.place * 0.13 * self.face.half_width * (1 - 0.2 * RING),
            y=(0.14 + 0.14 * IS_UPPER) * self._thickness() * self._plump() + 0.4 * self._rounding(),
            z=-0.05 * self.middle,
        )
        return self._field(lips)

    def pucker(self) -> Floats:
        """A kiss: corners far in, thick lips, forward."""
        lips = self._lips(
            x=-self.face.place * 0.28 * self.face.half_width * (1 - 0.12 * RING),
            y=(0.10 + 0.12 * IS_UPPER) * self._thickness() * self._plump() + self._rounding(),
            z=-0.07 * self.middle,
        )
        field = self._field(lips)
        field[:, 0] -= 0.022 * np.sign(self.points[:, 0]) * bump(self.points, (205, 425, 207, 427), 0.12)
        return field

    def sideways(self) -> Floats:
        """The whole mouth to the person's left."""
        return self._field(self._lips(x=0.065, y=0.012 * self.face.place * self.corner))

    def smile(self) -> Floats:
        """Corners up and out, lips drawn thin, cheeks up, lower lids a little."""
        lips = self._lips(
            x=0.075 * self._outward(),
            y=-0.085 * self.corner - 0.008 - 0.14 * self._thickness(),
            z=0.03 * self.corner,
        )
        return self._field(lips) + self._lift(CHEEKS, 0.14, 0.03) + self._lift((145, 374, 23, 253), 0.09, 0.010)

    def frown(self) -> Floats:
        """Corners down, middle of the lips a little up."""
        lips = self._lips(x=0.008 * self._outward(), y=0.092 * self.corner - 0.016 * self.middle)
        return self._field(lips) + self._lift(CHIN_BOSS, 0.10, 0.015)

    def stretch(self) -> Floats:
        """Corners straight out, slightly down, lips thinner."""
        lips = self._lips(x=0.085 * self._outward(), y=0.014 * self.corner - 0.10 * self._thickness())
        return self._field(lips)

    def dimple(self) -> Floats:
        """Corners drawn out and back into the cheek."""
        return self._field(self._lips(x=0.04 * self._outward(), y=-0.014 * self.corner, z=0.04 * self.corner))

    def press(self) -> Floats:
        """Lips squeezed together: the red narrows."""
        return self._field(self._lips(y=-0.36 * self._thickness() * (0.35 + 0.65 * self.middle)))

    def roll(self, upper: bool) -> Floats:
        """One lip turned in over the teeth."""
        lip = IS_UPPER if upper else 1 - IS_UPPER
        share = 0.62 if upper else 0.58
        return self._field(self._lips(y=-share * lip * self._thickness() * (0.3 + 0.7 * self.middle)))

    def shrug_lower(self) -> Floats:
        """The chin pushes the lower lip up and out."""
        lower = 1 - IS_UPPER
        lips = self._lips(
            y=-0.042 * lower * FOLLOW * self.middle - 0.010 * IS_UPPER * self.middle, z=-0.03 * lower
        )
        return self._field(lips) + self._lift(CHIN_BOSS, 0.13, 0.045)

    def shrug_upper(self) -> Floats:
        """The upper lip is pushed up and out."""
        return self._field(self._lips(y=-0.026 * IS_UPPER * FOLLOW * self.middle, z=-0.02 * IS_UPPER))

    def lower_down(self) -> Floats:
        """The lower lip is drawn down beside its middle: lower teeth show."""
        down = 0.062 * np.maximum(1 - np.abs(self.face.place) ** 3, 0.0)
        return self._field(
            self._lips(y=(1 - IS_UPPER) * FOLLOW * down, x=0.012 * self._outward() * (1 - IS_UPPER))
        )

    def upper_up(self) -> Floats:
        """The upper lip is raised beside its middle: upper teeth show; the nostrils follow."""
        profile = np.maximum(1 - np.abs(self.face.place) ** 3, 0.0)
        field = self._field(self._lips(y=-0.05 * IS_UPPER * FOLLOW * profile))
        return field + self._lift(NASAL_WINGS, 0.06, 0.010)

    def sneer(self) -> Floats:
        """The nostrils and the skin beside the nose rise and take the upper lip along."""
        lip = np.exp(-(((np.abs(self.face.place) - 0.45) / 0.3) ** 2))
        field = self._field(self._lips(y=-0.032 * IS_UPPER * FOLLOW * lip))
        return field + self._lift((*NASAL_WINGS, 126, 355, 198, 420), 0.08, 0.044)

    def puff(self) -> Floats:
        """Cheeks filled with air."""
        field = self._field(self._lips(y=-0.12 * self._thickness()))
        out = bump(self.points, (205, 425, 207, 427, 187, 411, 213, 433, 192, 416), 0.15)
        field[:, 0] += 0.05 * np.sign(self.points[:, 0]) * out
        field[:, 2] -= 0.05 * out
        return field

    def cheek_squint(self) -> Floats:
        """Cheeks up towards the eyes."""
        return self._lift(APPLES, 0.13, 0.035) + self._lift((145, 374, 144, 373, 153, 380), 0.06, 0.012)


def mouth_shapes(shapes: MouthShapes) -> dict[str, Floats]:
    """The fields of all mouth, jaw, cheek and nose shapes by ARKit name, (468, 3) each."""
    fields: dict[str, Floats] = {
        "jawOpen": shapes.jaw_open(),
        "mouthClose": shapes.mouth_close(),
        "jawForward": shapes.jaw_forward(),
        "jawLeft": shapes.jaw_side(),
        "jawRight": shapes.jaw_side() * (-1, 1, 1),
        "mouthLeft": shapes.sideways(),
        "mouthRight": shapes.sideways() * (-1, -1, 1),
        "mouthFunnel": shapes.funnel(),
        "mouthPucker": shapes.pucker(),
        "mouthRollUpper": shapes.roll(upper=True),
        "mouthRollLower": shapes.roll(upper=False),
        "mouthShrugLower": shapes.shrug_lower(),
        "mouthShrugUpper": shapes.shrug_upper(),
        "cheekPuff": shapes.puff(),
    }
    pairs = {
        "mouthSmile": shapes.smile(),
        "mouthFrown": shapes.frown(),
        "mouthDimple": shapes.dimple(),
        "mouthStretch": shapes.stretch(),
        "mouthPress": shapes.press(),
        "mouthLowerDown": shapes.lower_down(),
        "mouthUpperUp": shapes.upper_up(),
        "cheekSquint": shapes.cheek_squint(),
        "noseSneer": shapes.sneer(),
    }
    return fields | split_pairs(pairs, left_share(shapes.points))


def split_pairs(pairs: dict[str, Floats], left: Floats) -> dict[str, Floats]:
    """Each symmetric field as its person's left and right part, which add up to it."""
    fields = {}
    for name, field in pairs.items():
        fields[f"{name}Left"] = field * left[:, None]
        fields[f"{name}Right"] = field * (1 - left)[:, None]
    return fields
