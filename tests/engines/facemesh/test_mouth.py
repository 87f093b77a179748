"""The inside of the mouth: seen only between the lips, lit like the photo, upper teeth fixed to the head."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from engines.facemesh.anatomy import LOWER_INNER_LIP, UPPER_INNER_LIP, FaceFrame
from engines.facemesh.edges import Window, coverage, outline, smooth_curve
from engines.facemesh.mouth import MouthLayer, MouthPose
from engines.facemesh.mouth_light import luma, measure_light
from engines.facemesh.mouth_prepare import prepare_mouth
from engines.types import Image, Portrait

STILL = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
BOW = np.maximum(1 - np.linspace(-1, 1, 11) ** 2, 0)[:, None]


@pytest.fixture(scope="module")
def layer(portrait: Portrait, frame: FaceFrame) -> MouthLayer:
    return MouthLayer(prepare_mouth(portrait, frame), frame)


def parted(portrait: Portrait, frame: FaceFrame, opening: float, **more: object) -> MouthPose:
    """Lips that have opened by ``opening`` iod from where they would meet."""
    upper, lower = (portrait.landmarks[list(row), :2] for row in (UPPER_INNER_LIP, LOWER_INNER_LIP))
    closed = upper + 0.21 * (lower - upper)
    down = np.array([0, frame.iod * opening])
    given = {"head": STILL, "jaw": 0.6 * opening, **more}
    return MouthPose(
        (closed - 0.21 * BOW * down).astype(np.float32),
        (closed + 0.79 * BOW * down).astype(np.float32),
        **given,
    )


def inside_of(pose: MouthPose, image: Image, inset: float = 0.999) -> np.ndarray:
    polygon = outline(smooth_curve(pose.upper), smooth_curve(pose.lower))
    return coverage(polygon, Window(0, 0, image.shape[1], image.shape[0])) > inset


def painted(layer: MouthLayer, photo: Image, pose: MouthPose) -> Image:
    image = photo.copy()
    layer.paint(image, pose)
    return image


def grown(mask: np.ndarray, pixels: int) -> np.ndarray:
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * pixels + 1,) * 2)) > 0


def test_sealed_lips_stay_as_the_photo_has_them(layer: MouthLayer, portrait: Portrait, frame: FaceFrame):
    assert np.array_equal(painted(layer, portrait.rgb, parted(portrait, frame, 0.0)), portrait.rgb)


@pytest.mark.parametrize("opening", [0.02, 0.06, 0.15, 0.3])
def test_only_mouth_and_corners_change(layer: MouthLayer, portrait: Portrait, frame: FaceFrame, opening: float):
    pose = parted(portrait, frame, opening)
    changed = (painted(layer, portrait.rgb, pose) != portrait.rgb).any(axis=2)
    assert changed.any()
    assert not (changed & ~grown(inside_of(pose, portrait.rgb, 0.01), round(0.11 * frame.iod))).any()


@pytest.mark.parametrize("opening", [0.06, 0.1, 0.2, 0.3])
def test_inside_is_dark_and_warm_but_never_black(
    layer: MouthLayer, portrait: Portrait, frame: FaceFrame, opening: float
):
    pose = parted(portrait, frame, opening)
    mouth = painted(layer, portrait.rgb, pose)[inside_of(pose, portrait.rgb)].astype(float)
    light = measure_light(portrait.rgb, portrait.landmarks, frame.iod)
    assert luma(mouth).mean() < luma(light.lips)
    assert luma(mouth).min() > 5
    assert mouth[:, 0].mean() > 1.04 * mouth[:, 2].mean()


@pytest.mark.parametrize("opening", [0.06, 0.1, 0.2])
def test_teeth_show_when_the_lips_part(layer: MouthLayer, portrait: Portrait, frame: FaceFrame, opening: float):
    pose = parted(portrait, frame, opening)
    mouth = painted(layer, portrait.rgb, pose)[inside_of(pose, portrait.rgb)].astype(float)
    skin = luma(measure_light(portrait.rgb, portrait.landmarks, frame.iod).skin)
    bright = mouth[luma(mouth) > 0.6 * skin]
    assert 0.1 < len(bright) / len(mouth) < 0.9
    # Enamel is pale: far less coloured than lips or gums.
    assert np.median((bright[:, 0] - bright[:, 1]) / bright[:, 0]) < 0.15


def test_drawn_teeth_are_single_teeth(portrait: Portrait, frame: FaceFrame):
    """Without teeth in the photo they are drawn, with gaps and differences: no bar of one colour."""
    points = portrait.landmarks * 4
    points[list(LOWER_INNER_LIP)] = points[list(UPPER_INNER_LIP)]
    large = Portrait(cv2.resize(portrait.rgb, None, fx=4, fy=4), points)
    scaled = dataclasses.replace(frame, origin=frame.origin * 4, iod=frame.iod * 4)
    pose = parted(large, scaled, 0.12)
    image = painted(MouthLayer(prepare_mouth(large, scaled), scaled), large.rgb, pose)
    middle = np.add(pose.upper[3:8].mean(axis=0), (0, 0.025 * scaled.iod))
    half = round(0.17 * scaled.iod)
    row = luma(image[round(middle[1]), round(middle[0]) - half : round(middle[0]) + half])
    shape = row - cv2.GaussianBlur(row[None], (0, 0), 0.05 * scaled.iod)[0]
    gaps = np.flatnonzero((shape[1:-1] < shape[:-2]) & (shape[1:-1] <= shape[2:]) & (shape[1:-1] < -3))
    assert 3 <= len(gaps) <= 7


def test_upper_teeth_stay_while_the_jaw_drops(layer: MouthLayer, portrait: Portrait, frame: FaceFrame):
    wide = parted(portrait, frame, 0.2)
    high, low = (painted(layer, portrait.rgb, dataclasses.replace(wide, jaw=jaw)) for jaw in (0.13, 0.17))
    rows = np.arange(portrait.rgb.shape[0])[:, None]
    upper = inside_of(wide, portrait.rgb) & (rows < wide.upper[5, 1] + 0.04 * frame.iod)
    lower = inside_of(wide, portrait.rgb) & (rows > wide.lower[5, 1] - 0.05 * frame.iod)
    difference = np.abs(high.astype(int) - low).max(axis=2)
    assert difference[upper].max() <= 3
    assert difference[lower].max() > 20


def test_all_of_it_moves_with_the_head(layer: MouthLayer, portrait: Portrait, frame: FaceFrame):
    pose = parted(portrait, frame, 0.15)
    moved = dataclasses.replace(
        pose,
        upper=np.add(pose.upper, (7, 3)),
        lower=np.add(pose.lower, (7, 3)),
        head=STILL + np.float32([[0, 0, 7], [0, 0, 3]]),
    )
    plain = np.full_like(portrait.rgb, 150)
    here, there = painted(layer, plain, pose), painted(layer, plain, moved)
    assert np.abs(np.roll(here, (3, 7), (0, 1)).astype(int) - there).max() <= 2


def test_small_steps_give_small_changes(layer: MouthLayer, portrait: Portrait, frame: FaceFrame):
    plain = np.full_like(portrait.rgb, 120)
    frames = np.stack(
        [painted(layer, plain, parted(portrait, frame, opening)) for opening in np.arange(0.0, 0.2, 0.002)]
    ).astype(np.int16)
    assert np.abs(np.diff(frames, axis=0)).max() < 40
    assert np.abs(np.diff(frames, n=2, axis=0)).max() < 40
    change = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    assert change.max() < 6 * np.median(change)


def test_tongue_comes_up_and_out(layer: MouthLayer, portrait: Portrait, frame: FaceFrame):
    def redness(**tongue: float) -> float:
        pose = parted(portrait, frame, 0.16, **tongue)
        mouth = painted(layer, portrait.rgb, pose)
        centre = pose.upper[5] + 0.62 * (pose.lower[5] - pose.upper[5])
        x, y = centre.round().astype(int)
        patch = mouth[y - 2 : y + 3, x - 4 : x + 5].reshape(-1, 3).astype(float).mean(axis=0)
        return float(patch[0] - patch[1])

    assert redness(tongue_up=1.0) > redness() + 10
    assert redness(tongue_out=1.0) > redness() + 15


def test_mouth_follows_the_light_of_the_photo(portrait: Portrait, frame: FaceFrame):
    pose = parted(portrait, frame, 0.15)

    def mouth(rgb: Image) -> np.ndarray:
        layer = MouthLayer(prepare_mouth(Portrait(rgb, portrait.landmarks), frame), frame)
        return painted(layer, rgb, pose)[inside_of(pose, rgb)].astype(float)

    bright, dark = mouth(portrait.rgb), mouth((portrait.rgb * 0.35).astype(np.uint8))
    assert 0.2 < luma(dark).mean() / luma(bright).mean() < 0.5
    grey = mouth(np.repeat(portrait.rgb.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8))
    assert np.ptp(grey, axis=1).mean() < 4
    assert np.ptp(bright, axis=1).mean() > 10


def test_a_mouth_outside_the_picture_is_left_alone(layer: MouthLayer, portrait: Portrait, frame: FaceFrame):
    pose = parted(portrait, frame, 0.15)
    for shift in ((-2000, 0), (2000, 0), (0, -2000), (0, 2000)):
        away = dataclasses.replace(pose, upper=pose.upper + shift, lower=pose.lower + shift)
        assert np.array_equal(painted(layer, portrait.rgb, away), portrait.rgb)
