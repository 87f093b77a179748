"""The inside of the mouth, painted between the lips of a warped photo.

Sprites are made once per photo, in the photo's own light; a frame only moves them and shades them by the shape
of the opening: upper teeth ride on the head, lower teeth and tongue on the jaw.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh import anatomy
from engines.facemesh.anatomy import FaceFrame
from engines.facemesh.edges import Window, blend, coverage, outline, smooth_curve, smoothstep, soften_seam
from engines.facemesh.mouth_harvest import Harvest, harvest_teeth
from engines.facemesh.mouth_light import Light, measure_light
from engines.facemesh.mouth_plane import LEFT, TEETH_SHOWN, TOP, MouthPlane, mouth_plane
from engines.facemesh.mouth_shade import contact_shade, occlusion, warm
from engines.facemesh.mouth_soft import CAVITY_SIZE, paint_cavity, paint_tongue, paint_tongue_tip
from engines.facemesh.mouth_teeth import LOWER_ROW, UPPER_ROW, match_photo, paint_row
from engines.types import Arrays, Float32, Image, Portrait

Array = NDArray[Any]

LOWER_AT_REST, MOST_OVERBITE = 0.004, 0.036
"""With closed jaws the lower teeth end about where the lips meet, behind the upper ones by 4 mm at most."""

FIRST_SIGHT = 0.014
"""Opening in iod at which the inside is fully there; below, it fades in from the closed seam of the photo."""

LOWER_SHOWN = 0.032
"""How much of the lower teeth the lip bares before it is held back, in iod."""

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

CONTACT = 0.4
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
    }
    return {
        **{f"mouth.{name}": _pack(sprite) for name, sprite in sprites.items()},
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
        return plane, _teeth(plane, light, None), TEETH_SHOWN
    edge = float(harvest.edge[2])
    # The plane's middle is the biting edge by definition: look again from there.
    plane = plane.moved_down(edge)
    rows = _teeth(plane, light, harvest_teeth(portrait, plane, light))
    shown = min(TEETH_SHOWN + edge, LONGEST_SHOWN)
    return plane.moved_down(shown - TEETH_SHOWN - edge), rows, shown


def _inner_width(portrait: Portrait, frame: FaceFrame) -> float:
    """Distance of the inner corners of the mouth at rest in px, at least 1."""
    ends = portrait.landmarks[[anatomy.UPPER_INNER_LIP[0], anatomy.UPPER_INNER_LIP[-1]], :2]
    scale = float(np.linalg.norm(frame.axes[0][:2])) * frame.iod
    return max(min(float(np.linalg.norm(ends[1] - ends[0])), WIDEST_AT_REST * scale), 1.0)


def _teeth(plane: MouthPlane, light: Light, harvest: Harvest | None) -> tuple[Float32, Float32]:
    """Upper and lower row; the drawn rows take the colour of the photo's own teeth where it shows them."""
    if harvest is None:
        rows = paint_row(plane, UPPER_ROW, light), paint_row(plane, LOWER_ROW, light)
        return match_photo(rows[0], plane, light), match_photo(rows[1], plane, light)
    even = replace(light, side=0.0)
    drawn = match_photo(paint_row(plane, UPPER_ROW, even, harvest.edge), plane, even)
    lower = match_photo(paint_row(plane, LOWER_ROW, light), plane, light)
    seen = (harvest.cover > 0.8) & (drawn[..., 3] > 0.8)
    if not seen.any():
        return drawn, lower
    tint = harvest.median_colour() / np.maximum(np.median(drawn[seen][:, :3], axis=0), 1.0)
    for row in (drawn, lower):
        row[..., :3] = np.clip(row[..., :3] * tint, 0, 255)
    own = np.dstack([harvest.colour * harvest.cover[..., None], harvest.cover])
    return (own + drawn * (1 - harvest.cover[..., None])).astype(np.float32), lower


def _pack(sprite: Float32) -> Array:
    scaled = sprite.copy()
    if sprite.shape[-1] == 4:
        scaled[..., 3] *= 255
    return np.clip(np.round(scaled), 0, 255).astype(np.uint8)


def _unpack(packed: Array) -> Float32:
    sprite = packed.astype(np.float32)
    if packed.shape[-1] == 4:
        sprite[..., 3] /= 255
    return sprite


def _compose(outer: Array, inner: Array) -> Array:
    """The affine that does ``inner`` first, then ``outer``; (2, 3) each."""
    linear = outer[:, :2] @ inner[:, :2]
    return np.column_stack([linear, outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def _over(below: Float32, sprite: Float32, light: Float32 | float, strength: float = 1.0) -> None:
    """Lay a premultiplied (h, w, 4) sprite, lit by ``light`` (h, w, 3), over (h, w, 3), in place."""
    below *= 1.0 - strength * sprite[..., 3:]
    below += strength * sprite[..., :3] * light


class MouthLayer:
    """Paints the inside of the mouth into frames of one photo."""

    def __init__(self, prepared: Arrays, frame: FaceFrame) -> None:
        names = ("cavity", "tongue", "tip", "lower", "upper")
        self._sprites = {name: _unpack(prepared[f"mouth.{name}"]) for name in names}
        self._shadow = prepared["mouth.shadow"].astype(np.float32) * np.float32(0.55 / 255)
        self._density = float(prepared["mouth.density"])
        self._to_still = np.asarray(prepared["mouth.to_still"], np.float64)
        self._down = np.asarray(prepared["mouth.down"], np.float64)
        self._softness = 0.5 * min(float(prepared["mouth.blur"]), 0.012 * frame.iod)
        self._iod = frame.iod
        self._width = float(prepared["mouth.width"])
        self._overbite = float(prepared["mouth.overbite"])
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
        inside = self._inside(window, pose, occlusion(mask, self._iod, self._rounded(pose)))
        pixels = window.view(image)
        soften_seam(pixels, mask, max(SEAM * self._iod, 0.8))
        rim = warm(contact_shade(mask, self._iod, CONTACT * seen), self._redness)
        blend(pixels, inside, mask * seen, rim)

    def _inside(self, window: Window, pose: MouthPose, light: Float32) -> Float32:
        """(h, w, 3): everything behind the lips. ``light``: (h, w) that the lips let in."""
        place = _compose(np.asarray(pose.head, np.float64), self._to_still)
        jaw = self._jaw(place, pose)
        deep = warm(light, self._redness)
        rounded = self._rounded(pose)
        near = warm(np.power(light, np.float32(TEETH_IN_LIGHT + FUNNEL_DEPTH * rounded)), self._redness)
        depth = self._cavity_place(place, jaw)
        picture = deep * window.warp(self._sprites["cavity"], depth, cv2.BORDER_REPLICATE)
        tongue = self._placed("tongue", window, place, self._tongue_height(jaw, pose.tongue_up))
        _over(picture, tongue, deep * (1.0 + RAISED_TONGUE * pose.tongue_up))
        _over(picture, self._placed("lower", window, place, jaw - self._overbite), near)
        if pose.tongue_out > 0.0:
            reach = float(smoothstep(0.0, 0.6, pose.tongue_out))
            tip = self._placed("tip", window, place, -0.02 + reach * (0.055 + jaw))
            _over(picture, tip, near, float(smoothstep(0.0, 0.15, pose.tongue_out)))
        edge = -LIP_OVER_TEETH * rounded
        shadow_place = _compose(place, self._lowering(edge + SHADOW_BELOW))
        picture *= 1.0 - window.warp(self._shadow, shadow_place)[..., None]
        _over(picture, self._placed("upper", window, place, edge), near)
        return picture

    def _rounded(self, pose: MouthPose) -> float:
        """0..1: how much narrower the mouth is than at rest, as in "oo"."""
        width = float(np.linalg.norm(pose.upper[-1] - pose.upper[0])) / self._width
        scale = float(np.sqrt(abs(np.linalg.det(np.asarray(pose.head, np.float64)[:, :2]))))
        return float(smoothstep(0.92, 0.62, width / max(scale, 1e-3)))

    def _jaw(self, place: Array, pose: MouthPose) -> float:
        """Drop of the lower teeth in iod: the jaw's, but the lower lip never bares much of them.

        People show up to 3 or 4 mm of their lower teeth in speech, whatever the lip does in the warp.
        """
        inverse = cv2.invertAffineTransform(place)
        lip = inverse[:, :2] @ np.asarray(pose.lower[len(pose.lower) // 2], np.float64) + inverse[:, 2]
        level = (lip[1] / self._density + TOP) / max(float(self._down[1]), 0.5)
        bared = level - (pose.jaw - self._overbite)
        shown = LOWER_SHOWN * (1 - 0.8 * self._rounded(pose))
        excess = 0.5 * LOWER_SHOWN * float(np.logaddexp(0.0, (bared - shown) / (0.5 * LOWER_SHOWN)))
        return max(pose.jaw, 0.0) + 0.8 * excess

    def _placed(self, name: str, window: Window, place: Array, lowered: float) -> Float32:
        return window.warp(self._sprites[name], _compose(place, self._lowering(lowered)))

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
        return _compose(place, to_sprite)


def _gap(upper: Array, lower: Array, head: Array) -> Array:
    """Distance between the lips down the face along the curves, in px; negative where they overlap."""
    down = np.array([-head[1, 0], head[0, 0]], np.float64)
    return np.asarray((lower - upper) @ (down / np.linalg.norm(down)))
