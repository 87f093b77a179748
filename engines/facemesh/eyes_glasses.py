"""Glasses: found by the loop that a rim makes around each eye, taken off the photo, and put back on each frame.

Skin bends and lids close below a frame that stays rigid, so the photo is bent without its rims, and the rims
are laid over every frame as the head carries them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import LEFT_EYE_BAG, RIGHT_EYE_BAG, FaceFrame
from engines.facemesh.edges import Window, smoothstep, threefold
from engines.facemesh.eyes_fill import filled
from engines.facemesh.eyes_fit import LIDS
from engines.facemesh.head import HeadMotion
from engines.native import native_module
from engines.types import Arrays, Float32, Image, Portrait

Array = NDArray[Any]

ANGLES = np.deg2rad(np.arange(0, 360, 3))
"""Directions from the middle of an eye, clockwise from the picture's right."""

RADII = np.arange(0.15, 0.46, 0.005)
"""Distances at which rims are looked for, in iod; lashes and eye bags lie nearer."""

BELOW_EYE = 0.05
"""Lenses hang: their middle lies this far below the eye's, in iod."""

BEND, MOST_BEND = 0.012, 6
"""Cost of a step in radius from one direction to the next, and the largest step."""

FULL_CONTRAST = 0.35
"""A rim this much darker or brighter than what lies around it, relative to that, is as clear as can be."""

LEAST_CLEAR, LEAST_ROUND, LEAST_BELOW = 0.25, 0.93, 0.92
"""How clear a rim must be; in which share of all directions; and of those to the smooth skin below."""

ELSEWHERE, MOST_ELSEWHERE = 0.03, 0.32
"""Further than the first (iod) from a rim, lenses and skin show lines in at most this share of places: hatching
is lines all over, and any loop can be found in it."""

RIM_REACH, RIM_HALF, LASHES_REACH = 0.038, 0.016, 0.045
"""In iod: how far rims reach from the loop that was found, how far they surely do, and how far lashes reach."""

PLANE = (*LIDS["right"][0], *LIDS["left"][0], *RIGHT_EYE_BAG, *LEFT_EYE_BAG)
"""Face points behind the lenses."""

SAME_RIM = 0.45
"""Brightnesses whose logarithms differ by this belong to the same rim hardly any more."""


@dataclass(frozen=True)
class Glasses:
    """Rims: ``cover`` (h, w) in [0, 1] over ``window``; ``bare``: (h, w, 3), the photo without them."""

    window: Window
    cover: Float32
    bare: Image


def take_off(portrait: Portrait, frame: FaceFrame) -> tuple[Portrait, Arrays]:
    """The portrait without rims, and what ``GlassesLayer`` needs: nothing for a face without glasses."""
    glasses = find_glasses(portrait, frame)
    if glasses is None:
        return portrait, {}
    bare = portrait.rgb.copy()
    glasses.window.view(bare)[...] = glasses.bare
    arrays = {
        "glasses.photo": glasses.window.view(portrait.rgb).copy(),
        "glasses.cover": np.round(glasses.cover * 255).astype(np.uint8),
        "glasses.origin": np.array([glasses.window.left, glasses.window.top], np.float64),
    }
    return replace(portrait, rgb=bare), arrays


def hidden_by(glasses: Arrays, shape: tuple[int, ...]) -> Array:
    """(H, W) uint8: 1 where a picture of ``shape`` shows rims; ``glasses``: from ``take_off``."""
    hidden = np.zeros(shape[:2], np.uint8)
    if glasses:
        left, top = glasses["glasses.origin"].astype(int)
        height, width = glasses["glasses.cover"].shape
        hidden[top : top + height, left : left + width] = glasses["glasses.cover"] > 127
    return hidden


class GlassesLayer:
    """Puts the rims back on; does nothing for a face without glasses.

    ``points``: (468, 3) px of the photo's face, with the depth that the head turns with.
    """

    def __init__(self, prepared: Arrays, points: Array) -> None:
        self._photo: Image | None = prepared.get("glasses.photo")
        if self._photo is None:
            return
        module: Any = native_module()
        self._native = None if module is None else module.Rims(self._photo, prepared["glasses.cover"])
        self._cover = np.asarray(prepared["glasses.cover"] / 255, np.float32)
        self._origin: Array = prepared["glasses.origin"]
        rows = points[list(PLANE)]
        # Lenses are flat: they turn as a plane through what lies behind them.
        self._plane = np.linalg.lstsq(
            np.column_stack([rows[:, :2], np.ones(len(rows))]), rows[:, 2], rcond=None
        )[0]

    def place(self, head: HeadMotion) -> Array:
        """(2, 3): photo px -> frame px of the rims."""
        affine = np.column_stack([head.matrix[:2, :2], head.offset[:2]])
        return np.asarray(affine + np.outer(head.matrix[:2, 2], self._plane))

    def paint(self, image: Image, head: HeadMotion) -> None:
        """Lay the rims over ``image`` (H, W, 3), in place."""
        if self._photo is None:
            return
        place = self.place(head)
        place[:, 2] += place[:, :2] @ self._origin
        if self._native is not None:
            self._native.paint(image, place)
            return
        height, width = self._cover.shape
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ place[:, :2].T + place[:, 2]
        window = Window.around(corners, 1, image.shape)
        if window.empty:
            return
        size = (window.width, window.height)
        cover: Array = cv2.warpAffine(self._cover, window.matrix(place), size, flags=cv2.INTER_LINEAR)
        rims: Array = cv2.warpAffine(
            self._photo, window.matrix(place), size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        pixels = window.view(image)
        mixed = pixels + (rims.astype(np.float32) - pixels) * threefold(cover)
        pixels[...] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def find_glasses(portrait: Portrait, frame: FaceFrame) -> Glasses | None:
    """The rims of a photo, or None unless both eyes have a clear loop around them."""
    iod = frame.iod
    points = np.asarray(portrait.landmarks, np.float64)[:, :2]
    eyes = [points[list(upper + lower)] for upper, lower in LIDS.values()]
    window = Window.around(np.concatenate(eyes), 0.55 * iod, portrait.rgb.shape)
    if window.empty:
        return None
    right = np.asarray(frame.axes, np.float64)[0, :2]
    axes = np.stack([right, [-right[1], right[0]]]) / np.linalg.norm(right)
    grey: Array = cv2.cvtColor(window.view(portrait.rgb), cv2.COLOR_RGB2GRAY).astype(np.float32)
    lines = _Lines.of(grey, iod)
    centres = [window.inside(eye.mean(axis=0)) + BELOW_EYE * iod * axes[1] for eye in eyes]
    loops = [_loop(lines, centre, axes, iod) for centre in centres]
    if any(loop is None for loop in loops):
        return None
    rims = _rims(lines, [loop for loop in loops if loop is not None], [window.inside(eye) for eye in eyes], iod)
    return _taken_off(window, window.view(portrait.rgb), rims, iod)


@dataclass(frozen=True)
class _Lines:
    """Thin lines in a grey picture: ``clear`` (h, w) in [0, 1], how clearly one passes; ``dark``, ``bright``:
    (h, w) grey levels by which they differ from their surroundings; ``smooth``: the picture itself.
    """

    smooth: Array
    dark: Array
    bright: Array
    clear: Float32

    @staticmethod
    def of(grey: Array, iod: float) -> _Lines:
        """Lines up to 0.06 iod wide."""
        side = 2 * max(round(0.03 * iod), 1) + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        smooth: Array = cv2.GaussianBlur(grey, (0, 0), max(0.004 * iod, 0.5))
        dark, bright = (cv2.morphologyEx(smooth, how, disc) for how in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT))
        around = np.maximum(cv2.GaussianBlur(smooth, (0, 0), 0.1 * iod), 20)
        clear = np.clip(np.maximum(dark, 0.7 * bright) / around / FULL_CONTRAST, 0, 1)
        return _Lines(smooth, np.asarray(dark), np.asarray(bright), np.asarray(clear, np.float32))

    def like(self, level: float) -> Float32:
        """(h, w): ``clear``, but only as far as a line is as dark as ``level``."""
        unlike = np.log((self.smooth + 20) / (level + 20)) / SAME_RIM
        return np.asarray(self.clear * np.exp(-(np.maximum(unlike, 0) ** 2)), np.float32)


def _loop(lines: _Lines, centre: Array, axes: Array, iod: float) -> Array | None:
    """(N, 2) px: the clearest closed loop around ``centre``; None if it has gaps."""
    rays = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1) @ axes
    places = (centre + rays[:, None] * (RADII * iod)[:, None]).astype(np.float32)
    rows = np.arange(len(places))

    def around(picture: Array) -> Array:
        return np.asarray(cv2.remap(picture, places[..., 0], places[..., 1], cv2.INTER_LINEAR))

    clear = around(lines.clear)
    path = _best_path(clear)
    found = clear[rows, path] > LEAST_CLEAR
    below = np.sin(ANGLES) > np.sin(np.deg2rad(20))
    if found.mean() < LEAST_ROUND or found[below].mean() < LEAST_BELOW or _hatched(clear[below], path[below]):
        return None
    # Lashes and brows are as clear as rims: what the rim looks like is seen below the eye, where none are.
    level = float(np.median(around(lines.smooth)[rows, path][below]))
    return np.asarray(places[rows, _best_path(around(lines.like(level)))])


def _hatched(clear: Array, path: Array) -> bool:
    """Whether lines (N, M) are all over the directions N and not only at the radii numbered ``path`` (N,)."""
    away = np.abs(RADII - RADII[path][:, None]) > ELSEWHERE
    return float((clear[away] > LEAST_CLEAR).mean()) > MOST_ELSEWHERE


def _best_path(polar: Array) -> Array:
    """(N,): the column in each row of ``polar`` (N, M) of the best closed path, by dynamic programming."""
    count, width = polar.shape
    # Twice around: the second time starts where the first has ended.
    twice = np.concatenate([polar, polar])
    total, steps = twice[0].copy(), []
    shifts = range(-MOST_BEND, MOST_BEND + 1)
    for row in twice[1:]:
        choices = np.full((len(shifts), width), -np.inf)
        for choice, shift in zip(choices, shifts, strict=True):
            low, high = max(0, -shift), min(width, width - shift)
            choice[low:high] = total[low + shift : high + shift] - BEND * abs(shift)
        best = choices.argmax(axis=0)
        steps.append(best - MOST_BEND)
        total = choices[best, np.arange(width)] + row
    column = int(total.argmax())
    path = [column]
    for step in steps[::-1]:
        column += int(step[column])
        path.append(column)
    half = count // 2
    return np.roll(np.array(path[::-1])[half : half + count], half)


def _rims(lines: _Lines, loops: list[Array], eyes: list[Array], iod: float) -> Array:
    """(h, w) uint8: pixels of the rims and of the bridge between them."""
    near, line = (_drawn(lines, loops, reach * iod) for reach in (RIM_REACH, RIM_HALF))
    cv2.fillConvexPoly(near, np.round(_bridge(loops, iod) * 16).astype(np.int32), 1, cv2.LINE_8, 4)
    hull = np.zeros_like(near)
    for eye in eyes:
        cv2.fillConvexPoly(hull, cv2.convexHull(np.round(eye).astype(np.int32)), 1)
    side = 2 * max(round(LASHES_REACH * iod), 1) + 1
    hull = cv2.dilate(hull, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    near[(hull > 0) & (line == 0)] = 0
    level = float(np.median(lines.smooth[(line > 0) & (lines.clear > 0.5)]))
    skin = lines.smooth + lines.dark
    dark = (lines.dark > 0.45 * np.maximum(skin - level, 40)) & (near > 0)
    beside = cv2.dilate(dark.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=max(round(0.02 * iod), 1))
    shine = (lines.bright > 25) & (beside > 0) & (line > 0)
    pads = _pads(lines, loops, level, iod) & ((hull == 0) | (line > 0))
    _, labels = cv2.connectedComponents((dark | shine | pads).astype(np.uint8))
    on_loop = np.unique(labels[(line > 0) & dark])
    return np.asarray(np.isin(labels, on_loop[on_loop > 0]), np.uint8)


def _pads(lines: _Lines, loops: list[Array], level: float, iod: float) -> Array:
    """(h, w) bool: dark places beside the nose, too wide for a line, where the pads of the glasses rest."""
    zone = np.zeros(lines.clear.shape, np.uint8)
    left, right = (loop.mean(axis=0) for loop in loops)
    down = np.array([left[1] - right[1], right[0] - left[0]]) / max(float(np.linalg.norm(right - left)), 1e-6)
    corners = [
        left - 0.08 * iod * down,
        right - 0.08 * iod * down,
        right + 0.2 * iod * down,
        left + 0.2 * iod * down,
    ]
    cv2.fillConvexPoly(zone, np.round(corners).astype(np.int32), 1)
    zone &= _drawn(lines, loops, 1.4 * RIM_REACH * iod)
    skin = float(np.quantile(lines.smooth[zone > 0], 0.75)) if zone.any() else 255.0
    return np.asarray((zone > 0) & (lines.smooth < level + 0.3 * (skin - level)))


def _drawn(lines: _Lines, loops: list[Array], reach: float) -> Array:
    """(h, w) uint8: 1 within ``reach`` px of a loop."""
    mask = np.zeros(lines.clear.shape, np.uint8)
    paths = [np.round(loop * 16).astype(np.int32) for loop in loops]
    cv2.polylines(mask, paths, True, 1, 2 * max(round(reach), 1) + 1, cv2.LINE_8, 4)
    return mask


def _bridge(loops: list[Array], iod: float) -> Array:
    """(4, 2) px: the quadrangle between the inner sides of two loops, the first on the left of the picture."""
    inner, other = loops[0][loops[0][:, 0].argmax()], loops[1][loops[1][:, 0].argmin()]
    up = np.array([0, 0.10 * iod])
    return np.stack([inner - up, other - up, other + up, inner + up])


def _taken_off(window: Window, photo: Image, rims: Array, iod: float) -> Glasses:
    """Skin where the ``rims`` are, and their cover, which is 1 wherever the photo was changed."""
    core = cv2.dilate(rims, np.ones((3, 3), np.uint8), iterations=max(round(0.006 * iod), 1))
    beyond: Array = cv2.distanceTransform(1 - core, cv2.DIST_L2, 3)
    cover = np.asarray(smoothstep(2.5, 0.5, beyond), np.float32)
    bare = filled(photo.astype(np.float32), 1.0 - core)
    mixed = np.where(core[..., None] > 0, bare, photo)
    return Glasses(window, cover, np.clip(np.round(mixed), 0, 255).astype(np.uint8))
