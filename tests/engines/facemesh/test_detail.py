"""Portraits larger than the video are as sharp when they move as when they are shrunk."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from engines.facemesh import warp
from engines.facemesh.animator import FacemeshAnimator
from engines.facemesh.deform import Deformer, deformer_from_arrays
from engines.facemesh.detail import detail_arrays, detail_from_arrays
from engines.facemesh.warp import Canvas, make_canvas
from engines.photos import make_portrait
from engines.types import Arrays, Image, Portrait

SIZE = 256


@pytest.fixture(scope="module")
def small(photo: Image) -> Portrait:
    """A picture of 512 px for a video of 256."""
    return make_portrait(photo, 0, SIZE)


@pytest.fixture(scope="module")
def prepared(small: Portrait) -> Arrays:
    return FacemeshAnimator().prepare(small)


@pytest.fixture(params=["native", "plain"])
def canvas(request, prepared: Arrays, monkeypatch: pytest.MonkeyPatch) -> Canvas:
    if request.param == "native":
        pytest.importorskip("visema_native", reason="the native core is not built")
    else:
        monkeypatch.setattr(warp, "native_module", lambda: None)
    mesh = deformer_from_arrays(prepared).mesh
    return make_canvas(
        prepared["body.photo"], mesh.triangles, detail_from_arrays(prepared, prepared["body.photo"])
    )


def moved(canvas: Canvas, prepared: Arrays, away: float) -> Image:
    """All of the face ``away`` px to the right and down."""
    deformer: Deformer = deformer_from_arrays(prepared)
    source = np.column_stack([deformer.mesh.source, np.zeros(len(deformer.mesh.source))]).astype(np.float32)
    values = np.zeros_like(source)
    values[:, :2] = -away
    return canvas.warp(source - values, values)


def sharpness(image: Image, portrait: Portrait) -> float:
    """Variance of the Laplacian inside the face."""
    low, high = (
        portrait.landmarks[:, :2].min(0).astype(int) + 6,
        portrait.landmarks[:, :2].max(0).astype(int) - 6,
    )
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[low[1] : high[1], low[0] : high[0]]
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def test_a_still_face_is_the_clean_resize(canvas: Canvas, prepared: Arrays, photo: Image):
    clean = cv2.resize(photo, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(moved(canvas, prepared, 0.0), clean)


@pytest.mark.parametrize("away", [0.25, 0.5, 0.75])
def test_a_face_between_pixels_is_as_sharp(canvas: Canvas, prepared: Arrays, small: Portrait, away: float):
    ratio = sharpness(moved(canvas, prepared, away), small) / sharpness(small.rgb, small)
    assert 0.8 < ratio < 1.2
    mesh = deformer_from_arrays(prepared).mesh
    coarse = sharpness(moved(make_canvas(small.rgb, mesh.triangles), prepared, away), small)
    assert ratio > 1.05 * coarse / sharpness(small.rgb, small)


def test_a_whole_pixel_moves_the_clean_resize(canvas: Canvas, prepared: Arrays, small: Portrait):
    frame = moved(canvas, prepared, 1.0)
    centre = small.landmarks[4, :2].astype(int)
    here = np.s_[centre[1] - 20 : centre[1] + 20, centre[0] - 20 : centre[0] + 20]
    np.testing.assert_allclose(frame[1:, 1:][here].astype(int), small.rgb[:-1, :-1][here], atol=1)


def test_what_was_changed_in_the_photo_is_changed_in_its_detail(small: Portrait):
    rgb = small.rgb.copy()
    x, y = small.landmarks[4, :2].astype(int)
    rgb[y - 10 : y + 10, x - 10 : x + 10] = (10, 200, 30)
    detail = detail_from_arrays(detail_arrays(dataclasses.replace(small, rgb=rgb)), rgb)
    assert detail is not None
    column, row = 2 * x - round(detail.origin[0]), 2 * y - round(detail.origin[1])
    inside = detail.rgb[row - 15 : row + 15, column - 15 : column + 15].astype(float)
    np.testing.assert_allclose(inside[::2, ::2], np.broadcast_to((10, 200, 30), (15, 15, 3)), atol=24)
    np.testing.assert_allclose(inside.mean((0, 1)), (10, 200, 30), atol=3)


def test_a_source_that_is_hardly_larger_adds_nothing(photo: Image):
    assert detail_arrays(make_portrait(photo, 0, 480)) == {}
    assert detail_arrays(make_portrait(photo, 0, None)) == {}
