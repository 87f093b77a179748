"""The inside of the mouth, painted between the lips of a warped photo.

Sprites are made once per photo, in the photo's own light; a frame only moves them and shades them by the shape
of the opening: upper teeth ride on the head, lower teeth and tongue on the jaw.
"""

from __future__ import annotations

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
from engines.facemesh.mouth_pose import PARTS, Gauge, MouthPose, Placement, stretched
from engines.facemesh.mouth_rim import RimLook, lift_parting, paint_rim
from engines.facemesh.mouth_shade import contact_shade, occlusion, warm
from engines.facemesh.mouth_sprites import extent, lay, unpack
from engines.facemesh.mouth_tongue import OVER_LIPS, below_lip, lay_over_lips
from engines.native import native_module
from engines.types import Arrays, Float32, Image

__all__ = ["MouthLayer", "MouthPose"]

Array = NDArray[Any]

FIRST_SIGHT = 0.014
"""Opening in iod at which the inside is fully there; below, it fades in from the closed seam of the photo."""

SEAM = 0.004
"""The warp tears the lips apart along their inner edges; the torn edge is softened this far, in iod."""

RIM_SHOWN = 0.11
"""Opening in iod from which on the lips' inner rims show in full."""

CONTACT = 0.2
"""Strength of the shade on the lips' inner edges."""


class MouthLayer:
    """Paints the inside of the mouth into frames of one photo."""

    def __init__(self, prepared: Arrays, frame: FaceFrame) -> None:
        self._gauge = Gauge(prepared, frame.iod)
        self._softness = 0.5 * min(float(prepared["mouth.blur"]), 0.012 * frame.iod)
        self._iod = frame.iod
        self._lips = prepared["mouth.lips"].astype(np.float32)
        self._redness = float(prepared["mouth.redness"])
        self._native = self._native_mouth(prepared)
        names = ("tip", "upper") if self._native else (*PARTS, "cavity", "shadow")
        self._sprites = {name: unpack(prepared[f"mouth.{name}"]) for name in names}
        self._extents = {name: extent(self._sprites[name]) for name in PARTS if name in names}

    def _native_mouth(self, prepared: Arrays) -> Any:
        module: Any = native_module()
        if module is None:
            return None
        sheets = [prepared[f"mouth.{name}"] for name in ("cavity", "shadow", *PARTS)]
        return module.Mouth(*sheets, (self._iod, self._softness, self._redness, *self._lips))

    def paint(self, image: Image, pose: MouthPose) -> None:
        """Paint the inside of the mouth between the lips of ``image`` (H, W, 3), in place."""
        upper, lower = smooth_curve(pose.upper), smooth_curve(pose.lower)
        opening = float(np.max(_gap(upper, lower, pose.head))) / self._iod
        lift_corners(image, pose.upper, pose.lower, self._iod, self._gauge.rounded(pose))
        if opening <= 0.0:
            return
        seen, shown = (float(smoothstep(0.0, fully, opening)) for fully in (FIRST_SIGHT, RIM_SHOWN))
        placement = self._gauge.place(pose)
        polygon = outline(upper, lower)
        if self._native is None:
            self._paint(image, polygon, placement, (seen, shown))
        else:
            places, light = placement.as_arrays()
            shares = seen, shown, placement.rounded, placement.near
            self._native.paint(image, polygon, placement.to_frame, places, light, shares)
        if pose.tongue_out > OVER_LIPS[0]:
            self._put_tongue_out(image, pose, upper)

    def _paint(self, image: Image, polygon: Float32, placement: Placement, shares: tuple[float, float]) -> None:
        """``shares``: 0..1, how far the inside and the lips' inner rims show."""
        seen, shown = shares
        window = Window.around(polygon, 0.05 * self._iod + 3, image.shape)
        if window.empty:
            return
        mask = coverage(polygon, window, self._softness)
        light = occlusion(mask, self._iod, placement.rounded)
        inside = self._inside(window, placement, light)
        pixels = window.view(image)
        soften_seam(pixels, mask, max(SEAM * self._iod, 0.8))
        look = RimLook(self._iod, self._lips, self._redness, shown)
        rim = paint_rim(pixels, mask, light, look)
        lift_parting(pixels, mask, rim, look)
        inside += (rim.colour - inside) * threefold(rim.cover)
        turned = warm(contact_shade(mask, self._iod, CONTACT * seen), self._redness)
        blend(pixels, inside, mask * seen, turned)

    def _put_tongue_out(self, image: Image, pose: MouthPose, upper: Array) -> None:
        """The part of the tongue that comes over the lower lip, in place."""
        placement = self._gauge.place(pose)
        place, end = placement.to_frame, placement.tip
        down = place[:, 1] / np.linalg.norm(place[:, 1]) * self._iod
        window = Window.around(np.concatenate([upper, upper[5:-5] + (0.06 + end) * down]), 3, image.shape)
        if window.empty:
            return
        teeth = window.warp(self._sprites["upper"], place)[..., 3]
        shown = below_lip(upper, window, down) * (1 - teeth)
        shown *= np.float32(smoothstep(*OVER_LIPS, pose.tongue_out))
        tongue = window.warp(self._sprites["tip"], stretched(place, placement.parts["tip"].place))
        lay_over_lips(image, window, tongue, shown, self._iod)

    def _inside(self, window: Window, placement: Placement, light: Float32) -> Float32:
        """(h, w, 3): everything behind the lips. ``light``: (h, w) that the lips let in."""
        place = placement.to_frame
        deep = warm(light, self._redness)
        near = warm(np.power(light, np.float32(placement.near)), self._redness)
        cavity = stretched(place, placement.cavity)
        picture = deep * window.warp(self._sprites["cavity"], cavity, cv2.BORDER_REPLICATE)
        for name in ("tongue", "lower", "tip"):
            self._lay(picture, (name, window), placement, deep if name == "tongue" else near)
        shadow = self._sprites["shadow"] * np.float32(0.55 / 255)
        picture *= threefold(np.float32(1.0) - window.warp(shadow, stretched(place, placement.shadow)))
        self._lay(picture, ("upper", window), placement, near)
        return picture

    def _lay(self, picture: Float32, sheet: tuple[str, Window], placement: Placement, light: Float32) -> None:
        """Lay one lit sprite over ``picture`` (h, w, 3) of its window, in place, as far as it reaches."""
        name, window = sheet
        placed = placement.parts[name]
        affine = stretched(placement.to_frame, placed.place)
        part = window.part(self._extents[name], affine)
        if part.empty or placed.strength <= 0.0:
            return
        here = part.within(window)
        lit = light[here] * np.float32(placed.gain)
        lay(picture[here], self._sprites[name], (part, affine), lit, placed.strength)


def _gap(upper: Array, lower: Array, head: Array) -> Array:
    """Distance between the lips down the face along the curves, in px; negative where they overlap."""
    down = np.array([-head[1, 0], head[0, 0]], np.float64)
    return np.asarray((lower - upper) @ (down / np.linalg.norm(down)))
