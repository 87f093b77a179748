"""A photo that follows a driving video or a template, with the stand-in of LivePortrait's networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engines.errors import StudioError
from engines.ledger import Ledger
from engines.liveportrait import LivePortraitOptions, animator
from engines.liveportrait.animator import LivePortraitAnimator
from engines.liveportrait.crop import SIZE
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.painter import Painter
from engines.liveportrait.preparing import MATRIX
from engines.liveportrait.templates import read_template, write_template
from engines.progress import Watch
from engines.stages import Given
from engines.types import Arrays, AvatarRef, Expression, Image, Motion, Output, RenderRequest, Speech, Words
from studio.cli import main
from studio.services import Studio
from tests.clip_makers import read_frames, write_clip
from tests.engines.liveportrait.conftest import YAW

COUNT, FPS = 6, 10.0


@pytest.fixture(scope="module")
def to_the_right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template of a head that goes 0.14 units to the right in 0.4 s, at 20 frames a second."""
    step = np.arange(9, dtype=np.float32)
    expression = np.zeros((9, 21, 3), np.float32)
    shift = np.stack([0.5 + 0.0175 * step, 0 * step, 0 * step], 1)
    motion = Implicit(20.0, expression, np.full(9, 1.5, np.float32), np.full((9, 3), 3, np.float32), shift)
    path = tmp_path_factory.mktemp("template") / "right.pkl"
    write_template(path, motion)
    return path


@pytest.fixture
def stage(stand_in: Painter) -> LivePortraitAnimator:
    made = LivePortraitAnimator()
    made._painter = stand_in
    return made


def moving() -> Motion:
    return Motion(FPS, np.zeros((COUNT, 52), np.float32), np.zeros((COUNT, 6), np.float32))


def rehearsed(stage: LivePortraitAnimator, prepared: Arrays, options: LivePortraitOptions) -> Arrays:
    given = Given(Speech(np.zeros(8000, np.float32), 8000), moving(), Expression(), options)
    return {**prepared, **stage.rehearse(prepared, given, lambda *parts: parts[2](), Watch())}


def shown(stage: Any, prepared: Arrays, options: LivePortraitOptions, first: int = 0) -> list[Image]:
    return list(stage.animate(prepared, moving().cut(first), options).frames)


def shift_between(first: Image, second: Image, way: Any) -> float:
    """Units of the crop by which ``second`` is shifted to the right."""
    crops = [
        cv2.warpAffine(frame, way, (SIZE, SIZE)).astype(float).mean(2)[48:-48, 48:-48]
        for frame in (first, second)
    ]
    window = cv2.createHanningWindow(crops[0].shape[::-1], cv2.CV_64F)
    return cv2.phaseCorrelate(*crops, window)[0][0] / (SIZE / 2)


def test_a_photo_follows_a_template(stage: LivePortraitAnimator, prepared: Arrays, to_the_right: Path) -> None:
    options = LivePortraitOptions(drive=str(to_the_right), drive_smooth=0.0)
    ready = rehearsed(stage, prepared, options)
    frames = shown(stage, ready, options)
    way = prepared[MATRIX]
    found = [shift_between(frames[0], frame, way) for frame in frames]
    wanted = 0.035 * np.array([0, 1, 2, 3, 4, 3])
    assert np.abs(np.array(found) - wanted).max() < 0.04, "the stand-in draws in steps of 0.06"
    assert found[4] > 0.1, "there in 0.4 s"
    rest = shown(stage, ready, options, 4)
    assert all(np.array_equal(one, other) for one, other in zip(rest, frames[4:], strict=True))
    note = stage.animate(ready, moving(), options).notes
    assert note == ("The driving video lasts 0.5 s; then it goes back and forth.",)
    open_ = {**ready, "drive.lips": np.full(COUNT, 0.4, np.float32)}
    notes = stage.animate(open_, moving(), replace(options, drive_region="all")).notes
    assert "open mouth" in notes[-1]
    assert stage.animate(open_, moving(), options).notes == note
    lips_only = replace(options, drive_region="lips")
    still = shown(stage, rehearsed(stage, prepared, lips_only), lips_only)
    assert abs(shift_between(still[0], still[4], way)) < 0.01


def test_a_video_is_read_once_and_drives_a_whole_clip(
    with_portrait_models: Path,
    talking_clip: Path,
    photo_file: Path,
    studio: Studio,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clip = write_clip(tmp_path / "drive.mp4", read_frames(talking_clip)[:10])
    read: list[Path] = []

    def reading(path: Path, *others: Any) -> Implicit:
        read.append(path)
        return really(path, *others)

    really = animator.read_motion
    monkeypatch.setattr(animator, "read_motion", reading)
    options = {"liveportrait": {"drive": str(clip), "drive_region": "all"}}
    source, output = AvatarRef(str(photo_file)), Output(5.0, 256)
    request = RenderRequest(source, Words("Oh."), recipe="liveportrait", options=options, output=output)
    made = studio.pipeline.render(request, tmp_path / "clip.mp4", Watch())
    assert made.frames > 2
    assert any("back and forth" in note for note in made.notes)
    studio.pipeline.rehearse(replace(request, words=Words("Another one.")), Watch(), Ledger())
    assert read == [clip]


def test_a_video_becomes_a_template(with_portrait_models: Path, talking_clip: Path, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "short.mp4", read_frames(talking_clip)[:8])
    words = ["--data", tmp_path / "data", "drive", clip, "--out", tmp_path / "short.pkl"]
    assert main([str(word) for word in words]) == 0
    found = read_template(tmp_path / "short.pkl")
    assert (len(found), found.fps) == (8, 25)
    assert np.abs(found.rotation - (0.0, YAW, 0.0)).max() < 0.1, "as the stand-in reads every face"
    assert found.eyes is not None


def test_what_cannot_drive_is_said(stage: LivePortraitAnimator, prepared: Arrays, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("up, down")
    for options, word in (
        (LivePortraitOptions(drive=str(text)), "not a video"),
        (LivePortraitOptions(drive=str(text), performance="loop"), "live"),
    ):
        with pytest.raises(StudioError, match=word):
            rehearsed(stage, prepared, options)
