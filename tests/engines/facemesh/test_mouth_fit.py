"""Lips lie where the photo shows them, also where the landmark model misses them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engines.adjust import settled_mouth
from engines.facemesh import FacemeshOptions
from engines.facemesh.anatomy import LOWER_INNER_LIP, UPPER_INNER_LIP, face_frame
from engines.facemesh.animator import FacemeshAnimator
from engines.facemesh.edges import outline, smooth_curve
from engines.facemesh.mouth_fit import fitted_lips
from engines.facemesh.rest import LIP_ROWS, measure_rest
from engines.facemesh.shapes_fields import LipFields
from engines.facemesh.shapes_mouth import pucker
from engines.photos import make_portrait, read_photo
from engines.types import HandleShift, Image, Portrait
from studio.benches.render_measures import face_mask, likeness
from tests.engines.facemesh.conftest import Weights, motion_of
from tests.photo_drawings import Easel

TEETH = (214, 206, 196)
SHADE = (60, 22, 22)


def avatar(name: str) -> Image:
    return read_photo(Path("assets/avatars") / f"{name}.jpg")


def line_at(easel: Easel, right: float) -> float:
    """How far below the mouth's middle the photo's line between the lips lies at a place, iod."""
    down = np.linspace(-0.05, 0.05, 81)
    spots = [easel.at(right, float(d)) for d in down]
    grey = [easel.picture[y, x].mean() for x, y in spots]
    return float(down[int(np.argmin(grey))])


def with_teeth(photo: Image) -> tuple[Image, Image]:
    """Upper teeth that show between lips of which the landmarks say that they are closed; and where."""
    easel = Easel(photo)
    right = np.linspace(-0.13, 0.13, 14)
    lip = [line_at(easel, float(r)) for r in right]
    shape = np.sqrt(np.maximum(1 - (right / 0.14) ** 2, 0))
    top = [easel.at(float(r), d - 0.042 * s) for r, d, s in zip(right, lip, shape, strict=True)]
    low = [easel.at(float(r), d) for r, d in zip(right, lip, strict=True)]
    mask = cv2.fillPoly(easel.blank(), [np.array(top + low[::-1], np.int32)], 255)
    wide = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=max(round(0.005 * easel.iod), 1))
    easel.paint(wide, SHADE)
    easel.paint(mask, TEETH)
    return easel.done(), mask


def with_long_line(photo: Image, beyond: float) -> Image:
    """A soft dark line between the lips that goes on beyond the mesh's corners by ``beyond`` iod."""
    easel = Easel(photo)
    mask = easel.blank()
    for corner, way in ((78, -1.0), (308, 1.0)):
        start = easel.points[corner] - way * 0.03 * easel.iod * easel.across
        end = easel.points[corner] + way * beyond * easel.iod * easel.across
        ends = [(round(float(x)), round(float(y))) for x, y in (start, end)]
        cv2.line(mask, *ends, 255, round(0.038 * easel.iod))
    easel.paint(cv2.GaussianBlur(mask, (0, 0), 0.01 * easel.iod), SHADE)
    return easel.done()


def rendered(portrait: Portrait, weights: Weights) -> Image:
    prepared = FacemeshAnimator().prepare(portrait)
    return next(FacemeshAnimator().animate(prepared, motion_of(weights), FacemeshOptions()).frames)


def opening(portrait: Portrait) -> float:
    points = portrait.landmarks
    gap = points[list(LOWER_INNER_LIP), 1] - points[list(UPPER_INNER_LIP), 1]
    return float(gap.max()) / face_frame(points).iod


def pale(picture: Image) -> NDArray[Any]:
    """(H, W): bright and hardly coloured."""
    values = picture.astype(float)
    return np.asarray((values.min(axis=2) > 150) & (np.ptp(values, axis=2) < 45))


@pytest.fixture(scope="module")
def toothy() -> tuple[Portrait, Image]:
    photo, teeth = with_teeth(avatar("mira"))
    return make_portrait(photo, 0, None), teeth


def test_teeth_between_lips_that_the_landmarks_hold_for_closed_are_gone_at_rest(
    toothy: tuple[Portrait, Image],
) -> None:
    portrait, teeth = toothy
    assert opening(portrait) < 0.045, "the drawing must deceive the landmark model"
    frame = rendered(portrait, {})
    around = cv2.dilate(teeth, np.ones((9, 9), np.uint8)) > 0
    before = float((pale(portrait.rgb) & around).sum())
    assert before > 100
    assert (pale(frame) & around).sum() < 0.05 * before


def test_lips_without_teeth_stay_closed_in_every_sample() -> None:
    for path in sorted(Path("assets/avatars").glob("*.jpg")):
        portrait = make_portrait(read_photo(path), 0, 512)
        fitted = fitted_lips(portrait, face_frame(portrait.landmarks))
        assert opening(fitted) < 0.03, path.name


def test_a_line_that_goes_on_beyond_the_corners_belongs_to_the_mouth() -> None:
    portrait = make_portrait(with_long_line(avatar("mira"), 0.05), 0, None)
    frame = face_frame(portrait.landmarks)
    prepared = FacemeshAnimator().prepare(portrait)
    for corner, way in ((78, -1.0), (308, 1.0)):
        end = portrait.landmarks[corner, :2] + way * 0.05 * frame.iod * frame.axes[0, :2]
        assert np.linalg.norm(prepared["body.landmarks"][corner, :2] - end) < 0.02 * frame.iod


def test_lips_put_in_place_by_hand_stay() -> None:
    portrait = make_portrait(with_long_line(avatar("mira"), 0.05), 0, 512)
    frame = face_frame(portrait.landmarks)
    assert not np.array_equal(fitted_lips(portrait, frame).landmarks, portrait.landmarks)
    settled = replace(portrait, settled_mouth=settled_mouth([HandleShift("mouth_left", 0.01, 0.0)]))
    assert np.array_equal(fitted_lips(settled, frame).landmarks, portrait.landmarks)
    assert not settled_mouth([HandleShift("chin", 0.0, 0.02)])


def test_lips_of_a_laugh_lie_around_all_the_dark_beside_its_teeth(photo: Image) -> None:
    portrait = make_portrait(cv2.resize(photo, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), 0, None)
    frame = face_frame(portrait.landmarks)
    dark = np.zeros(portrait.rgb.shape[:2], np.uint8)
    for row in (UPPER_INNER_LIP[1:4], UPPER_INNER_LIP[-4:-1]):
        edge = portrait.landmarks[list(row), :2]
        up = np.array([0.0, 0.02 * frame.iod])
        band = np.concatenate([edge + up, (edge - up)[::-1]])
        cv2.fillPoly(dark, [np.round(band).astype(np.int32)], 255)
    weight = cv2.GaussianBlur(dark.astype(np.float32) / 255, (0, 0), 1.0)[..., None]
    shaded = (portrait.rgb * (1 - weight) + weight * (40, 18, 16)).astype(np.uint8)
    laugh = replace(portrait, rgb=shaded)
    shares = []
    for face in (laugh, fitted_lips(laugh, frame)):
        lips = [face.landmarks[list(row), :2] for row in (UPPER_INNER_LIP, LOWER_INNER_LIP)]
        polygon = np.round(outline(*(smooth_curve(row) for row in lips))).astype(np.int32)
        inside = cv2.fillPoly(np.zeros_like(dark), [polygon], 1)
        shares.append(float(inside[dark > 0].mean()))
    assert shares[0] < 0.7
    assert shares[1] > 0.88


def test_a_kiss_is_no_heart() -> None:
    portrait = make_portrait(avatar("mira"), 0, 512)
    frame = face_frame(portrait.landmarks)
    fields = LipFields(measure_rest(portrait.landmarks, frame))
    closed = fields.face.closed_lips
    kiss = closed + pucker(fields)[LIP_ROWS]
    bows = [outline_bow(lips) for lips in (closed, kiss)]
    assert bows[0] > 0.01
    assert bows[1] < 0.5 * bows[0]


def outline_bow(lips: NDArray[Any]) -> float:
    """How far the middle of the upper lip's outer edge lies below its peaks, over its width."""
    edge = lips[3]
    return float(edge[5, 1] - (edge[4, 1] + edge[6, 1]) / 2) / float(edge[-1, 0] - edge[0, 0])


def test_a_mouth_that_is_found_to_be_wider_is_no_smile() -> None:
    portrait = make_portrait(avatar("mira"), 0, 512)
    face = face_mask(portrait.landmarks, portrait.rgb.shape[:2])
    assert likeness(rendered(portrait, {}), portrait.rgb, face) > 45
