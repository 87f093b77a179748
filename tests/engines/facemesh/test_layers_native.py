"""Eyes, glasses and mouth as the native core paints them are those of OpenCV and NumPy, to 2 of 255."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from engines.facemesh import edges, eyes, eyes_glasses, mouth, mouth_corners, mouth_sprites
from engines.facemesh.anatomy import (
    LEFT_EYE_LOWER,
    LEFT_EYE_UPPER,
    LOWER_INNER_LIP,
    UPPER_INNER_LIP,
    FaceFrame,
)
from engines.facemesh.animator import FacemeshAnimator, Scene
from engines.facemesh.eyes import EyeLayer, EyePose
from engines.facemesh.eyes_glasses import PLANE, GlassesLayer
from engines.facemesh.head import HeadMotion, rotation
from engines.facemesh.mouth import MouthLayer, MouthPose
from engines.types import Arrays, Image, Portrait
from tests.engines.facemesh.conftest import Weights, weights_row

native = pytest.importorskip("visema_native", reason="the native core is not built")

LEVELS = 2
STILL = np.zeros(6, np.float32)
TURNED = np.array([8, -5, 4, 0.1, 0.05, 0.2], np.float32)


@pytest.fixture
def plainly(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], Any]:
    """Run something as if the core were not built, the warp aside."""

    def run(work: Callable[[], Any]) -> Any:
        with monkeypatch.context() as patch:
            for module in (edges, eyes, eyes_glasses, mouth, mouth_corners, mouth_sprites):
                patch.setattr(module, "native_module", lambda: None)
            return work()

    return run


@pytest.fixture(scope="module")
def large(portrait: Portrait) -> Arrays:
    """The face at three times its size: light and lips are worked out at less than that."""
    rgb = cv2.resize(portrait.rgb, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    landmarks = portrait.landmarks * 3
    low = np.floor(landmarks[:, :2].min(0) - 120).astype(int)
    high = np.ceil(landmarks[:, :2].max(0) + 120).astype(int)
    cut = np.ascontiguousarray(rgb[low[1] : high[1], low[0] : high[0]])
    return FacemeshAnimator().prepare(Portrait(cut, (landmarks - (*low, 0)).astype(np.float32)))


FACES: dict[str, Weights] = {
    "at rest": {},
    "barely closing": {"eyeBlink": 0.05},
    "blinking": {"eyeBlink": 0.4, "mouthSmile": 1.0, "jawOpen": 0.3},
    "shut": {"eyeBlink": 1.0, "jawOpen": 0.03},
    "looking aside": {"eyeLookOutLeft": 0.6, "eyeLookInRight": 0.6, "eyeWide": 0.5, "jawOpen": 0.6},
    "looking a little up": {"eyeLookUp": 0.02, "jawOpen": 0.2, "mouthLowerDown": 0.6},
    "round lips": {"mouthPucker": 0.9, "mouthFunnel": 0.5, "jawOpen": 0.3},
    "tongue out": {"jawOpen": 0.6, "tongueOut": 0.8},
}


@pytest.mark.parametrize("size", ["small", "large"])
def test_faces_are_equal(size: str, prepared: Arrays, large: Arrays, plainly):
    arrays = prepared if size == "small" else large

    def frames() -> list[Image]:
        scene = Scene(arrays, 0.4)
        rows = [weights_row(weights) for weights in FACES.values()]
        return [scene.render(row, pose, None).copy() for row in rows for pose in (STILL, TURNED)]

    names = [f"{name}, {pose}" for name in FACES for pose in ("still", "turned")]
    for name, fast, plain in zip(names, frames(), plainly(frames), strict=True):
        assert np.abs(fast.astype(int) - plain).max() <= LEVELS, name


@pytest.mark.parametrize("scale", [0.4, 1.0, 1.3])
def test_rims_are_equal(scale: float, plainly):
    rng = np.random.default_rng(5)
    photo = cv2.GaussianBlur(rng.integers(0, 256, (130, 240, 3), dtype=np.uint8), (0, 0), 1.2)
    cover = np.zeros(photo.shape[:2], np.uint8)
    for x in (60, 180):
        cv2.circle(cover, (x, 66), 52, 255, 5, cv2.LINE_AA)
    arrays: Arrays = {
        "glasses.photo": photo,
        "glasses.cover": cover,
        "glasses.origin": np.array([40.0, 30.0]),
    }
    points = np.random.default_rng(6).uniform(40, 200, (468, 3))
    points[list(PLANE), 2] = 0.1 * points[list(PLANE), 0]
    head = HeadMotion(scale * rotation(9.0, 4.0, 6.0), np.array([12.3, -7.8, 0.0]))

    def frame() -> Image:
        image = np.full((260, 330, 3), 120, np.uint8)
        GlassesLayer(arrays, points).paint(image, head)
        return image

    fast = frame()
    assert np.abs(fast.astype(int) - plainly(frame)).max() <= LEVELS
    assert (fast != 120).any()


def test_a_mouth_and_an_eye_cut_by_the_border_are_equal(
    portrait: Portrait, frame: FaceFrame, prepared: Arrays, plainly
):
    points, upright = portrait.landmarks[:, :2], np.eye(2, 3, dtype=np.float32)
    lips = [points[list(row)] for row in (UPPER_INNER_LIP, LOWER_INNER_LIP)]
    lids = [points[list(row)] for row in (LEFT_EYE_UPPER, LEFT_EYE_LOWER)]
    right, bottom = (round(float(value)) for value in lips[1][5])
    outer = round(float(lids[0][:, 0].mean()))

    def cut() -> list[Image]:
        low = portrait.rgb[:bottom, :right].copy()
        MouthLayer(prepared, frame).paint(low, MouthPose(lips[0], lips[1] + 12, upright, jaw=0.1))
        narrow = portrait.rgb[:, :outer].copy()
        gaze = np.array([0.03, 0.01], np.float32)
        EyeLayer(prepared, frame).paint(narrow, EyePose("left", lids[0] + (0, 2), lids[1], upright, gaze))
        return [low, narrow]

    for fast, plain in zip(cut(), plainly(cut), strict=True):
        assert np.abs(fast.astype(int) - plain).max() <= LEVELS
        assert (fast != portrait.rgb[: fast.shape[0], : fast.shape[1]]).any()


EYE = np.zeros((6, 8, 3), np.uint8)
LOOK = (60, 0.8, 2, 0, 0, 9, 9, 9, 1, 0, 0, 1, 0, 7)
SHEETS = (EYE, EYE, np.zeros((6, 8, 4), np.uint8), EYE, EYE, EYE[..., 0])
OUTLINE, UPRIGHT = np.array([[1, 1], [5, 1], [3, 4]], np.float32), np.array([[1.0, 0, 0], [0, 1, 0]])
PART = SHEETS[2]
MOUTH = (EYE, EYE[..., 0], PART, PART, PART, PART)
LIPS = (60, 0.5, 1, 200, 150, 150)
PLACES, LIGHT = np.ones((6, 4), np.float32), np.ones((4, 2), np.float32)
SHARES = (1.0, 1.0, 0.0, 0.5)
SHUT = {"change": 1.0, "redrawn": 1.0, "share": 1.0, "raised": 0.0, "drop": 0.05}


def eye(still: int = 49) -> Any:
    return native.Eye(*SHEETS, LOOK, np.zeros(still))


@pytest.mark.parametrize(
    "call",
    [
        lambda: native.Eye(EYE[..., :2], *SHEETS[1:], LOOK, np.zeros(49)),
        lambda: native.Eye(*SHEETS, LOOK[:-1], np.zeros(49)),
        lambda: native.Eye(*SHEETS, (0, *LOOK[1:]), np.zeros(49)),
        lambda: eye(still=48),
        lambda: eye().paint(EYE, OUTLINE * np.nan, UPRIGHT, (0, 0), np.zeros((3, 49)), **SHUT),
        lambda: eye().paint(EYE, OUTLINE, np.full((2, 3), np.inf), (0, 0), np.zeros((3, 49)), **SHUT),
        lambda: eye().paint(EYE, OUTLINE, UPRIGHT, (0, np.nan), np.zeros((3, 49)), **SHUT),
        lambda: eye().paint(EYE, OUTLINE, UPRIGHT, (0, 0), np.zeros((2, 49)), **SHUT),
        lambda: eye().paint(EYE, OUTLINE, UPRIGHT, (0, 0), np.zeros((3, 49)), **{**SHUT, "share": 1.5}),
        lambda: native.Rims(EYE, EYE[:3, :, 0]),
        lambda: native.Rims(EYE, EYE[..., 0]).paint(EYE, UPRIGHT[:, :2]),
        lambda: native.Mouth(*MOUTH[:-1], EYE, LIPS),
        lambda: native.Mouth(*MOUTH, (60, 0.5, 2, 200, 150, 150)),
        lambda: native.Mouth(*MOUTH, LIPS).paint(EYE, OUTLINE, UPRIGHT, PLACES[:5], LIGHT, SHARES),
        lambda: native.Mouth(*MOUTH, LIPS).paint(EYE, OUTLINE, UPRIGHT, 0 * PLACES, LIGHT, SHARES),
        lambda: native.Mouth(*MOUTH, LIPS).paint(EYE, OUTLINE, UPRIGHT, PLACES, LIGHT, (2.0, 1, 0, 1)),
        lambda: native.lift_line(EYE, (0, np.nan), (60, 0), 1.0),
        lambda: native.lift_line(EYE, (0, 0), (0, 0), 1.0),
        lambda: native.lift_line(EYE.astype(np.float32), (0, 0), (60, 0), 1.0),
    ],
)
def test_what_does_not_fit_is_refused(call: Callable[[], Any]):
    with pytest.raises(ValueError, match=r"must|too large"):
        call()
