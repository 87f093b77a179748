"""From a few moved points to the whole face.

A displacement is given where anatomy says something (lips, jaw, brows) and at points that hold still; a
thin-plate spline carries it to all other points (Bookstein 1989). The operator is solved once per photo.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.facemesh.anatomy import POINTS, Floats
from engines.facemesh.curves import smoothstep

SMOOTHING = 1e-6
"""Knots that lie on one another must not break the spline."""

Moves = dict[int, tuple[float, float, float]]
"""Point number -> displacement in iod: x to the picture's right, y down, z away."""


@dataclass(frozen=True)
class Spread:
    """``controls``: (C,) point numbers; ``operator``: (468, C)."""

    controls: Floats
    operator: Floats

    def __call__(self, moves: Floats) -> Floats:
        """(468, 3) from (468, 3) of which only the rows of the control points count."""
        return np.asarray(self.operator @ moves[self.controls])


def make_spread(points: Floats, controls: set[int], mask: Floats) -> Spread:
    """An operator that moves the controls exactly and fades by ``mask`` (468,) in [0, 1] elsewhere."""
    order = np.array(sorted(controls))
    plane = points[:, :2]
    operator = _thin_plate(plane[order], plane) * mask[:, None]
    operator[order] = np.eye(len(order))
    return Spread(order, operator)


def _thin_plate(knots: Floats, places: Floats) -> Floats:
    """(P, C): what values at ``knots`` (C, 2) amount to at ``places`` (P, 2), by a thin-plate spline."""
    count = len(knots)
    # SciPy's spline does the same; loading it takes longer than all the rest of an animator.
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _bending(knots, knots) + SMOOTHING * np.eye(count)
    system[:count, count:] = np.column_stack([np.ones(count), knots])
    system[count:, :count] = system[:count, count:].T
    reach = np.column_stack([_bending(places, knots), np.ones(len(places)), places])
    return np.asarray(np.linalg.solve(system, reach.T)[:count].T)


def _bending(places: Floats, knots: Floats) -> Floats:
    """(P, C): r^2 log r of the distances r."""
    square = ((places[:, None] - knots) ** 2).sum(2)
    return np.asarray(0.5 * square * np.log(np.maximum(square, 1e-300)))


def bump(points: Floats, centres: tuple[int, ...], radius: float) -> Floats:
    """(468,): 1 at the ``centres`` (point numbers), a bell curve of the distance in iod around."""
    away = np.linalg.norm(points[:, None, :2] - points[None, list(centres), :2], axis=2).min(1)
    bell: Floats = np.exp(-((away / radius) ** 2) / 2)
    return bell


def left_share(points: Floats) -> Floats:
    """(468,): 1 on the person's left half, 0 on the right, blending over the middle."""
    return smoothstep(points[:, 0], -0.13, 0.13)


def empty() -> Floats:
    """(468, 3) of zeros."""
    return np.zeros((POINTS, 3))
