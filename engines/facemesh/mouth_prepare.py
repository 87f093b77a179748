"""The mouth of one photo: its light, its teeth and tongue as sprites, made once."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh import anatomy
from engines.facemesh.anatomy import FaceFrame
from engines.facemesh.mouth_harvest import harvest_teeth
from engines.facemesh.mouth_light import Light, measure_light
from engines.facemesh.mouth_plane import TEETH_SHOWN, MouthPlane, mouth_plane
from engines.facemesh.mouth_soft import paint_cavity, paint_tongue, paint_tongue_tip
from engines.facemesh.mouth_sprites import pack
from engines.facemesh.mouth_teeth import both_rows, match_photo
from engines.types import Arrays, Float32, Portrait

Array = NDArray[Any]

LOWER_AT_REST, MOST_OVERBITE = 0.004, 0.036
"""With closed jaws the lower teeth end about where the lips meet, behind the upper ones by 4 mm at most."""

WIDEST_AT_REST = 0.52
"""A mouth whose corners lie further apart than this, in iod, is smiling."""

LONGEST_SHOWN = 0.050
"""The upper teeth end at most this far below the line of the closed lips, in iod.

In a laugh the whole mouth is raised; at rest the lips would lie lower on the teeth than the photo lets us know.
"""

SHADOW_BELOW = 0.026
"""The upper teeth shade what lies this far below and behind them, in iod."""


def prepare_mouth(portrait: Portrait, frame: FaceFrame) -> Arrays:
    """The mouth's sprites in the light of a photo, and how they lie in it; keys start with "mouth."."""
    light = measure_light(portrait.rgb, portrait.landmarks, frame.iod)
    plane, (upper, lower), shown = _set_teeth(portrait, mouth_plane(portrait.landmarks, frame), light)
    shadow: Array = cv2.GaussianBlur(upper[..., 3], (0, 0), SHADOW_BELOW * plane.density)
    sprites = {
        "cavity": paint_cavity(light),
        "tongue": match_photo(paint_tongue(plane, light), plane, light),
        "tip": match_photo(paint_tongue_tip(plane, light), plane, light),
        "lower": lower,
        "upper": upper,
    }
    numbers = {
        "density": plane.density,
        "width": _inner_width(portrait, frame),
        "overbite": min(shown - LOWER_AT_REST, MOST_OVERBITE),
        "redness": light.redness,
        "blur": light.blur,
        "lips": 1.1 * light.lips,
    }
    return {
        **{f"mouth.{name}": pack(sprite) for name, sprite in sprites.items()},
        **{f"mouth.{name}": np.array(number, np.float64) for name, number in numbers.items()},
        "mouth.to_still": np.asarray(plane.to_still, np.float64),
        "mouth.down": np.asarray(plane.down, np.float64),
        "mouth.shadow": np.round(shadow * 255).astype(np.uint8),
    }


def _set_teeth(
    portrait: Portrait, plane: MouthPlane, light: Light
) -> tuple[MouthPlane, tuple[Float32, Float32], float]:
    """The plane with its middle where the upper teeth end, both rows, and how far they end below the lips."""
    harvest = harvest_teeth(portrait, plane, light)
    if harvest is None:
        return plane, both_rows(plane, light, None), TEETH_SHOWN
    edge = float(harvest.edge[2])
    # The plane's middle is the biting edge by definition: look again from there.
    plane = plane.moved_down(edge)
    rows = both_rows(plane, light, harvest_teeth(portrait, plane, light))
    shown = min(TEETH_SHOWN + edge, LONGEST_SHOWN)
    return plane.moved_down(shown - TEETH_SHOWN - edge), rows, shown


def _inner_width(portrait: Portrait, frame: FaceFrame) -> float:
    """Distance of the inner corners of the mouth at rest in px, at least 1."""
    ends = portrait.landmarks[[anatomy.UPPER_INNER_LIP[0], anatomy.UPPER_INNER_LIP[-1]], :2]
    scale = float(np.linalg.norm(frame.axes[0][:2])) * frame.iod
    return max(min(float(np.linalg.norm(ends[1] - ends[0])), WIDEST_AT_REST * scale), 1.0)
