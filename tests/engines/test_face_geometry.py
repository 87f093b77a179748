"""The points of a face from what a network says: compiled, with NumPy, and as written down."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from engines.face_geometry import (
    EyeOptions,
    Skin,
    SkinOptions,
    eye_angles,
    lower_face,
    mix_shapes,
    rigid_motions,
)
from engines.native import solver_module

BUILT = pytest.param(False, marks=pytest.mark.skipif(solver_module() is None, reason="the solver is not built"))
both = pytest.mark.parametrize("plain", [True, BUILT], ids=["plain", "native"])
real = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@both
@real
def test_components_are_mixed_as_a_matrix_product(plain: bool, dtype: type) -> None:
    rng = np.random.default_rng(1)
    coefficients, shapes = rng.normal(size=(5, 7)), rng.normal(size=(7, 700, 3))
    found = mix_shapes(coefficients.astype(dtype), shapes.astype(dtype), plain)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, np.einsum("tk,kvc->tvc", coefficients, shapes), atol=1e-5)
    assert mix_shapes(np.zeros((0, 7)), shapes, plain).shape == (0, 700, 3)


@both
@real
def test_the_mask_goes_from_chin_to_brow(plain: bool, dtype: type) -> None:
    neutral = np.column_stack([np.zeros(101), np.linspace(-7, 13, 101), np.zeros(101)]).astype(dtype)
    mask = lower_face(neutral, 0.6, 0.05, plain)
    assert mask.dtype == dtype
    assert mask[60] == pytest.approx(0.5, abs=1e-5)
    assert mask[65] == pytest.approx(1 / (1 + np.e), abs=1e-5)
    assert (np.diff(mask) <= 0).all()
    assert np.isfinite(lower_face(neutral, 0.6, 0.001, plain)).all()


def skin(options: SkinOptions, dtype: type, plain: bool, vertices: int = 600) -> Skin:
    rng = np.random.default_rng(4)
    neutral, shut, open_ = rng.normal(size=(3, vertices, 3)).astype(dtype)
    return Skin(neutral, rng.uniform(size=vertices).astype(dtype), shut, open_, options, plain)


@both
@real
def test_skin_follows_the_network_as_written_down(plain: bool, dtype: type) -> None:
    options = SkinOptions(1.1, 1.4, 0.9, 0.2, 0.05, 0.06, -0.03, 0.8, 0.1)
    face = skin(options, dtype, plain)
    deltas = np.random.default_rng(5).normal(size=(6, 600, 3)).astype(dtype)
    points, _ = face.move(deltas, 30)
    d = 1.1 * deltas.astype(np.float64) + face.eye_close * (0.1 * 0.8 - 0.06) + face.lip_open * -0.03
    low, up = (filtered(d, seconds) for seconds in (0.2, 0.05))
    mask = face.mask[:, None].astype(np.float64)
    assert points.dtype == dtype
    np.testing.assert_allclose(points, face.neutral + up * 0.9 * (1 - mask) + low * 1.4 * mask, atol=2e-5)
    np.testing.assert_allclose(points[0], face.neutral + d[0] * (0.9 * (1 - mask) + 1.4 * mask), atol=2e-5)


def filtered(d: np.ndarray, seconds: float) -> np.ndarray:
    """Two one-pole filters in a row that begin with the first frame."""
    share, first, second, out = 1 - 0.5 ** (1 / 30 / seconds), d[0], d[0], []
    for frame in d:
        first = first + (frame - first) * share
        second = second + (first - second) * share
        out.append(second)
    return np.array(out)


@both
def test_skin_in_pieces_is_skin_in_one_go(plain: bool) -> None:
    face = skin(SkinOptions(lower_face_smoothing=0.1, upper_face_smoothing=0.05), np.float32, plain)
    deltas = np.random.default_rng(6).normal(size=(7, 600, 3)).astype(np.float32)
    whole, _ = face.move(deltas, 25)
    first, state = face.move(deltas[:3], 25)
    before = state.copy()
    second, _ = face.move(deltas[3:], 25, state)
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)
    np.testing.assert_array_equal(state, before)


@both
def test_without_smoothing_skin_takes_every_frame_as_it_comes(plain: bool) -> None:
    face = skin(SkinOptions(1, 1, 1, 0, 0, 0, 0), np.float64, plain)
    deltas = np.random.default_rng(7).normal(size=(3, 600, 3))
    np.testing.assert_allclose(face.move(deltas, 60)[0], face.neutral + deltas, atol=1e-12)


@both
def test_a_jaw_that_was_turned_is_found_turned(plain: bool) -> None:
    rng = np.random.default_rng(8)
    neutral = rng.normal(size=(5, 3))
    turns = Rotation.from_rotvec(rng.normal(size=(20, 3)))
    shifts = rng.normal(size=(20, 3))
    poses = np.stack([turn.apply(neutral) for turn in turns]) + shifts[:, None]
    found = rigid_motions(neutral, poses, plain)
    np.testing.assert_allclose(found[:, :3, :3], turns.as_matrix(), atol=1e-9)
    np.testing.assert_allclose(found[:, :3, 3], shifts, atol=1e-9)
    np.testing.assert_array_equal(found[:, 3], np.tile([0, 0, 0, 1], (20, 1)))


@both
def test_a_jaw_is_never_mirrored(plain: bool) -> None:
    rng = np.random.default_rng(9)
    neutral = rng.normal(size=(5, 3))
    poses = np.concatenate([-neutral[None], neutral + rng.normal(0, 3, (200, 5, 3))])
    found = rigid_motions(neutral, poses, plain)
    np.testing.assert_allclose(np.linalg.det(found[:, :3, :3]), 1, atol=1e-9)
    np.testing.assert_allclose(found, rigid_motions(neutral, poses, True), atol=1e-6)
    still = rigid_motions(np.ones((5, 3)), np.ones((1, 5, 3)), plain)
    np.testing.assert_allclose(still[0, :3] @ [1, 1, 1, 1], [1, 1, 1], atol=1e-9)


@both
@real
def test_eyes_add_what_they_are_told(plain: bool, dtype: type) -> None:
    found = np.array([[1, 2, 3, 4], [0, 0, 0, 0]], dtype)
    saccades = np.array([[10, 20], [-1, 1]], dtype)
    angles = eye_angles(found, saccades, EyeOptions(2.0, 0.5, (0.0, -2.0, 0.0, 2.0)), plain)
    assert angles.dtype == dtype
    np.testing.assert_allclose(angles, [[7, 12, 0, 11, 20, 0], [-0.5, -1.5, 0, -0.5, 2.5, 0]])


@both
def test_what_does_not_fit_a_face_is_refused_in_words(plain: bool) -> None:
    face = skin(SkinOptions(), np.float64, plain, 4)
    for call, words in (
        (lambda: mix_shapes(np.zeros((2, 3)), np.zeros((4, 5, 3)), plain), "a coefficient a shape"),
        (
            lambda: mix_shapes(np.full((2, 4), np.nan), np.zeros((4, 5, 3)), plain),
            "coefficients must be finite",
        ),
        (lambda: lower_face(np.zeros((0, 3)), plain=plain), "neutral must be (V, 3)"),
        (lambda: lower_face(np.zeros((5, 3)), 0.6, 0, plain), "softness must be above 0"),
        (lambda: face.move(np.zeros((1, 5, 3)), 30), "deltas must be (T, V, 3)"),
        (lambda: face.move(np.full((1, 4, 3), np.inf), 30), "deltas must be finite"),
        (lambda: face.move(np.zeros((1, 4, 3)), 0), "fps must be above 0"),
        (lambda: face.move(np.zeros((1, 4, 3)), 30, np.zeros((4, 5, 3))), "state must be"),
        (lambda: rigid_motions(np.zeros((0, 3)), np.zeros((1, 0, 3)), plain), "neutral must be (J, 3)"),
        (lambda: rigid_motions(np.zeros((5, 3)), np.full((1, 5, 3), np.nan), plain), "poses must be finite"),
        (lambda: eye_angles(np.zeros((2, 3)), np.zeros((2, 2)), None, plain), "found must be (T, 4)"),
        (lambda: eye_angles(np.zeros((2, 4)), np.zeros((1, 2)), None, plain), "saccades must be (T, 2)"),
    ):
        with pytest.raises(ValueError, match=re.escape(words)):
            call()
