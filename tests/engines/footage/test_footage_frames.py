"""The filmed face says what the motion says; everything but its mouth stays as it was filmed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engines.facemesh.anatomy import face_frame
from engines.faces import Face, face_finder
from engines.footage import FootageOptions
from engines.footage.animator import FootageAnimator
from engines.footage.film import FilmReader
from engines.footage.loop import Loop, pingpong
from engines.stages import SOURCE
from engines.types import BLENDSHAPE_INDEX, Motion

COUNT = 60


@pytest.fixture(scope="module")
def prepared(filmed):
    """What the animator knows of the film, at its own size."""
    video = filmed.film.video
    return {
        **FootageAnimator().prepare_film(video, None),
        SOURCE: np.frombuffer(str(video).encode(), np.uint8),
    }


def motion(count: int = COUNT, fps: float = 25.0, **weights: float) -> Motion:
    rows = np.zeros((count, 52), np.float32)
    for name, weight in weights.items():
        rows[:, BLENDSHAPE_INDEX[name]] = weight
    return Motion(fps, rows, np.zeros((count, 6), np.float32))


def frames_of(prepared, moved, **options):
    stream = FootageAnimator().animate(prepared, moved, FootageOptions(**options))
    return stream, list(stream.frames)


def gap(rgb, landmarks) -> float:
    """How far apart the inner lips are, iod, as a fresh look sees them."""
    face = face_finder().track(rgb, Face(landmarks, 1.0)).landmarks
    return float(np.linalg.norm(face[14, :2] - face[13, :2]) / face_frame(face).iod)


@pytest.fixture(scope="module")
def takes(prepared):
    """The film as it is, with the mouth at rest, and with it open."""
    return {
        "filmed": frames_of(prepared, motion(), mouth="filmed")[1],
        "rest": frames_of(prepared, motion())[1],
        "open": frames_of(prepared, motion(jawOpen=0.5))[1],
    }


def test_talk_in_the_film_is_taken_back(takes, filmed):
    gaps = {
        name: np.array([gap(frames[number], filmed.film.landmarks(number)) for number in range(0, COUNT, 3)])
        for name, frames in takes.items()
    }
    assert gaps["filmed"].max() > 0.08, "the clip must talk"
    assert gaps["rest"].max() < 0.05
    assert np.ptp(gaps["rest"]) < 0.3 * np.ptp(gaps["filmed"])
    assert gaps["open"].min() > 0.08
    assert np.ptp(gaps["open"]) < 0.06


def test_head_eyes_and_the_rest_stay_as_filmed(takes, filmed):
    film = filmed.film
    for number in range(0, COUNT, 7):
        points = film.landmarks(number)[:, :2]
        eyes = int(points[[145, 374], 1].max()) + 2
        assert np.array_equal(takes["open"][number][:eyes], takes["filmed"][number][:eyes])
        left = int(film.boxes[number, 0] - 0.45 * (film.boxes[number, 2] - film.boxes[number, 0]))
        assert np.array_equal(takes["open"][number][:, :left], takes["filmed"][number][:, :left])


def test_the_mouth_does_not_tremble_against_the_face(takes, filmed):
    """Seen from the face, lips that are planned to stay as they are stay where they are."""
    from engines.facemesh.rest import LIP_ROWS

    lips = np.unique(LIP_ROWS)
    seen = []
    for number in range(COUNT):
        points = filmed.film.landmarks(number)
        face = face_finder().track(takes["rest"][number], Face(points, 1.0)).landmarks
        seen.append(face_frame(points).to_local(face)[lips, :2])
    jerk = np.diff(np.array(seen), n=2, axis=0)
    assert np.sqrt((jerk**2).mean()) < 0.02


def test_nothing_jumps_where_the_film_turns(prepared, filmed):
    film = filmed.film
    moved = replace(motion(12), first=film.count - 6)
    _, frames = frames_of(prepared, moved)
    steps = [np.abs(one.astype(int) - other).mean() for one, other in pairwise(frames)]
    assert max(steps) < 3 * np.median(steps) + 0.5
    assert np.array_equal(frames[4], frames[6])


@pytest.mark.parametrize("fps", [10.0, 25.0, 29.97, 60.0])
def test_a_clip_that_goes_on_in_its_middle_is_the_same(prepared, fps):
    moved = motion(50, fps, jawOpen=0.3)
    whole = FootageAnimator().animate(prepared, moved, FootageOptions())
    later = FootageAnimator().animate(prepared, moved.cut(44), FootageOptions())
    assert np.array_equal(whole.faces[44:], later.faces)
    assert whole.faces.shape == (50, 4)
    if fps == 25.0:
        expected = list(whole.frames)[44:]
        assert all(np.array_equal(one, other) for one, other in zip(expected, later.frames, strict=True))


def test_boxes_follow_the_face(prepared, takes):
    stream, _ = frames_of(prepared, motion(1))
    faces = FootageAnimator().animate(prepared, motion(), FootageOptions()).faces
    assert stream.faces.dtype == np.float32
    for number in range(0, COUNT, 10):
        found = face_finder().find(takes["filmed"][number])[0].landmarks[:, :2]
        left, top, right, bottom = faces[number]
        assert abs(found[:, 0].min() - left) < 5
        assert abs(found[:, 1].min() - top) < 6
        assert abs(found[:, 0].max() - right) < 5
        assert abs(found[:, 1].max() + 10 - bottom) < 8


def test_another_size_is_the_same_picture(filmed):
    video = filmed.film.video
    arrays = FootageAnimator().prepare_film(video, 192)
    stream, frames = frames_of({**arrays, SOURCE: np.frombuffer(str(video).encode(), np.uint8)}, motion(3))
    assert (stream.spec.height, stream.spec.width) == frames[0].shape[:2]
    assert stream.spec.height == 192
    reader = FilmReader(filmed.film, stream.spec.width, stream.spec.height)
    assert np.abs(frames[0][:60].astype(int) - reader.frame(0)[:60]).max() == 0
    reader.close()


def test_back_and_forth():
    assert [pingpong(step, 4) for step in range(9)] == [0, 1, 2, 3, 2, 1, 0, 1, 2]
    assert [pingpong(step, 1) for step in range(3)] == [0, 0, 0]
    assert [Loop(100, 25, 50).at(number) for number in range(5)] == [0, 1, 1, 2, 2]
    assert [Loop(100, 30, 10).at(number) for number in range(3)] == [0, 3, 6]
