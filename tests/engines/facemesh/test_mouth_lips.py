"""A mouth on a large face: lips with thickness, teeth in shade, corners without leftovers."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from engines.facemesh.anatomy import LOWER_INNER_LIP, UPPER_INNER_LIP, FaceFrame
from engines.facemesh.mouth import MouthLayer, MouthPose
from engines.facemesh.mouth_corners import lift_corners
from engines.facemesh.mouth_light import luma, measure_light
from engines.facemesh.mouth_prepare import prepare_mouth
from engines.types import Image, Portrait

STILL = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
BOW = np.maximum(1 - np.linspace(-1, 1, 11) ** 2, 0)[:, None]
LARGER = 4


@dataclasses.dataclass(frozen=True)
class Close:
    """A large face with closed lips, whose teeth must be drawn, and its mouth."""

    portrait: Portrait
    iod: float
    layer: MouthLayer

    def pose(self, opening: float) -> MouthPose:
        line = self.portrait.landmarks[list(UPPER_INNER_LIP), :2]
        down = np.array([0, self.iod * opening])
        upper, lower = line - 0.21 * BOW * down, line + 0.79 * BOW * down
        return MouthPose(upper.astype(np.float32), lower.astype(np.float32), STILL, jaw=0.6 * opening)

    def column(self, opening: float) -> tuple[np.ndarray, MouthPose]:
        """(H, 3) mean of the picture's columns around the middle of the mouth."""
        image, pose = self.portrait.rgb.copy(), self.pose(opening)
        self.layer.paint(image, pose)
        x, half = round(float(pose.lower[5, 0])), round(0.05 * self.iod)
        return image[:, x - half : x + half].astype(float).mean(axis=1), pose


@pytest.fixture(scope="module")
def close(portrait: Portrait, frame: FaceFrame) -> Close:
    points = portrait.landmarks * LARGER
    points[list(LOWER_INNER_LIP)] = points[list(UPPER_INNER_LIP)]
    large = Portrait(cv2.resize(portrait.rgb, None, fx=LARGER, fy=LARGER), points)
    scaled = dataclasses.replace(frame, origin=frame.origin * LARGER, iod=frame.iod * LARGER)
    return Close(large, scaled.iod, MouthLayer(prepare_mouth(large, scaled), scaled))


@pytest.mark.parametrize("opening", [0.06, 0.12, 0.2])
def test_teeth_stay_below_the_brightest_of_the_face(close: Close, opening: float):
    light = measure_light(close.portrait.rgb, close.portrait.landmarks, close.iod)
    column, pose = close.column(opening)
    inside = luma(column[int(pose.upper[5, 1]) + 2 : int(pose.lower[5, 1]) - 2])
    assert inside.max() < 0.92 * max(luma(light.skin), luma(light.white))
    assert inside.max() > 0.4 * luma(light.skin)


@pytest.mark.parametrize("opening", [0.04, 0.06, 0.09])
def test_lower_teeth_hide_behind_the_lip_in_speech(close: Close, opening: float):
    column, pose = close.column(opening)
    top, bottom = float(pose.upper[5, 1]), float(pose.lower[5, 1])
    brightness = luma(column[int(top + 0.6 * (bottom - top)) : int(bottom - 0.01 * close.iod)])
    upper = luma(column[int(top) : int(top + 0.5 * (bottom - top))])
    assert brightness.max() < 0.75 * upper.max()


def test_the_lip_turns_in_softly(close: Close):
    """From the lower lip inwards the light fades over some pixels: neither an outline nor a step."""
    column, pose = close.column(0.16)
    edge, depth = float(pose.lower[5, 1]), 0.018 * close.iod
    lip = column[round(edge + 0.03 * close.iod)]
    rim = column[round(edge - 0.35 * depth)]
    assert 0.25 * luma(lip) < luma(rim) < 0.95 * luma(lip)
    assert rim[0] > 1.1 * rim[2]
    steps = np.diff(luma(column[round(edge - depth) : round(edge + depth)]))
    assert np.abs(steps).max() < 0.2 * luma(lip)


def _dashed(close: Close, thickness: float) -> tuple[Image, MouthPose]:
    """Plain skin with a dark line on both sides of the mouth, of some thickness in iod."""
    image = np.full_like(close.portrait.rgb, 180)
    pose = close.pose(0.12)
    ends = [(pose.upper[0], -1), (pose.upper[-1], 1)]
    for end, outwards in ends:
        there = end + np.array([outwards * 0.06 * close.iod, 0])
        points = [tuple(int(v) for v in point.round()) for point in (end, there)]
        cv2.line(image, points[0], points[1], (40, 20, 20), max(round(thickness * close.iod), 1))
    return image, pose


def test_the_line_of_closed_lips_goes_from_the_corners(close: Close):
    image, pose = _dashed(close, 0.012)
    before = int((image.min(axis=2) < 100).sum())
    lift_corners(image, pose.upper, pose.lower, close.iod)
    assert (image.min(axis=2) < 100).sum() < 0.2 * before


def test_folds_and_closed_lips_keep_their_corners(close: Close):
    fold, pose = _dashed(close, 0.05)
    lifted = fold.copy()
    lift_corners(lifted, pose.upper, pose.lower, close.iod)
    dark = fold.min(axis=2) < 100
    assert (lifted.min(axis=2) < 100)[dark].mean() > 0.8
    line, _ = _dashed(close, 0.012)
    shut = close.pose(0.0)
    same = line.copy()
    lift_corners(same, shut.upper, shut.lower, close.iod)
    assert np.array_equal(same, line)
