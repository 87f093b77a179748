"""Folds of the skin: dark lines with a ridge in the light, where a face folds, as deep as the photo allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.facemesh.anatomy import POINTS, FaceFrame
from engines.facemesh.creases import CreaseLayer, prepare_creases
from engines.facemesh.creases_table import CREASES, NASOLABIAL
from engines.facemesh.rest import LIP_ROWS
from engines.types import Portrait
from tests.engines.facemesh.conftest import weights_row

FLAT = 170


@pytest.fixture(scope="module")
def skin(portrait: Portrait) -> Portrait:
    """The same face without anything on it: even skin with a little grain."""
    noise = np.random.default_rng(4).normal(FLAT, 3, portrait.rgb.shape)
    return Portrait(np.clip(noise, 0, 255).astype(np.uint8), portrait.landmarks)


def folded(skin: Portrait, frame: FaceFrame, **weights: float) -> np.ndarray:
    """(H, W) change of brightness that some shapes' folds make."""
    image = np.full_like(skin.rgb, FLAT)
    CreaseLayer(prepare_creases(skin, frame), frame).paint(image, skin.landmarks, weights_row(weights))
    return image.astype(float).mean(axis=2) - FLAT


def test_a_resting_face_is_not_touched(skin: Portrait, frame: FaceFrame):
    assert not folded(skin, frame).any()
    assert not folded(skin, frame, mouthSmile=0.02).any()


@pytest.mark.parametrize("crease", CREASES, ids=lambda crease: next(iter(crease.shapes)))
def test_each_fold_is_darkest_on_its_line_and_never_a_blot(crease, skin: Portrait, frame: FaceFrame):
    change = folded(skin, frame, **{next(iter(crease.shapes)): 1.0})
    middle = crease.knots(skin.landmarks[:POINTS, :2])[len(crease.path) // 2]
    x, y = middle.round().astype(int)
    assert change[y - 2 : y + 3, x - 2 : x + 3].min() < -0.015 * FLAT
    assert change.min() > -0.2 * FLAT
    assert (np.abs(change) > 1).sum() < 0.35 * frame.iod**2


def test_a_smile_on_one_side_folds_that_side(skin: Portrait, frame: FaceFrame):
    change = folded(skin, frame, mouthSmileLeft=1.0)
    middle = round(float(skin.landmarks[4, 0]))
    assert change[:, middle:].min() < -3
    assert np.abs(change[:, :middle]).max() < 1


def test_the_cheek_beside_the_fold_catches_light(skin: Portrait, frame: FaceFrame):
    change = folded(skin, frame, mouthSmileLeft=1.0)
    assert change.max() > 0.15 * -change.min()


def test_folds_follow_the_texture_of_the_skin(skin: Portrait, frame: FaceFrame):
    smooth = Portrait(np.full_like(skin.rgb, FLAT), skin.landmarks)
    assert folded(smooth, frame, mouthSmile=1.0).min() > 0.8 * folded(skin, frame, mouthSmile=1.0).min()


def test_a_fold_that_the_photo_shows_gets_hardly_darker(skin: Portrait, frame: FaceFrame):
    drawn = skin.rgb.copy()
    change = folded(skin, frame, mouthSmile=1.0)
    drawn[change < -1] //= 2
    folds = prepare_creases(Portrait(drawn, skin.landmarks), frame)["crease.depth"]
    before = prepare_creases(skin, frame)["crease.depth"]
    nasolabial = [i for i, crease in enumerate(CREASES) if crease.path == NASOLABIAL]
    assert (folds[nasolabial] < 0.5 * before[nasolabial]).all()


def test_hair_does_not_fold(skin: Portrait, frame: FaceFrame):
    hairy = skin.rgb.copy()
    hairy[: round(float(skin.landmarks[9, 1]))] = 30
    folds = prepare_creases(Portrait(hairy, skin.landmarks), frame)["crease.depth"]
    forehead = [i for i, crease in enumerate(CREASES) if "browInnerUp" in crease.shapes]
    assert folds[forehead[0]] < 0.1


def test_a_small_mouth_does_not_fold_the_cheeks_far_from_it(skin: Portrait, frame: FaceFrame):
    points = skin.landmarks.copy()
    lips = np.unique(LIP_ROWS)
    middle = points[[13, 14]].mean(0)
    points[lips] = middle + 0.55 * (points[lips] - middle)
    faces = skin, replace(skin, landmarks=points)
    depths = [prepare_creases(face, frame)["crease.depth"] for face in faces]
    folds = np.array([crease.of_smile for crease in CREASES])
    assert folds.sum() == 4
    assert depths[0][folds].max() > 0.1
    assert depths[1][folds].max() < 0.02
    assert depths[1][~folds] == pytest.approx(depths[0][~folds])
