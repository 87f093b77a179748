"""What is behind the person: it stays, or is another, and the edge is clean."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.errors import StudioError
from engines.facemesh import FacemeshOptions
from engines.facemesh.anatomy import FACE_OVAL, FaceFrame
from engines.facemesh.animator import FacemeshAnimator
from engines.matte import Matte, person_matte
from engines.photos import make_portrait, read_photo
from engines.types import Arrays, Image, Portrait
from studio.benches.render_measures import face_mask, farthest
from tests.engines.facemesh.conftest import Render, motion_of

TURN = (10, 4, 8, 0.1, 0.0, 0.1)
NOD = (2, 1, 1, 0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def matte(portrait: Portrait) -> Matte:
    return person_matte(portrait)


@pytest.fixture(scope="module")
def distance(matte: Matte, frame: FaceFrame) -> np.ndarray:
    """(H, W): iod from the person, 0 on them."""
    away = cv2.distanceTransform((matte.alpha < 0.02).astype(np.uint8), cv2.DIST_L2, 5)
    return away / frame.iod


@pytest.fixture(scope="module")
def face(portrait: Portrait) -> np.ndarray:
    mask = np.zeros(portrait.rgb.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(portrait.landmarks[list(FACE_OVAL), :2]).astype(np.int32)], 1)
    return cv2.erode(mask, np.ones((31, 31))).astype(bool)


def change(a: Image, b: Image) -> np.ndarray:
    return np.abs(a[..., :3].astype(int) - b[..., :3]).max(2)


def test_the_matte_holds_face_hair_and_suit_and_nothing_else(
    matte: Matte, portrait: Portrait, face: np.ndarray
):
    assert matte.trusted
    assert matte.alpha[face].min() == 1
    crown = portrait.landmarks[10, :2] - 0.5 * (portrait.landmarks[9, :2] - portrait.landmarks[10, :2]) * -1
    assert matte.alpha[int(crown[1]), int(crown[0])] > 0.95
    assert matte.alpha[450, 150] == 1
    for row, column in ((20, 20), (60, 400), (200, 40), (30, 300)):
        assert matte.alpha[row, column] == 0


def test_a_still_background_does_not_move_behind_a_turning_head(
    render: Render, portrait: Portrait, distance: np.ndarray
):
    still, bent = (change(render({}, TURN, background=way), portrait.rgb) for way in ("still", "photo"))
    near = (distance > 0.55) & (distance < 1.4)
    assert still[near].max() == 0
    assert (bent[near] > 3).sum() > 100
    assert (still[distance == 0] > 20).sum() > 2000


def test_no_ghost_of_the_hair_stays_where_it_was(render: Render, portrait: Portrait, matte: Matte):
    """Where the head was and no longer is, the picture looks like the background around it, not like hair."""
    moved, row = render({}, (0, 0, 0, 0.35, 0, 0), background="still"), 85
    edge = int((matte.alpha[row, :200] > 0.98).argmax())
    freed, beside = (
        np.s_[row - 4 : row + 4, edge + 2 : edge + 12],
        np.s_[row - 4 : row + 4, edge - 28 : edge - 14],
    )
    wall = portrait.rgb[beside].mean((0, 1))
    assert np.abs(portrait.rgb[freed].mean((0, 1)) - wall).max() > 60
    assert np.abs(moved[freed].mean((0, 1)) - wall).max() < 30


def test_a_colour_is_that_colour_and_the_face_stays(render: Render, distance: np.ndarray, face: np.ndarray):
    green = render({}, NOD, background="colour", background_colour="#00c010")
    np.testing.assert_array_equal(green[distance > 0.6].min(0), (0, 0xC0, 0x10))
    np.testing.assert_array_equal(green[distance > 0.6].max(0), (0, 0xC0, 0x10))
    assert change(green, render({}, NOD, background="still"))[face].max() == 0


def test_no_halo_of_the_old_background_is_left_over_black(render: Render, matte: Matte):
    black = render({}, background="colour", background_colour="#000000")
    fringe = (matte.alpha[:150] > 0.02) & (matte.alpha[:150] < 0.5)
    assert fringe.sum() > 100
    assert np.percentile(black[:150][fringe].max(1), 90) < 130


def test_a_picture_covers_the_background(render: Render, tmp_path: Path):
    picture = np.zeros((90, 300, 3), np.uint8)
    picture[:, :150], picture[:, 150:] = (20, 30, 200), (200, 30, 20)
    path = tmp_path / "beach.png"
    cv2.imwrite(str(path), picture)
    frame = render({}, TURN, background="picture", background_picture=str(path))
    np.testing.assert_allclose(frame[5, 5], (200, 30, 20), atol=2)
    np.testing.assert_allclose(frame[5, 506], (20, 30, 200), atol=2)


def test_a_picture_that_is_none_is_one_sentence(prepared: Arrays, tmp_path: Path):
    hostile = tmp_path / "picture.png"
    hostile.write_bytes(b"\x89PNG\r\n\x1a\n" + b"no picture" * 40)
    for path, said in (
        (str(hostile), "picture"),
        ("", "Choose the picture"),
        (str(tmp_path / "x"), "There is"),
    ):
        options = FacemeshOptions(background="picture", background_picture=path)
        with pytest.raises(StudioError, match=said):
            FacemeshAnimator().animate(prepared, motion_of({}), options)


def test_a_blurred_background_is_soft_and_has_no_glow_of_the_person(
    render: Render, portrait: Portrait, distance: np.ndarray
):
    frame = render({}, background="blurred")
    flag = np.s_[40:110, 5:60]
    before, after = (cv2.Laplacian(image[flag], cv2.CV_32F).std() for image in (portrait.rgb, frame))
    assert after < 0.2 * before
    beside = np.s_[40:90, 135:147]
    assert distance[beside].min() > 0.04
    assert change(frame, portrait.rgb)[beside].mean() < 12


def test_transparent_frames_carry_alpha(prepared: Arrays, face: np.ndarray):
    motion = motion_of({"jawOpen": 0.3}, poses=np.array([NOD]))
    stream = FacemeshAnimator().animate(prepared, motion, FacemeshOptions(background="transparent"))
    frame = next(stream.frames)
    assert stream.spec.alpha
    assert frame.shape == (512, 512, 4)
    assert frame[face][:, 3].min() == 255
    assert frame[:60, :60, 3].max() == 0


def test_without_a_trusted_matte_the_background_bends_and_a_note_says_so(prepared: Arrays):
    unsure = {**prepared, "matte.trusted": np.array(False)}
    motion = motion_of({}, poses=np.array([TURN]))
    fallen, bent = (
        FacemeshAnimator().animate(unsure, motion, FacemeshOptions(background=way))
        for way in ("still", "photo")
    )
    assert "background" in fallen.notes[0]
    assert not bent.notes
    np.testing.assert_array_equal(next(fallen.frames), next(bent.frames))
    lost = {**unsure, "matte.found": np.array(False)}
    with pytest.raises(StudioError, match="background"):
        FacemeshAnimator().animate(lost, motion, FacemeshOptions(background="colour"))


@pytest.mark.parametrize("background", ["still", "photo"])
def test_in_a_group_only_the_chosen_one_moves(photo: Image, background: str):
    """Two people shoulder to shoulder: heads 150 px apart."""
    pair = np.concatenate([photo[:400, 100:290], photo[:400, 130:330][:, ::-1]], 1)
    pair = np.ascontiguousarray(pair)
    chosen, other = make_portrait(pair, 0, None), make_portrait(pair, 1, None)
    engine = FacemeshAnimator()
    motion = motion_of({}, poses=np.array([[12, 6, 8, 0.1, 0, 0.1]]))
    frame = next(engine.animate(engine.prepare(chosen), motion, FacemeshOptions(background=background)).frames)
    moved = change(frame, chosen.rgb)
    mask = np.zeros(moved.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(other.landmarks[list(FACE_OVAL), :2]).astype(np.int32)], 1)
    assert moved[mask > 0].max() == 0
    own = np.zeros(moved.shape, np.uint8)
    cv2.fillPoly(own, [np.round(chosen.landmarks[list(FACE_OVAL), :2]).astype(np.int32)], 1)
    assert (moved[own > 0] > 10).mean() > 0.3


def test_the_edge_does_not_flicker(render: Render, matte: Matte):
    """Between two almost equal poses the pixels of the edge change almost nothing."""
    a, b = (render({}, (4 + turn, 0, 0, 0, 0, 0), background="colour") for turn in (0, 0.1))
    edge = cv2.dilate(((matte.alpha > 0.02) & (matte.alpha < 0.98)).astype(np.uint8), np.ones((15, 15))) > 0
    assert np.percentile(change(a, b)[edge], 99) < 25


@pytest.mark.parametrize("shape", ["jawOpen", "mouthFrown", "browInnerUp"])
def test_nothing_beyond_the_face_moves_with_an_expression(shape: str):
    portrait = make_portrait(read_photo(Path("assets/avatars/imara.jpg")), 0, 512)
    still = face_mask(portrait.landmarks, portrait.rgb.shape[:2], 1.65)
    prepared = FacemeshAnimator().prepare(portrait)
    image = next(FacemeshAnimator().animate(prepared, motion_of({shape: 1.0}), FacemeshOptions()).frames)
    assert farthest(image, portrait.rgb, ~still) == 0
