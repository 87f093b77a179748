"""ARKit shapes of the lips, cheeks and nose as displacement fields (468, 3).

Amounts are in iod at weight 1. Which muscle does what follows FACS (Ekman, Friesen and Hager 2002; AU = action
unit), the names are Apple's, and amounts were set by eye against Apple's pictures of each shape; how far the
mouth gets wider or narrower agrees with lip tracks of real speakers (pucker -0.20, funnel -0.12, stretch 0.20,
smile 0.16).
"""

from __future__ import annotations

import numpy as np

from engines.facemesh.anatomy import Floats, Row
from engines.facemesh.rest import FOLLOW, IS_UPPER, RING
from engines.facemesh.shapes_fields import LipFields
from engines.facemesh.shapes_jaw import (
    APPLES,
    jaw_forward,
    jaw_open,
    jaw_side,
    mouth_close,
    tongue_out,
)
from engines.facemesh.spread import bump, left_share

CHEEKS: Row = (205, 425, 187, 411, 50, 280)
CHIN_BOSS: Row = (199, 200, 201, 421)
NASAL_WINGS: Row = (129, 358, 49, 279, 98, 327)
RIGHT_HOLLOW: Row = (207, 187, 214, 192)
LEFT_HOLLOW: Row = (427, 411, 434, 416)
UNBOWED = 0.75
"""How much of the bow of the upper lip goes in a kiss."""
_LOWER_LIDS: Row = (145, 374, 23, 253)


def _narrowing(fields: LipFields, amount: float, follow: float) -> tuple[Floats, Floats]:
    """(8, 11) across and (8, 11) in depth: the corners come in by ``amount``, never by more than half way,
    along the arch of the teeth, so forward as well; the outer edge follows less."""
    share = min(amount / fields.face.half_width, 0.5) * (1 - (1 - follow) * RING)
    depth = fields.face.lips[..., 2]
    across = -fields.face.reach * fields.face.half_width * share
    return np.asarray(across), np.asarray((depth[:, 5:6] - depth) * share)


def funnel(fields: LipFields) -> Floats:
    """AU 22: corners 0.06 in, the red flares by 0.010 and a fifth of its thickness, 0.03 forward."""
    across, forward = _narrowing(fields, 0.06, 0.8)
    y = fields.fuller(0.010, 0.20) + 0.4 * fields.rounding() + fields.unbowed(0.4)
    return fields.field(fields.lips(x=across, y=y, z=forward - 0.03))


def pucker(fields: LipFields) -> Floats:
    """AU 18, a kiss: corners 0.10 in, the red fuller by 0.012 and a tenth, 0.04 forward; cheeks 0.022 in."""
    across, forward = _narrowing(fields, 0.10, 0.85)
    y = fields.fuller(0.012, 0.10) + fields.rounding() + fields.unbowed(UNBOWED)
    field = fields.field(fields.lips(x=across, y=y, z=forward - 0.04))
    field[:, 0] -= 0.022 * np.sign(fields.points[:, 0]) * bump(fields.points, (205, 425, 207, 427), 0.12)
    return field


def sideways(fields: LipFields) -> Floats:
    """The whole mouth 0.085 to the person's left, that corner 0.012 down and the other one up."""
    return fields.field(fields.lips(x=0.085, y=0.012 * fields.face.place * fields.corner))


def smile(fields: LipFields) -> Floats:
    """AU 12: corners 0.08 out and 0.09 up, lips a seventh thinner, cheeks 0.035 up, lower lids 0.010 up."""
    lips = fields.lips(
        x=0.08 * fields.outward(),
        y=-0.085 * fields.corner - 0.008 - 0.14 * fields.thickness,
        z=0.03 * fields.corner,
    )
    return fields.field(lips) + fields.lift(CHEEKS, 0.14, 0.035) + fields.lift(_LOWER_LIDS, 0.09, 0.010)


def frown(fields: LipFields) -> Floats:
    """AU 15: corners 0.092 down, the middle of the lips 0.016 up, the chin boss 0.015 up."""
    lips = fields.lips(x=0.008 * fields.outward(), y=0.092 * fields.corner - 0.016 * fields.middle)
    return fields.field(lips) + fields.lift(CHIN_BOSS, 0.10, 0.015)


def stretch(fields: LipFields) -> Floats:
    """AU 20: corners 0.10 straight out and 0.022 down, lips a sixth thinner."""
    lips = fields.lips(x=0.10 * fields.outward(), y=0.022 * fields.corner - 0.16 * fields.thickness)
    return fields.field(lips)


def dimple(fields: LipFields) -> Floats:
    """AU 14: corners 0.05 out, 0.018 up and 0.05 back into the cheek, which folds around them."""
    narrow = 0.20 * fields.thickness * fields.corner
    lips = fields.lips(x=0.05 * fields.outward(), y=-0.018 * fields.corner - narrow, z=0.05 * fields.corner)
    return fields.field(lips) + fields.swell((214,), 0.07, 0.10) + fields.swell((434,), 0.07, 0.10)


def press(fields: LipFields) -> Floats:
    """AU 24: lips squeezed together, the red narrows by two fifths, skin above and below bulges by 0.006."""
    lips = -0.42 * fields.thickness * (0.4 + 0.6 * fields.middle)
    bulge = 0.006 * RING * np.where(IS_UPPER > 0, 1.0, -1.0) * fields.middle
    return fields.field(fields.lips(y=lips + bulge))


def roll(fields: LipFields, upper: bool) -> Floats:
    """AU 28: one lip turned in over the teeth: nine tenths of its red go out of sight."""
    lip = IS_UPPER if upper else 1 - IS_UPPER
    return fields.field(fields.lips(y=-0.90 * lip * fields.thickness * (0.35 + 0.65 * fields.middle)))


def shrug_lower(fields: LipFields) -> Floats:
    """AU 17: the chin boss 0.06 up, the lower lip 0.05 up and 0.03 out, the upper lip 0.018 up with it."""
    lower = 1 - IS_UPPER
    rise = -0.050 * lower * FOLLOW * fields.middle - 0.018 * IS_UPPER * fields.middle
    lips = fields.lips(y=rise + 0.008 * lower * RING * fields.middle, z=-0.03 * lower)
    return fields.field(lips) + fields.lift(CHIN_BOSS, 0.13, 0.060)


def shrug_upper(fields: LipFields) -> Floats:
    """The upper lip pushed 0.03 out: its outer edge rises by 0.034, its opening edge stays on the lower lip."""
    rise = -0.034 * IS_UPPER * RING * fields.plump
    return fields.field(fields.lips(y=rise, z=-0.03 * IS_UPPER))


def lower_down(fields: LipFields) -> Floats:
    """AU 16: the lower lip 0.075 down beside its middle and 0.012 out: lower teeth show."""
    down = 0.075 * np.maximum(1 - np.abs(fields.face.place) ** 3, 0.0)
    lower = 1 - IS_UPPER
    return fields.field(fields.lips(y=lower * FOLLOW * down, x=0.012 * fields.outward() * lower))


def upper_up(fields: LipFields) -> Floats:
    """AU 10: the upper lip 0.06 up beside its middle: upper teeth show; the nostrils follow by 0.012."""
    profile = np.maximum(1 - np.abs(fields.face.place) ** 3, 0.0)
    field = fields.field(fields.lips(y=-0.060 * IS_UPPER * FOLLOW * profile))
    return field + fields.lift(NASAL_WINGS, 0.06, 0.012)


def sneer(fields: LipFields) -> Floats:
    """AU 9: nostrils and the skin beside the nose 0.05 up, the upper lip's outer edge 0.026 up with them."""
    profile = np.maximum(1 - np.abs(fields.face.place) ** 3, 0.0)
    field = fields.field(fields.lips(y=-(0.006 + 0.020 * RING) * IS_UPPER * profile))
    return field + fields.lift((*NASAL_WINGS, 126, 355, 198, 420), 0.08, 0.050)


def puff(fields: LipFields) -> Floats:
    """AU 34: air between cheeks and teeth: both hollows of the cheeks grow by two fifths and move 0.035 out;
    lips pressed, corners 0.02 in."""
    lips = fields.lips(x=-0.02 * fields.face.place, y=-0.15 * fields.thickness)
    field = fields.field(lips)
    for hollow, side in ((RIGHT_HOLLOW, -1), (LEFT_HOLLOW, 1)):
        field += fields.swell(hollow, 0.16, 0.40)
        field[:, 0] += side * 0.035 * bump(fields.points, hollow, 0.12)
    return field


def cheek_squint(fields: LipFields) -> Floats:
    """AU 6: cheeks 0.045 up towards the eyes, the skin below the lower lids 0.012 up."""
    return fields.lift(APPLES, 0.13, 0.045) + fields.lift((145, 374, 144, 373, 153, 380), 0.06, 0.012)


def mouth_shapes(fields: LipFields) -> dict[str, Floats]:
    """The fields of all mouth, jaw, cheek, nose and tongue shapes by ARKit name, (468, 3) each."""
    mirrored = np.array([-1, 1, 1])
    whole = {
        "jawOpen": jaw_open(fields),
        "mouthClose": mouth_close(fields),
        "jawForward": jaw_forward(fields),
        "jawLeft": jaw_side(fields),
        "jawRight": jaw_side(fields) * mirrored,
        "mouthLeft": sideways(fields),
        "mouthRight": sideways(fields) * (-1, -1, 1),
        "mouthFunnel": funnel(fields),
        "mouthPucker": pucker(fields),
        "mouthRollUpper": roll(fields, upper=True),
        "mouthRollLower": roll(fields, upper=False),
        "mouthShrugLower": shrug_lower(fields),
        "mouthShrugUpper": shrug_upper(fields),
        "cheekPuff": puff(fields),
        "tongueOut": tongue_out(fields),
    }
    return whole | split_pairs(_paired(fields), left_share(fields.points))


def _paired(fields: LipFields) -> dict[str, Floats]:
    """Shapes that have a left and a right part, both at once."""
    return {
        "mouthSmile": smile(fields),
        "mouthFrown": frown(fields),
        "mouthDimple": dimple(fields),
        "mouthStretch": stretch(fields),
        "mouthPress": press(fields),
        "mouthLowerDown": lower_down(fields),
        "mouthUpperUp": upper_up(fields),
        "cheekSquint": cheek_squint(fields),
        "noseSneer": sneer(fields),
    }


def split_pairs(pairs: dict[str, Floats], left: Floats) -> dict[str, Floats]:
    """Each symmetric field as its person's left and right part, which add up to it."""
    fields = {}
    for name, field in pairs.items():
        fields[f"{name}Left"] = field * left[:, None]
        fields[f"{name}Right"] = field * (1 - left)[:, None]
    return fields
