"""Eyes: unchanged at rest, whole when they look around, closed with skin."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from engines.facemesh.anatomy import FaceFrame
from engines.facemesh.animator import FacemeshAnimator, Scene
from engines.facemesh.edges import Window, coverage, outline, smooth_curve
from engines.facemesh.eyes import LIDS, EyeLayer, EyePose, prepare_eyes
from engines.facemesh.eyes_fit import fitted_lids
from engines.facemesh.mouth_light import luma
from engines.types import Arrays, Image, Portrait
from tests.engines.facemesh.conftest import Render, weights_row

STILL = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
SIDES = ["right", "left"]


@pytest.fixture(scope="module")
def eyes(portrait: Portrait, frame: FaceFrame) -> Arrays:
    return prepare_eyes(portrait, frame)


@pytest.fixture(scope="module")
def layer(eyes: Arrays, frame: FaceFrame) -> EyeLayer:
    return EyeLayer(eyes, frame)


def eye_pose(portrait: Portrait, side: str, blink: float = 0.0, gaze: tuple[float, float] = (0, 0)) -> EyePose:
    upper, lower = (portrait.landmarks[list(row), :2] for row in LIDS[side])
    return EyePose(
        side, upper + 0.97 * blink * (lower - upper), lower, STILL, np.array(gaze, np.float32), blink
    )


def opening_of(pose: EyePose, image: Image) -> np.ndarray:
    polygon = outline(smooth_curve(pose.upper), smooth_curve(pose.lower))
    return coverage(polygon, Window(0, 0, image.shape[1], image.shape[0])) > 0.95


def painted(layer: EyeLayer, image: Image, pose: EyePose) -> Image:
    result = image.copy()
    layer.paint(result, pose)
    return result


def dark_centre(image: Image, mask: np.ndarray) -> np.ndarray:
    """Where the iris is: the mean place of what is dark between the lids."""
    weight = np.clip(120 - luma(image), 0, None) * mask
    rows, columns = np.indices(mask.shape)
    return np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()


@pytest.mark.parametrize("side", SIDES)
def test_an_eye_at_rest_is_the_photo(layer: EyeLayer, portrait: Portrait, side: str):
    result = painted(layer, portrait.rgb, eye_pose(portrait, side))
    assert np.abs(result.astype(int) - portrait.rgb).max() <= 1


@pytest.mark.parametrize("side", SIDES)
def test_the_eyeball_keeps_its_shape_under_a_warped_photo(layer: EyeLayer, portrait: Portrait, side: str):
    """Whatever the warp leaves between the lids, the photo's own eye is painted there."""
    pose = eye_pose(portrait, side)
    result = painted(layer, np.full_like(portrait.rgb, 128), pose)
    inner = opening_of(pose, portrait.rgb)
    assert np.abs(result.astype(int) - portrait.rgb)[inner].mean() < 6


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("gaze", [(-0.03, 0.0), (0.03, 0.0)])
def test_the_iris_looks_where_it_should(
    layer: EyeLayer, portrait: Portrait, frame: FaceFrame, side: str, gaze: tuple[float, float]
):
    ahead, aside = eye_pose(portrait, side), eye_pose(portrait, side, gaze=gaze)
    mask = opening_of(ahead, portrait.rgb)
    shift = dark_centre(painted(layer, portrait.rgb, aside), mask) - dark_centre(portrait.rgb, mask)
    assert shift[0] / frame.iod == pytest.approx(gaze[0], abs=0.018)
    assert np.sign(shift[0]) == np.sign(gaze[0])
    assert abs(shift[1]) < 0.02 * frame.iod


@pytest.mark.parametrize("side", SIDES)
def test_the_catch_light_stays(layer: EyeLayer, portrait: Portrait, side: str):
    mask = opening_of(eye_pose(portrait, side), portrait.rgb)
    spot = np.unravel_index(np.argmax(luma(portrait.rgb) * mask), mask.shape)
    looking = painted(layer, portrait.rgb, eye_pose(portrait, side, gaze=(0.02, 0.0)))
    around = luma(looking[spot[0] - 1 : spot[0] + 2, spot[1] - 1 : spot[1] + 2])
    assert around.max() > 0.75 * luma(portrait.rgb)[spot]


@pytest.mark.parametrize("side", SIDES)
def test_a_closed_eye_is_skin_with_a_dark_line_of_lashes(
    layer: EyeLayer, portrait: Portrait, frame: FaceFrame, side: str
):
    pose = eye_pose(portrait, side, blink=1.0)
    result = painted(layer, portrait.rgb, pose).astype(float)
    upper, lower = (smooth_curve(portrait.landmarks[list(row), :2]) for row in LIDS[side])
    middle = len(upper) // 2
    lid = (upper[middle] + 0.45 * (lower[middle] - upper[middle])).round().astype(int)
    skin = result[lid[1] - 1 : lid[1] + 2, lid[0] - 3 : lid[0] + 4].reshape(-1, 3)
    cheek = portrait.rgb[round(lower[middle, 1] + 0.2 * frame.iod), lid[0]].astype(float)
    assert 0.55 < luma(skin).mean() / luma(cheek) < 1.1
    assert np.ptp(luma(skin)) < 40
    line = luma(result[np.round(lower[10:-10, 1]).astype(int), np.round(lower[10:-10, 0]).astype(int)])
    assert line.mean() < 0.8 * luma(skin).mean()


@pytest.mark.parametrize("side", SIDES)
def test_nothing_but_the_eye_changes(layer: EyeLayer, portrait: Portrait, frame: FaceFrame, side: str):
    changed = (painted(layer, portrait.rgb, eye_pose(portrait, side, blink=1.0)) != portrait.rgb).any(axis=2)
    points = portrait.landmarks[list(LIDS[side][0] + LIDS[side][1]), :2]
    rows, columns = np.nonzero(changed)
    reach = 0.09 * frame.iod
    assert columns.min() > points[:, 0].min() - reach
    assert columns.max() < points[:, 0].max() + reach
    assert rows.min() > points[:, 1].min() - reach
    assert rows.max() < points[:, 1].max() + reach


def test_blinks_and_glances_are_smooth(layer: EyeLayer, portrait: Portrait):
    blinks = [eye_pose(portrait, "left", blink=b) for b in np.linspace(0, 1, 61)]
    glances = [eye_pose(portrait, "left", gaze=(g, 0.0)) for g in np.linspace(0, 0.03, 31)]
    for poses in (blinks, glances):
        frames = np.stack([painted(layer, portrait.rgb, pose) for pose in poses]).astype(np.int16)
        assert np.abs(np.diff(frames, axis=0)).max() < 40
        assert np.abs(np.diff(frames, n=2, axis=0)).max() < 30


def test_it_all_moves_with_the_head(layer: EyeLayer, portrait: Portrait):
    pose = eye_pose(portrait, "left", blink=0.5, gaze=(0.02, 0.01))
    moved = dataclasses.replace(
        pose,
        upper=np.add(pose.upper, (5, -4)),
        lower=np.add(pose.lower, (5, -4)),
        head=STILL + np.float32([[0, 0, 5], [0, 0, -4]]),
    )
    plain = np.full_like(portrait.rgb, 150)
    here, there = painted(layer, plain, pose), painted(layer, plain, moved)
    assert np.abs(np.roll(here, (-4, 5), (0, 1)).astype(int) - there).max() <= 2


def test_eyes_of_stone_have_no_iris_to_move(portrait: Portrait, frame: FaceFrame):
    stone = Portrait(np.full_like(portrait.rgb, 140), portrait.landmarks)
    layer = EyeLayer(prepare_eyes(stone, frame), frame)
    looking = painted(layer, stone.rgb, eye_pose(stone, "left", gaze=(0.03, 0.0)))
    assert np.ptp(looking[opening_of(eye_pose(stone, "left"), stone.rgb)]) < 60


def big_eyed(portrait: Portrait, frame: FaceFrame) -> tuple[Portrait, FaceFrame]:
    """The photo, four times as large, with a drawn figure's eyes: white far beyond the mesh, blue irises."""
    points = portrait.landmarks * 4
    rgb = cv2.resize(portrait.rgb, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    for side in SIDES:
        (x, y), (wide, high) = drawn_eye(points, side)
        cv2.ellipse(rgb, (x, y), (wide + 20, high + 20), 0, 0, 360, (205, 170, 150), -1, cv2.LINE_AA)
        cv2.ellipse(rgb, (x, y), (wide, high), 0, 0, 360, (240, 240, 240), -1, cv2.LINE_AA)
        cv2.circle(rgb, (x, y), round(0.08 * 4 * frame.iod), (60, 110, 180), -1, cv2.LINE_AA)
        cv2.circle(rgb, (x + 6, y - 6), 4, (255, 255, 255), -1, cv2.LINE_AA)
    return Portrait(rgb, points), dataclasses.replace(frame, origin=frame.origin * 4, iod=frame.iod * 4)


def drawn_eye(points: np.ndarray, side: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Middle and half axes in px of an eye as ``big_eyed`` draws it."""
    eye = points[list(LIDS[side][0] + LIDS[side][1]), :2]
    x, y = eye.mean(axis=0).astype(int)
    wide, high = (np.ptp(eye, axis=0) / 2 * (1.25, 2.2)).astype(int)
    return (int(x), int(y)), (int(wide), int(high))


@dataclasses.dataclass
class Figure:
    """A photo with drawn eyes, its frame, and its scene."""

    drawn: Portrait
    frame: FaceFrame
    scene: Scene

    def eye(self, shapes: dict[str, float]) -> Image:
        """The left eye and a little around it in one rendered frame."""
        image = self.scene.render(weights_row(shapes), np.zeros(6, np.float32), None)
        (x, y), (wide, high) = drawn_eye(self.drawn.landmarks, "left")
        return image[y - high - 4 : y + high + 4, x - wide - 4 : x + wide + 4]


@pytest.fixture(scope="module")
def figure(portrait: Portrait, frame: FaceFrame) -> Figure:
    drawn, large = big_eyed(portrait, frame)
    return Figure(drawn, large, Scene(FacemeshAnimator().prepare(drawn), 0.4))


def blue(image: Image) -> np.ndarray:
    """(h, w): the iris."""
    return image[..., 2].astype(int) > image[..., 0].astype(int) + 50


def eye_coloured(image: Image) -> np.ndarray:
    """(h, w): white or blue, as only the eye is."""
    return image[..., 2].astype(int) > image[..., 0].astype(int) - 8


def test_lids_are_found_where_the_eye_is_drawn(figure: Figure):
    fitted = fitted_lids(figure.drawn, figure.frame)
    truth = np.zeros(figure.drawn.rgb.shape[:2], np.uint8)
    cv2.ellipse(truth, *drawn_eye(figure.drawn.landmarks, "left"), 0, 0, 360, 1, -1)
    overlaps = []
    for face in (figure.drawn, fitted):
        found = opening_of(eye_pose(face, "left"), face.rgb)
        overlaps.append((found & (truth > 0)).sum() / (found | (truth > 0)).sum())
    assert overlaps[0] < 0.6
    assert overlaps[1] > 0.8


def test_big_drawn_eyes_close_wholly(figure: Figure):
    assert eye_coloured(figure.eye({})).mean() > 0.4
    assert eye_coloured(figure.eye({"eyeBlink": 1.0})).mean() < 0.03


@pytest.mark.parametrize("look", ["eyeLookInLeft", "eyeLookOutLeft"])
def test_the_iris_moves_whole_and_round(figure: Figure, look: str):
    ahead, aside = (blue(figure.eye(shapes)) for shapes in ({look: 0.02}, {look: 0.8}))
    away = np.argwhere(aside).mean(axis=0)[1] - np.argwhere(ahead).mean(axis=0)[1]
    assert abs(away) > 0.03 * figure.frame.iod
    assert aside.sum() == pytest.approx(ahead.sum(), rel=0.08)
    before, after = (np.ptp(np.argwhere(iris), axis=0) for iris in (ahead, aside))
    assert after == pytest.approx(before, rel=0.08)


@pytest.mark.parametrize("look", ["eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft"])
def test_where_the_iris_was_the_eye_is_white(figure: Figure, look: str):
    ahead, aside = figure.eye({}), figure.eye({look: 1.0})
    left = blue(ahead) & ~cv2.dilate(blue(aside).astype(np.uint8), np.ones((9, 9))).astype(bool)
    left &= eye_coloured(aside)
    assert left.sum() > 60
    assert np.median(aside[left].min(axis=1)) > 170


@pytest.mark.parametrize("look", ["eyeLookInLeft", "eyeLookOutLeft", "eyeLookDownLeft"])
def test_the_catch_light_stays_put(figure: Figure, look: str):
    _, (wide, high) = drawn_eye(figure.drawn.landmarks, "left")
    spot = np.array([high + 4 - 6, wide + 4 + 6])
    for shapes in ({}, {look: 0.25}):
        image = figure.eye(shapes)
        near = image[spot[0] - 7 : spot[0] + 8, spot[1] - 7 : spot[1] + 8].min(axis=2)
        bright = np.argwhere(near > 190)
        assert np.abs(bright.mean(axis=0) - 7).max() < 1.0


def test_the_lash_line_of_a_shut_eye_has_no_gaps(render: Render, portrait: Portrait, frame: FaceFrame):
    shut = luma(render({"eyeBlink": 1.0}))
    lower = smooth_curve(portrait.landmarks[list(LIDS["left"][1]), :2])[14:-14]
    reach = np.arange(-0.05, 0.05, 0.01) * frame.iod
    for x, y in lower:
        column = shut[np.round(y + reach).astype(int), round(x)]
        skin = shut[round(y - 0.07 * frame.iod), round(x)]
        assert column.min() < 0.85 * skin


def test_eyes_that_a_person_has_put_in_place_stay_there(figure: Figure):
    free = fitted_lids(figure.drawn, figure.frame).landmarks
    settled = dataclasses.replace(figure.drawn, settled_eyes=frozenset({"left"}))
    kept = fitted_lids(settled, figure.frame).landmarks
    left, right = ([*LIDS[side][0], *LIDS[side][1]] for side in ("left", "right"))
    assert np.abs(free - figure.drawn.landmarks)[left].max() > 0.05 * figure.frame.iod
    np.testing.assert_array_equal(kept[left], figure.drawn.landmarks[left])
    np.testing.assert_array_equal(kept[right], free[right])
