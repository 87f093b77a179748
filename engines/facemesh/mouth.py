"""The inside of the mouth, painted between the lips of a warped photo.

Sprites are made once per photo, in the photo's own light; a frame only moves them and shades them by the shape
of the opening: upper teeth ride on the head, lower teeth and tongue on the jaw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import FaceFrame
from engines.facemesh.edges import (
    Window,
    blend,
    coverage,
    outline,
    smooth_curve,
    smoothstep,
    soften_seam,
    threefold,
)
from engines.facemesh.mouth_corners import lift_corners
from engines.facemesh.mouth_plane import LEFT, TOP
from engines.facemesh.mouth_prepare import SHADOW_BELOW
from engines.facemesh.mouth_rim import RimLook, lift_parting, paint_rim
from engines.facemesh.mouth_shade import contact_shade, occlusion, warm
from engines.facemesh.mouth_soft import CAVITY_SIZE
from engines.facemesh.mouth_sprites import compose, extent, lay, unpack
from engines.facemesh.mouth_tongue import OVER_LIPS, below_lip, lay_over_lips, tip_end, tip_stretch
from engines.types import Arrays, Float32, Image

Array = NDArray[Any]

FIRST_SIGHT = 0.014
"""Opening in iod at which the inside is fully there; below, it fades in from the closed seam of the photo."""

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

SEAM = 0.004
"""The warp tears the lips apart along their inner edges; the torn edge is softened this far, in iod."""

RIM_SHOWN = 0.11
"""Opening in iod from which on the lips' inner rims show in full."""

CONTACT = 0.2
"""Strength of the shade on the lips' inner edges."""


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
class _Sheet:
    """One sprite in one frame: ``lowered`` by some iod down the face; ``place``: sprite px -> frame px."""

    name: str
    window: Window
    place: Array
    lowered: float
    strength: float = 1.0


class MouthLayer:
    """Paints the inside of the mouth into frames of one photo."""

    def __init__(self, prepared: Arrays, frame: FaceFrame) -> None:
        names = ("cavity", "tongue", "tip", "lower", "upper")
        self._sprites = {name: unpack(prepared[f"mouth.{name}"]) for name in names}
        self._extents = {name: extent(self._sprites[name]) for name in names[1:]}
        self._shadow = prepared["mouth.shadow"].astype(np.float32) * np.float32(0.55 / 255)
        self._density = float(prepared["mouth.density"])
        self._to_still = np.asarray(prepared["mouth.to_still"], np.float64)
        self._down = np.asarray(prepared["mouth.down"], np.float64)
        self._softness = 0.5 * min(float(prepared["mouth.blur"]), 0.012 * frame.iod)
        self._iod = frame.iod
        self._width = float(prepared["mouth.width"])
        self._overbite = float(prepared["mouth.overbite"])
        self._lips = prepared["mouth.lips"].astype(np.float32)
        self._redness = float(prepared["mouth.redness"])

    def paint(self, image: Image, pose: MouthPose) -> None:
        """Paint the inside of the mouth between the lips of ``image`` (H, W, 3), in place."""
        upper, lower = smooth_curve(pose.upper), smooth_curve(pose.lower)
        opening = float(np.max(_gap(upper, lower, pose.head))) / self._iod
        seen = float(smoothstep(0.0, FIRST_SIGHT, opening))
        rounded = self._rounded(pose)
        lift_corners(image, pose.upper, pose.lower, self._iod, rounded)
        polygon = outline(upper, lower)
        window = Window.around(polygon, 0.05 * self._iod + 3, image.shape)
        if seen <= 0.0 or window.empty:
            return
        mask = coverage(polygon, window, self._softness)
        light = occlusion(mask, self._iod, rounded)
        inside = self._inside(window, pose, light)
        pixels = window.view(image)
        soften_seam(pixels, mask, max(SEAM * self._iod, 0.8))
        width = float(smoothstep(0.0, RIM_SHOWN, opening))
        look = RimLook(self._iod, self._lips, self._redness, width)
        rim = paint_rim(pixels, mask, light, look)
        lift_parting(pixels, mask, rim, look)
        inside += (rim.colour - inside) * threefold(rim.cover)
        turned = warm(contact_shade(mask, self._iod, CONTACT * seen), self._redness)
        blend(pixels, inside, mask * seen, turned)
        if pose.tongue_out > OVER_LIPS[0]:
            self._put_tongue_out(image, pose, upper)

    def _put_tongue_out(self, image: Image, pose: MouthPose, upper: Array) -> None:
        """The part of the tongue that comes over the lower lip, in place."""
        place = compose(np.asarray(pose.head, np.float64), self._to_still)
        end = tip_end(pose.tongue_out, self._lip_level(place, pose))
        down = place[:, 1] / np.linalg.norm(place[:, 1]) * self._iod
        window = Window.around(np.concatenate([upper, upper[5:-5] + (0.06 + end) * down]), 3, image.shape)
        if window.empty:
            return
        teeth = window.warp(self._sprites["upper"], place)[..., 3]
        shown = below_lip(upper, window, down) * (1 - teeth)
        shown *= np.float32(smoothstep(*OVER_LIPS, pose.tongue_out))
        tongue = window.warp(self._sprites["tip"], compose(place, tip_stretch(end, self._density)))
        lay_over_lips(image, window, tongue, shown, self._iod)

    def _inside(self, window: Window, pose: MouthPose, light: Float32) -> Float32:
        """(h, w, 3): everything behind the lips. ``light``: (h, w) that the lips let in."""
        place = compose(np.asarray(pose.head, np.float64), self._to_still)
        jaw = self._jaw(place, pose)
        deep = warm(light, self._redness)
        rounded = self._rounded(pose)
        near = warm(np.power(light, np.float32(TEETH_IN_LIGHT + FUNNEL_DEPTH * rounded)), self._redness)
        depth = self._cavity_place(place, jaw)
        picture = deep * window.warp(self._sprites["cavity"], depth, cv2.BORDER_REPLICATE)
        height = self._tongue_height(jaw, pose.tongue_up)
        self._lay(
            picture, _Sheet("tongue", window, place, height), deep * (1.0 + RAISED_TONGUE * pose.tongue_up)
        )
        lit = np.float32(0.55 + 0.45 * max(self._parted(pose), pose.bared) + 0.35 * pose.bared)
        self._lay(picture, _Sheet("lower", window, place, jaw - self._overbite), near * lit)
        if pose.tongue_out > 0.0:
            end = tip_end(pose.tongue_out, self._lip_level(place, pose))
            shown = float(smoothstep(0.0, 0.15, pose.tongue_out))
            drawn_out = compose(place, tip_stretch(end, self._density))
            self._lay(picture, _Sheet("tip", window, drawn_out, 0.0, shown), near)
        edge = -LIP_OVER_TEETH * rounded
        shadow_place = compose(place, self._lowering(edge + SHADOW_BELOW))
        picture *= threefold(np.float32(1.0) - window.warp(self._shadow, shadow_place))
        self._lay(picture, _Sheet("upper", window, place, edge), near)
        return picture

    def _rounded(self, pose: MouthPose) -> float:
        """0..1: how much narrower the mouth is than at rest, as in "oo"."""
        width = float(np.linalg.norm(pose.upper[-1] - pose.upper[0])) / self._width
        scale = float(np.sqrt(abs(np.linalg.det(np.asarray(pose.head, np.float64)[:, :2]))))
        return float(smoothstep(0.92, 0.62, width / max(scale, 1e-3)))

    def _parted(self, pose: MouthPose) -> float:
        """0..1: how far light finds its way past the upper teeth to the lower ones."""
        middle = len(pose.upper) // 2
        gap = float(np.linalg.norm(pose.lower[middle] - pose.upper[middle])) / self._iod
        return float(smoothstep(*LOWER_IN_LIGHT, gap))

    def _jaw(self, place: Array, pose: MouthPose) -> float:
        """Drop of the lower teeth in iod: the jaw's, but the lower lip never bares much of them.

        People show up to 3 or 4 mm of their lower teeth in speech, whatever the lip does in the warp.
        """
        bared = self._lip_level(place, pose) - (pose.jaw - self._overbite)
        shown = LOWER_SHOWN * (1 - 0.8 * self._rounded(pose)) * (0.3 + 0.7 * self._parted(pose))
        shown += LOWER_BARED * pose.bared
        excess = 0.5 * LOWER_SHOWN * float(np.logaddexp(0.0, (bared - shown) / (0.5 * LOWER_SHOWN)))
        return max(pose.jaw, 0.0) + 0.9 * excess

    def _lip_level(self, place: Array, pose: MouthPose) -> float:
        """How far the middle of the lower lip lies below the upper teeth's edge, in iod."""
        inverse = cv2.invertAffineTransform(place)
        lip = inverse[:, :2] @ np.asarray(pose.lower[len(pose.lower) // 2], np.float64) + inverse[:, 2]
        return float((lip[1] / self._density + TOP) / max(float(self._down[1]), 0.5))

    def _lay(self, picture: Float32, sheet: _Sheet, light: Float32) -> None:
        """Lay one lit sprite over ``picture`` (h, w, 3) of its window, in place, as far as it reaches."""
        affine = compose(sheet.place, self._lowering(sheet.lowered))
        part = sheet.window.part(self._extents[sheet.name], affine)
        if part.empty:
            return
        here = part.within(sheet.window)
        lay(picture[here], self._sprites[sheet.name], (part, affine), light[here], sheet.strength)

    def _lowering(self, distance: float) -> Array:
        """Sprite px -> sprite px: ``distance`` iod down the face."""
        shift = self._down * (distance * self._density)
        return np.column_stack([np.eye(2), shift])

    @staticmethod
    def _tongue_height(jaw: float, raised: float) -> float:
        """Where the tongue's top lies below the upper teeth's edge, in iod: on the jaw, or at the gum ridge."""
        resting = 0.008 + 0.45 * jaw
        return resting + (-0.012 - resting) * raised

    def _cavity_place(self, place: Array, jaw: float) -> Array:
        """Cavity px -> frame px: it spans the mouth's width, and from the palate to below the lower teeth."""
        rows, columns = CAVITY_SIZE
        top, height, width = -0.10, 0.26 + jaw, 0.60
        to_sprite = np.array(
            [
                [width * self._density / columns, 0, (-width / 2 - LEFT) * self._density],
                [0, height * self._density / rows, (top - TOP) * self._density],
            ]
        )
        return compose(place, to_sprite)


def _gap(upper: Array, lower: Array, head: Array) -> Array:
    """Distance between the lips down the face along the curves, in px; negative where they overlap."""
    down = np.array([-head[1, 0], head[0, 0]], np.float64)
    return np.asarray((lower - upper) @ (down / np.linalg.norm(down)))
