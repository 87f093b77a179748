"""The eyes of a warped photo: a whole eyeball that looks around behind lids that close with skin over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import FaceFrame
from engines.facemesh.edges import Window, blend, coverage, outline, smooth_curve, smoothstep
from engines.facemesh.eyes_fit import RIM
from engines.facemesh.eyes_lid import Lid, convex_shade, hairs, lid_area, stroke, widened
from engines.facemesh.eyes_prepare import LIDS, prepare_eyes
from engines.types import Arrays, Float32, Image

__all__ = ["LIDS", "EyeLayer", "EyePose", "prepare_eyes"]

Array = NDArray[Any]

CHANGE = 0.012
"""Movement of lid or gaze, in iod, after which the photo's own lashes and lid shadow are wholly redrawn."""

GLINT = 0.5
"""Reflections on the bulging cornea move by about half of the iris's way."""

LEAST_DROP = 0.003
"""A lid that has come down less than this, in iod, is left as the warp made it."""

CREASE_ABOVE = 0.014
"""A closed lid's crease lies this far above the edge of the open lid, in iod."""

CREASE_DEPTH = 0.13
"""Light that the crease of a closed lid takes away."""

LEAST_IOD_FOR_HAIRS = 90.0
"""On faces smaller than this, in px, single lashes cannot be seen."""


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
    """One prepared eye.

    ``origin``: (2,) photo px of the crop's first pixel; ``still``: (M, 2), upper lid in photo px; ``growth``:
    (2, N, 2) px by which upper and lower lid lie outside the mesh.
    """

    photo: Image
    clean: Image
    glint: Image
    field: Float32
    shade: float
    lid: Lid
    origin: Array
    still: Float32
    growth: Float32


def _unpack(prepared: Arrays, side: str) -> _Eye:
    def get(name: str) -> Array:
        return prepared[f"eyes.{side}.{name}"]

    tone = get("tone")
    return _Eye(
        photo=get("photo"),
        clean=get("clean"),
        glint=get("glint"),
        field=np.asarray(get("field") / 255, np.float32),
        shade=float(tone[0]),
        lid=Lid(get("skin"), tone[3:6], float(tone[1]), float(tone[2])),
        origin=get("origin"),
        still=get("still"),
        growth=get("growth"),
    )


class EyeLayer:
    """Paints eyes into frames of one photo."""

    def __init__(self, prepared: Arrays, frame: FaceFrame) -> None:
        self._eyes = {side: _unpack(prepared, side) for side in LIDS}
        self._down = prepared["eyes.down"]
        self._iod = frame.iod

    def paint(self, image: Image, pose: EyePose) -> None:
        """Paint one eye and its upper lid into ``image`` (H, W, 3), in place."""
        eye = self._eyes[pose.side]
        upper, lower = self._lids(eye, pose)
        still = _moved(_matched(eye.still, len(upper)), pose.head)
        down = pose.head[:, :2] @ self._down
        down = down / max(float(np.linalg.norm(down)), 1e-6)
        drop = ((upper - still) @ down) / self._iod
        self._paint_ball(image, pose, outline(upper, lower), float(np.abs(drop).max()))
        if drop.max() > LEAST_DROP:
            now = upper + np.maximum(-drop, 0)[:, None] * self._iod * down
            self._paint_lid(image, (still, now), down, _Closure(eye, pose, float(drop.max())))

    def _lids(self, eye: _Eye, pose: EyePose) -> tuple[Float32, Float32]:
        """The edges of the lids, (M, 2) px: those of the mesh, or beyond where they lie outside it."""
        turn = np.asarray(pose.head, np.float32)[:, :2].T
        grow = [_matched(row, len(pose.upper)) @ turn for row in eye.growth]
        mesh_still = _matched(eye.still, len(pose.upper)) - _matched(eye.growth[0], len(pose.upper))
        if not eye.growth.any():
            return smooth_curve(pose.upper), smooth_curve(pose.lower)
        drop = np.linalg.norm(pose.upper - _moved(mesh_still, pose.head), axis=1).max()
        gap = np.linalg.norm(pose.lower - pose.upper, axis=1).max()
        shut = float(drop / max(drop + gap, 1e-6))
        upper = pose.upper + grow[0] * (1 - shut) + grow[1] * shut
        return smooth_curve(upper), smooth_curve(pose.lower + grow[1])

    def _paint_ball(self, image: Image, pose: EyePose, polygon: Array, moved: float) -> None:
        window = Window.around(polygon, 0.01 * self._iod + 2, image.shape)
        if window.empty:
            return
        mask = coverage(polygon, window, max(0.003 * self._iod, 0.35))
        if mask.max() < 0.02:
            return
        eye = self._eyes[pose.side]
        change = float(smoothstep(0.0, CHANGE, max(moved, float(np.abs(pose.gaze).max()))))
        ball = self._ball(eye, window, pose, change)
        if change > 0:
            ball = ball * (1 - change * (1 - self._lid_shadow(mask, eye.shade)))[..., None]
        blend(window.view(image), ball, mask)

    def _ball(self, eye: _Eye, window: Window, pose: EyePose, change: float) -> Float32:
        """(h, w, 3): the eyeball in the window, looking where it should."""
        to_crop: Array = cv2.invertAffineTransform(np.asarray(pose.head, np.float64))
        to_crop[:, 2] -= eye.origin
        to_crop[:, 2] += to_crop[:, :2] @ np.array([window.left, window.top])
        y, x = np.mgrid[: window.height, : window.width].astype(np.float32)
        places = [to_crop[row, 0] * x + to_crop[row, 1] * y + to_crop[row, 2] for row in (0, 1)]
        rest = [place.astype(np.float32) for place in places]
        if change <= 0:
            return _sample(eye.photo, rest)
        follow = _sample(eye.field, rest, cv2.INTER_LINEAR)
        shift = self._gaze_px(pose.gaze)
        looking = [place - follow * np.float32(step) for place, step in zip(rest, shift, strict=True)]
        shining = [place - follow * np.float32(GLINT * step) for place, step in zip(rest, shift, strict=True)]
        clean = _sample(eye.clean, looking) + _sample(eye.glint, shining, cv2.INTER_LINEAR)
        if change >= 1:
            return clean
        photo = _sample(eye.photo, rest)
        return np.asarray(photo + (clean - photo) * change, np.float32)

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

    def _paint_lid(self, image: Image, edges: tuple[Array, Array], down: Array, closure: _Closure) -> None:
        still, now = edges
        window = Window.around(np.concatenate(edges), 0.05 * self._iod + 2, image.shape)
        if window.empty:
            return
        pixels = window.view(image)
        canvas = pixels.astype(np.float32)
        eye, closed = closure.eye, closure.share(self._iod)
        area = lid_area(edges, window, down, self._iod, closed)
        if eye.growth.any():
            area = widened(area, RIM * self._iod * closed)
            now = now + down * (RIM * self._iod * closed)
        head = np.asarray(closure.pose.head, np.float64)
        place = np.column_stack([head[:, :2], head[:, 2] + head[:, :2] @ eye.origin])
        skin = window.warp(eye.lid.skin, place, cv2.BORDER_REPLICATE) * convex_shade(area, self._iod)[..., None]
        canvas += (skin - canvas) * (area * float(smoothstep(0.0, 0.018, closure.drop)))[..., None]
        crease = window.inside(still - down * (CREASE_ABOVE * self._iod))
        fold = stroke(canvas.shape, crease[2:-2], down, 0.014 * self._iod, 0.007 * self._iod)
        canvas *= (1 - CREASE_DEPTH * closed * fold)[..., None]
        lashes = self._lashes(canvas.shape, window.inside(now), down, closure)
        canvas += (eye.lid.lash - canvas) * lashes[..., None]
        pixels[...] = np.clip(canvas + 0.5, 0, 255).astype(np.uint8)

    def _lashes(self, shape: tuple[int, ...], curve: Array, down: Array, closure: _Closure) -> Float32:
        """(h, w): cover of the lash line along ``curve`` and, on large faces, of the lashes hanging from it."""
        closed = closure.share(self._iod)
        lid = closure.eye.lid
        strength = lid.strength * float(smoothstep(0.0, 0.03, closure.drop))
        width = max(0.014 * self._iod, 1.0)
        line = stroke(shape, curve[1:-1], down, width, 0.004 * self._iod) * strength
        if self._iod >= LEAST_IOD_FOR_HAIRS and lid.hairs > 0 and closed > 0.3:
            fringe = hairs(shape, curve, down, self._iod)
            line = np.maximum(line, fringe * (0.6 * lid.hairs * float(smoothstep(0.3, 0.9, closed))))
        return np.asarray(np.minimum(line, 0.92), np.float32)


@dataclass(frozen=True)
class _Closure:
    """An eye on its way to being shut; ``drop``: how far the upper lid has come down, in iod."""

    eye: _Eye
    pose: EyePose
    drop: float

    def share(self, iod: float) -> float:
        """0 open .. 1 shut, by what is left between the lids."""
        gap = np.linalg.norm(np.asarray(self.pose.lower) - np.asarray(self.pose.upper), axis=1).max() / iod
        return float(self.drop / max(self.drop + gap, 1e-6))


def _matched(curve: Float32, count: int) -> Float32:
    """``curve`` (N, 2) with ``count`` points."""
    if len(curve) == count:
        return curve
    old, new = np.linspace(0, 1, len(curve)), np.linspace(0, 1, count)
    return np.stack([np.interp(new, old, curve[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)


def _moved(points: Array, affine: Array) -> Array:
    return np.asarray(points @ affine[:, :2].T + affine[:, 2])


def _sample(sprite: Array, places: list[Array], how: int = cv2.INTER_CUBIC) -> Float32:
    """Read ``sprite`` at ``places``, x and y (h, w) each. Bytes stay bytes up to here: OpenCV is fastest so."""
    found = cv2.remap(sprite, places[0], places[1], how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)
