"""What is left of an eye's shade, outline and lashes when it is shut: nothing that a viewer would notice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engines.facemesh import FacemeshOptions
from engines.facemesh.anatomy import FaceFrame, face_frame
from engines.facemesh.animator import FacemeshAnimator
from engines.facemesh.edges import smooth_curve
from engines.facemesh.eyes_fit import LIDS, OUTER, fitted_lids
from engines.facemesh.mouth_light import luma
from engines.photos import make_portrait, read_photo
from engines.types import Image, Portrait
from tests.engines.facemesh.conftest import motion_of

DARK = (38.0, 26.0, 22.0)


@pytest.fixture(scope="module")
def sitter() -> tuple[Portrait, FaceFrame]:
    portrait = make_portrait(read_photo(Path("assets/avatars/mira.jpg")), 0, 640)
    return portrait, face_frame(portrait.landmarks)


def drawn(portrait: Portrait, mask: Image, colour: Any, soft: float = 0.8) -> Portrait:
    """``colour`` over the photo where ``mask`` is 255."""
    weight = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), soft)[..., None]
    return replace(portrait, rgb=np.round(portrait.rgb * (1 - weight) + weight * colour).astype(np.uint8))


def shut(portrait: Portrait) -> Image:
    prepared = FacemeshAnimator().prepare(portrait)
    return next(FacemeshAnimator().animate(prepared, motion_of({"eyeBlink": 1.0}), FacemeshOptions()).frames)


def beside(portrait: Portrait, frame: FaceFrame, side: str, beyond: float) -> NDArray[Any]:
    """(2,) px: a place so many iod beyond the outer corner of an eye."""
    upper = portrait.landmarks[list(LIDS[side][0]), :2].astype(float)
    along = (upper[-1] - upper[0]) / np.linalg.norm(upper[-1] - upper[0])
    return np.asarray(upper[OUTER[side]] + (1 if OUTER[side] else -1) * beyond * frame.iod * along)


def test_a_lid_is_as_bright_as_the_skin_around_though_the_open_eye_shades_it(
    sitter: tuple[Portrait, FaceFrame],
) -> None:
    portrait, frame = sitter
    rgb = portrait.rgb.astype(float)
    mask = np.zeros(rgb.shape[:2], np.uint8)
    for upper_row, _ in LIDS.values():
        upper = smooth_curve(portrait.landmarks[list(upper_row), :2])
        band = np.concatenate([upper, upper[::-1] - frame.axes[1, :2] * 0.14 * frame.iod])
        cv2.fillPoly(mask, [np.round(band).astype(np.int32)], 255)
    shaded = drawn(portrait, mask, rgb * (0.72, 0.65, 0.5), soft=0.03 * frame.iod)
    frame_shut = luma(shut(shaded).astype(np.float32))
    for upper_row, _ in LIDS.values():
        middle = portrait.landmarks[upper_row[4], :2] - (0, 0.02 * frame.iod)
        x, y = np.round(middle).astype(int)
        reach = round(0.02 * frame.iod)
        lid = float(np.median(frame_shut[y - reach : y + reach, x - reach : x + reach]))
        below = round(y + 0.2 * frame.iod)
        cheek = float(np.median(frame_shut[below - reach : below + reach, x - reach : x + reach]))
        assert lid > 0.73 * cheek


def test_lashes_beyond_the_outer_corner_belong_to_the_eye(sitter: tuple[Portrait, FaceFrame]) -> None:
    portrait, frame = sitter
    mask = np.zeros(portrait.rgb.shape[:2], np.uint8)
    for side in LIDS:
        ends = [np.round(beside(portrait, frame, side, away)).astype(int).tolist() for away in (-0.03, 0.05)]
        cv2.line(mask, *ends, 255, round(0.022 * frame.iod))
    lashed = drawn(portrait, mask, DARK)
    fitted = fitted_lids(lashed, frame)
    for side, (upper, _) in LIDS.items():
        corner = upper[OUTER[side]]
        end = beside(portrait, frame, side, 0.05)
        assert np.linalg.norm(fitted.landmarks[corner, :2] - end) < 0.025 * frame.iod


def test_no_dash_is_left_beside_a_shut_eye(sitter: tuple[Portrait, FaceFrame]) -> None:
    portrait, frame = sitter
    mask = np.zeros(portrait.rgb.shape[:2], np.uint8)
    places = {side: beside(portrait, frame, side, 0.035) for side in LIDS}
    for side in LIDS:
        ends = [np.round(beside(portrait, frame, side, away)).astype(int).tolist() for away in (-0.03, 0.05)]
        cv2.line(mask, *ends, 255, round(0.026 * frame.iod))
    lashed = drawn(portrait, mask, DARK)
    before, after = (darkness(picture, places, frame.iod) for picture in (lashed.rgb, shut(lashed)))
    assert (after < 0.5 * before).all()


def darkness(picture: Image, places: dict[str, NDArray[Any]], iod: float) -> NDArray[Any]:
    """(2,): by how many grey levels the surroundings of each place are darker than the skin, summed up."""
    grey, found = luma(picture.astype(np.float32)), []
    for x, y in (np.round(place).astype(int) for place in places.values()):
        wide, high = round(0.012 * iod), round(0.04 * iod)
        part = grey[y - high : y + high, x - wide : x + wide]
        found.append(float(np.maximum(np.quantile(part, 0.8) - part - 6, 0).sum()))
    return np.array(found)


def test_nothing_is_left_of_the_resting_lid_of_a_big_eye(sitter: tuple[Portrait, FaceFrame]) -> None:
    portrait, frame = sitter
    landmarks, rgb = portrait.landmarks.copy(), portrait.rgb
    outline = np.zeros(rgb.shape[:2], np.uint8)
    skin = rgb[tuple(np.round(landmarks[50, 1::-1]).astype(int))]
    canvas = rgb.copy()
    lines: list[NDArray[Any]] = []
    for upper, lower in LIDS.values():
        middle = landmarks[[*upper, *lower], :2].mean(0)
        for row in (upper, lower):
            landmarks[list(row), 1] = middle[1] + 2.4 * (landmarks[list(row), 1] - middle[1])
        lid = smooth_curve(landmarks[list(upper), :2])
        ball = np.concatenate([lid, smooth_curve(landmarks[list(lower), :2])[::-1]])
        around = [np.round(middle + 1.5 * (ball - middle)).astype(np.int32)]
        cv2.fillPoly(canvas, around, skin.tolist())
        cv2.fillPoly(canvas, [np.round(ball).astype(np.int32)], (235, 232, 228))
        cv2.circle(canvas, np.round(middle).astype(int).tolist(), round(0.07 * frame.iod), (40, 60, 120), -1)
        line = np.round(lid - frame.axes[1, :2] * 0.012 * frame.iod).astype(np.int32)
        cv2.polylines(outline, [line], False, 255, round(0.024 * frame.iod))
        lines.append(line)
    figure = drawn(replace(portrait, rgb=canvas, landmarks=landmarks), outline, DARK)
    grey = luma(shut(figure).astype(np.float32))
    for line in lines:
        inner = line[15:-15]
        assert np.median(grey[inner[:, 1], inner[:, 0]]) > 0.8 * float(luma(skin))
