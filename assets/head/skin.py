"""The skin as a mesh: rings around eyes and mouth, scattered points elsewhere, and what lies behind."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import ConvexHull, cKDTree

from assets.head.form import (
    CENTRE,
    EYE,
    FLOOR,
    MOUTH_HALF,
    MOUTH_Y,
    Array,
    distance,
    from_centre,
    from_front,
    step,
)

EYE_POINTS, MOUTH_POINTS = 40, 48
EYE_RINGS = (0.0, 0.14, 0.3, 0.5, 0.74, 1.0)
MOUTH_RINGS = (0.0, 0.3, 0.65, 1.0, 1.35, 1.8, 2.4)
LID_RADIUS = 17.1
NONE = 9.0
"""Ring of points that belong to no ring."""


@dataclass
class Skin:
    """Points (N, 3) and triangles; which ring around an eye or the mouth each is on, 0 at the rim, negative
    behind it; ``upper`` whether above the opening; ``rim`` which point of the rim it goes with."""

    points: list[Array] = field(default_factory=list)
    eye: list[Array] = field(default_factory=list)
    mouth: list[Array] = field(default_factory=list)
    upper: list[Array] = field(default_factory=list)
    faces: list[Array] = field(default_factory=list)
    count: int = 0

    def add(self, points: Array, eye: float = NONE, mouth: float = NONE, upper: Array | None = None) -> Array:
        """Add points of one ring; returns their indices."""
        size = len(points)
        self.points.append(points)
        self.eye.append(np.full(size, eye))
        self.mouth.append(np.full(size, mouth))
        self.upper.append(np.zeros(size) if upper is None else upper)
        self.count += size
        return np.arange(self.count - size, self.count)

    def strip(self, inner: Array, outer: Array) -> None:
        """Join two closed rings of as many points, counter-clockwise as seen from outside."""
        a, b = inner, outer
        after_a, after_b = np.roll(inner, -1), np.roll(outer, -1)
        self.faces += [np.column_stack([a, b, after_b]), np.column_stack([a, after_b, after_a])]


def make_skin() -> Skin:
    """The skin of head and neck with lids, lips and the hollow of the mouth."""
    skin = Skin()
    outer = [_eye_patch(skin, 1.0), _eye_patch(skin, -1.0), _mouth_patch(skin)]
    rims = [np.concatenate(skin.points)[ring] for ring in outer]
    loose = skin.add(np.concatenate([_scattered(rims), neck_edge()]))
    _close(skin, outer, loose)
    return skin


def eye_outline(ring: float) -> Array:
    """(EYE_POINTS, 2) around the left eye, from the outer corner over the top: lid edge at 0, socket at 1."""
    angle = np.arange(EYE_POINTS) * 2 * np.pi / EYE_POINTS
    across, up = np.cos(angle), np.sin(angle)
    lid = np.column_stack([13.5 * across, np.where(up > 0, 6.6, 5.2) * np.abs(up) ** 1.15 * np.sign(up)])
    lid[:, 1] += 1.2 * across - 0.9 * (across < 0) * across**2 - np.where(up > 0, 1.0, 0.0) * across * up
    socket = np.column_stack([21.5 * across, np.where(up > 0, 15.5, 15.0) * up])
    return np.asarray(EYE[:2] + lid + (socket - lid) * ring)


def _eye_patch(skin: Skin, side: float) -> Array:
    """The rings around one eye; returns the outermost."""
    upper = (np.sin(np.arange(EYE_POINTS) * 2 * np.pi / EYE_POINTS) >= 0).astype(float)
    order = np.arange(EYE_POINTS) if side > 0 else np.arange(EYE_POINTS)[::-1]
    mirror = np.array([side, 1.0, 1.0])
    rings = []
    for ring in EYE_RINGS:
        points = _lid(eye_outline(ring), ring)
        rings.append(skin.add((points * mirror)[order], eye=ring, upper=upper[order]))
    edge = _lid(eye_outline(0.0), 0.0)
    behind = []
    for number, (radius, wider) in enumerate(((15.9, 1.0), (15.2, 1.22)), 1):
        flat = EYE[:2] + (edge[:, :2] - EYE[:2]) * wider
        points = _on_ball(flat, radius)
        behind.append(skin.add((points * mirror)[order], eye=-float(number), upper=upper[order]))
    for inner, outer in zip([*behind[::-1], *rings[:-1]], [behind[0], *rings], strict=True):
        skin.strip(inner, outer)
    return rings[-1]


def _on_ball(flat: Array, radius: float) -> Array:
    """Points at (x, y) on a ball around the eye's centre; those that are beyond it lie on its edge."""
    off = flat - EYE[:2]
    square = np.maximum(radius**2 - (off**2).sum(axis=1), 9.0)
    return np.column_stack([flat, EYE[2] + np.sqrt(square)])


def _lid(flat: Array, ring: float) -> Array:
    """Lid on the eyeball near the edge, the face's own form from the socket on."""
    lid, face = _on_ball(flat, LID_RADIUS + 1.6 * ring), from_front(flat)
    share = float(step(np.array([ring]), 0.1, 0.95)[0])
    points = lid * (1 - share) + face * share
    points[:, 2] -= 1.6 * np.exp(-(((ring - 0.42) / 0.16) ** 2)) * (flat[:, 1] > EYE[1] + 1)
    return points


def lip_outline(ring: float) -> Array:
    """(MOUTH_POINTS, 2) around the mouth from its left corner over the top: seam at 0, the lips' edge at 1."""
    angle = np.arange(MOUTH_POINTS) * 2 * np.pi / MOUTH_POINTS
    across, up = np.cos(angle), np.sin(angle)
    seam = np.column_stack([MOUTH_HALF * across, MOUTH_Y + seam_height(MOUTH_HALF * across)])
    bow = (
        7.6 * np.abs(up) ** 1.1
        - 1.5 * np.exp(-((across / 0.13) ** 2))
        + 0.8 * np.exp(-(((np.abs(across) - 0.27) / 0.14) ** 2))
    )
    lip = seam + np.column_stack(
        [0.9 * across, np.where(up >= 0, bow * (up > 1e-9), -9.4 * np.abs(up) ** 1.05)]
    )
    around = np.array([0.0, MOUTH_Y - 0.6]) + np.column_stack(
        [41.0 * across, np.where(up > 0, 16.0, 22.5) * up]
    )
    if ring <= 1.0:
        return np.asarray(seam + (lip - seam) * ring)
    return np.asarray(lip + (around - lip) * (ring - 1.0) / 1.4)


def seam_height(x: Array) -> Array:
    """How much higher than at its corners the lips meet at ``x``."""
    near = x / MOUTH_HALF
    return 1.2 * (1 - near**2) - 1.6 * np.exp(-((near / 0.2) ** 2)) - 0.2


def _bulge(ring: float, across: Array, upper: Array) -> Array:
    """How far lips stand out in front of the face."""
    profile = np.interp(
        ring, (-1.0, 0.0, 0.3, 0.65, 1.0, 1.35, 1.8, 2.4), (-2.0, 0.6, 3.6, 4.2, 2.2, 0.8, 0.2, 0.0)
    )
    full = np.sqrt(np.clip(1 - across**2, 0.0, 1.0))
    return np.where(upper > 0, 0.9, 1.08) * profile * full - 1.3 * (1 - full) * (ring < 1.4)


def _mouth_patch(skin: Skin) -> Array:
    """Lips and what is around and behind them; returns the outermost ring."""
    angle = np.arange(MOUTH_POINTS) * 2 * np.pi / MOUTH_POINTS
    across, upper = np.cos(angle), (np.sin(angle) > 1e-9).astype(float)
    rings = []
    for ring in MOUTH_RINGS:
        points = from_front(lip_outline(ring))
        points[:, 2] += _bulge(ring, across, upper)
        rings.append(skin.add(points, mouth=ring, upper=upper))
    seam = np.concatenate(skin.points)[rings[0]]
    behind, sign = [], np.where(upper > 0, 1.0, -1.0) * np.sin(angle) ** 2
    for number, (back, apart, narrow) in enumerate(
        ((2.6, 0.3, 1.0), (5.0, 6.0, 1.02), (7.0, 14.0, 1.02), (30.0, 17.0, 0.9), (52.0, 8.0, 0.5)), 1
    ):
        points = seam + np.column_stack(
            [np.zeros(MOUTH_POINTS), apart * sign, -back - 4.0 * np.cos(angle) ** 2]
        )
        points[:, 0] *= narrow
        behind.append(skin.add(points, mouth=-float(number), upper=upper))
    for inner, outer in zip([*behind[::-1], *rings[:-1]], [*behind[-2::-1], *rings], strict=True):
        skin.strip(inner, outer)
    _cap(skin, behind[-1])
    return rings[-1]


def _cap(skin: Skin, ring: Array) -> None:
    """Close the throat."""
    middle = skin.add(
        np.concatenate(skin.points)[ring].mean(axis=0, keepdims=True), mouth=-6.0, upper=np.array([0.5])
    )
    skin.faces.append(np.column_stack([np.full(len(ring), middle[0]), ring, np.roll(ring, -1)]))


def neck_edge() -> Array:
    """Points around the neck where it is cut."""
    turn = (np.arange(60) + 0.5) * 2 * np.pi / 60
    out = np.column_stack([np.sin(turn), np.zeros(60), np.cos(turn)])
    middle = np.array([0.0, FLOOR, -87.0])
    low, high = np.full(60, 20.0), np.full(60, 120.0)
    for _ in range(30):
        half = (low + high) / 2
        inside = distance(middle + out * half[:, None]) < 0
        low, high = np.where(inside, half, low), np.where(inside, high, half)
    return middle + out * low[:, None]


def _spacing(points: Array) -> Array:
    """Wanted distance between neighbours: fine at nose and mouth, coarse at the back."""
    x, y, z = points.T
    face = 5.2 + 5.0 * step(-z, 10.0, 90.0) + 2.5 * step(y, 40.0, 90.0) + 3.0 * step(-y, 105.0, 130.0)
    nose = 2.2 * np.exp(-((x / 20) ** 2) - ((y + 34) / 20) ** 2) * (z > 0)
    return face - nose


def _scattered(rims: list[Array]) -> Array:
    """Points all over the head, mirror images of each other, that keep their distance from the ``rims``."""
    count = 26_000
    height = 1 - 2 * (np.arange(count) + 0.5) / count
    turn = np.arange(count) * np.pi * (3 - np.sqrt(5))
    flat = np.sqrt(1 - height**2)
    directions = np.column_stack([flat * np.cos(turn), height, flat * np.sin(turn)])
    directions = np.concatenate([_midline(), directions[directions[:, 0] > 0.01]])
    points = from_centre(directions)
    points[: len(_midline()), 0] = 0.0
    wanted = _spacing(points)
    inside = np.zeros(len(points), bool)
    for rim in rims:
        inside |= _within(points, rim)
    inside |= points[:, 1] < FLOOR + 5
    order = np.concatenate(
        [np.arange(len(_midline())), len(_midline()) + np.argsort(wanted[len(_midline()) :], kind="stable")]
    )
    taken = _darts(points, wanted, order[~inside[order]], np.concatenate(rims))
    chosen = points[taken]
    mirrored = chosen[chosen[:, 0] > 0.01] * np.array([-1.0, 1.0, 1.0])
    return np.concatenate([chosen, mirrored])


def _midline() -> Array:
    """Directions of many points in the plane of symmetry."""
    angle = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    return np.column_stack([np.zeros(2000), np.sin(angle), np.cos(angle)])


def _within(points: Array, rim: Array) -> Array:
    """Which of ``points`` lie inside of the closed line ``rim``, as seen from the front."""
    middle = rim[:, :2].mean(axis=0)
    angle = np.arctan2(*(rim[:, :2] - middle).T[::-1])
    radius = np.linalg.norm(rim[:, :2] - middle, axis=1)
    order = np.argsort(angle)
    off = points[:, :2] - middle
    edge = np.interp(np.arctan2(off[:, 1], off[:, 0]), angle[order], radius[order], period=2 * np.pi)
    return (np.linalg.norm(off, axis=1) < edge) & (points[:, 2] > -40)


def _darts(points: Array, wanted: Array, order: Array, rims: Array) -> Array:
    """Take points in ``order`` that keep their distance from those before, their mirror images and ``rims``."""
    near_rim = cKDTree(rims).query(points)[0] < 0.75 * wanted
    taken: list[int] = []
    kept = np.zeros((0, 3))
    for index in order:
        point = points[index]
        if near_rim[index] or 0 < point[0] < 0.5 * wanted[index]:
            continue
        if len(kept) and ((kept - point) ** 2).sum(axis=1).min() < wanted[index] ** 2:
            continue
        taken.append(int(index))
        kept = np.concatenate([kept, point[None]])
    return np.array(taken)


def _close(skin: Skin, outer: list[Array], loose: Array) -> None:
    """Triangles between the outermost rings and the scattered points: the convex hull of directions."""
    points = np.concatenate(skin.points)
    used = np.concatenate([*outer, loose])
    seen = points[used] - CENTRE
    seen /= np.linalg.norm(seen, axis=1, keepdims=True)
    hull = ConvexHull(seen)
    triangles = hull.simplices.copy()
    flipped = (
        np.einsum(
            "ij,ij->i",
            np.cross(*(seen[triangles[:, k]] - seen[triangles[:, 0]] for k in (1, 2))),
            seen[triangles[:, 0]],
        )
        < 0
    )
    triangles[flipped] = triangles[flipped][:, ::-1]
    faces = used[triangles]
    for ring in outer:
        within = _within(points[faces].mean(axis=1), points[ring])
        faces = faces[~(np.isin(faces, ring).all(axis=1) & within)]
    open_below = (points[faces][:, :, 1] < FLOOR + 0.01).all(axis=1)
    skin.faces.append(faces[~open_below])
