"""Faces that cannot work are refused for the right reason; faces that can are not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import photo_drawings as drawings
import pytest

from engines.errors import StudioError
from engines.faces import Face, find_faces
from engines.photo_checks import geometry_problem
from engines.photos import inspect_photo, make_portrait, read_photo
from engines.types import Image

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "assets" / "avatars").glob("*.jpg"))


def enlarged(photo: Image, pixels: int) -> Image:
    """As if the face had been ``pixels`` wide, and the picture enlarged."""
    scale = pixels / find_faces(photo)[0].box[2]
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, photo.shape[1::-1], interpolation=cv2.INTER_CUBIC))


def aside(photo: Image, degrees: float) -> Image:
    """The face turned, in a picture large enough that it is not too narrow then."""
    return drawings.turned(np.asarray(cv2.resize(photo, None, fx=1.4, fy=1.4), np.uint8), degrees)


REFUSED = {
    "mask": (drawings.with_mask, "covered"),
    "hand": (drawings.with_hand, "covered"),
    "microphone": (drawings.with_microphone, "covered"),
    "thumbnail": (lambda photo: enlarged(photo, 26), "blurred"),
    "night": (lambda photo: (photo * 0.12).astype(np.uint8), "too dark"),
    "fog": (lambda photo: (photo * 0.08 + 200).astype(np.uint8), "too pale"),
    "side view": (lambda photo: aside(photo, -60), "towards the camera"),
}
HARMLESS = {
    "as it is": lambda photo: photo,
    "mirrored": lambda photo: np.ascontiguousarray(photo[:, ::-1]),
    "beard": drawings.with_moustache_and_beard,
    "grey": lambda photo: np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2),
    "dim": lambda photo: (photo * 0.45).astype(np.uint8),
    "a little turned": lambda photo: aside(photo, 15),
}
NOTED = {
    "sunglasses": (drawings.with_sunglasses, "eyes"),
    "dusk": (lambda photo: (photo * 0.3).astype(np.uint8), "dark"),
    "soft": (lambda photo: enlarged(photo, 48), "not sharp"),
    "half turned": (lambda photo: aside(photo, -45), "far half"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_work_is_refused_with_the_reason(name: str, photo: Image) -> None:
    change, reason = REFUSED[name]
    picture = change(photo)
    problem = inspect_photo(picture).problem
    assert problem is not None
    assert reason in problem
    assert "use " in problem
    with pytest.raises(StudioError, match=reason):
        make_portrait(picture, 0, None)


@pytest.mark.parametrize(
    ("degrees", "refused"), [(-60, True), (-40, True), (-30, False), (30, False), (40, True)]
)
def test_a_face_turned_too_far_is_refused_by_its_angle(degrees: float, refused: bool, photo: Image) -> None:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
    found = find_faces(photo)[0].landmarks * 1.5
    face = Face(np.asarray((found - found.mean(0)) @ turn.T + found.mean(0), np.float32), 1.0)
    problem = geometry_problem(face)
    assert (problem is not None) == refused
    assert problem is None or "degrees to the side" in problem


@pytest.mark.parametrize("name", HARMLESS)
def test_what_can_work_is_neither_refused_nor_doubted(name: str, photo: Image) -> None:
    report = inspect_photo(HARMLESS[name](photo))
    assert (report.problem, report.notes) == (None, ())


@pytest.mark.parametrize("name", NOTED)
def test_what_may_look_wrong_is_said_and_done(name: str, photo: Image) -> None:
    change, what = NOTED[name]
    picture = change(photo)
    report = inspect_photo(picture)
    assert report.problem is None
    assert [note for note in report.notes if what in note], report.notes
    assert make_portrait(picture, 0, None).landmarks.shape == (468, 3)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_sample_faces_pass_without_a_word(path: Path) -> None:
    report = inspect_photo(read_photo(path))
    assert (report.problem, report.notes) == (None, ())
