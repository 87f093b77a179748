"""Hair of every kind as thousands of shaded strands: grown, lit after Kajiya and Kay, drawn back to front."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from assets.avatars.fields import Colour, Colours, Field, Plane, linear
from assets.avatars.form import Pose
from assets.avatars.light import Lighting, half_way, unit

Points = NDArray[np.float64]
SKULL_CENTRE = np.array([0.0, 2.2, -3.2])
SKULL_RADII = np.array([7.25, 10.1, 8.4])


@dataclass(frozen=True)
class Tress:
    """Strands of one kind: ``paths`` (N, P, 3) cm on the head, ``tone`` (N,) brightness, ``width`` pixels."""

    paths: Points
    tone: NDArray[np.float64]
    colour: Colour
    tip_colour: Colour
    width: float = 1.6
    gloss: float = 0.5
    rim: float = 1.0
    tolerance: float = 0.5
    occluded: NDArray[np.float64] | None = None
    """(N, P) light lost inside the hair, 0..1."""


def turn(points: Points, pose: Pose) -> Points:
    """Head coordinates to the held head's: turned about y, then rolled about the neck."""
    angle, roll = np.radians(pose.turn), np.radians(pose.roll)
    x = points[..., 0] * np.cos(angle) + points[..., 2] * np.sin(angle)
    z = points[..., 2] * np.cos(angle) - points[..., 0] * np.sin(angle)
    y = points[..., 1] - PIVOT
    return np.stack(
        [x * np.cos(roll) + y * np.sin(roll), y * np.cos(roll) - x * np.sin(roll) + PIVOT, z], axis=-1
    )


PIVOT = -10.0
"""Height (cm) about which the head rolls."""


def skull_distance(points: Points) -> NDArray[np.float64]:
    """1 on the scalp, more outside."""
    return np.asarray(np.linalg.norm((points - SKULL_CENTRE) / SKULL_RADII, axis=-1))


def skull_normal(points: Points) -> Points:
    """Outward direction of the scalp's ellipsoid."""
    normal = (points - SKULL_CENTRE) / SKULL_RADII**2
    return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9))


def scalp(count: int, rng: np.random.Generator) -> Points:
    """``count`` points spread over the scalp's ellipsoid."""
    directions = rng.normal(size=(count, 3))
    length = np.linalg.norm(directions, axis=1, keepdims=True)
    return np.asarray(SKULL_CENTRE + directions / length * SKULL_RADII)


def clump(
    paths: Points, guides: int, amount: float, rng: np.random.Generator
) -> tuple[Points, NDArray[np.int64]]:
    """Draw the strands towards a few of their own; also which clump each belongs to."""
    chosen = rng.choice(len(paths), min(guides, len(paths)), replace=False)
    _, nearest = cKDTree(paths[chosen, 0]).query(paths[:, 0])
    pull = amount * np.linspace(0, 1, paths.shape[1]) ** 0.8
    guide = paths[chosen[nearest]]
    offset = (paths[:, :1] - guide[:, :1]) * 0.35
    return paths + (guide + offset - paths) * pull[None, :, None], nearest


@dataclass(frozen=True)
class Strokes:
    """Shaded segments ready to draw, back to front: ends in painted pixels, (N, 4) 8-bit data, widths."""

    start: Points
    end: Points
    data: NDArray[np.float64]
    width: NDArray[np.int64]
    depth: NDArray[np.float64]


BEHIND = -2.0
"""Depth (cm) that divides hair behind the person from hair in front."""


def shade(tress: Tress, plane: Plane, pose: Pose, lighting: Lighting, relief: Field | None) -> Strokes:
    """Light the strands: those that the relief does not hide, or without one those behind the person."""
    paths = turn(tress.paths, pose)
    start, end = paths[:, :-1], paths[:, 1:]
    tangent = end - start
    tangent /= np.maximum(np.linalg.norm(tangent, axis=-1, keepdims=True), 1e-6)
    volume = turn(skull_normal(tress.paths[:, 1:]), pose) - turn(np.zeros(3), pose)
    key = unit(lighting.key.direction).astype(float)
    along = np.sqrt(np.maximum(1 - (tangent @ key) ** 2, 0))
    half = half_way(lighting.key).astype(float)
    gleam = np.sqrt(np.maximum(1 - (tangent @ half) ** 2, 0)) ** 40 * np.clip(volume @ half, 0, 1) ** 2
    facing = np.clip(0.5 + 0.5 * (volume @ key), 0, 1) ** 1.3
    lit = (0.22 + 0.78 * facing) * (0.35 + 0.65 * along)
    if tress.occluded is not None:
        lit = lit * (1 - tress.occluded[:, 1:])
        gleam = gleam * (1 - tress.occluded[:, 1:])
    edge = sum(
        np.clip(volume @ unit(lamp.direction).astype(float), 0, 1) * lamp.strength for lamp in lighting.rims
    )
    edge = (
        edge
        * np.clip(1 - volume[..., 2], 0, 1) ** 2
        * (1 - (0 if tress.occluded is None else tress.occluded[:, 1:]))
    )
    reach = np.linspace(0, 1, lit.shape[1])[None]
    data = np.stack([
        lit * tress.tone[:, None] * 150, gleam * tress.gloss * 255 * tress.tone[:, None],
        edge * tress.rim * 110, np.broadcast_to(reach, lit.shape) * 255,
    ], axis=-1)  # fmt: skip
    width = np.maximum(1, np.round(tress.width * (1.15 - 0.75 * np.broadcast_to(reach, lit.shape) ** 2)))
    seen = end[..., 2] < BEHIND if relief is None else _seen(end, plane, relief, tress.tolerance)
    pixels = [plane.to_pixels(part[seen]) * plane.oversample for part in (start, end)]
    return Strokes(pixels[0], pixels[1], data[seen], width[seen].astype(np.int64), end[seen][:, 2])


def _seen(points: Points, plane: Plane, relief: Field, tolerance: float) -> NDArray[np.bool_]:
    pixels = (plane.to_pixels(points) * plane.oversample).astype(np.int64)
    rows, columns = plane.shape
    inside = (
        (pixels[..., 0] >= 0) & (pixels[..., 0] < columns) & (pixels[..., 1] >= 0) & (pixels[..., 1] < rows)
    )
    at = relief[np.clip(pixels[..., 1], 0, rows - 1), np.clip(pixels[..., 0], 0, columns - 1)]
    hidden = points[..., 2] < at - tolerance
    gone = (hidden | (points[..., 2] < BEHIND)) & (points[..., 1] < -9)
    lost = np.logical_or.accumulate(gone, axis=1)
    return np.asarray(inside & ~hidden & ~lost & (points[..., 2] >= BEHIND))


def draw(strokes: Strokes, plane: Plane) -> tuple[Field, Field]:
    """Data (H, W, 4) and coverage (H, W), both 0..1."""
    canvas = np.zeros((*plane.shape, 4), np.uint8)
    cover = np.zeros(plane.shape, np.uint8)
    fixed = 16
    order = np.argsort(strokes.depth, kind="stable")
    starts = np.round(strokes.start[order] * fixed).astype(int).tolist()
    ends = np.round(strokes.end[order] * fixed).astype(int).tolist()
    data = np.clip(strokes.data[order], 0, 255).tolist()
    for start, end, value, width in zip(starts, ends, data, strokes.width[order].tolist(), strict=True):
        cv2.line(canvas, start, end, value, width, cv2.LINE_AA, 4)
        cv2.line(cover, start, end, 255, width, cv2.LINE_AA, 4)
    return canvas.astype(np.float32) / 255, cover.astype(np.float32) / 255


def colourise(data: Field, tress: Tress, lighting: Lighting) -> Colours:
    """Linear colour of drawn strands."""
    root, tip = linear(tress.colour), linear(tress.tip_colour)
    body = root + (tip - root) * data[..., 3:4]
    light = linear(lighting.key.colour) * 1.6 + linear(lighting.sky) * 0.25
    shine = (body * 2.0 + 0.10) * linear(lighting.key.colour)
    rims = sum((linear(lamp.colour) * lamp.strength for lamp in lighting.rims), np.zeros(3, np.float32))
    edge = (body * 1.6 + 0.10) * rims / max(sum(lamp.strength for lamp in lighting.rims), 1e-6)
    return np.asarray(
        body * light * data[..., :1] * 1.7 + shine * data[..., 1:2] + edge * data[..., 2:3], np.float32
    )
