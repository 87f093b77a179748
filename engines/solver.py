"""Blendshape weights of a posed face, as the Audio2Face-3D SDK finds them.

Over the active poses, D (rows, n) holds their deltas at the masked vertices and q = (diagonal of the
bounding box of the neutral face / ``template_bb_size``)². With

    A = DᵀD + l1²·0.25q·11ᵀ + (10q·l2 + 100q·temporal)·I + 10q·symmetry·SᵀS
    b = Dᵀ(points - neutral) + q·temporal·previous

(S: one row for every symmetric pair, +1 and -1) the raw weights x in [0, 1] minimise ‖Ax - b‖²: least
squares of the normal equations, not the quadratic program with Hessian A. Of every cancelling pair the
smaller is then held at nothing and the rest is solved again. Weights are multiplier·x + offset over all
poses, so they may leave [0, 1].

Formulae: NVIDIA/Audio2Face-3D-SDK, blendshape_solver_base.cpp, blendshape_solver.cpp and bvls.cpp.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.native import solver_module
from engines.solver_plain import Penalties, PlainSolver

Floats = npt.NDArray[Any]
Pairs = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class SolverOptions:
    """What the solver weighs against a close fit; the defaults are the SDK's. Numbers from 0 upwards.

    ``l1`` keeps few poses at work and ``l2`` all weights small; ``symmetry`` holds the two of a pair
    together and ``temporal`` the weights to those of the frame before. ``template_bb_size`` (at least 1) is
    the size of the head for which these were chosen, in the unit of the vertices. The search ends where no
    weight's gradient exceeds ``tolerance``. ``multipliers`` and ``offsets`` are one for each pose; None
    leaves the weights as they are.
    """

    l1: float = 1.0
    l2: float = 3.5
    symmetry: float = 100.0
    temporal: float = 0.0
    template_bb_size: float = 54.7
    tolerance: float = 1e-10
    multipliers: Sequence[float] | None = None
    offsets: Sequence[float] | None = None

    def __post_init__(self) -> None:
        for name in ("l1", "l2", "symmetry", "temporal", "tolerance"):
            _require(0 <= getattr(self, name) < np.inf, f"{name} must be a number from 0 upwards")
        _require(1 <= self.template_bb_size < np.inf, "template_bb_size must be at least 1")


@dataclass(frozen=True, eq=False)
class BlendshapeSolver:
    """Finds the weights of P poses for faces of V vertices. Frozen, so threads may share it.

    ``neutral`` (V, 3) and ``deltas`` (P, V, 3), in one unit; ``mask`` the indices of the vertices that
    count, None for all; ``active`` P booleans, None for all. Pairs are of pose indices; one with an inactive
    member is ignored. Deltas of float32 are kept and read as such, anything else as float64; sums are of
    float64 either way. ``plain`` uses NumPy and SciPy even where the compiled module is built, with the same
    results.

    Raises ValueError for shapes that do not fit, indices that do not exist and what is no finite number.
    """

    neutral: Floats
    deltas: Floats
    mask: Sequence[int] | npt.NDArray[np.integer[Any]] | None = None
    options: SolverOptions = field(default_factory=SolverOptions)
    cancel_pairs: Pairs = ()
    symmetry_pairs: Pairs = ()
    active: Sequence[bool] | npt.NDArray[np.bool_] | None = None
    plain: bool = False

    def __post_init__(self) -> None:
        dtype = np.float32 if np.asarray(self.deltas).dtype == np.float32 else np.float64
        neutral, deltas = np.asarray(self.neutral, dtype), np.asarray(self.deltas, dtype)
        _require(neutral.ndim == 2 and neutral.shape[1] == 3, "neutral must be (V, 3)")
        _require(len(neutral) > 0, "neutral has no vertices")
        _require(
            deltas.ndim == 3 and deltas.shape[1:] == neutral.shape, "deltas must be (P, V, 3), V as in neutral"
        )
        _require(len(deltas) > 0, "there are no poses")
        _require(
            bool(np.isfinite(neutral).all() and np.isfinite(deltas).all()), "neutral and deltas must be finite"
        )
        object.__setattr__(self, "neutral", neutral)
        object.__setattr__(self, "deltas", deltas)
        _ = self._core, self._scaling

    @property
    def poses(self) -> int:
        """P."""
        return len(self.deltas)

    def solve(self, points: Floats, previous: Floats | None = None) -> Floats:
        """The weights (P,) float64 of ``points`` (V, 3); ``previous`` as for ``raw``."""
        return np.asarray(self.solve_all(np.asarray(points)[None], previous)[0])

    def solve_all(self, points: Floats, previous: Floats | None = None) -> Floats:
        """The weights (T, P) float64 of ``points`` (T, V, 3), in order; ``previous`` as for ``raw``."""
        return self.scaled(self.raw(points, previous))

    def raw(self, points: Floats, previous: Floats | None = None) -> Floats:
        """The weights (T, P) in [0, 1], before multipliers and offsets, of ``points`` (T, V, 3).

        ``previous`` (P,) are the raw weights of the frame before, None for nothing: with the temporal term,
        the last row of one call is what the next call takes.
        """
        points = np.asarray(points, self.deltas.dtype)
        _require(
            points.ndim == 3 and points.shape[1:] == self.neutral.shape,
            "points must be (T, V, 3), V as in neutral",
        )
        before = np.zeros(self.poses) if previous is None else np.asarray(previous, np.float64)
        _require(before.shape == (self.poses,), "previous must be (P,)")
        _require(bool(np.isfinite(before).all()), "previous must be finite")
        found = np.zeros((len(points), self.poses))
        if len(self._members):
            found[:, self._members] = self._core.solve(points, before[self._members])
        return found

    def scaled(self, raw: Floats) -> Floats:
        """Raw weights (..., P) with multipliers and offsets."""
        multipliers, offsets = self._scaling
        return np.asarray(raw * multipliers + offsets)

    @cached_property
    def _members(self) -> npt.NDArray[np.intp]:
        """The indices of the active poses."""
        if self.active is None:
            return np.arange(self.poses)
        active = np.asarray(self.active)
        _require(active.shape == (self.poses,), "active must be (P,)")
        return np.flatnonzero(active)

    @cached_property
    def _vertices(self) -> npt.NDArray[np.int32]:
        """The indices of the vertices that count."""
        count = len(self.neutral)
        if self.mask is None:
            return np.arange(count, dtype=np.int32)
        mask = np.asarray(self.mask)
        _require(
            mask.ndim == 1 and len(mask) > 0 and mask.dtype.kind in "iu", "mask must be indices of vertices"
        )
        _require(int(mask.min()) >= 0 and int(mask.max()) < count, "mask names a vertex that does not exist")
        return mask.astype(np.int32)

    @cached_property
    def _scaling(self) -> tuple[Floats, Floats]:
        return self._each("multipliers", 1.0), self._each("offsets", 0.0)

    def _each(self, name: str, otherwise: float) -> Floats:
        given = getattr(self.options, name)
        values = np.full(self.poses, otherwise) if given is None else np.asarray(given, np.float64)
        _require(values.shape == (self.poses,), f"{name} must be one for each pose")
        _require(bool(np.isfinite(values).all()), f"{name} must be finite")
        return values

    @cached_property
    def _penalties(self) -> Penalties:
        options = self.options
        sides = np.ptp(self.neutral.astype(np.float64), axis=0)
        q = float(sides @ sides) / options.template_bb_size**2
        diagonal = 10 * q * options.l2 + 100 * q * options.temporal
        return Penalties(
            0.25 * q * options.l1**2,
            diagonal,
            10 * q * options.symmetry,
            q * options.temporal,
            options.tolerance,
        )

    @cached_property
    def _core(self) -> Any:
        module = None if self.plain else solver_module()
        make = PlainSolver if module is None else module.Solver
        return make(
            self.neutral,
            np.ascontiguousarray(self.deltas[self._members][:, self._vertices]),
            self._vertices,
            self._penalties,
            self._known("symmetry_pairs"),
            self._known("cancel_pairs"),
        )

    def _known(self, name: str) -> npt.NDArray[np.int32]:
        """Pairs (S, 2) of active poses, as places among the active."""
        pairs = np.array(getattr(self, name), np.int64).reshape(-1, 2)
        _require(bool(((pairs >= 0) & (pairs < self.poses)).all()), f"{name} name a pose that does not exist")
        _require(bool((pairs[:, 0] != pairs[:, 1]).all()), f"{name} pair a pose with itself")
        places = np.full(self.poses, -1, np.int32)
        places[self._members] = np.arange(len(self._members))
        placed = places[pairs]
        return np.ascontiguousarray(placed[(placed >= 0).all(1)])


def pairs_of_ids(ids: Sequence[int], active: Sequence[bool] | None = None) -> tuple[tuple[int, int], ...]:
    """The pairs of poses that ``ids`` (one for each pose, -1 for none) declares, as model files write them.

    Ids are grouped over the active poses and groups of other than two are dropped. As in the SDK, -1 is an
    id like any other there: exactly two active poses with -1 are a pair.

    Raises ValueError if an id other than -1 does not occur exactly twice.
    """
    counts = {number: list(ids).count(number) for number in set(ids) - {-1}}
    _require(all(count == 2 for count in counts.values()), "every id of a pair must occur exactly twice")
    groups: dict[int, list[int]] = {}
    for pose, number in enumerate(ids):
        if active is None or active[pose]:
            groups.setdefault(number, []).append(pose)
    return tuple((group[0], group[1]) for group in groups.values() if len(group) == 2)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)
