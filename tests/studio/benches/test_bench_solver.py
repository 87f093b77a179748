"""What ``bench solver`` says about the solver, on a small face."""

from __future__ import annotations

import pytest

from engines.errors import StudioError
from engines.native import solver_module
from studio.benches import solver


def test_both_solvers_agree_and_the_ratio_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    if solver_module() is None:
        pytest.skip("the solver is not built")
    for name, value in {"VERTICES": 300, "FRAMES": 3, "ROUNDS": 1}.items():
        monkeypatch.setattr(solver, name, value)
    rows = {row.name: row.value for row in solver.run()}
    for dtype, tolerance in (("float32", 1e-4), ("float64", 1e-5)):
        assert rows[f"{dtype}, largest difference of a weight"] <= tolerance
        plain, ours = rows[f"52 poses, {dtype}, NumPy and SciPy"], rows[f"52 poses, {dtype}, a frame of many"]
        assert rows[f"{dtype}, NumPy and SciPy over ours"] == pytest.approx(plain / ours)


def test_without_the_solver_it_says_how_to_build_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "solver_module", lambda: None)
    with pytest.raises(StudioError, match=r"pip install \./native"):
        solver.run()
