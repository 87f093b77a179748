"""Head pose: signs, size, safety."""

from __future__ import annotations

import numpy as np
import pytest

from engines.facemesh.anatomy import FaceFrame
from engines.facemesh.deform import Deformer
from engines.facemesh.head import YAW, head_motion, soften, soften_yaw
from engines.facemesh.mesh import CUT_OUT_SCALES, RINGS, face_triangles
from engines.faces import face_finder
from engines.types import Portrait
from tests.engines.facemesh.conftest import Render

NOSE, BROW, CHIN, RIGHT_CHEEK, LEFT_CHEEK = 4, 9, 152, 234, 454


@pytest.fixture(scope="module")
def deformer(portrait: Portrait, frame: FaceFrame, shapes) -> Deformer:
    return Deformer(portrait.landmarks, frame, shapes, CUT_OUT_SCALES)


@pytest.fixture(scope="module")
def place(deformer: Deformer, frame: FaceFrame):
    """pose -> (V, 3) px in iod, relative to the unmoved vertices."""
    still = deformer.deform(np.zeros(52), np.zeros(6), 0.4).vertices

    def shift(*pose: float) -> np.ndarray:
        return (deformer.deform(np.zeros(52), np.array(pose), 0.4).vertices - still) / frame.iod

    return shift


def test_yaw_turns_the_nose_to_the_right_of_the_picture_further_than_the_cheeks(place):
    moved = place(8, 0, 0, 0, 0, 0)[:, 0]
    assert moved[NOSE] > 0.1
    assert moved[NOSE] > moved[RIGHT_CHEEK] + 0.04
    assert moved[NOSE] > moved[LEFT_CHEEK] + 0.04


def test_pitch_looks_up(place):
    assert place(0, 5, 0, 0, 0, 0)[NOSE, 1] < -0.05


def test_roll_tilts_clockwise(place):
    moved = place(0, 0, 6, 0, 0, 0)
    assert moved[BROW, 0] > 0.05
    assert moved[RIGHT_CHEEK, 1] < moved[LEFT_CHEEK, 1]


def test_translation_is_right_up_and_closer(place, frame: FaceFrame):
    moved = place(0, 0, 0, 0.1, 0.2, 0)
    np.testing.assert_allclose(moved[NOSE, :2], (0.1, -0.2), atol=1e-4)
    near = place(0, 0, 0, 0, 0, 0.5)
    assert near[LEFT_CHEEK, 0] > 0.02
    assert near[RIGHT_CHEEK, 0] < -0.02


def test_no_pose_moves_the_outermost_ring(place):
    last = slice(468 + 36 * (RINGS - 1), 468 + 36 * RINGS)
    assert np.abs(place(20, 15, 20, 0.3, 0.3, 1.0)[last, :2]).max() < 1e-6


@pytest.mark.parametrize(
    "pose",
    [(15, 0, 0), (-15, 0, 0), (0, 10, 0), (0, -10, 0), (0, 0, 10), (15, 10, 10), (-15, -10, -10), (40, 30, 30)],
)
def test_no_face_triangle_turns_over(pose: tuple[float, ...], deformer: Deformer, frame: FaceFrame):
    def areas(*head: float) -> np.ndarray:
        points = deformer.deform(np.zeros(52), np.array(head), 1.0).vertices.astype(np.float64)
        a, b, c = (points[face_triangles()[:, i], :2] for i in range(3))
        return (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]

    before, after = areas(0, 0, 0, 0, 0, 0), areas(*pose, 0, 0, 0)
    solid = np.abs(before) > 5e-4 * frame.iod**2
    assert solid.sum() > 700
    assert (after[solid] / before[solid]).min() > (0.2 if sum(map(bool, pose)) == 1 else 0.02)


def test_a_turn_is_seen_as_large_as_it_was_asked(render: Render):
    def seen(*pose: float) -> np.ndarray:
        face = face_finder().find(render({}, (*pose, 0, 0, 0)))[0]
        down = face.landmarks[CHIN] - face.landmarks[10]
        return np.array([face.yaw, -np.degrees(np.arctan2(down[2], down[1])), face.roll])

    rest = seen(0, 0, 0)
    assert 13 <= (seen(15, 0, 0) - rest)[0] <= 17
    assert -17 <= (seen(-15, 0, 0) - rest)[0] <= -13
    assert (seen(0, 10, 0) - rest)[1] == pytest.approx(10, abs=3.5)
    assert (seen(0, -10, 0) - rest)[1] == pytest.approx(-10, abs=3.5)
    assert (seen(0, 0, 10) - rest)[2] == pytest.approx(10, abs=1)


def test_wild_poses_are_softened_and_the_asked_ones_kept():
    assert soften(15.0, *YAW) == 15.0
    assert soften(60.0, *YAW) <= YAW[1]
    assert soften(-60.0, *YAW) == -soften(60.0, *YAW)
    assert soften(16.0, *YAW) > soften(15.5, *YAW)


def test_a_face_that_looks_aside_already_turns_less_further_away():
    assert soften_yaw(15.0, 35.0) < 10 < soften_yaw(-15.0, 35.0) * -1
    assert soften_yaw(15.0, -35.0) == 15.0
    assert soften_yaw(4.0, 35.0) == 4.0


def test_the_shoulders_rise_a_little_with_a_breath(place):
    chest = 468 + 36 * 3 + 18
    moved = place(0, 0, 0, 0, 0.02, 0)
    assert -0.02 < moved[chest, 1] < -0.004
    assert place(0, 5, 0, 0, 0, 0)[chest, 1] > -0.03


def test_the_hair_follows_the_head_as_one(deformer: Deformer, frame: FaceFrame):
    hair = slice(468 + 36 * 2, 468 + 36 * 2 + 6)
    still = deformer.deform(np.zeros(52), np.zeros(6), 0.4).vertices
    tilted = deformer.deform(np.zeros(52), np.array([0, 0, 10.0, 0, 0, 0]), 0.4).vertices
    whole = head_motion(np.array([0, 0, 10.0, 0, 0, 0]), frame).apply(still)
    assert np.abs(tilted - whole)[hair, :2].max() < 0.01 * frame.iod


def test_the_rigid_affine_agrees_with_the_motion(frame: FaceFrame):
    motion = head_motion(np.array([7.0, -4, 3, 0.1, 0, 0.2]), frame)
    points = np.random.default_rng(0).uniform(0, 500, (20, 2))
    depth = 13.0
    solid = motion.apply(np.column_stack([points, np.full(20, depth)]))
    affine = motion.affine(depth)
    np.testing.assert_allclose(points @ affine[:, :2].T + affine[:, 2], solid[:, :2], atol=1e-9)
