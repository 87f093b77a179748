"""Engraved faces: hatching is no pair of glasses, and their eyes shut wholly."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from engines.facemesh.anatomy import FaceFrame
from engines.facemesh.animator import FacemeshAnimator, Scene
from engines.facemesh.edges import outline, smooth_curve
from engines.facemesh.eyes_fit import LIDS
from engines.facemesh.eyes_glasses import take_off
from engines.facemesh.eyes_white import widened
from engines.facemesh.mouth_light import luma
from engines.types import Portrait
from tests.engines.facemesh.conftest import weights_row
from tests.engines.facemesh.test_eyes import SIDES, drawn_eye


def engraved(portrait: Portrait) -> Portrait:
    """The photo, four times as large, hatched, with white eyes in a heavy outline beyond the mesh's."""
    points = portrait.landmarks * 4
    rgb = cv2.resize(portrait.rgb, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    rows = np.arange(len(rgb))[:, None] + np.round(4 * np.sin(np.arange(rgb.shape[1]) / 40))
    rgb[rows % 9 < 3] = (35, 20, 18)
    for side in SIDES:
        middle, (wide, high) = drawn_eye(points, side)
        half = round(1.1 * wide / 1.25), round(1.35 * high / 2.2)
        cv2.ellipse(rgb, middle, half, 0, 0, 360, (20, 12, 12), 14, cv2.LINE_AA)
        cv2.ellipse(rgb, middle, half, 0, 0, 360, (235, 228, 228), -1, cv2.LINE_AA)
        cv2.circle(rgb, middle, round(0.8 * half[1]), (40, 22, 18), -1, cv2.LINE_AA)
    return Portrait(rgb, points)


def test_no_white_is_left_of_a_shut_eye_with_a_heavy_outline(portrait: Portrait, frame: FaceFrame):
    drawn = engraved(portrait)
    large = dataclasses.replace(frame, origin=frame.origin * 4, iod=frame.iod * 4)
    scene = Scene(FacemeshAnimator().prepare(drawn), 0.4)
    for side in SIDES:
        (x, y), (wide, high) = drawn_eye(drawn.landmarks, side)
        area = np.s_[y - high : y + high, x - wide : x + wide]
        seen, shut = (
            scene.render(weights_row({"eyeBlink": blink}), np.zeros(6, np.float32), None)[area].astype(int)
            for blink in (0.0, 1.0)
        )
        white = [(image.min(axis=2) > 170) & (np.ptp(image, axis=2) < 25) for image in (seen, shut)]
        assert white[0].sum() > 0.02 * large.iod**2
        assert white[1].sum() < 0.003 * white[0].sum()
        line = luma(shut)[high // 2 :, wide - wide // 3 : wide + wide // 3].min(axis=0)
        assert line.max() < 90


def test_the_lids_are_widened_to_hold_all_the_white(portrait: Portrait, frame: FaceFrame):
    points = portrait.landmarks * 4
    rgb = np.full((*np.multiply(portrait.rgb.shape[:2], 4), 3), (225, 130, 85), np.uint8)
    pictures, white = (rgb, np.zeros(rgb.shape[:2], np.uint8)), np.zeros(rgb.shape[:2], np.uint8)
    middle, (wide, high) = drawn_eye(points, "left")
    half = round(1.12 * wide / 1.25), round(1.15 * high / 2.2)
    cv2.ellipse(white, middle, half, 0, 0, 360, 1, -1)
    rgb[cv2.dilate(white, np.ones((7, 7), np.uint8)) > 0] = (20, 12, 12)
    rgb[white > 0] = (235, 228, 228)
    cv2.circle(rgb, middle, half[1], (40, 22, 18), -1)
    mesh = [points[list(row), :2].astype(np.float64) for row in LIDS["left"]]
    lids = widened(pictures, mesh[0], mesh[1], 4 * frame.iod)
    left_out = []
    for upper, lower in (mesh, lids):
        inside = np.zeros_like(white)
        cv2.fillPoly(inside, [outline(smooth_curve(upper), smooth_curve(lower)).astype(np.int32)], 1)
        left_out.append(int((white > inside).sum()) / int(white.sum()))
    assert left_out[0] > 0.12
    assert left_out[1] < 0.5 * left_out[0]
    # Skin without any white gives no reason to move a lid.
    rgb[...] = (225, 130, 85)
    assert all(one is other for one, other in zip(widened(pictures, *mesh, 4 * frame.iod), mesh, strict=True))


def test_hatching_is_no_pair_of_glasses(portrait: Portrait, frame: FaceFrame):
    large = dataclasses.replace(frame, origin=frame.origin * 4, iod=frame.iod * 4)
    drawn = engraved(portrait)
    assert take_off(drawn, large) == (drawn, {})
