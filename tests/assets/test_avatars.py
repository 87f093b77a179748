"""The sample avatars: every face is found, lies where it was drawn, and is fit to talk."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from assets.avatars import draw
from assets.avatars.canvas import features
from assets.avatars.cast import cast
from assets.avatars.fields import Plane
from assets.avatars.portrait import paint
from engines.espeak.voices import voice_infos
from engines.faces import Face, find_faces
from engines.photos import inspect_photo, make_portrait, read_photo

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(draw.__file__).parent
AVATARS: list[dict[str, Any]] = tomllib.loads((FOLDER / "avatars.toml").read_text("utf-8"))["avatars"]
NAMES = [avatar["id"] for avatar in AVATARS]
EYES = {
    "eye_left_outer": 33, "eye_left_inner": 133, "eye_right_inner": 362, "eye_right_outer": 263,
}  # fmt: skip
MOUTH = {"mouth_left": 61, "mouth_right": 291}
UPPER_LIP, LOWER_LIP, CHIN = 13, 14, 152
LIDS = ((159, 145), (386, 374))
EYE_TOLERANCE, MOUTH_TOLERANCE, LINE_TOLERANCE, CHIN_TOLERANCE = 0.06, 0.07, 0.03, 0.12


@pytest.fixture(scope="module")
def faces() -> dict[str, tuple[Face, ...]]:
    """What the detector and the mesh make of every picture."""
    return {name: find_faces(read_photo(FOLDER / f"{name}.jpg")) for name in NAMES}


def iod(face: Face) -> float:
    return float(np.linalg.norm(face.landmarks[33, :2] - face.landmarks[263, :2]))


def distance(face: Face, index: int, drawn: np.ndarray) -> float:
    """From a landmark to where it was drawn, in outer eye distances."""
    return float(np.linalg.norm(face.landmarks[index, :2] - drawn)) / iod(face)


def test_index_is_complete() -> None:
    assert list(cast()) == NAMES
    voices = {voice.id for voice in voice_infos()}
    for avatar in AVATARS:
        assert set(avatar) == {"id", "name", "description", "file", "voice", "sentence"}
        assert avatar["file"] == f"{avatar['id']}.jpg"
        assert avatar["voice"] in voices
        assert 20 < len(avatar["sentence"]) < 120
        assert 20 < len(avatar["description"]) < 100


@pytest.mark.parametrize("name", NAMES)
def test_picture_is_a_light_even_sized_portrait(name: str) -> None:
    path = FOLDER / f"{name}.jpg"
    assert path.stat().st_size < 700_000
    width, height = Pillow.open(path).size
    assert (width % 2, height % 2) == (0, 0)
    assert height > width >= 768


@pytest.mark.parametrize("name", NAMES)
def test_one_clear_face_looks_at_the_viewer(name: str, faces: dict[str, tuple[Face, ...]]) -> None:
    assert len(faces[name]) == 1
    face = faces[name][0]
    assert face.score > 0.85
    assert abs(face.yaw) < 12
    assert abs(face.roll) < 8
    assert iod(face) > 200


@pytest.mark.parametrize("name", NAMES)
def test_landmarks_lie_on_the_drawn_features(name: str, faces: dict[str, tuple[Face, ...]]) -> None:
    face, drawn = faces[name][0], features(cast()[name])
    for part, index in EYES.items():
        assert distance(face, index, drawn[part]) < EYE_TOLERANCE, part
    for part, index in MOUTH.items():
        assert distance(face, index, drawn[part]) < MOUTH_TOLERANCE, part
    line = face.landmarks[[UPPER_LIP, LOWER_LIP], :2].mean(axis=0)
    assert np.linalg.norm(line - drawn["mouth_middle"]) / iod(face) < LINE_TOLERANCE
    if cast()[name].beard is None:
        assert distance(face, CHIN, drawn["chin"]) < CHIN_TOLERANCE


@pytest.mark.parametrize("name", NAMES)
def test_mouth_is_closed_and_eyes_are_open(name: str, faces: dict[str, tuple[Face, ...]]) -> None:
    face = faces[name][0]
    gap = np.linalg.norm(face.landmarks[UPPER_LIP, :2] - face.landmarks[LOWER_LIP, :2]) / iod(face)
    assert gap < 0.02
    for upper, lower in LIDS:
        assert np.linalg.norm(face.landmarks[upper, :2] - face.landmarks[lower, :2]) / iod(face) > 0.07


@pytest.mark.parametrize("name", NAMES)
def test_the_studio_takes_the_picture_as_it_is(name: str) -> None:
    photo = read_photo(FOLDER / f"{name}.jpg")
    assert all(box.problem is None for box in inspect_photo(photo).faces)
    assert make_portrait(photo, 0, None).rgb.shape == photo.shape


def test_the_code_draws_the_picture() -> None:
    """At a third of the size, which is quick: the sources and the picture belong together."""
    person = cast()["pixel"]
    plane = Plane(256, 320, person.plane.scale / 3, (person.plane.centre[0] / 3, person.plane.centre[1] / 3))
    drawn = paint(replace(person, plane=plane)).astype(float)
    kept = cv2.resize(read_photo(FOLDER / "pixel.jpg"), (256, 320), interpolation=cv2.INTER_AREA).astype(float)
    assert np.abs(drawn - kept).mean() < 6.0


def test_drawing_is_deterministic(tmp_path: Path) -> None:
    small = replace(cast()["anselm"], plane=Plane(128, 160, 4.6, (64, 78), 1))
    first, second = draw.draw(small, tmp_path).read_bytes(), draw.draw(small, tmp_path).read_bytes()
    assert first == second


def test_unknown_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        draw.main(["nobody"])
    assert "no avatar called nobody" in capsys.readouterr().err
