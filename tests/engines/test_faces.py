"""Faces are found where they are, small ones and several ones too, and nothing is found where there is none."""

import cv2
import numpy as np

from engines.faces import face_finder, find_faces

NOSE_TIP, UPPER_LIP, LOWER_LIP, RIGHT_EYE, LEFT_EYE = 1, 13, 14, 33, 263


def test_points_lie_on_the_features(photo):
    (face,) = find_faces(photo)
    points = face.landmarks
    # where the features are in this photo, measured by hand
    assert np.linalg.norm(points[NOSE_TIP, :2] - (223, 129)) < 6
    assert points[RIGHT_EYE, 0] < points[NOSE_TIP, 0] < points[LEFT_EYE, 0]
    assert points[RIGHT_EYE, 1] < points[NOSE_TIP, 1] < points[UPPER_LIP, 1] < points[LOWER_LIP, 1]
    assert abs(face.yaw) < 10
    assert face.score > 0.8


def test_a_small_face_in_a_large_picture_is_found(photo):
    canvas = np.full((1800, 2400, 3), 90, np.uint8)
    canvas[1100:1612, 1500:2012] = photo
    (face,) = find_faces(canvas)
    (original,) = find_faces(photo)
    shift = face.landmarks[:, :2] - original.landmarks[:, :2]
    assert np.abs(shift - (1500, 1100)).max() < 6


def test_two_people_are_two_faces_largest_first(photo):
    small = cv2.resize(photo, (384, 384), interpolation=cv2.INTER_AREA)
    canvas = np.full((512, 900, 3), 128, np.uint8)
    canvas[:, :512] = photo
    canvas[100:484, 512:896] = small
    faces = find_faces(canvas)
    assert len(faces) == 2
    assert faces[0].box[2] > faces[1].box[2]
    assert faces[0].box[0] < 512 < faces[1].box[0]


def test_a_tilted_face_is_found_with_its_tilt(photo):
    turn = cv2.getRotationMatrix2D((224, 110), -20, 1.0)
    (face,) = find_faces(cv2.warpAffine(photo, turn, (512, 512)))
    (upright,) = find_faces(photo)
    assert abs((face.roll - upright.roll) - 20) < 5


def test_tracking_follows_a_face_that_moved(photo):
    (face,) = find_faces(photo)
    moved = np.roll(photo, (4, 7), axis=(0, 1))
    tracked = face_finder().track(moved, face)
    assert np.abs((tracked.landmarks - face.landmarks)[:, :2] - (7, 4)).mean() < 1.0


def test_no_face_where_there_is_none(faceless):
    assert find_faces(cv2.imread(str(faceless))) == ()
