"""The eyes of a warped photo: a whole eyeball that looks around behind lids that close with skin over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import FaceFrame
from engines.facemesh.edges import Window, blend, coverage, outline, smooth_curve, smoothstep, threefold
from engines.facemesh.eyes_cover import Closure, lashes_cover, lid_cover, lid_light
from engines.facemesh.eyes_edges import LidEdges
from engines.facemesh.eyes_fit import LIDS
from engines.facemesh.eyes_lashes import Lashes
from engines.facemesh.eyes_native import NativeEye
from engines.facemesh.eyes_prepare import prepare_eyes
from engines.native import native_module
from engines.types import Arrays, Float32, Image

__all__ = ["LIDS", "EyeLayer", "EyePose", "prepare_eyes"]

Array = NDArray[Any]

CHANGE = 0.012
"""Movement of lid or gaze, in iod, after which lid shadow and reflections of the photo are wholly redrawn."""

LID_ROOM = 0.11
"""A moving lid and its lashes stay within this distance of the eye, in iod."""


@dataclass(frozen=True)
class EyePose:
    """One eye in one frame.

    ``side``: "left" or "right", the person's own. ``upper``, ``lower``: (N, 2) px, edges of the lids now,
    picture left to right, corner to corner. ``head``: (2, 3), photo px -> frame px of the rigid head at the
    depth of the eyes.
    ``gaze``: (2,) shift of the iris in iod, x to the picture's right, y down. ``blink``: 0..1.
    """

    side: str
    upper: Float32
    lower: Float32
    head: Float32
    gaze: Float32
    blink: float = 0.0


@dataclass(frozen=True)
class _Eye:
    """One prepared eye; pictures as crops of the photo from ``origin`` (2,) px on. ``still``: lids at rest."""

    photo: Image
    white: Image
    iris: Image
    glint: Image
    skin: Image
    shade: float
    lashes: Lashes
    origin: Array
    still: LidEdges


def _unpack(prepared: Arrays, side: str) -> _Eye:
    def get(name: str) -> Array:
        return prepared[f"eyes.{side}.{name}"]

    shade, roots, left, top, *colour = (float(value) for value in get("tone"))
    origin = get("origin")
    return _Eye(
        photo=get("photo"),
        white=get("white"),
        iris=get("iris"),
        glint=get("glint"),
        skin=get("skin"),
        shade=shade,
        lashes=Lashes(get("lashes"), np.array(colour, np.float32), roots, left, top),
        origin=origin,
        still=LidEdges.of(get("upper") - origin, get("lower") - origin, prepared["eyes.down"]),
    )


def _to_crop(head: Array, origin: Array) -> Array:
    """(2, 3), frame px -> px of a crop at ``origin``; ``head``: photo px -> frame px."""
    to_crop: Array = cv2.invertAffineTransform(np.asarray(head, np.float64))
    to_crop[:, 2] -= origin
    return to_crop


class _View:
    """A window of the frame as a crop of the photo sees it; ``head``: photo px -> frame px."""

    def __init__(self, window: Window, head: Array, origin: Array) -> None:
        self.window = window
        to_crop = _to_crop(head, origin)
        to_crop[:, 2] += to_crop[:, :2] @ np.array([window.left, window.top])
        y, x = np.mgrid[: window.height, : window.width].astype(np.float32)
        rows = to_crop.astype(np.float32)
        self.x, self.y = (row[0] * x + row[1] * y + row[2] for row in rows)

    def sample(self, sprite: Array, shift: Array | None = None, how: int = cv2.INTER_LINEAR) -> Float32:
        """(h, w, C) float32: a crop's ``sprite`` in the window, moved by ``shift`` (2,) crop px."""
        x, y = (
            (self.x, self.y)
            if shift is None
            else (self.x - np.float32(shift[0]), self.y - np.float32(shift[1]))
        )
        found: Array = cv2.remap(sprite, x, y, how, borderMode=cv2.BORDER_REPLICATE)
        return found.astype(np.float32)

    def along(self, edges: LidEdges) -> tuple[Float32, Float32]:
        """Places of the window's pixels along the eye and down, (h, w) each, crop px."""
        right, down = edges.right.astype(np.float32), edges.down.astype(np.float32)
        return right[0] * self.x + right[1] * self.y, down[0] * self.x + down[1] * self.y


def _native_eyes(eyes: dict[str, _Eye], prepared: Arrays, iod: float) -> dict[str, NativeEye]:
    native = {}
    for side, eye in eyes.items():
        arrays = {
            name.rpartition(".")[2]: prepared[name] for name in prepared if name.startswith(f"eyes.{side}.")
        }
        native[side] = NativeEye(arrays, eye.still, eye.lashes, iod)
    return native


class EyeLayer:
    """Paints eyes into frames of one photo."""

    def __init__(self, prepared: Arrays, frame: FaceFrame) -> None:
        self._eyes = {side: _unpack(prepared, side) for side in LIDS}
        self._down = prepared["eyes.down"]
        self._iod = frame.iod
        self._native = {} if native_module() is None else _native_eyes(self._eyes, prepared, frame.iod)

    def paint(self, image: Image, pose: EyePose) -> None:
        """Paint one eye and its upper lid into ``image`` (H, W, 3), in place."""
        eye = self._eyes[pose.side]
        upper, lower = smooth_curve(pose.upper), smooth_curve(pose.lower)
        polygon, to_crop = outline(upper, lower), _to_crop(pose.head, eye.origin)
        # The lids in the photo's own coordinates.
        above, below = (row @ to_crop[:, :2].T + to_crop[:, 2] for row in (upper, lower))
        closure = Closure(eye.still, LidEdges.of(above, below, self._down), self._iod)
        moved = max(abs(closure.lift), closure.drop, float(np.abs(pose.gaze).max()))
        change = float(smoothstep(0.0, CHANGE, moved))
        if self._native:
            moves = closure, self._gaze_px(pose.gaze), change
            self._native[pose.side].paint(image, (polygon, to_crop), moves)
            return
        self._paint_ball(image, pose, polygon, change)
        if not closure.closing and change <= 0:
            return
        # The lid is drawn anew from where it hangs at rest, which it has left by its drop.
        room = LID_ROOM + closure.drop if closure.closing else 0.01
        window = Window.around(polygon, room * self._iod + 2, image.shape)
        if not window.empty:
            view = _View(window, pose.head, eye.origin)
            within = coverage(polygon, window, self._softness) * change
            self._paint_lid(image, view, closure, within)

    @property
    def _softness(self) -> float:
        return max(0.003 * self._iod, 0.35)

    def _paint_ball(self, image: Image, pose: EyePose, polygon: Array, change: float) -> None:
        window = Window.around(polygon, 0.01 * self._iod + 2, image.shape)
        if window.empty:
            return
        mask = coverage(polygon, window, self._softness)
        if mask.max() < 0.02:
            return
        eye = self._eyes[pose.side]
        view = _View(window, pose.head, eye.origin)
        if change <= 0:
            blend(window.view(image), view.sample(eye.photo, how=cv2.INTER_CUBIC), mask)
            return
        ball = self._ball(eye, view, pose, 1 - change * (1 - self._lid_shadow(mask, eye.shade)))
        if change < 1:
            photo = view.sample(eye.photo, how=cv2.INTER_CUBIC)
            ball = photo + (ball - photo) * np.float32(change)
        blend(window.view(image), ball, mask)

    def _ball(self, eye: _Eye, view: _View, pose: EyePose, shade: Float32) -> Float32:
        """(h, w, 3): the eyeball in its ``shade`` (h, w), looking where it should.

        The white and the reflections stay in place.
        """
        iris = view.sample(eye.iris, self._gaze_px(pose.gaze), cv2.INTER_CUBIC)
        cover = threefold(np.clip(iris[..., 3] * np.float32(1 / 255), 0, 1))
        ball = view.sample(eye.white)
        ball += (iris[..., :3] - ball) * cover
        ball *= threefold(shade)
        return ball + view.sample(eye.glint) * (0.25 + 0.75 * cover)

    def _gaze_px(self, gaze: Array) -> Array:
        """Shift in photo px: right and down along the face's axes."""
        right = np.array([self._down[1], -self._down[0]])
        return np.asarray((right * gaze[0] + self._down * gaze[1]) * self._iod)

    def _lid_shadow(self, mask: Float32, darkest: float) -> Float32:
        """Light on the eyeball, (h, w): least beside the upper lid."""
        spread = max(0.014 * self._iod, 0.7)
        near: Array = cv2.GaussianBlur(mask, (0, 0), spread)
        shift = np.column_stack([np.eye(2), self._down * 0.8 * spread])
        lowered = cv2.warpAffine(near, shift, (mask.shape[1], mask.shape[0]), flags=cv2.INTER_LINEAR)
        return np.asarray(darkest + (1 - darkest) * smoothstep(0.10, 0.80, lowered), np.float32)

    def _paint_lid(self, image: Image, view: _View, closure: Closure, within: Float32) -> None:
        """Skin over what is shut, and lashes along the lid's edge and ``within`` (h, w) the opening."""
        eye = self._eye_of(closure)
        pixels = view.window.view(image)
        canvas = pixels.astype(np.float32)
        places = view.along(closure.now)
        weight = within
        if closure.closing:
            cover = lid_cover(closure, places, eye.lashes.roots)
            skin = view.sample(eye.skin) * threefold(lid_light(closure, places))
            canvas += (skin - canvas) * threefold(cover)
            weight = np.maximum(within, closure.redrawn)
        lashes = lashes_cover(eye.lashes, closure, places) * weight
        canvas += (eye.lashes.colour - canvas) * threefold(lashes)
        pixels[...] = np.clip(canvas + 0.5, 0, 255).astype(np.uint8)

    def _eye_of(self, closure: Closure) -> _Eye:
        return next(eye for eye in self._eyes.values() if eye.still is closure.still)
