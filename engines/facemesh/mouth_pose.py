"""Where the parts of the mouth lie in one frame, and how much light reaches them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import smoothstep
from engines.facemesh.mouth_plane import LEFT, TOP
from engines.facemesh.mouth_prepare import SHADOW_BELOW
from engines.facemesh.mouth_soft import CAVITY_SIZE
from engines.facemesh.mouth_sprites import compose
from engines.facemesh.mouth_tongue import tip_end, tip_stretch
from engines.types import Arrays, Float32

Array = NDArray[Any]

Stretch = tuple[float, float, float, float]
"""Sprite px -> px of the plane of the mouth: factors to the right and down, then shifts."""

PARTS = ("tongue", "lower", "tip", "upper")
"""What lies in the cavity, from back to front."""

LOWER_SHOWN = 0.019
"""How much of the lower teeth the lip bares before it is held back, in iod."""

LOWER_BARED = 0.05
"""How much more of them shows where the lower lip is drawn down on purpose, in iod."""

LOWER_IN_LIGHT = (0.03, 0.14)
"""Openings in iod between which the lower teeth come out of the shade of the upper ones."""

RAISED_TONGUE = 0.45
"""How much more light reaches the tongue when its tip is raised to the front teeth."""

TEETH_IN_LIGHT = 0.55
"""Teeth stand further forward than the rest of the mouth: the exponent of the light that reaches them."""

FUNNEL_DEPTH = 1.2
"""What rounded lips, pushed forward, add to that exponent."""

LIP_OVER_TEETH = 0.018
"""How much further rounded lips reach down over the upper teeth, in iod."""


@dataclass(frozen=True)
class MouthPose:
    """The mouth in one frame.

    ``upper``, ``lower``: (11, 2) px, inner edges of the lips, picture left to right, after all motion.
    ``head``: (2, 3), photo px -> frame px of the rigid head at the depth of the mouth. ``jaw``: drop of the jaw
    in iod. ``tongue_up``, ``tongue_out``: 0..1. ``bared``: 0..1, how far the lower lip is drawn off its teeth.
    """

    upper: Float32
    lower: Float32
    head: Float32
    jaw: float = 0.0
    tongue_up: float = 0.0
    tongue_out: float = 0.0
    bared: float = 0.0


@dataclass(frozen=True)
class Placed:
    """A sprite in one frame. ``gain``: light on it of what there is. ``strength``: 0..1, how far it shows."""

    place: Stretch
    gain: float = 1.0
    strength: float = 1.0


@dataclass(frozen=True)
class Placement:
    """Everything in the mouth in one frame.

    ``to_frame``: (2, 3), px of the plane of the mouth -> px of the frame. ``rounded``: 0..1. ``near``: exponent
    of the light that reaches what lies in front. ``tip``: where the tongue ends, in iod below the upper teeth.
    """

    to_frame: Array
    rounded: float
    near: float
    tip: float
    cavity: Stretch
    shadow: Stretch
    parts: dict[str, Placed]

    def as_arrays(self) -> tuple[Float32, Float32]:
        """Places of cavity, shadow and PARTS, (6, 4), and gain and strength of PARTS, (4, 2)."""
        placed = [self.parts[name] for name in PARTS]
        places = [self.cavity, self.shadow, *(part.place for part in placed)]
        light = [(part.gain, part.strength) for part in placed]
        return np.array(places, np.float32), np.array(light, np.float32)


def stretched(to_frame: Array, place: Stretch) -> Array:
    """(2, 3): sprite px -> frame px."""
    scale_x, scale_y, x, y = place
    return compose(to_frame, np.array([[scale_x, 0, x], [0, scale_y, y]]))


class Gauge:
    """Measures poses of one photo's mouth; ``iod`` in px."""

    def __init__(self, prepared: Arrays, iod: float) -> None:
        self.density = float(prepared["mouth.density"])
        self._to_still = np.asarray(prepared["mouth.to_still"], np.float64)
        self._down = [float(part) for part in prepared["mouth.down"]]
        self._width = float(prepared["mouth.width"])
        self._overbite = float(prepared["mouth.overbite"])
        self._iod = iod

    def place(self, pose: MouthPose) -> Placement:
        """Upper teeth ride on the head, lower teeth and tongue on the jaw."""
        to_frame = compose(np.asarray(pose.head, np.float64), self._to_still)
        rounded, parted, lip = self.rounded(pose), self._parted(pose), self._lip_level(to_frame, pose)
        jaw = self._jaw(pose, lip, LOWER_SHOWN * (1 - 0.8 * rounded) * (0.3 + 0.7 * parted))
        edge, end = -LIP_OVER_TEETH * rounded, tip_end(pose.tongue_out, lip)
        lit = 0.55 + 0.45 * max(parted, pose.bared) + 0.35 * pose.bared
        height = _tongue_height(jaw, pose.tongue_up)
        parts = {
            "tongue": Placed(self._lowered(height), 1.0 + RAISED_TONGUE * pose.tongue_up),
            "lower": Placed(self._lowered(jaw - self._overbite), lit),
            "tip": Placed(self.tip(end), strength=float(smoothstep(0.0, 0.15, pose.tongue_out))),
            "upper": Placed(self._lowered(edge)),
        }
        near, shadow = TEETH_IN_LIGHT + FUNNEL_DEPTH * rounded, self._lowered(edge + SHADOW_BELOW)
        return Placement(to_frame, rounded, near, end, self._cavity(jaw), shadow, parts)

    def rounded(self, pose: MouthPose) -> float:
        """0..1: how much narrower the mouth is than at rest, as in "oo"."""
        width = math.dist(pose.upper[-1], pose.upper[0]) / self._width
        (a, b, _), (c, d, _) = pose.head.tolist()
        return float(smoothstep(0.92, 0.62, width / max(math.sqrt(abs(a * d - b * c)), 1e-3)))

    def tip(self, end: float) -> Stretch:
        """The tongue's tip, drawn out to ``end`` (iod)."""
        (_, _, x), (_, longer, y) = tip_stretch(end, self.density).tolist()
        return 1.0, longer, x, y

    def _parted(self, pose: MouthPose) -> float:
        """0..1: how far light finds its way past the upper teeth to the lower ones."""
        middle = len(pose.upper) // 2
        gap = math.dist(pose.lower[middle], pose.upper[middle]) / self._iod
        return float(smoothstep(*LOWER_IN_LIGHT, gap))

    def _jaw(self, pose: MouthPose, lip: float, shown: float) -> float:
        """Drop of the lower teeth in iod: the jaw's, but the lower lip never bares much of them.

        People show up to 3 or 4 mm of their lower teeth in speech, whatever the lip does in the warp.
        """
        bared = lip - (pose.jaw - self._overbite)
        excess = (bared - shown - LOWER_BARED * pose.bared) / (0.5 * LOWER_SHOWN)
        return max(pose.jaw, 0.0) + 0.9 * 0.5 * LOWER_SHOWN * float(np.logaddexp(0.0, excess))

    def _lip_level(self, to_frame: Array, pose: MouthPose) -> float:
        """How far the middle of the lower lip lies below the upper teeth's edge, in iod."""
        inverse = cv2.invertAffineTransform(to_frame)
        x, y = pose.lower[len(pose.lower) // 2].tolist()
        level = inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]
        return float((level / self.density + TOP) / max(self._down[1], 0.5))

    def _lowered(self, distance: float) -> Stretch:
        """A sprite moved by ``distance`` iod down the face."""
        x, y = self._down
        return 1.0, 1.0, x * distance * self.density, y * distance * self.density

    def _cavity(self, jaw: float) -> Stretch:
        """It spans the mouth's width, and from the palate to below the lower teeth."""
        rows, columns = CAVITY_SIZE
        top, height, width = -0.10, 0.26 + jaw, 0.60
        scale_x, scale_y = width * self.density / columns, height * self.density / rows
        return scale_x, scale_y, (-width / 2 - LEFT) * self.density, (top - TOP) * self.density


def _tongue_height(jaw: float, raised: float) -> float:
    """Where the tongue's top lies below the upper teeth's edge, in iod: on the jaw, or at the gum ridge."""
    resting = 0.008 + 0.45 * jaw
    return resting + (-0.012 - resting) * raised
