"""Hairstyles: where strands grow and which way they fall; brows, lashes and beards too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.avatars.fields import Colour, Field, Plane, curve
from assets.avatars.form import Eyes, Face, Lips, brow_shape, lid_edges
from assets.avatars.strands import (
    SKULL_CENTRE,
    SKULL_RADII,
    Points,
    Tress,
    clump,
    scalp,
    skull_distance,
    skull_normal,
)


@dataclass(frozen=True)
class Hairdo:
    """Scalp hair. Lengths in cm; ``part`` is where the hair divides (x), beyond the head for none."""

    count: int = 9000
    length: float = 22.0
    points: int = 40
    part: float = 0.0
    lift: float = 0.5
    forward: float = 0.0
    gravity: float = 0.5
    side: float = 1.0
    volume: float = 1.06
    reach: float = 3.0
    """How far the hair may stand off, in skull radii."""
    curl: float = 0.0
    """Radius of the curls (cm)."""
    turns: float = 5.0
    wave: float = 0.0
    guides: int = 260
    clumping: float = 0.7
    mess: float = 0.10
    hairline: float = 8.0
    recede: float = 0.0
    nape: float = -5.0
    fade: float = 0.0
    """Shortens the sides and back, 0..1."""
    clear: tuple[float, float] = (5.7, 7.4)
    """Half-width and top (cm) of the oval of the face that hair leaves free."""
    width: float = 1.6
    gloss: float = 0.6
    colour: Colour = (0.10, 0.07, 0.05)
    tip_colour: Colour = (0.22, 0.13, 0.08)
    seed: int = 3


def _grows(roots: Points, hairdo: Hairdo) -> NDArray[np.bool_]:
    front = roots[:, 2] > SKULL_CENTRE[2] - 0.3
    edge = hairline(hairdo, roots[:, 0])
    return np.asarray(np.where(front, roots[:, 1] > edge, roots[:, 1] > hairdo.nape))


def _comb(roots: Points, hairdo: Hairdo, rng: np.random.Generator) -> Points:
    across = roots[:, 0] - hairdo.part
    sideways = np.tanh(across / 1.2) * hairdo.side
    front = np.clip((roots[:, 2] - SKULL_CENTRE[2]) / SKULL_RADII[2], 0, 1)
    wanted = np.stack([sideways, -0.35 * np.ones(len(roots)), hairdo.forward * (0.3 + front) - 0.1], axis=1)
    normal = skull_normal(roots)
    tangent = wanted - (wanted * normal).sum(1, keepdims=True) * normal
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-6)
    return np.asarray(tangent + hairdo.lift * normal + rng.normal(0, hairdo.mess, roots.shape))


def _fall(roots: Points, heading: Points, lengths: NDArray[np.float64], hairdo: Hairdo) -> Points:
    paths = np.empty((len(roots), hairdo.points, 3))
    paths[:, 0] = roots
    stride = lengths / (hairdo.points - 1)
    direction = heading / np.linalg.norm(heading, axis=1, keepdims=True)
    for i in range(1, hairdo.points):
        pull = hairdo.gravity * stride * 0.5
        direction = direction + pull[:, None] * np.array([0.0, -1.0, 0.0])
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        moved = paths[:, i - 1] + direction * stride[:, None]
        floor = 1 + (hairdo.volume - 1) * min(1.0, 3 * i / hairdo.points)
        distance = skull_distance(moved)
        push = np.where((distance < floor) & (moved[:, 1] > -9), floor / np.maximum(distance, 0.2), 1.0)
        reach = 1 + (hairdo.reach - 1) * np.clip(1.3 - moved[:, 1] / 14, 0.45, 1)
        push = np.where(
            (distance > reach) & (moved[:, 1] > 0), 0.5 + 0.5 * reach / np.maximum(distance, 1), push
        )
        paths[:, i] = SKULL_CENTRE + (moved - SKULL_CENTRE) * push[:, None]
        direction = paths[:, i] - paths[:, i - 1]
        direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-6)
    return paths


def _curl(paths: Points, groups: NDArray[np.int64], hairdo: Hairdo, rng: np.random.Generator) -> Points:
    tangent = np.gradient(paths, axis=1)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=-1, keepdims=True), 1e-6)
    first = np.cross(tangent, np.array([0.3, 0.2, 0.93]))
    first /= np.maximum(np.linalg.norm(first, axis=-1, keepdims=True), 1e-6)
    second = np.cross(tangent, first)
    many = groups.max() + 1
    phase = rng.uniform(0, 2 * np.pi, many)[groups] + rng.normal(0, 0.22, len(paths))
    speed = rng.uniform(0.8, 1.25, many)[groups] * rng.choice([-1, 1], many)[groups]
    t = np.linspace(0, 1, paths.shape[1])
    angle = phase[:, None] + speed[:, None] * t * hairdo.turns * 2 * np.pi
    radius = hairdo.curl * np.clip(t * 4, 0, 1) * rng.uniform(0.85, 1.1, len(paths))[:, None]
    around = np.cos(angle)[..., None] * first + np.sin(angle)[..., None] * second
    return np.asarray(paths + radius[..., None] * around)


def _hidden(paths: Points) -> NDArray[np.float64]:
    """Light lost inside the hair: deep strands of a thick coat are dark."""
    distance = skull_distance(paths)
    thick = np.percentile(distance, 96) - 1
    depth = np.clip((distance - 1) / max(thick, 0.02), 0, 1)
    below = np.clip((-2.0 - paths[..., 1]) / 8, 0, 1) * np.clip((4.0 - paths[..., 2]) / 8, 0, 1)
    return np.asarray(np.clip(0.5 * (1 - depth) ** 1.4 + 0.35 * below, 0, 0.85))


def _off_the_face(paths: Points, hairdo: Hairdo) -> NDArray[np.bool_]:
    half, top = hairdo.clear
    middle, tall = (top - 9.5) / 2, (top + 9.5) / 2
    inside = (paths[..., 0] / half) ** 2 + ((paths[..., 1] - middle) / tall) ** 2 < 1
    return np.asarray(~(inside & (paths[..., 2] > 0)).any(axis=1))


def hairline(hairdo: Hairdo, x: Field) -> Field:
    """Height (cm) of the front hairline."""
    low = hairdo.hairline
    edge = curve(np.abs(x), [0, 2.5, 4.8, 6.4, 6.95, 7.25], [low, low - 0.1, low - 0.9, 4.0, 1.2, -1.0])
    bald = 0.5 + 0.5 * np.cos(np.clip((np.abs(x) - 4) / 4, -1, 1) * np.pi)
    return np.asarray(edge + hairdo.recede * bald, np.float32)


def grow(hairdo: Hairdo) -> Tress:
    """The whole head of hair."""
    rng = np.random.default_rng(hairdo.seed)
    roots = scalp(hairdo.count * 3, rng)
    roots = roots[_grows(roots, hairdo)][: hairdo.count]
    height = np.clip((roots[:, 1] - 1) / 8, 0, 1)
    lengths = hairdo.length * rng.uniform(0.72, 1.05, len(roots)) * (1 - hairdo.fade * (1 - height))
    paths = _fall(roots, _comb(roots, hairdo, rng), lengths, hairdo)
    paths, groups = clump(paths, hairdo.guides, hairdo.clumping, rng)
    if hairdo.curl > 0:
        paths = _curl(paths, groups, hairdo, rng)
    if hairdo.wave > 0:
        t = np.linspace(0, 1, hairdo.points)
        phase = rng.uniform(0, 6.3, groups.max() + 1)[groups]
        paths[..., 0] += hairdo.wave * np.sin(phase[:, None] + t * hairdo.turns * 6.3) * t
    top = paths[..., 1].max(axis=1)
    kept = _off_the_face(paths, hairdo) & (top <= np.percentile(top, 99.5))  # no single loops against the sky
    paths, groups = paths[kept], groups[kept]
    tone = rng.normal(1, 0.2, groups.max() + 1)[groups] * rng.normal(1, 0.14, len(paths))
    return Tress(
        paths, np.clip(tone, 0.4, 1.7), hairdo.colour, hairdo.tip_colour, hairdo.width, hairdo.gloss,
        occluded=_hidden(paths),
    )  # fmt: skip


def _on_relief(points: Points, height: Field, plane: Plane) -> NDArray[np.float64]:
    pixels = (plane.to_pixels(points) * plane.oversample).astype(np.int64)
    rows, columns = plane.shape
    return np.asarray(
        height[np.clip(pixels[:, 1], 0, rows - 1), np.clip(pixels[:, 0], 0, columns - 1)], np.float64
    )


def _sprout(roots: Points, heading: Points, lengths: NDArray[np.float64], bend: Points) -> Points:
    t = np.linspace(0, 1, 9)[None, :, None]
    reach = lengths[:, None, None]
    return np.asarray(roots[:, None] + heading[:, None] * t * reach + bend[:, None] * t**2 * reach)


def eyebrows(face: Face, height: Field, plane: Plane, seed: int) -> Tress:
    """Both brows as short hairs that fan from upwards (inner end) to outwards (tail)."""
    rng = np.random.default_rng(seed)
    brows, count = face.brows, int(560 * face.brows.density)
    u = rng.beta(1.25, 1.15, count)
    arch, half = brow_shape(face, u.astype(np.float32))
    y = arch + rng.uniform(-1, 1, count) * half
    angle = np.radians(78 - 80 * np.clip(u * 1.5, 0, 1) ** 0.8 - 14 * u) + rng.normal(0, 0.16, count)
    angle -= 0.5 * np.clip((y - arch) / np.maximum(half, 0.05), -1, 1)
    side = np.where(np.arange(count) % 2, 1.0, -1.0)
    roots = np.stack([(face.eyes.x - 1.75 + u * 3.75) * side, y, np.zeros(count)], axis=1)
    roots[:, 2] = _on_relief(roots, height, plane) + 0.05
    heading = np.stack([np.cos(angle) * side, np.sin(angle), np.full(count, 0.12)], axis=1)
    bend = np.stack([0.25 * side, -0.10 * np.ones(count), np.zeros(count)], axis=1)
    size = rng.uniform(0.34, 0.68, count) * np.sqrt(brows.thickness / 0.38) * np.clip(0.65 + u, 0, 1)
    paths = _sprout(roots, heading, size, bend)
    return Tress(paths, rng.normal(1, 0.25, count), brows.colour, brows.colour, 1.0, 0.15, 0.1, tolerance=3.0)


def lashes(eyes: Eyes, liner: Colour, height: Field, plane: Plane, seed: int) -> Tress:
    """Upper and lower lashes, curling outwards."""
    rng = np.random.default_rng(seed)
    count = int(230 * min(eyes.lashes + 0.25, 1.4))
    u = rng.uniform(-0.88, 1.0, count)
    top = rng.random(count) < 0.75
    upper, lower = lid_edges(eyes, u.astype(np.float32))
    y = eyes.y + np.where(top, upper + 0.03, lower - 0.05)
    side = np.where(rng.random(count) < 0.5, 1.0, -1.0)
    roots = np.stack([(eyes.x + u * eyes.half_width) * side, y, np.zeros(count)], axis=1)
    roots[:, 2] = _on_relief(roots, height, plane) + 0.1
    out = 0.25 + 0.75 * np.clip(u + 0.4, -0.5, 1)
    heading = np.stack([out * side * 0.7, np.where(top, 0.35, -0.9), np.ones(count)], axis=1)
    bend = np.stack([out * side * 0.35, np.where(top, 0.75, -0.1), np.zeros(count)], axis=1)
    size = eyes.lashes * np.where(top, rng.uniform(0.24, 0.42, count), rng.uniform(0.08, 0.14, count))
    paths = _sprout(roots, heading, size * (0.55 + 0.45 * np.clip(u + 0.6, 0, 1)), bend)
    return Tress(paths, np.full(count, 0.5), liner, liner, 1.2, 0.0, 0.0, tolerance=3.0)


@dataclass(frozen=True)
class Beard:
    """Facial hair; lengths in cm. ``moustache`` 0 leaves the upper lip free."""

    length: float = 3.2
    count: int = 7000
    moustache: float = 0.8
    cheek: float = 0.0
    """Raises the line on the cheeks (cm)."""
    curl: float = 0.10
    width: float = 1.5
    colour: Colour = (0.82, 0.80, 0.77)
    tip_colour: Colour = (0.97, 0.96, 0.94)
    seed: int = 8


def _beard_roots(beard: Beard, lips: Lips, rng: np.random.Generator) -> tuple[Points, NDArray[np.bool_]]:
    """Roots (N, 3) with no depth yet, and which of them are the moustache's."""
    chin = np.stack([rng.uniform(-7, 7, beard.count * 4), rng.uniform(-9.2, 2, beard.count * 4)], 1)
    a = np.abs(chin[:, 0])
    line = beard.cheek + curve(a, [0, 1.5, 2.6, 3.4, 5.0, 6.2, 6.9], [-5.9, -5.9, -4.2, -3.4, -2.5, -0.4, 2.2])
    below = chin[:, 1] + rng.normal(0, 0.22, len(chin)) < line
    below |= (a < 0.55) & (chin[:, 1] < -5.2)
    lip_oval = (chin[:, 0] / (lips.half_width + 0.3)) ** 2 + (
        (chin[:, 1] - lips.y + 0.1) / (lips.lower + 0.3)
    ) ** 2
    chin = chin[below & (lip_oval > 1)][: beard.count]
    over = np.stack([rng.uniform(-3.4, 3.4, beard.count), rng.uniform(-5.0, -1.6, beard.count)], 1)
    a = np.abs(over[:, 0])
    top = lips.y + lips.upper * np.clip(1 - (a / lips.half_width) ** 1.6, -1.6, 1) + 0.42
    near = (over[:, 1] > top) & (
        over[:, 1] < lips.y + lips.upper + 1.15 - 0.34 * a + rng.normal(0, 0.1, len(a))
    )
    over = over[near & (beard.moustache > 0)]
    both = np.vstack([chin, over])
    return np.c_[both, np.zeros(len(both))], np.arange(len(both)) >= len(chin)


def grow_beard(beard: Beard, lips: Lips, height: Field, plane: Plane) -> Tress:
    """A beard that falls from the jaw and a moustache that stays clear of the lips."""
    rng = np.random.default_rng(beard.seed)
    roots, over = _beard_roots(beard, lips, rng)
    solid = _on_relief(roots, height, plane) > -0.4
    roots, over = roots[solid], over[solid]
    count, x = len(roots), roots[:, 0]
    roots[:, 2] = np.maximum(_on_relief(roots, height, plane), -2.5) + 0.05
    side = np.sign(x)
    down = np.stack([0.10 * x / 3, -np.ones(count), 0.45 + 0 * x], axis=1)
    aside = np.stack([side * (0.45 + 0.35 * np.abs(x)), -0.45 * np.ones(count), 0.3 + 0 * x], axis=1)
    heading = np.where(over[:, None], aside, down) + rng.normal(0, 0.13, (count, 3))
    heading /= np.linalg.norm(heading, axis=1, keepdims=True)
    fade = np.clip((2.6 - roots[:, 1]) / 7.5, 0.12, 1) * (1 - 0.55 * np.clip(np.abs(x) / 6.5, 0, 1) ** 1.5)
    size = np.where(over, beard.moustache, beard.length * fade) * rng.uniform(0.7, 1.1, count)
    bend = np.stack(
        [np.where(over, 0.1 * side, -0.16 * x / 3), np.where(over, -0.1, -0.5), np.where(over, -0.3, -0.4)],
        axis=1,
    )
    paths = _sprout(roots, heading, size, bend)
    paths, groups = clump(paths, 420, 0.45, rng)
    phase = rng.uniform(0, 6.3, groups.max() + 1)[groups]
    t = np.linspace(0, 1, paths.shape[1])
    paths[..., 0] += beard.curl * np.sin(phase[:, None] + t * 7) * t
    tone = rng.normal(1, 0.14, groups.max() + 1)[groups] * rng.normal(1, 0.12, count)
    deep = np.clip(0.5 * (1 - t) ** 1.5, 0, 1)[None] * np.clip(size / 1.2, 0.2, 1)[:, None]
    return Tress(
        paths, tone, beard.colour, beard.tip_colour, beard.width, 0.3, 0.6, tolerance=1.2, occluded=deep
    )
