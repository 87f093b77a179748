"""Points that people move go where they put them, the face follows, and the video shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.adjust import HANDLES, adjust_landmarks, check_shifts, handle_points
from engines.adjust_place import place_face, placement_of, start_place
from engines.errors import StudioError
from engines.facemesh.anatomy import face_frame
from engines.faces import find_faces
from engines.photos import prepare_photo, read_photo
from engines.pipeline import Pipeline
from engines.registry import get_recipe
from engines.requests import content_document, parse_request, request_document
from engines.types import (
    BLENDSHAPE_INDEX,
    BLENDSHAPES,
    AvatarRef,
    Float32,
    HandleShift,
    Image,
    PlacedFace,
    RenderRequest,
    Words,
)
from studio.services import Studio

MOUTH = ("mouth_right", "mouth_left", "lip_top", "lip_line", "lip_bottom")


@pytest.fixture(scope="module")
def found(photo: Image) -> Float32:
    return find_faces(photo)[0].landmarks


def opening(pipeline: Pipeline, avatar: AvatarRef) -> tuple[np.ndarray, Image]:
    """Where an opening mouth changes the picture, in px, and the open frame."""
    shapes = np.zeros((2, len(BLENDSHAPES)), np.float32)
    shapes[1, BLENDSHAPE_INDEX["jawOpen"]] = 0.6
    rest, wide = pipeline.posed(avatar, shapes, None, get_recipe("instant"))
    darker = np.clip(rest.astype(float).mean(2) - wide.astype(float).mean(2) - 60, 0, None)
    rows, columns = np.indices(darker.shape)
    return np.array([(columns * darker).sum(), (rows * darker).sum()]) / darker.sum(), wide


def test_the_handle_goes_where_it_is_put_and_the_rest_stays(found: Float32) -> None:
    iod = face_frame(found).iod
    moved = adjust_landmarks(found, [HandleShift("mouth_left", 0.1, -0.05)])
    away = (moved - found) / iod
    assert np.allclose(away[291], (0.1, -0.05, 0), atol=1e-3)
    assert np.allclose(away[308], (0.1, -0.05, 0), atol=0.03), "the inner corner comes along"
    others = [point for name, row in HANDLES.items() if name != "mouth_left" for point in row]
    assert np.abs(away[others]).max() < 1e-3
    assert np.abs(away).max() < 0.13, "nothing is flung further than the handle"


def test_moved_lips_open_where_they_were_put(studio: Studio, photo_file: Path, found: Float32) -> None:
    iod = face_frame(found).iod
    plain = AvatarRef(str(photo_file))
    lower = replace(plain, adjust=tuple(HandleShift(name, 0.0, 0.1) for name in MOUTH))
    before, _ = opening(studio.pipeline, plain)
    after, _ = opening(studio.pipeline, lower)
    assert 0.06 < (after - before)[1] / iod < 0.15
    assert abs((after - before)[0]) / iod < 0.03


@pytest.mark.parametrize(
    ("shift", "reason"),
    [
        (HandleShift("nose", 0.1, 0), "no handle"),
        (HandleShift("chin", 0.6, 0), "too far"),
        (HandleShift("chin", float("nan"), 0), "too far"),
        (HandleShift("lip_top", 0, 0.3), "fold"),
    ],
)
def test_what_makes_no_face_is_refused(found: Float32, shift: HandleShift, reason: str) -> None:
    with pytest.raises(StudioError, match=reason):
        adjust_landmarks(found, [shift])


def test_only_what_does_something_is_kept() -> None:
    shifts = [HandleShift("chin", 0.1), HandleShift("lip_top"), HandleShift("chin", 0.2)]
    assert check_shifts(shifts) == (HandleShift("chin", 0.2),)


def test_the_animator_learns_which_eyes_a_person_has_put_in_place(photo_file: Path) -> None:
    moved = (HandleShift("eye_left_upper", dy=-0.02), HandleShift("lip_top", dy=-0.01))
    avatar = AvatarRef(str(photo_file), adjust=moved)
    assert prepare_photo(read_photo(photo_file), avatar, None).portrait.settled_eyes == {"left"}
    plain = prepare_photo(read_photo(photo_file), replace(avatar, adjust=()), None)
    assert not plain.portrait.settled_eyes


def test_corrections_are_part_of_the_request_and_of_its_key(photo_file: Path) -> None:
    placed = PlacedFace(0.5, 0.5, 0.2, 3.0)
    avatar = AvatarRef(str(photo_file), adjust=(HandleShift("chin", 0.0, 0.1),), placed=placed)
    request = RenderRequest(avatar, Words("Hi."))
    assert parse_request(request_document(request)) == request
    plain = replace(request, avatar=AvatarRef(str(photo_file)))
    assert len({content_document(request), content_document(plain)}) == 2
    with pytest.raises(StudioError, match=r"avatar\.adjust"):
        parse_request({"avatar": {"source": "x", "adjust": [{"handle": "chin", "dx": 9}]}, "words": {}})
    with pytest.raises(StudioError, match="no handle"):
        parse_request({"avatar": {"source": "x", "adjust": [{"handle": "tail", "dx": 0.1}]}, "words": {}})


def test_a_face_placed_by_hand_lies_where_its_handles_were_put() -> None:
    shape = (600, 800, 3)
    wanted = {
        name: (1.3 * x + 20, 1.3 * y - 40)
        for name, (x, y) in handle_points(place_face(shape, start_place(shape))).items()
    }
    wanted["mouth_left"] = (wanted["mouth_left"][0] + 8, wanted["mouth_left"][1] - 5)
    placed, rest = placement_of(shape, wanted)
    landed = handle_points(adjust_landmarks(place_face(shape, placed), rest))
    assert max(np.hypot(*np.subtract(landed[name], wanted[name])) for name in HANDLES) < 0.5
    upside_down = {name: (x, 600 - y) for name, (x, y) in wanted.items()}
    with pytest.raises(StudioError, match="upright"):
        placement_of(shape, upside_down)


def test_a_picture_without_a_face_talks_once_one_is_placed(studio: Studio, faceless: Path) -> None:
    sun = AvatarRef(str(faceless), placed=PlacedFace(0.5, 0.35, 0.25))
    where, frame = opening(studio.pipeline, sun)
    mouth = handle_points(place_face((300, 400), sun.placed))["lip_line"]
    assert np.hypot(*(where - mouth)) < 0.2 * 100
    assert frame.shape == (300, 400, 3)
    with pytest.raises(StudioError, match="No face"):
        prepare_photo(read_photo(faceless), AvatarRef(str(faceless)), None)
    with pytest.raises(StudioError, match="pixels wide"):
        prepare_photo(read_photo(faceless), replace(sun, placed=PlacedFace(0.5, 0.5, 0.05)), None)
    with pytest.raises(StudioError, match="outside"):
        prepare_photo(read_photo(faceless), replace(sun, placed=PlacedFace(0.02, 0.98, 0.4)), None)
