"""LivePortrait on a filmed person: the film goes on, its face is drawn anew, lips speak or follow a clip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.footage.film import read_film
from engines.footage.filming import FilmOptions, film_clip
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.painter import Painter
from engines.liveportrait.templates import write_template
from engines.portraitvideo import PortraitVideoOptions
from engines.portraitvideo.animator import REST, PortraitVideoAnimator
from engines.progress import Watch
from engines.stages import SOURCE, Given
from engines.types import (
    BLENDSHAPE_INDEX,
    Arrays,
    AvatarRef,
    Expression,
    Image,
    Motion,
    Output,
    RenderRequest,
    Speech,
    Words,
)
from studio.services import Studio
from tests.clip_makers import read_frames, write_clip

OPTIONS = PortraitVideoOptions()
COUNT = 4


@pytest.fixture(scope="module")
def film(talking_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first second of ``talking_clip`` as a film, with a grey wall beside the person."""
    folder = tmp_path_factory.mktemp("portrait-film")
    frames = [
        np.pad(frame, ((0, 0), (0, 150), (0, 0)), constant_values=90) for frame in read_frames(talking_clip)
    ]
    clip = write_clip(folder / "clip.mp4", frames[:26])
    return film_clip(clip, folder / "film", FilmOptions(), Watch()).film.video


@pytest.fixture
def stage(stand_in: Painter) -> PortraitVideoAnimator:
    animator = PortraitVideoAnimator()
    animator._painter = stand_in
    return animator


@pytest.fixture
def ready(stage: PortraitVideoAnimator, film: Path) -> Arrays:
    prepared = stage.prepare_film(film, None)
    return {**prepared, SOURCE: np.frombuffer(str(film).encode(), np.uint8)}


def speaking(jaw: float = 0.0) -> Motion:
    shapes = np.zeros((COUNT, 52), np.float32)
    shapes[:, BLENDSHAPE_INDEX["jawOpen"]] = jaw
    return Motion(25.0, shapes, np.zeros((COUNT, 6), np.float32))


def drawn(
    stage: PortraitVideoAnimator, ready: Arrays, motion: Motion, options: PortraitVideoOptions = OPTIONS
) -> list[Image]:
    return list(stage.animate(ready, motion, options).frames)


def test_the_film_goes_on_and_only_the_square_about_the_face_is_drawn(
    stage: PortraitVideoAnimator, ready: Arrays, film: Path
) -> None:
    filmed = read_frames(film)
    frames = drawn(stage, ready, speaking())
    assert [frame.shape for frame in frames] == [filmed[0].shape] * COUNT
    box = read_film(film).boxes[0]
    wall = np.abs(frames[2][:, -60:].astype(int) - filmed[2][:, -60:]).mean()
    face = (slice(box[1], box[3]), slice(box[0], box[2]))
    assert wall < 1
    assert np.abs(frames[2][face].astype(int) - filmed[2][face]).mean() > 4
    rest = drawn(stage, ready, speaking().cut(2))
    assert all(np.array_equal(one, other) for one, other in zip(rest, frames[2:], strict=True))
    assert ready[REST].shape == (21, 3)


def test_lips_speak_and_rest_under_lips_that_a_finisher_makes(
    stage: PortraitVideoAnimator, ready: Arrays
) -> None:
    still, open_ = (drawn(stage, ready, speaking(jaw))[1].astype(int) for jaw in (0.0, 1.0))
    spared = drawn(stage, {**ready, "live.resting": np.array(True)}, speaking(1.0))[1]
    assert 0 < np.abs(spared - still).mean() < 0.5 * np.abs(open_ - still).mean()


def test_a_template_moves_the_filmed_face(stage: PortraitVideoAnimator, ready: Arrays, tmp_path: Path) -> None:
    step = np.arange(COUNT, dtype=np.float32)
    shift = np.stack([0.06 * step, 0 * step, 0 * step], 1)
    scale, turn = np.ones(COUNT, np.float32), np.zeros((COUNT, 3), np.float32)
    write_template(
        tmp_path / "right.npz", Implicit(25.0, np.zeros((COUNT, 21, 3), np.float32), scale, turn, shift)
    )
    options = replace(OPTIONS, drive=str(tmp_path / "right.npz"), drive_smooth=0.0)
    given = Given(Speech(np.zeros(8000, np.float32), 8000), speaking(), Expression(), options)
    more = stage.rehearse(ready, given, lambda *parts: parts[2](), Watch())
    plain, moved = drawn(stage, ready, speaking()), drawn(stage, {**ready, **more}, speaking(), options)
    assert np.array_equal(plain[0], moved[0]), "relative motion begins with the film"
    away = [np.abs(one.astype(int) - other).mean() for one, other in zip(plain, moved, strict=True)]
    assert away[1] < away[2] < away[3]


def test_a_clip_of_a_filmed_avatar(
    with_portrait_models: Path, film: Path, studio: Studio, tmp_path: Path
) -> None:
    request = RenderRequest(
        AvatarRef(str(film)), Words("Oh."), recipe="portrait-video", output=Output(5.0, 192)
    )
    clip = studio.pipeline.render(request, tmp_path / "clip.mp4", Watch())
    assert max(clip.width, clip.height) == 192
    assert clip.frames > 2
