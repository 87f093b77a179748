"""``bench solver``: the compiled blendshape solver against SciPy's, turn by turn in one process.

A made-up face with as many vertices and poses as those of Audio2Face-3D. What is measured is the time of one
processor core, which other programs disturb less than the clock's.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from engines.errors import StudioError
from engines.native import solver_module
from engines.solver import BlendshapeSolver, Floats, SolverOptions
from studio.benches.table import Row

POSES, VERTICES, FRAMES = 52, 10_000, 32
ROUNDS = 3
AIM = "at most 1"
PAIRS = ((0, 7), (6, 13), (23, 24), (25, 26), (27, 28), (29, 30), (35, 36), (37, 38), (39, 40), (41, 42))
NOT_BUILT = "The solver is not built: install a C++ compiler and start again, or pip install ./native."


def run() -> tuple[Row, ...]:
    """Float32, as model files have it, and float64."""
    if solver_module() is None:
        raise StudioError(NOT_BUILT)
    return (*_rows("float32"), *_rows("float64"))


def _rows(dtype: str) -> tuple[Row, ...]:
    """Many frames at once, frame by frame, and SciPy."""
    neutral, deltas, frames = _face(dtype)
    options = SolverOptions(l1=0.5, l2=0.5, symmetry=100, temporal=0.3, template_bb_size=53.45)
    solvers = [
        BlendshapeSolver(neutral, deltas, options=options, symmetry_pairs=PAIRS, plain=plain)
        for plain in (False, True)
    ]
    ours, scipy = (solver.solve_all(frames) for solver in solvers)
    batch = _least(lambda: solvers[0].solve_all(frames))
    single = _least(lambda: [solvers[0].solve(frame) for frame in frames])
    plain = _least(lambda: solvers[1].solve_all(frames))
    return (
        Row(f"{POSES} poses, {dtype}, a frame of many", batch, "ms", AIM),
        Row(f"{POSES} poses, {dtype}, a frame alone", single, "ms", AIM),
        Row(f"{POSES} poses, {dtype}, NumPy and SciPy", plain, "ms"),
        Row(f"{dtype}, NumPy and SciPy over ours", plain / batch, "x"),
        Row(
            f"{dtype}, largest difference of a weight", float(np.abs(ours - scipy).max()), "", "at most 0.0001"
        ),
    )


def _face(dtype: str) -> tuple[Floats, Floats, Floats]:
    """A head of 54 units, poses that each move one region of it, and frames that mix them."""
    random = np.random.default_rng(1)
    way = random.standard_normal((VERTICES, 3))
    neutral = way / np.linalg.norm(way, axis=1, keepdims=True) * (12, 20, 14)
    centres = neutral[random.choice(VERTICES, POSES, replace=False)]
    near = np.exp([-((neutral - centre) ** 2).sum(1) / 36 for centre in centres])
    deltas = 2.5 * random.standard_normal((POSES, 1, 3)) * near[..., None]
    weights = np.clip(random.normal(0, 0.4, (FRAMES, POSES)), -0.2, 1.1)
    noise = 0.02 * random.standard_normal((FRAMES, *neutral.shape))
    frames = neutral + np.tensordot(weights, deltas, 1) + noise
    return neutral.astype(dtype), deltas.astype(dtype), frames.astype(dtype)


def _least(work: Callable[[], object]) -> float:
    """The least processor milliseconds that ``work`` takes for a frame."""
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return 1000 * min(found) / FRAMES
