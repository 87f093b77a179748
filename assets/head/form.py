"""The form of the head: a distance field of smoothly joined ellipsoids and capsules, and rays onto it.

All in millimetres: x to the person's left, y up, z out of the face. The eyes' centres lie at y = 0.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
CENTRE = np.array([0.0, -15.0, -60.0])
"""A point from which a ray meets the surface once, whatever its direction."""
EYE = np.array([31.5, 0.0, -4.5])
"""Centre of the left eyeball; the right one is its mirror image."""
EYE_RADIUS = 16.0
MOUTH_Y, MOUTH_HALF = -66.0, 25.0
JAW = np.array([0.0, -22.0, -78.0])
"""The jaw's hinge."""
FLOOR = -150.0
"""Where the neck is cut."""

_ELLIPSOIDS = (
    # centre, radii, softness of the join
    ((0, 28, -72), (74, 78, 92), 1),
    ((0, -24, -42), (59, 70, 62), 26),
    ((0, -70, -32), (45, 36, 45), 20),
    ((0, -95, 1), (17, 14, 14), 16),
    ((37, -24, -14), (24, 19, 22), 16),
    ((-37, -24, -14), (24, 19, 22), 16),
    ((27, -54, -12), (21, 22, 22), 16),
    ((-27, -54, -12), (21, 22, 22), 16),
    ((0, -65, -7), (31, 23, 29), 12),
)
_CAPSULES = (
    # from, to, radii at both ends, softness of the join
    ((0, -60, -78), (0, -190, -92), (43, 50), 22),
    ((13, 19, 8), (42, 15, -4), (9, 8), 12),
    ((-13, 19, 8), (-42, 15, -4), (9, 8), 12),
    ((0, 5, 10), (0, -32, 24), (7.5, 8.5), 9),
    ((0, -35, 27), (0, -36, 28), (9.5, 9.5), 5),
    ((11, -38.5, 19), (10.5, -39.5, 15), (7, 7), 5),
    ((-11, -38.5, 19), (-10.5, -39.5, 15), (7, 7), 5),
)


def distance(points: Array) -> Array:
    """About how far each of ``points`` (N, 3) is outside of the skin; negative inside."""
    field = np.full(len(points), 1e3)
    for centre, radii, soft in _ELLIPSOIDS:
        field = _joined(field, _ellipsoid(points, np.array(centre, float), np.array(radii, float)), soft)
    for start, end, radii, soft in _CAPSULES:
        field = _joined(field, _capsule(points, np.array(start, float), np.array(end, float), radii), soft)
    return field


def _ellipsoid(points: Array, centre: Array, radii: Array) -> Array:
    scaled = (points - centre) / radii
    far = np.linalg.norm(scaled, axis=1) + 1e-9
    return far * (far - 1.0) / (np.linalg.norm(scaled / radii, axis=1) + 1e-9)


def _capsule(points: Array, start: Array, end: Array, radii: tuple[float, float]) -> Array:
    axis = end - start
    along = np.clip((points - start) @ axis / (axis @ axis), 0.0, 1.0)
    radius = radii[0] + (radii[1] - radii[0]) * along
    return np.linalg.norm(points - start - along[:, None] * axis, axis=1) - radius


def _joined(first: Array, second: Array, soft: float) -> Array:
    """The smaller of both, rounded off where they are closer than ``soft`` (a polynomial smooth minimum)."""
    near = np.maximum(soft - np.abs(first - second), 0.0) / soft
    return np.minimum(first, second) - near**2 * soft / 4.0


def _march(start: Array, direction: Array, steps: int = 160) -> Array:
    """The first points of the skin from ``start`` along unit vectors ``direction``."""
    at = start.copy()
    for _ in range(steps):
        at = at + direction * np.clip(distance(at), -8.0, 12.0)[:, None] * 0.7
    return at


def from_front(xy: Array) -> Array:
    """The skin at (x, y), as seen from the front: (N, 3)."""
    start = np.column_stack([xy, np.full(len(xy), 70.0)])
    return _march(start, np.tile([0.0, 0.0, -1.0], (len(xy), 1)))


def from_centre(directions: Array) -> Array:
    """The skin in unit ``directions`` from CENTRE, down to the floor."""
    at = _march(CENTRE + directions * 260.0, -directions)
    below = at[:, 1] < FLOOR
    at[below] = CENTRE + directions[below] * ((FLOOR - CENTRE[1]) / directions[below, 1])[:, None]
    return at


def step(values: Array, low: float, high: float) -> Array:
    """A smooth step from 0 at ``low`` to 1 at ``high``; falling where ``low`` is the larger."""
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
