"""The compiled rasteriser against arithmetic and against OpenCV."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import pytest

from engines.facemesh.raster import Box, rasterise_native, rasterise_opencv

native = pytest.importorskip("visema_native", reason="the native core is not built")

TRIANGLE = np.array([[0, 1, 2]], np.int32)
CORNERS = np.array([[2, 2, 5], [22, 2, 5], [2, 22, 5]], np.float32)


def soup(seed: int, count: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A bumpy sheet of triangles with random values."""
    rng = np.random.default_rng(seed)
    side = 17
    grid = np.stack(np.meshgrid(np.linspace(-10, 190, side), np.linspace(-10, 150, side)), -1).reshape(-1, 2)
    vertices = np.column_stack([grid + rng.normal(0, 2.5, grid.shape), rng.uniform(0, 40, len(grid))])
    i = np.arange(side * side).reshape(side, side)
    quads = np.stack([i[:-1, :-1], i[:-1, 1:], i[1:, :-1], i[1:, 1:]], -1).reshape(-1, 4)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [1, 3, 2]]])[:count]
    values = rng.normal(0, 6, vertices.shape)
    return vertices.astype(np.float32), values.astype(np.float32), triangles.astype(np.int32)


def test_values_are_linear_over_a_triangle_and_pixels_outside_are_their_own_source():
    values = np.array([[0, 0, 0], [10, 0, 0.5], [0, -10, 0]], np.float32)
    x, y, shade = native.rasterise(CORNERS, values, TRIANGLE, (0, 0, 30, 25))
    assert x.shape == (25, 30)
    assert x[4, 12] == pytest.approx(12 + 5.0, abs=1e-4)
    assert y[12, 4] == pytest.approx(12 - 5.0, abs=1e-4)
    assert shade[2, 12] == pytest.approx(0.25, abs=1e-5)
    assert (x[20, 20], y[20, 20], shade[20, 20]) == (20, 20, 0)


def test_the_nearer_triangle_wins_whatever_the_order():
    vertices = np.concatenate([CORNERS, CORNERS + np.array([0, 0, -1], np.float32)])
    values = np.repeat(np.array([[1, 0, 0], [2, 0, 0]], np.float32), 3, axis=0)
    both = np.array([[0, 1, 2], [3, 4, 5]], np.int32)
    for order in (both, both[::-1]):
        x = native.rasterise(vertices, values, order, (0, 0, 30, 30))[0]
        assert x[5, 5] == 7


def test_a_box_cuts_out_the_same_pixels():
    vertices, values, triangles = soup(1)
    whole = native.rasterise(vertices, values, triangles, (0, 0, 160, 120))
    part = native.rasterise(vertices, values, triangles, (40, 30, 100, 90))
    np.testing.assert_allclose(part, whole[:, 30:90, 40:100], atol=2e-3)


def test_neighbouring_triangles_leave_no_gap():
    vertices, values, triangles = soup(2, count=10_000)
    values[:] = (3, 0, 0)
    x = native.rasterise(vertices, values, triangles, (10, 10, 150, 110))[0]
    np.testing.assert_allclose(x - np.arange(10, 150), 3, atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_opencv(seed: int):
    vertices, values, triangles = soup(seed, count=10_000)
    values[:, 2] *= 0.01
    box = Box(0, 0, 170, 130)
    ours, theirs = (how(vertices, values, triangles, box) for how in (rasterise_native, rasterise_opencv))
    away = np.abs(ours - theirs).max(0)
    assert np.percentile(away, 99) < 0.02
    # Where an edge passes within rounding of a pixel's centre, either side may win.
    assert (away > 0.1).mean() < 0.005


def test_still_triangles_map_to_exactly_themselves():
    vertices, values, triangles = soup(3, count=10_000)
    values[:] = 0
    for how in (rasterise_native, rasterise_opencv):
        x, y, shade = how(vertices, values, triangles, Box(0, 0, 160, 120))
        np.testing.assert_array_equal(x, np.broadcast_to(np.arange(160, dtype=np.float32), x.shape))
        np.testing.assert_array_equal(y, np.broadcast_to(np.arange(120, dtype=np.float32)[:, None], y.shape))
        assert not shade.any()


def test_degenerate_and_far_away_triangles_are_harmless():
    vertices = np.array(
        [[5, 5, 0], [5, 5, 0], [9, 9, 0], [1e30, 0, 0], [0, 1e30, 0], [-1e30, -1e30, 0], [3e38, -3e38, 3e38]],
        np.float32,
    )
    triangles = np.array([[0, 1, 2], [3, 4, 5], [0, 2, 6], [0, 0, 0]], np.int32)
    planes = native.rasterise(vertices, np.zeros((7, 3), np.float32), triangles, (0, 0, 20, 20))
    assert planes.shape == (3, 20, 20)


def test_an_empty_box_is_empty():
    assert native.rasterise(CORNERS, CORNERS, TRIANGLE, (5, 5, 5, 9)).shape == (3, 4, 0)
    assert rasterise_opencv(CORNERS, CORNERS, TRIANGLE, Box(5, 5, 5, 9)).shape == (3, 4, 0)


@pytest.mark.parametrize(
    ("vertices", "values", "triangles"),
    [
        (CORNERS[:, :2], CORNERS, TRIANGLE),
        (CORNERS, CORNERS[:2], TRIANGLE),
        (CORNERS, CORNERS, TRIANGLE + 1),
        (CORNERS, CORNERS, TRIANGLE - 1),
        (CORNERS, CORNERS, TRIANGLE[:, :2]),
        (CORNERS * np.nan, CORNERS, TRIANGLE),
        (CORNERS, CORNERS * np.inf, TRIANGLE),
    ],
)
def test_wrong_arrays_are_refused(vertices: np.ndarray, values: np.ndarray, triangles: np.ndarray):
    with pytest.raises(ValueError, match=r"must be|does not exist"):
        native.rasterise(vertices, values, triangles, (0, 0, 10, 10))


def test_a_huge_box_is_refused():
    with pytest.raises(ValueError, match="too large"):
        native.rasterise(CORNERS, CORNERS, TRIANGLE, (0, 0, 1_000_000, 10))


def test_threads_do_not_disturb_each_other():
    inputs = [soup(seed) for seed in range(8)]
    box = (0, 0, 160, 120)
    alone = [native.rasterise(*mesh, box) for mesh in inputs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda mesh: native.rasterise(*mesh, box), inputs * 5))
    for i, planes in enumerate(together):
        np.testing.assert_array_equal(planes, alone[i % 8])


def test_other_threads_run_meanwhile():
    vertices, values, triangles = soup(0, count=10_000)
    scale = np.array([20, 20, 1], np.float32)
    started, done = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        native.rasterise(vertices * scale, values, triangles, (0, 0, 4000, 3000))
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    started.wait()
    turns = 0
    while not done.is_set():
        turns += 1
    worker.join()
    assert turns > 1000


@pytest.mark.parametrize("name", ["visema_solver", "visema_conv"])
def test_what_may_be_left_out_was_built_beside_the_core(name: str) -> None:
    assert find_spec(name), "set-up goes on without it, and its own tests would be passed over"
