"""What two trackers see in pictures of the shapes, and the sheet of all of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from engines.errors import StudioError
from engines.facemesh.anatomy import LEFT_EYE_LOWER, LEFT_EYE_UPPER, RIGHT_EYE_LOWER, RIGHT_EYE_UPPER
from engines.types import BLENDSHAPES, Image
from studio.benches.shapes_gallery import NEUTRAL, Gallery, draw_shapes
from studio.benches.shapes_seen import BY_MESH, BY_PIXELS, mirrored
from studio.benches.shapes_sheet import write_sheet
from studio.benches.shapes_track import mesh_motion, pixel_motion
from studio.cli.bench import command
from studio.library import Library

EYES = {"Left": LEFT_EYE_UPPER + LEFT_EYE_LOWER, "Right": RIGHT_EYE_UPPER + RIGHT_EYE_LOWER}
GAZE = {
    f"eyeLook{way}{side}": (side, 1 if (way == "Out") == (side == "Left") else -1)
    for way in ("In", "Out")
    for side in EYES
}
ONE_SIDED = [
    name for name in BY_PIXELS if name.endswith(("Left", "Right")) and not name.startswith(("jaw", "mouthLeft"))
]
ONE_SIDED.remove("mouthRight")


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    return draw_shapes(Library(Path()).samples()[0].source)


@pytest.fixture(scope="module")
def mesh(gallery: Gallery) -> dict[str, np.ndarray]:
    return mesh_motion(gallery)


@pytest.fixture(scope="module")
def pixels(gallery: Gallery) -> dict[str, np.ndarray]:
    return pixel_motion(gallery)


def around(gallery: Gallery, name: str, points: tuple[int, ...]) -> np.ndarray:
    """(h, w, 3) float: the part of a picture that holds some points of the photo."""
    low = np.floor(gallery.landmarks[list(points), :2].min(0)).astype(int)
    high = np.ceil(gallery.landmarks[list(points), :2].max(0)).astype(int) + 1
    return gallery.pictures[name][low[1] : high[1], low[0] : high[0]].astype(float)


def iris_shift(before: np.ndarray, after: np.ndarray) -> float:
    """How far the middle of an eye went to the picture's right, as a share of the eye's width."""
    height, width = before.shape[:2]
    left, top = round(0.3 * width), round(0.3 * height)
    iris = before[top : height - top, left : width - left].astype(np.float32)
    _, _, _, (x, _) = cv2.minMaxLoc(cv2.matchTemplate(after.astype(np.float32), iris, cv2.TM_CCOEFF_NORMED))
    return (x - left) / width


def test_every_shape_is_seen_by_something():
    assert set(BLENDSHAPES) == BY_PIXELS.keys() | BY_MESH.keys() | GAZE.keys() | {"tongueOut"}


@pytest.mark.parametrize("name", BY_PIXELS)
def test_pixels_go_where_the_name_says(name: str, pixels):
    assert BY_PIXELS[name].measure(pixels[name]) > BY_PIXELS[name].least


@pytest.mark.parametrize("name", BY_MESH)
def test_the_face_network_sees_it_too(name: str, mesh):
    assert BY_MESH[name].measure(mesh[name]) > BY_MESH[name].least


@pytest.mark.parametrize("name", ONE_SIDED)
def test_the_other_side_stays(name: str, pixels):
    sight = BY_PIXELS[name]
    assert abs(mirrored(sight).measure(pixels[name])) < 0.25 * sight.measure(pixels[name])


@pytest.mark.parametrize("side", EYES)
def test_a_blink_shuts_the_eye_of_its_side(side: str, gallery: Gallery):
    other = next(name for name in EYES if name != side)
    change = {
        eye: np.abs(around(gallery, f"eyeBlink{side}", EYES[eye]) - around(gallery, NEUTRAL, EYES[eye])).mean()
        for eye in EYES
    }
    assert change[side] > 15
    assert change[other] < 0.02 * change[side]


@pytest.mark.parametrize("name", GAZE)
def test_irises_look_where_the_name_says(name: str, gallery: Gallery):
    side, direction = GAZE[name]
    eyes = [around(gallery, picture, EYES[side]) for picture in (NEUTRAL, name)]
    assert iris_shift(*eyes) * direction > 0.05


def test_the_tongue_comes_out_over_the_lower_lip(gallery: Gallery):
    below_the_lip = (17, 84, 314, 200)
    change = around(gallery, "tongueOut", below_the_lip) - around(gallery, NEUTRAL, below_the_lip)
    assert (np.abs(change).max(axis=2) > 12).mean() > 0.3


def test_the_sheet_shows_every_shape(tmp_path: Path, gallery: Gallery):
    path = tmp_path / "sheet.png"
    write_sheet(path, gallery)
    sheet = cv2.imread(str(path))
    tiles = [tile for row in np.split(sheet, 6) for tile in np.split(row, 9, axis=1)]
    faces = [tile[:360, :300].astype(int) for tile in tiles]
    assert all(np.ptp(face) > 100 for face in faces[:53])
    assert all(np.abs(face - faces[0]).max() > 20 for face in faces[1:53])
    assert (tiles[53] == 255).all()
    labels = {tile[360:].tobytes() for tile in tiles}
    assert len(labels) == 54


def test_a_sheet_that_is_no_picture_is_refused(tmp_path: Path, gallery: Gallery):
    with pytest.raises(StudioError, match=r"\.png"):
        write_sheet(tmp_path / "sheet.txt", gallery)


@pytest.mark.parametrize(
    ("words", "said"),
    [(["lips", "--sheet", "a.png"], "--sheet"), (["shapes", "--avatar", "no.png"], "no.png")],
)
def test_what_the_bench_cannot_do_is_said(words: list[str], said: str):
    done = CliRunner().invoke(command, words)
    assert isinstance(done.exception, StudioError)
    assert said in str(done.exception)


def test_a_picture_in_its_photo_stays_unchanged_around_the_face(gallery: Gallery):
    """Every shape moves the face alone: the corners of the picture are the photo's."""
    pictures: list[Image] = list(gallery.pictures.values())
    assert all(np.array_equal(picture[:20, :20], pictures[0][:20, :20]) for picture in pictures)
