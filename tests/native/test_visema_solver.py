"""The compiled solver itself: against SciPy, shared by threads, and called wrongly."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.optimize import lsq_linear

native = pytest.importorskip("visema_solver", reason="the solver is not built")

NO_PAIRS = np.zeros((0, 2), np.int32)
PENALTIES = (0.1, 2.0, 3.0, 0.5, 1e-10)


def cost(matrix: np.ndarray, target: np.ndarray, x: np.ndarray) -> float:
    return float(((matrix @ x - target) ** 2).sum())


def test_least_squares_within_any_bounds_as_scipy() -> None:
    rng = np.random.default_rng(1)
    for _ in range(150):
        columns = int(rng.integers(1, 25))
        matrix = rng.normal(size=(columns + int(rng.integers(0, 20)), columns))
        target = 3 * rng.normal(size=len(matrix))
        lower = rng.normal(size=columns)
        upper = lower + rng.uniform(0.01, 2, columns)
        found = native.bounded_least_squares(matrix, target, lower, upper)
        # SciPy's own limit of rounds is ours, too: where it was not reached, there is but one answer.
        expected = lsq_linear(matrix, target, (lower, upper), method="bvls", tol=1e-10)
        np.testing.assert_allclose(found, expected.x, atol=1e-8)


def test_columns_that_depend_on_each_other_fit_as_well_as_can_be() -> None:
    rng = np.random.default_rng(2)
    for _ in range(60):
        columns, rank = int(rng.integers(2, 15)), int(rng.integers(1, 8))
        matrix = rng.normal(size=(12, rank)) @ rng.normal(size=(rank, columns))
        target = rng.normal(size=12)
        found = native.bounded_least_squares(matrix, target, np.zeros(columns), np.ones(columns))
        least = cost(matrix, target, lsq_linear(matrix, target, (0, 1), method="trf", tol=1e-12).x)
        assert (found >= 0).all()
        assert (found <= 1).all()
        assert cost(matrix, target, found) <= least * (1 + 1e-6) + 1e-9


def test_without_bounds_in_the_way_the_shortest_answer_is_found() -> None:
    rng = np.random.default_rng(3)
    for shape in ((4, 9), (9, 4), (6, 6)):
        matrix = rng.normal(size=(shape[0], 3)) @ rng.normal(size=(3, shape[1]))
        target = rng.normal(size=shape[0])
        wide = np.full(shape[1], 1e6)
        found = native.bounded_least_squares(matrix, target, -wide, wide)
        np.testing.assert_allclose(found, np.linalg.lstsq(matrix, target, rcond=None)[0], atol=1e-9)


def rig(poses: int = 20, vertices: int = 900) -> tuple[object, np.ndarray]:
    rng = np.random.default_rng(4)
    neutral, deltas = rng.normal(size=(vertices, 3)), rng.normal(size=(poses, vertices, 3))
    solver = native.Solver(neutral, deltas, np.arange(vertices), PENALTIES, [[0, 1]], NO_PAIRS)
    return solver, neutral + np.tensordot(rng.uniform(-0.3, 1.3, (40, poses)), deltas, 1)


def test_threads_may_share_a_solver() -> None:
    solver, points = rig()
    alone = solver.solve(points, np.zeros(20))
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: solver.solve(points, np.zeros(20)), range(12)):
            np.testing.assert_array_equal(found, alone)


GOOD = {
    "neutral": np.zeros((5, 3)),
    "deltas": np.zeros((2, 4, 3)),
    "vertices": [0, 1, 2, 4],
    "penalties": PENALTIES,
    "symmetry": NO_PAIRS,
    "cancel": NO_PAIRS,
}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"neutral": np.zeros((5, 2))}, "neutral must be (V, 3)"),
        ({"neutral": np.full((5, 3), np.nan)}, "neutral must be finite"),
        ({"deltas": np.zeros((2, 3, 3))}, "deltas and vertices must be equally many"),
        ({"deltas": np.full((2, 4, 3), np.float32(np.inf))}, "deltas must be finite"),
        ({"vertices": [0, 1, 2, 5]}, "does not exist"),
        ({"vertices": [0, 1, 2, -1]}, "does not exist"),
        ({"penalties": (0.0, -1.0, 0.0, 0.0, 0.0)}, "penalties must be finite"),
        ({"penalties": (0.0, np.nan, 0.0, 0.0, 0.0)}, "penalties must be finite"),
        ({"symmetry": [[0, 2]]}, "symmetry name poses"),
        ({"cancel": [[1, 1]]}, "cancel name poses"),
        ({"cancel": [0, 1]}, "cancel must be (S, 2)"),
    ],
)
def test_a_rig_that_does_not_fit_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        native.Solver(**{**GOOD, **wrong})


def test_faces_that_do_not_fit_are_refused() -> None:
    solver = native.Solver(**GOOD)
    for points, previous, words in (
        (np.zeros((1, 4, 3)), np.zeros(2), "points must have the vertices of neutral"),
        (np.zeros((5, 3)), np.zeros(2), "points must be (T, V, 3)"),
        (np.full((1, 5, 3), 1e31), np.zeros(2), "points must be finite"),
        (np.zeros((1, 5, 3)), np.zeros(3), "previous must be (n,)"),
        (np.zeros((1, 5, 3)), np.array([0, np.nan]), "previous must be finite"),
    ):
        with pytest.raises(ValueError, match=re.escape(words)):
            solver.solve(points, previous)
    unseen = np.zeros((1, 5, 3))
    unseen[0, 3] = np.nan
    np.testing.assert_array_equal(solver.solve(unseen, np.zeros(2)), np.zeros((1, 2)))


def test_bounds_that_do_not_fit_are_refused() -> None:
    one = np.ones(1)
    for given, words in (
        ((np.ones((2, 1)), one, 0 * one, one), "target must be (m,)"),
        ((np.ones((1, 1)), one, one, one), "below upper ones"),
        ((np.ones((1, 1)), one * np.nan, 0 * one, one), "target must be finite"),
        ((one, one, 0 * one, one), "matrix must be (m, n)"),
    ):
        with pytest.raises(ValueError, match=re.escape(words)):
            native.bounded_least_squares(*given)
    assert native.bounded_least_squares(np.zeros((0, 0)), [], [], []).shape == (0,)
