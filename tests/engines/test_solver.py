"""The blendshape solver against SciPy, and against what it is for: finding the weights a face was made with."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from engines.native import solver_module
from engines.solver import BlendshapeSolver, SolverOptions, pairs_of_ids
from engines.solver_plain import Penalties, PlainSolver, normal_matrix

BUILT = pytest.param(False, marks=pytest.mark.skipif(solver_module() is None, reason="the solver is not built"))
both = pytest.mark.parametrize("plain", [True, BUILT], ids=["plain", "native"])
NO_PAIRS = np.zeros((0, 2), np.int32)
SKIN = {14: 0.156, 19: 0.670, 20: 0.479, 23: 0.074, 24: 0.076, 39: 0.121, 40: 0.120}
TONGUE = {2: 0.156, 3: 0.670, 5: 0.479, 7: 0.074, 11: 0.076, 13: 0.121}


def face(poses: int, vertices: int = 600, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """A head of about 54 units and poses that each move one region of it."""
    rng = np.random.default_rng(seed)
    way = rng.standard_normal((vertices, 3))
    neutral = way / np.linalg.norm(way, axis=1, keepdims=True) * (12, 20, 14)
    centres = neutral[rng.choice(vertices, poses, replace=False)]
    distance = np.linalg.norm(neutral[None] - centres[:, None], axis=-1)
    moves = rng.standard_normal((poses, 1, 3))
    return neutral, 2.5 * moves * np.exp(-((distance / 6) ** 2))[..., None]


def posed(neutral: np.ndarray, deltas: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return neutral + np.tensordot(weights, deltas, 1)


@both
@pytest.mark.parametrize("known", [SKIN, TONGUE], ids=["52 poses", "16 poses"])
def test_a_face_made_of_known_weights_is_made_again(known: dict[int, float], plain: bool) -> None:
    count = 52 if known is SKIN else 16
    neutral, deltas = face(count)
    weights = np.zeros(count)
    weights[list(known)] = list(known.values())
    target = posed(neutral, deltas, weights)
    options = SolverOptions(l1=0.5, l2=0.7, symmetry=0, temporal=0, template_bb_size=54.7)
    found = BlendshapeSolver(neutral, deltas, options=options, plain=plain).solve(target)
    distance = np.linalg.norm(posed(neutral, deltas, found) - target, axis=1)
    assert distance.mean() <= 0.2
    assert set(np.argsort(found)[-3:]) == set(sorted(known, key=lambda pose: known[pose])[-3:])


@both
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-5), (np.float32, 1e-4)])
def test_a_thousand_random_problems_as_scipy_solves_them(plain: bool, dtype: type, tolerance: float) -> None:
    rng, worst = np.random.default_rng(8), 0.0
    for _ in range(1000 if not plain else 50):
        poses, vertices = rng.integers(1, 14), rng.integers(14, 40)
        neutral = 10 * rng.standard_normal((vertices, 3))
        deltas = rng.standard_normal((poses, vertices, 3))
        target = posed(neutral, deltas, rng.uniform(-0.3, 1.3, poses)) + 0.05 * rng.standard_normal(
            (vertices, 3)
        )
        pairs = [(0, poses - 1)] if poses > 1 else []
        options = SolverOptions(*rng.uniform(0.1, 1.5, 2), rng.uniform(0, 20), rng.uniform(0, 0.4), 80)
        previous = rng.uniform(0, 1, poses)
        solver = BlendshapeSolver(
            neutral.astype(dtype), deltas.astype(dtype), None, options, symmetry_pairs=pairs, plain=plain
        )
        found = solver.solve(target.astype(dtype), previous)
        worst = max(worst, np.abs(found - by_scipy(neutral, deltas, target, options, pairs, previous)).max())
    assert worst <= tolerance


def by_scipy(neutral, deltas, target, options, pairs, previous) -> np.ndarray:
    """The documented problem, written down once more and given to SciPy."""
    flat = deltas.reshape(len(deltas), -1).T
    q = (np.linalg.norm(neutral.max(0) - neutral.min(0)) / options.template_bb_size) ** 2
    ones, eye = np.ones((len(deltas), len(deltas))), np.eye(len(deltas))
    matrix = flat.T @ flat + options.l1**2 * 0.25 * q * ones
    matrix += (options.l2 * 10 * q + options.temporal * 100 * q) * eye
    for one, other in pairs:
        row = eye[one] - eye[other]
        matrix += options.symmetry * 10 * q * np.outer(row, row)
    vector = flat.T @ (target - neutral).ravel() + options.temporal * q * previous
    return lsq_linear(matrix, vector, (0, 1), method="bvls", tol=1e-10).x


@both
def test_frames_in_order_are_frames_one_by_one(plain: bool) -> None:
    neutral, deltas = face(9, 80)
    rng = np.random.default_rng(2)
    frames = np.stack([posed(neutral, deltas, rng.uniform(0, 1, 9)) for _ in range(21)])
    options = SolverOptions(l1=0.5, l2=0.5, temporal=0.3, multipliers=[2.0] * 9, offsets=[0.1] * 9)
    solver = BlendshapeSolver(neutral, deltas, options=options, plain=plain)
    previous, singly = None, []
    for frame in frames:
        singly.append(solver.solve(frame, previous))
        previous = solver.raw(frame[None], previous)[-1]
    np.testing.assert_allclose(solver.solve_all(frames), singly, atol=1e-12)
    still = BlendshapeSolver(neutral, deltas, options=replace(options, temporal=0), plain=plain)
    steps = [np.abs(np.diff(each.solve_all(frames), axis=0)).mean() for each in (solver, still)]
    assert steps[0] < 0.8 * steps[1]


@both
def test_inactive_poses_rest_and_vertices_outside_the_mask_do_not_count(plain: bool) -> None:
    neutral, deltas = face(6, 50)
    target = posed(neutral, deltas, np.full(6, 0.5))
    elsewhere = target + np.where(np.arange(50) < 40, 0.0, 7.0)[:, None]
    active = [True, True, False, True, True, True]
    options = SolverOptions(offsets=[0.25] * 6)
    solver = BlendshapeSolver(
        neutral, deltas, range(40), options, symmetry_pairs=[(2, 3)], active=active, plain=plain
    )
    found = solver.solve(target)
    assert found[2] == 0.25
    assert found[3] > 0.3
    np.testing.assert_array_equal(found, solver.solve(elsewhere))
    nothing = BlendshapeSolver(neutral, deltas, active=[False] * 6, plain=plain)
    np.testing.assert_array_equal(nothing.solve(target), np.zeros(6))


@both
def test_of_a_cancelling_pair_one_stays(plain: bool) -> None:
    neutral, deltas = face(6, 50)
    target = posed(neutral, deltas, np.array([0.6, 0.5, 0.2, 0.7, 0, 0]))
    options = SolverOptions(l1=0.1, l2=0.05, symmetry=0)
    free = BlendshapeSolver(neutral, deltas, options=options, plain=plain).solve(target)
    held = BlendshapeSolver(neutral, deltas, options=options, cancel_pairs=[(0, 1), (2, 3)], plain=plain)
    found = held.solve(target)
    assert (free[:4] > 0.1).all()
    assert (found[[0, 3]] > 0.1).all()
    assert (found[[1, 2]] <= 1e-10).all()


def test_pairs_as_model_files_write_them() -> None:
    assert pairs_of_ids([-1, 3, 0, 3, 0, -1, -1]) == ((1, 3), (2, 4))
    assert pairs_of_ids([-1, 3, 0, 3, 0, -1, -1], [True, True, True, True, False, True, True]) == ((1, 3),)
    assert pairs_of_ids([-1, 3, 3, -1]) == ((0, 3), (1, 2))
    with pytest.raises(ValueError, match="exactly twice"):
        pairs_of_ids([0, 0, 0])


def bad(**given: object) -> dict[str, object]:
    neutral, deltas = face(4, 20)
    return {"neutral": neutral, "deltas": deltas, **given}


@both
@pytest.mark.parametrize(
    ("given", "words"),
    [
        (bad(neutral=np.zeros((20, 2))), "neutral must be (V, 3)"),
        (bad(neutral=np.zeros((0, 3)), deltas=np.zeros((4, 0, 3))), "neutral has no vertices"),
        (bad(deltas=np.zeros((4, 19, 3))), "deltas must be (P, V, 3)"),
        (bad(deltas=np.zeros((0, 20, 3))), "there are no poses"),
        (bad(deltas=np.full((4, 20, 3), np.nan)), "must be finite"),
        (bad(mask=[]), "mask must be indices"),
        (bad(mask=[20]), "does not exist"),
        (bad(mask=[-1]), "does not exist"),
        (bad(active=[True]), "active must be (P,)"),
        (bad(cancel_pairs=[(0, 4)]), "cancel_pairs name a pose"),
        (bad(symmetry_pairs=[(1, 1)]), "with itself"),
        (bad(options=SolverOptions(multipliers=[1.0])), "multipliers must be one for each pose"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(given: dict[str, object], words: str, plain: bool) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        BlendshapeSolver(**given, plain=plain)  # type: ignore[arg-type]


@both
def test_faces_that_do_not_fit_are_refused_in_words(plain: bool) -> None:
    neutral, deltas = face(4, 20)
    solver = BlendshapeSolver(neutral, deltas, plain=plain)
    assert solver.solve_all(np.zeros((0, 20, 3))).shape == (0, 4)
    for points, previous, words in (
        (neutral[:-1], None, "points must be"),
        (neutral * np.nan, None, "points must be finite"),
        (neutral, np.zeros(3), "previous must be (P,)"),
        (neutral, np.full(4, np.inf), "previous must be finite"),
    ):
        with pytest.raises(ValueError, match=re.escape(words)):
            solver.solve(points, previous)


def test_options_must_be_numbers_from_nought_upwards() -> None:
    for given in ({"l1": -1.0}, {"temporal": np.nan}, {"template_bb_size": 0.5}):
        with pytest.raises(ValueError, match="must be"):
            SolverOptions(**given)


@both
def test_poses_that_do_nothing_are_left_alone(plain: bool) -> None:
    neutral, deltas = face(5, 30)
    deltas[[1, 4]] = 0
    options = SolverOptions(l1=0, l2=0, symmetry=0)
    found = BlendshapeSolver(neutral, deltas, options=options, plain=plain).solve(
        posed(neutral, deltas, np.full(5, 0.5))
    )
    np.testing.assert_allclose(found, [0.5, 0, 0.5, 0.5, 0], atol=1e-9)


def test_the_plain_solver_says_what_it_minimises() -> None:
    neutral, deltas = face(3, 10)
    penalties = Penalties(0.0, 1.0, 0.0, 0.0, 1e-10)
    vertices = np.arange(10, dtype=np.int32)
    found = PlainSolver(neutral, deltas, vertices, penalties, NO_PAIRS, NO_PAIRS).solve(
        neutral[None], np.zeros(3)
    )
    np.testing.assert_array_equal(found, np.zeros((1, 3)))
    assert normal_matrix(deltas.reshape(3, -1), penalties, NO_PAIRS).shape == (3, 3)
