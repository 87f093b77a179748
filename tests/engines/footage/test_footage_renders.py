"""Video avatars go the way of all clips: the pipeline, in one piece or from the middle, and their cache."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.errors import StudioError
from engines.ledger import Ledger
from engines.progress import Watch
from engines.types import AvatarRef, Output, RenderRequest, Words


@pytest.fixture
def request_of(filmed):
    """A short clip of the film at a rate of its own."""
    avatar = AvatarRef(str(filmed.film.video))
    return RenderRequest(avatar, Words("Hello, you."), recipe="video-avatar", output=Output(20.0, 192))


def test_a_clip_that_broke_off_goes_on_with_the_same_frames(studio, request_of):
    take = studio.pipeline.rehearse(request_of, Watch(), Ledger())
    whole = studio.pipeline.stream(request_of, take, Watch())
    frames = list(whole.frames)
    later = studio.pipeline.stream(request_of, take, Watch(), first=len(frames) - 5)
    assert later.first == len(frames) - 5
    assert np.array_equal(later.faces, whole.faces[-5:])
    assert all(np.array_equal(one, other) for one, other in zip(frames[-5:], later.frames, strict=True))


def test_films_that_differ_in_their_boxes_alone_are_different_avatars(studio, request_of, filmed, tmp_path):
    from engines.footage.film import write_arrays

    moved = replace(filmed.film, video=tmp_path / "moved.mp4", boxes=filmed.film.boxes + 1)
    moved.video.write_bytes(filmed.film.video.read_bytes())
    write_arrays(moved)
    other = replace(request_of, avatar=AvatarRef(str(moved.video)))
    same = tmp_path / "same.mp4"
    same.write_bytes(moved.video.read_bytes())
    same.with_suffix(".npz").write_bytes(filmed.film.video.with_suffix(".npz").read_bytes())
    key = studio.pipeline.key(request_of)
    assert studio.pipeline.key(other) != key
    assert studio.pipeline.key(replace(request_of, avatar=AvatarRef(str(same)))) == key


def test_a_clip_that_was_not_prepared_is_told_apart(studio, request_of, talking_clip):
    with pytest.raises(StudioError, match="not prepared yet"):
        studio.pipeline.prepare(AvatarRef(str(talking_clip)), _recipe(), None)
    with pytest.raises(StudioError, match="choose Video avatar"):
        studio.pipeline.key(replace(request_of, recipe="instant"))


def _recipe():
    from engines.registry import get_recipe

    return get_recipe("video-avatar")
