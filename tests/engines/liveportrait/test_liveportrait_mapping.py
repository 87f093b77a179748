"""What a motion does to LivePortrait's keypoints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.liveportrait import LivePortraitOptions
from engines.liveportrait.keypoints import degrees, placed, rotation
from engines.liveportrait.mapping import TABLE, UNKNOWN, offsets
from engines.liveportrait.posing import NECK, PITCH, YAW, face_boxes, implicit_of
from engines.liveportrait.source import Source
from engines.types import BLENDSHAPE_INDEX, BLENDSHAPES, Motion

FULL = {"blink": 1.0, "gaze": 1.0, "mouth": 1.0, "feeling": 1.0}
OPEN = np.array([0.39, 0.39], np.float32)


def shapes(**weights):
    row = np.zeros((1, 52), np.float32)
    for name, weight in weights.items():
        row[0, BLENDSHAPE_INDEX[name]] = weight
    return row


def moved_by(strengths=FULL, eyes=OPEN, **weights):
    """The (keypoint, axis) that curves move, and by how much."""
    out = offsets(shapes(**weights), strengths, eyes)[0]
    return {(int(k), int(a)): round(float(out[k, a]), 5) for k, a in np.argwhere(out != 0)}


def test_a_blink_moves_the_lids_as_far_as_people_do_and_nothing_else():
    assert moved_by(eyeBlinkRight=1.0) == {(11, 1): 0.011, (13, 1): -0.005}
    assert moved_by(eyeBlinkLeft=1.0) == {(15, 1): 0.0125, (16, 1): -0.003}
    half = moved_by(eyeBlinkRight=0.5)
    assert half[11, 1] == pytest.approx(0.0055)


def test_a_small_eye_has_less_to_close():
    narrow = np.array([0.195, 0.39], np.float32)
    assert moved_by(eyes=narrow, eyeBlinkRight=1.0)[11, 1] == pytest.approx(0.0055)
    assert moved_by(eyes=narrow, eyeBlinkLeft=1.0)[15, 1] == pytest.approx(0.0125)


def test_lids_that_follow_the_gaze_are_not_lowered_twice():
    looking_down = {"eyeLookDownLeft": 1.0, "eyeLookDownRight": 1.0}
    alone = moved_by(**looking_down)
    assert moved_by(**looking_down, eyeBlinkLeft=0.45, eyeBlinkRight=0.45) == alone
    assert 0 < alone[11, 1] < 0.011


def test_eyes_look_where_the_motion_says():
    right = moved_by(eyeLookOutLeft=1.0, eyeLookInRight=1.0)
    left = moved_by(eyeLookInLeft=1.0, eyeLookOutRight=1.0)
    assert all(value > 0 and axis == 0 for (_, axis), value in right.items())
    assert all(value < 0 for value in left.values())
    assert right[15, 0] > right[11, 0]
    assert left[11, 0] < left[15, 0]
    up = moved_by(eyeLookUpLeft=1.0, eyeLookUpRight=1.0)
    assert up[11, 1] == -moved_by(eyeLookDownLeft=1.0, eyeLookDownRight=1.0)[11, 1] < 0


def test_an_open_mouth_is_as_open_as_the_official_motion_says():
    """0.12 for a mouth that is as high as wide; ours opens by 0.35 iod, and is about 0.56 iod wide."""
    wide = moved_by(jawOpen=1.0)
    assert wide[19, 1] == pytest.approx(0.12 * 0.35 / 0.56, rel=0.05)
    assert moved_by(jawOpen=0.6, mouthClose=0.6) == {}
    assert moved_by(mouthPressLeft=1.0, mouthPressRight=1.0)[19, 1] < 0


def test_feelings_are_seen_in_mouth_and_brows():
    smile = moved_by(mouthSmileLeft=1.0, mouthSmileRight=1.0)
    assert (smile[20, 1], smile[14, 1], smile[13, 1]) == (-0.01, -0.02, -0.00275)
    frown = moved_by(mouthFrownLeft=1.0, mouthFrownRight=1.0)
    assert frown[14, 1] == pytest.approx(0.006)
    assert moved_by(browDownLeft=1.0, browDownRight=1.0)[1, 0] == pytest.approx(0.01)
    assert moved_by(browInnerUp=1.0, browOuterUpLeft=1.0, browOuterUpRight=1.0)[2, 1] == pytest.approx(-0.015)


@pytest.mark.parametrize("part", FULL)
def test_every_part_has_its_own_strength(part):
    everything = np.full((1, 52), 0.4, np.float32)
    whole = offsets(everything, FULL, OPEN)
    without = offsets(everything, {**FULL, part: 0.0}, OPEN)
    alone = offsets(everything, {**dict.fromkeys(FULL, 0.0), part: 1.0}, OPEN)
    np.testing.assert_allclose(without + alone, whole, atol=1e-7)
    assert np.abs(alone).max() > 1e-4


def test_every_curve_is_in_the_table_or_said_to_be_unknown():
    known = {name for control in TABLE for name in control.curves}
    assert known | set(UNKNOWN) == set(BLENDSHAPES)
    assert not known & set(UNKNOWN)
    assert moved_by(**dict.fromkeys(UNKNOWN, 1.0)) == {}


@pytest.fixture
def person():
    """Somebody whose head is turned a little already."""
    random = np.random.default_rng(3)
    return Source(
        keypoints=random.uniform(-0.3, 0.3, (21, 3)).astype(np.float32),
        expression=random.uniform(-0.02, 0.02, (21, 3)).astype(np.float32),
        scale=np.array([1.3], np.float32),
        rotation=np.array([4.0, -12.0, 3.0], np.float32),
        translation=np.array([0.05, -0.02, 0.0], np.float32),
        eyes=OPEN,
        lips=np.array([0.0], np.float32),
        closing=np.zeros((21, 3), np.float32),
        outline=random.uniform(-0.5, 0.5, (36, 3)).astype(np.float32),
        iod=np.array([0.5], np.float32),
    )


def still(head=(0, 0, 0, 0, 0, 0), row=None):
    head = np.array([head], np.float32)
    return Motion(25.0, shapes() if row is None else row, head)


def posed(person, head):
    return implicit_of(still(head), person, LivePortraitOptions())


def test_at_rest_the_face_is_that_of_the_photo(person):
    implicit = posed(person, (0, 0, 0, 0, 0, 0))
    np.testing.assert_allclose(implicit.rotation[0], person.rotation, atol=1e-4)
    np.testing.assert_allclose(implicit.expression[0], person.expression)
    np.testing.assert_allclose(implicit.translation[0], person.translation, atol=1e-6)
    np.testing.assert_allclose(implicit.scale, person.scale)
    box = face_boxes(implicit, person)[0]
    expected = [*person.outline[:, :2].min(0), *person.outline[:, :2].max(0)]
    np.testing.assert_allclose(box, expected, atol=1e-5)


def test_lips_that_are_open_in_the_photo_are_closed_at_rest(person):
    closing = np.zeros((21, 3), np.float32)
    closing[19, 1] = -0.026
    implicit = posed(replace(person, closing=closing), (0, 0, 0, 0, 0, 0))
    assert implicit.expression[0, 19, 1] - person.expression[19, 1] == pytest.approx(-0.02)


def nose(implicit):
    """Where a point in front of the head goes: it lies towards the viewer, which is -z."""
    return (np.array([[0.0, 0.0, -1.0]]) @ rotation(*implicit.rotation.T)[0])[0]


def test_the_head_turns_the_way_a_motion_says(person):
    facing = replace(person, rotation=np.zeros(3, np.float32))
    right, up = nose(posed(facing, (10, 0, 0, 0, 0, 0))), nose(posed(facing, (0, 10, 0, 0, 0, 0)))
    assert right[0] == pytest.approx(np.sin(np.radians(10)), rel=1e-3)
    assert up[1] == pytest.approx(-np.sin(np.radians(10)), rel=1e-3)
    tilted = rotation(*posed(facing, (0, 0, 10, 0, 0, 0)).rotation.T)[0]
    assert (np.array([1.0, 0, 0]) @ tilted)[1] > 0.1  # clockwise: the picture's right goes down


def test_turns_come_on_top_of_the_pose_in_the_photo(person):
    turned = rotation(*posed(person, (6, -4, 2, 0, 0, 0)).rotation.T)[0]
    own = rotation(np.array([4.0]), np.array([-6.0]), np.array([2.0]))[0]
    np.testing.assert_allclose(turned, own @ person.turn, atol=1e-5)


def test_no_photo_is_turned_too_far(person):
    facing = replace(person, rotation=np.zeros(3, np.float32))
    pitch, yaw, _ = posed(facing, (90, 90, 0, 0, 0, 0)).rotation[0]
    assert abs(yaw) < YAW[1] + 1
    assert abs(pitch) < PITCH[1] + 1
    held = implicit_of(still((20, 0, 5, 0.1, 0, 0)), facing, LivePortraitOptions(head=0.0))
    assert not held.rotation.any()


def test_the_head_shifts_grows_and_is_carried_by_the_neck(person):
    moved = posed(person, (0, 0, 0, 0.2, 0.1, 0.5))
    np.testing.assert_allclose(moved.translation[0] - person.translation, [0.1, -0.05, 0.0], atol=1e-6)
    assert moved.scale[0] > person.scale[0]
    tilted = posed(person, (0, 0, 10, 0, 0, 0)).translation[0] - person.translation
    assert tilted[0] == pytest.approx(0.5 * NECK * np.sin(np.radians(10)), rel=1e-3)


def test_angles_come_back_from_their_matrix():
    angles = np.random.default_rng(2).uniform(-80, 80, (50, 3))
    np.testing.assert_allclose(degrees(rotation(*angles.T)), angles, atol=1e-6)
    keypoints = np.ones((1, 21, 3))
    still_there = placed(keypoints, rotation(*np.zeros((3, 1))), 0 * keypoints, np.ones(1), np.zeros((1, 3)))
    np.testing.assert_allclose(still_there, keypoints)
