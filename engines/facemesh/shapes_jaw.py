"""ARKit shapes of the jaw, and what brings a photo's own mouth to rest, as displacement fields (468, 3).

Amounts are in iod at weight 1. What an opening does was measured on ten real speakers: of one unit of opening
the upper lip takes 0.21 and the lower lip 0.79, the corners drop by 0.23, the chin by 0.46 and back by 0.32.
The other amounts were set by eye against Apple's pictures of each shape (ARFaceAnchor.BlendShapeLocation).
"""

from __future__ import annotations

import numpy as np

from engines.facemesh.anatomy import Floats, Row
from engines.facemesh.rest import FOLLOW, IS_UPPER, RING, UPPER_SHARE, lip_motion
from engines.facemesh.shapes_fields import JAW_DROP, LipFields

OPEN_AT_ONE = 0.35
"""Opening of the inner lips at jawOpen 1, iod."""
CORNER_DROP = 0.23
MEETING = 0.30
"""Where lips meet over an open jaw, as a share of the opening below the closed line."""
TONGUE_PARTS = 0.10
"""How far the lips part for a tongue that is put out, iod."""
CHIN: Row = (199, 200, 18)
APPLES: Row = (50, 280, 101, 330, 118, 347)


def close_photo(fields: LipFields) -> Floats:
    """From the photo to closed lips; the jaw follows as far as the mouth was open."""
    face = fields.face
    loss = float((face.gap - face.slack).max())
    return fields.field(face.closing(), fields.jaw(-loss))


def let_smile_go(fields: LipFields) -> Floats:
    """From closed lips, smiling as in the photo, to closed lips without a smile: corners in and down."""
    face = fields.face
    inwards = -face.reach * face.width_excess * 0.5 * 0.75
    field = fields.field(fields.lips(x=inwards, y=face.corner_excess * fields.corner))
    return field - fields.lift(APPLES, 0.16, 0.25 * face.corner_excess)


def jaw_open(fields: LipFields) -> Floats:
    """Lips part by 0.35 (upper 0.07 up, lower 0.28 down), corners 0.08 down and 0.03 in, chin 0.16 down."""
    opening = OPEN_AT_ONE * fields.bowed
    lips = lip_motion(-UPPER_SHARE * opening, (1 - UPPER_SHARE) * opening)
    lips[..., 1] += OPEN_AT_ONE * CORNER_DROP * fields.corner ** (1 + RING * IS_UPPER)
    lips[..., 0] -= 0.03 * fields.face.reach
    return fields.field(lips, fields.jaw(OPEN_AT_ONE))


def mouth_close(fields: LipFields) -> Floats:
    """Takes back all of jaw_open's opening and leaves the jaw down: lips meet 0.105 lower."""
    opening = OPEN_AT_ONE * fields.bowed
    return fields.field(lip_motion((UPPER_SHARE + MEETING) * opening, -(1 - UPPER_SHARE - MEETING) * opening))


def jaw_side(fields: LipFields) -> Floats:
    """Chin 0.085 to the person's left, the lower lip 0.07 with it, the upper lip 0.014 (FACS AD 30)."""
    lips = fields.lips(x=0.07 * (1 - IS_UPPER) * (0.4 + 0.6 * fields.middle) + 0.014 * IS_UPPER)
    jaw = np.zeros((15, 3))
    jaw[:, 0] = 0.085 * np.minimum(JAW_DROP / 0.40, 1.0)
    return fields.field(lips, jaw)


def jaw_forward(fields: LipFields) -> Floats:
    """The lower jaw comes 0.08 forward (FACS AD 29): seen from the front, the chin grows by a seventh and sinks
    by 0.025, and the lower lip comes before the upper one, 0.014 up and 0.016 fuller."""
    jaw = np.zeros((15, 3))
    jaw[:, 1], jaw[:, 2] = 0.025 * JAW_DROP / 0.46, -0.08 * JAW_DROP / 0.46
    lower = 1 - IS_UPPER
    rise = -0.014 * lower * (1 - RING) + 0.016 * lower * RING
    lips = fields.lips(y=(rise - 0.010 * IS_UPPER) * fields.middle, z=-0.06 * lower * fields.middle)
    return fields.field(lips, jaw) + fields.swell(CHIN, 0.15, 0.14)


def tongue_out(fields: LipFields) -> Floats:
    """Lips part by 0.10 so that the tongue can pass, the lower one 0.075 down; the jaw drops with it."""
    opening = TONGUE_PARTS * fields.middle
    lips = lip_motion(-0.25 * opening, 0.75 * opening)
    lips[..., 1] += 0.006 * FOLLOW * fields.middle * RING
    return fields.field(lips, fields.jaw(TONGUE_PARTS))
