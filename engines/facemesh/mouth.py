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

from engines.facemesh import anatomy
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
from engines.facemesh.mouth_harvest import harvest_teeth
from engines.facemesh.mouth_light import Light, measure_light
from engines.facemesh.mouth_plane import LEFT, TEETH_SHOWN, TOP, MouthPlane, mouth_plane
from engines.facemesh.mouth_rim import RimLook, lift_parting, paint_rim
from engines.facemesh.mouth_shade import contact_shade, occlusion, warm
from engines.facemesh.mouth_soft import CAVITY_SIZE, paint_cavity, paint_tongue, paint_tongue_tip
from engines.facemesh.mouth_sprites import compose, extent, over, pack, unpack
from engines.facemesh.mouth_teeth import both_rows, match_photo
from engines.types import Arrays, Float32, Image, Portrait

Array = NDArray[Any]

LOWER_AT_REST, MOST_OVERBITE = 0.004, 0.036
"""With closed jaws the lower teeth end about where the lips meet, behind the upper ones by 4 mm at most."""

FIRST_SIGHT = 0.014
"""Opening in iod at which the inside is fully there; below, it fades in from the closed seam of the photo."""

LOWER_SHOWN = 0.019
"""How much of the lower teeth the lip bares before it is held back, in iod."""

LOWER_IN_LIGHT = (0.03, 0.14)
"""Openings in iod between which the lower teeth come out of the shade of the upper ones."""

RAISED_TONGUE = 0.75
"""How much more light reaches the tongue when its tip is raised to the front teeth."""

WIDEST_AT_REST = 0.52
"""A mouth whose corners lie further apart than this, in iod, is smiling."""

LONGEST_SHOWN = 0.050
"""The upper teeth end at most this far below the line of the closed lips, in iod.

In a laugh the whole mouth is raised; at rest the lips would lie lower on the teeth than the photo lets us know.
"""

TEETH_IN_LIGHT = 0.65
"""Teeth stand further forward than the rest of the mouth: the exponent of the light that reaches them."""

FUNNEL_DEPTH = 1.2
"""What rounded lips, pushed forward, add to that exponent."""

LIP_OVER_TEETH = 0.018
"""How much further rounded lips reach down over the upper teeth, in iod."""

SHADOW_BELOW = 0.026
"""The upper teeth shade what lies this far below and behind them, in iod."""

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
    in iod. ``tongue_up``, ``tongue_out``: 0..1.
    """

    upper: Float32
    lower: Float32
    head: Float32
    jaw: float = 0.0
    tongue_up: float = 0.0
    tongue_out: float = 0.0


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
        polygon = outline(upper, lower)
        window = Window.around(polygon, 0.05 * self._iod + 3, image.shape)
        if seen <= 0.0 or window.empty:
            return
        mask = coverage(polygon, window, self._softness)
        light = occlusion(mask, self._iod, self._rounded(pose))
        inside = self._inside(window, pose, light)
        lift_corners(image, pose.upper, pose.lower, self._iod)
        pixels = window.view(image)
        soften_seam(pixels, mask, max(SEAM * self._iod, 0.8))
        width = float(smoothstep(0.0, RIM_SHOWN, opening))
        look = RimLook(self._iod, self._lips, self._redness, width)
        rim = paint_rim(pixels, mask, light, look)
        lift_parting(pixels, mask, rim, look)
        inside += (rim.colour - inside) * threefold(rim.cover)
        turned = warm(contact_shade(mask, self._iod, CONTACT * seen), self._redness)
        blend(pixels, inside, mask * seen, turned)

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
        lit = np.float32(0.55 + 0.45 * self._parted(pose))
        self._lay(picture, _Sheet("lower", window, place, jaw - self._overbite), near * lit)
        if pose.tongue_out > 0.0:
            reach = float(smoothstep(0.0, 0.6, pose.tongue_out))
            shown = float(smoothstep(0.0, 0.15, pose.tongue_out))
            self._lay(picture, _Sheet("tip", window, place, -0.02 + reach * (0.055 + jaw), shown), near)
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
        inverse = cv2.invertAffineTransform(place)
        lip = inverse[:, :2] @ np.asarray(pose.lower[len(pose.lower) // 2], np.float64) + inverse[:, 2]
        level = (lip[1] / self._density + TOP) / max(float(self._down[1]), 0.5)
        bared = level - (pose.jaw - self._overbite)
        shown = LOWER_SHOWN * (1 - 0.8 * self._rounded(pose)) * (0.3 + 0.7 * self._parted(pose))
        excess = 0.5 * LOWER_SHOWN * float(np.logaddexp(0.0, (bared - shown) / (0.5 * LOWER_SHOWN)))
        return max(pose.jaw, 0.0) + 0.9 * excess

    def _lay(self, picture: Float32, sheet: _Sheet, light: Float32) -> None:
        """Lay one lit sprite over ``picture`` (h, w, 3) of its window, in place, as far as it reaches."""
        affine = compose(sheet.place, self._lowering(sheet.lowered))
        part = sheet.window.part(self._extents[sheet.name], affine)
        if part.empty:
            return
        here = part.within(sheet.window)
        over(picture[here], part.warp(self._sprites[sheet.name], affine), light[here], sheet.strength)

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
