"""Frames as a viewer sees them."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from types import GeneratorType

import cv2
import numpy as np
import pytest

from engines.errors import StudioError
from engines.facemesh import ENGINE, FacemeshOptions, animator, warp
from engines.facemesh.anatomy import (
    FACE_OVAL,
    LEFT_EYE_LOWER,
    LEFT_EYE_UPPER,
    LOWER_OUTER_LIP,
    UPPER_OUTER_LIP,
    FaceFrame,
)
from engines.facemesh.animator import FacemeshAnimator, create
from engines.facemesh.mesh import CUT_OUT_SCALES, RING_SCALES, ring_points
from engines.facemesh.raster import Box, rasterise_opencv
from engines.faces import face_finder
from engines.photos import make_portrait
from engines.registry import create_stage
from engines.types import Arrays, Image, Portrait
from tests.engines.facemesh.conftest import Render, motion_of, weights_row


def mask_of(points: np.ndarray, image: Image) -> np.ndarray:
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(points[:, :2]).astype(np.int32)], 1)
    return mask.astype(bool)


def difference(a: Image, b: Image) -> np.ndarray:
    return np.abs(a.astype(int) - b).max(2)


def tracked(image: Image, portrait: Portrait) -> np.ndarray:
    return face_finder().find(image)[0].landmarks


def test_the_declared_factory_makes_this_animator():
    assert isinstance(create_stage(ENGINE, "animator"), FacemeshAnimator)
    assert ENGINE.parse_options({"keep_smile": 0.1}) == FacemeshOptions(0.1)
    with pytest.raises(StudioError):
        ENGINE.parse_options({"keep_smile": 2})


def test_frames_are_made_one_by_one_and_are_separate_arrays(prepared: Arrays):
    motion = motion_of(*[{"jawOpen": 0.1 * i} for i in range(5)])
    stream = create().animate(prepared, motion, FacemeshOptions())
    assert isinstance(stream.frames, GeneratorType)
    assert (stream.spec.width, stream.spec.height, stream.spec.count, stream.spec.fps) == (512, 512, 5, 25.0)
    frames = list(stream.frames)
    assert len(frames) == 5
    for frame in frames:
        assert frame.shape == (512, 512, 3)
        assert frame.dtype == np.uint8
    assert all(difference(a, b).max() > 20 for a, b in pairwise(frames))


def test_prepared_arrays_survive_saving(prepared: Arrays, tmp_path, render: Render):
    np.savez(tmp_path / "prepared.npz", **prepared)
    with np.load(tmp_path / "prepared.npz", allow_pickle=False) as loaded:
        again = {name: loaded[name] for name in loaded.files}
    motion = motion_of({"jawOpen": 0.4})
    frame = next(create().animate(again, motion, FacemeshOptions()).frames)
    np.testing.assert_array_equal(frame, render({"jawOpen": 0.4}))


def test_speaking_leaves_everything_but_the_face_and_neck_untouched(portrait: Portrait, render: Render):
    spoken = render({"jawOpen": 0.8, "mouthSmile": 0.5, "browInnerUp": 1, "eyeBlink": 1})
    outline = ring_points(portrait.landmarks, CUT_OUT_SCALES)[36 * 3 : 36 * 4]
    outside = ~mask_of(outline, spoken)
    assert outside.mean() > 0.75
    assert difference(spoken, portrait.rgb)[outside].max() == 0


@pytest.mark.parametrize(("background", "scales"), [("still", CUT_OUT_SCALES), ("photo", RING_SCALES)])
def test_turning_the_head_leaves_everything_beyond_hair_and_shoulders_untouched(
    background: str, scales: tuple[float, ...], portrait: Portrait, render: Render
):
    turned = render({}, (10, 6, 6, 0.1, 0.1, 0.3), background=background)
    outline = mask_of(ring_points(portrait.landmarks, scales)[-36:], turned).astype(np.uint8)
    outside = ~cv2.dilate(outline, np.ones((3, 3))).astype(bool)
    assert outside.mean() > 0.4
    assert difference(turned, portrait.rgb)[outside].max() == 0


@pytest.fixture(scope="module")
def closed(render: Render) -> Portrait:
    """The same woman with her mouth closed, as a photo of its own."""
    return make_portrait(render({}, keep_smile=0.0), 0, None)


def test_a_photo_with_closed_lips_rests_almost_as_it_is(closed: Portrait):
    engine = FacemeshAnimator()
    frame = next(engine.animate(engine.prepare(closed), motion_of({}), FacemeshOptions(1.0)).frames)
    error = np.mean((frame.astype(float) - closed.rgb) ** 2)
    assert 10 * np.log10(255**2 / max(error, 1e-9)) > 42
    outside = ~mask_of(closed.landmarks[list(FACE_OVAL)], frame)
    assert difference(frame, closed.rgb)[outside].max() <= 2


def test_teeth_of_a_laughing_photo_vanish_at_rest(portrait: Portrait, render: Render):
    lips = mask_of(portrait.landmarks[[*UPPER_OUTER_LIP, *LOWER_OUTER_LIP[::-1]]], portrait.rgb)

    def teeth(picture: Image) -> int:
        bright, tint = picture[lips].min(1).astype(int), np.ptp(picture[lips], axis=1)
        return int(((bright > 140) & (tint < 45)).sum())

    assert teeth(portrait.rgb) > 60
    assert teeth(render({}, keep_smile=0.0)) < 0.3 * teeth(portrait.rgb)
    assert teeth(render({"jawOpen": 0.4}, keep_smile=0.4)) > 30


def test_the_tracked_opening_follows_the_plan(render: Render, portrait: Portrait):
    weights = np.array([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    seen = []
    for weight in weights:
        points = tracked(render({"jawOpen": float(weight)}), portrait)
        seen.append(np.linalg.norm(points[14] - points[13]) / np.linalg.norm(points[33] - points[263]))
    assert np.corrcoef(weights, seen)[0, 1] >= 0.97
    # The tracker takes the edge of the upper teeth for the lip and so reads openings short; what the lips
    # themselves do is measured with the shapes.
    slope = np.polyfit(0.35 * weights, seen, 1)[0]
    assert 0.45 < slope < 1.15


def test_sealed_lips_are_seen_closed(render: Render, portrait: Portrait):
    points = tracked(render({"jawOpen": 0.05, "mouthClose": 0.05, "mouthPress": 0.4}), portrait)
    assert np.linalg.norm(points[14] - points[13]) / np.linalg.norm(points[33] - points[263]) < 0.03


def test_a_blink_hides_the_iris(portrait: Portrait, render: Render, frame: FaceFrame):
    eye = mask_of(portrait.landmarks[[*LEFT_EYE_UPPER, *LEFT_EYE_LOWER[::-1]]], portrait.rgb)
    dark = [int((picture[eye].max(1) < 75).sum()) for picture in (portrait.rgb, render({"eyeBlink": 1.0}))]
    assert dark[0] > 8
    assert dark[1] < 0.5 * dark[0]


def test_looking_aside_moves_the_iris(portrait: Portrait, render: Render):
    eye = mask_of(portrait.landmarks[[*LEFT_EYE_UPPER, *LEFT_EYE_LOWER[::-1]]], portrait.rgb)

    def centre(picture: Image) -> float:
        darkness = np.where(eye, np.maximum(120 - picture.max(2).astype(float), 0), 0)
        return float((darkness * np.arange(512)).sum() / darkness.sum())

    right = centre(render({"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}))
    left = centre(render({"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0}))
    assert right - left > 1.0


def test_any_weights_and_poses_give_a_picture(prepared: Arrays, portrait: Portrait):
    rng = np.random.default_rng(5)
    rows = [{}] * 12
    motion = motion_of(*rows, poses=rng.normal(0, 15, (12, 6)) * (1, 1, 1, 0.03, 0.03, 0.05))
    motion = dataclasses.replace(motion, blendshapes=rng.uniform(-0.2, 1.2, (12, 52)).astype(np.float32))
    tongue = rng.uniform(0, 1, (12, 16)).astype(np.float32)
    frames = list(
        create().animate(prepared, dataclasses.replace(motion, tongue=tongue), FacemeshOptions()).frames
    )
    far = portrait.rgb[400:, :100]
    for frame in frames:
        np.testing.assert_array_equal(frame[400:, :100], far)
        assert difference(frame, portrait.rgb).max() > 30


def test_a_face_cut_by_the_border_is_animated(portrait: Portrait):
    low = np.maximum(portrait.landmarks[:, :2].min(0), 0).astype(int)
    high = portrait.landmarks[:, :2].max(0).astype(int)
    rgb = np.ascontiguousarray(portrait.rgb[low[1] + 8 : high[1] - 4, low[0] + 4 : high[0] - 4])
    landmarks = portrait.landmarks - np.array([low[0] + 4, low[1] + 8, 0], np.float32)
    engine = FacemeshAnimator()
    prepared = engine.prepare(Portrait(rgb, landmarks))
    motion = motion_of({"jawOpen": 0.5}, poses=np.array([[8, 5, 5, 0.1, 0.1, 0.2]]))
    frame = next(engine.animate(prepared, motion, FacemeshOptions()).frames)
    assert frame.shape == rgb.shape
    assert frame.std() > 20


def test_a_tiny_face_is_refused(portrait: Portrait):
    small = Portrait(portrait.rgb[::8, ::8].copy(), portrait.landmarks / 8)
    with pytest.raises(StudioError, match="too small"):
        FacemeshAnimator().prepare(small)


def test_the_picture_is_the_same_without_the_native_core(prepared: Arrays, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("visema_native", reason="the native core is not built")
    weights = {"jawOpen": 0.5, "mouthSmile": 0.4, "eyeBlink": 0.5, "browInnerUp": 0.6}
    motion = motion_of(weights, poses=np.array([[6, -3, 4, 0.05, 0, 0.1]]))
    fast = next(create().animate(prepared, motion, FacemeshOptions()).frames)
    monkeypatch.setattr(warp, "native_module", lambda: None)
    plain = next(create().animate(prepared, motion, FacemeshOptions()).frames)
    assert (difference(fast, plain) > 3).mean() < 5e-4


def test_only_the_moving_part_of_a_large_picture_is_worked_on(portrait: Portrait, monkeypatch):
    monkeypatch.setattr(warp, "native_module", lambda: None)
    seen = []
    monkeypatch.setattr(
        warp, "rasterise_opencv", lambda *mesh: (seen.append(mesh[3]), rasterise_opencv(*mesh))[1]
    )

    def box(pad: int) -> Box:
        rgb = np.pad(portrait.rgb, ((pad, pad), (pad, pad), (0, 0)), mode="reflect")
        landmarks = portrait.landmarks + np.array([pad, pad, 0], np.float32)
        scene = animator.Scene(FacemeshAnimator().prepare(Portrait(rgb, landmarks)), 0.4)
        scene.render(weights_row({"jawOpen": 0.5}), np.zeros(6), None)
        return seen[-1]

    near, far = box(0), box(400)
    assert (near.width, near.height) == (far.width, far.height)
    assert near.width * near.height < 0.1 * 512 * 512
