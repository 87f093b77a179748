"""Glasses stay rigid and on top while lids close and brows move below them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from engines.facemesh.anatomy import FaceFrame, face_frame
from engines.facemesh.animator import FacemeshAnimator, Scene
from engines.facemesh.eyes_fit import LIDS
from engines.facemesh.eyes_glasses import find_glasses, take_off
from engines.types import Image, Portrait
from tests.engines.facemesh.conftest import weights_row

RIM = (40, 25, 20)


@dataclass
class Spectacles:
    """A photo with glasses drawn on, ``rim``: (H, W) where they are, and its scene."""

    portrait: Portrait
    rim: np.ndarray
    scene: Scene

    def show(self, shapes: dict[str, float], pose: tuple[float, ...] = (0,) * 6) -> Image:
        return self.scene.render(weights_row(shapes), np.array(pose, np.float32), None)


def draw(canvas: Image, kind: str, centres: list[np.ndarray], iod: float) -> None:
    """Round or rectangular rims with a bridge, in place."""
    thick = max(2, round(0.03 * iod))
    half = np.array([0.27, 0.27] if kind == "round" else [0.30, 0.19]) * iod
    for centre in centres:
        if kind == "round":
            cv2.circle(canvas, centre.astype(int).tolist(), int(half[0]), RIM, thick, cv2.LINE_AA)
        else:
            corners = ((centre - half).astype(int).tolist(), (centre + half).astype(int).tolist())
            cv2.rectangle(canvas, *corners, RIM, thick, cv2.LINE_AA)
    ends = (centres[0] + (half[0], 0), centres[1] - (half[0], 0))
    cv2.line(canvas, *(end.astype(int).tolist() for end in ends), RIM, thick, cv2.LINE_AA)


@pytest.fixture(scope="module", params=["round", "rectangular"])
def spectacles(request: pytest.FixtureRequest, portrait: Portrait, frame: FaceFrame) -> Spectacles:
    rgb = cv2.resize(portrait.rgb, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    landmarks = portrait.landmarks * 2
    centres = [landmarks[list(upper + lower), :2].mean(axis=0) * 2 for upper, lower in LIDS.values()]
    centres = [centre + np.array([0, 0.04 * frame.iod * 4]) for centre in centres]
    fine = cv2.resize(rgb, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    drawn, mask = fine.copy(), np.full_like(fine, 255)
    for canvas in (drawn, mask):
        draw(canvas, request.param, centres, frame.iod * 4)
    size = (rgb.shape[1], rgb.shape[0])
    worn = Portrait(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA), landmarks)
    rim = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)[..., 0] < 80
    return Spectacles(worn, rim, Scene(FacemeshAnimator().prepare(worn), 0.4))


def test_a_face_without_glasses_has_none(portrait: Portrait, frame: FaceFrame):
    assert find_glasses(portrait, frame) is None
    assert take_off(portrait, frame) == (portrait, {})


def test_the_rims_come_off(spectacles: Spectacles):
    bare, _ = take_off(spectacles.portrait, face_frame(spectacles.portrait.landmarks))
    assert spectacles.portrait.rgb[spectacles.rim].mean() < 60
    assert (bare.rgb[spectacles.rim].mean(axis=1) > 70).mean() > 0.85


def test_at_rest_the_photo_is_shown(spectacles: Spectacles):
    rows, columns = np.nonzero(spectacles.rim)
    area = np.s_[rows.min() - 10 : rows.max() + 1, columns.min() - 10 : columns.max() + 10]
    shown = spectacles.show({})[area].astype(int)
    upper_part = np.s_[: shown.shape[0] // 2]
    assert np.abs(shown - spectacles.portrait.rgb[area])[upper_part].mean() < 0.5


@pytest.mark.parametrize(
    "shapes",
    [{"eyeBlink": 0.5}, {"eyeBlink": 1.0}, {"browDown": 1.0}, {"browInnerUp": 1.0}, {"eyeLookDown": 1.0}],
    ids=lambda shapes: next(iter(shapes)) + str(next(iter(shapes.values()))),
)
def test_rims_stay_as_they_are(spectacles: Spectacles, shapes: dict[str, float]):
    change = np.abs(spectacles.show(shapes).astype(int) - spectacles.portrait.rgb).max(axis=2)
    assert np.quantile(change[spectacles.rim], 0.98) < 12


def test_rims_turn_with_the_head_in_one_piece(spectacles: Spectacles):
    turned = spectacles.show({"eyeBlink": 1.0}, (10.0, 3.0, 4.0, 0.0, 0.0, 0.0))
    rows, columns = np.nonzero(spectacles.rim)
    around = np.s_[rows.min() - 40 : rows.max() + 40, columns.min() - 40 : columns.max() + 40]
    _, labels = cv2.connectedComponents((turned[around].max(axis=2) < 75).astype(np.uint8))
    assert np.bincount(labels.ravel())[1:].max() > 0.8 * spectacles.rim.sum()
