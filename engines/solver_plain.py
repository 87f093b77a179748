"""The blendshape solve with NumPy and SciPy: what is used where the compiled solver is not built."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import lsq_linear

Floats = npt.NDArray[Any]
Indices = npt.NDArray[np.int32]

CANCELLED = 1e-10
"""The upper bound of the smaller weight of a cancelling pair; SDK: blendshape_solver.cpp."""


class Penalties(NamedTuple):
    """What is added to DᵀD: to every entry, to the diagonal, for every symmetric pair; and to Dᵀr: ``carry``
    times the weights before. ``tolerance`` is the gradient at which the search ends."""

    everywhere: float
    diagonal: float
    symmetry: float
    carry: float
    tolerance: float


class PlainSolver:
    """As ``visema_solver.Solver``; ``BlendshapeSolver`` checks what it is given."""

    def __init__(
        self,
        neutral: Floats,
        deltas: Floats,
        vertices: Indices,
        penalties: Penalties,
        symmetry: Indices,
        cancel: Indices,
    ) -> None:
        """``neutral`` (V, 3); ``deltas`` (n, M, 3) of the ``vertices`` (M,); pairs (S, 2), (C, 2) of poses."""
        self._neutral = neutral[vertices].astype(np.float64).ravel()
        self._deltas = deltas.reshape(len(deltas), 3 * len(vertices)).astype(np.float64)
        self._vertices, self._penalties, self._cancel = vertices, penalties, cancel
        self._matrix = normal_matrix(self._deltas, penalties, symmetry)

    def solve(self, points: Floats, previous: Floats) -> Floats:
        """Weights (T, n) in [0, 1] of ``points`` (T, V, 3); ``previous`` (n,)."""
        if not np.isfinite(points).all():
            raise ValueError("points must be finite")
        found = np.empty((len(points), len(self._deltas)))
        for index, pose in enumerate(points):
            target = self._deltas @ (pose[self._vertices].astype(np.float64).ravel() - self._neutral)
            previous = found[index] = self._weights(target + self._penalties.carry * previous)
        return found

    def _weights(self, target: Floats) -> Floats:
        upper = np.ones(len(target))
        weights = self._bounded(target, upper)
        if len(self._cancel) == 0:
            return weights
        first, second = self._cancel.T
        upper[np.where(weights[first] >= weights[second], second, first)] = CANCELLED
        return self._bounded(target, upper)

    def _bounded(self, target: Floats, upper: Floats) -> Floats:
        bounds = (np.zeros(len(upper)), upper)
        found = lsq_linear(self._matrix, target, bounds, method="bvls", tol=self._penalties.tolerance)
        return np.asarray(found.x)


def normal_matrix(deltas: Floats, penalties: Penalties, symmetry: Indices) -> Floats:
    """A (n, n) of ``deltas`` (n, rows)."""
    count = len(deltas)
    matrix = deltas @ deltas.T + penalties.everywhere + penalties.diagonal * np.eye(count)
    pairs = np.zeros((len(symmetry), count))
    pairs[np.arange(len(symmetry)), symmetry[:, 0]] = 1
    pairs[np.arange(len(symmetry)), symmetry[:, 1]] = -1
    return np.asarray(matrix + penalties.symmetry * pairs.T @ pairs)
