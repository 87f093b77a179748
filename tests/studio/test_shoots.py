"""Videos become avatars in the background; cancel, failure and restarts end well."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from engines.errors import StudioError
from engines.footage.filming import FilmOptions
from engines.types import Output, RenderRequest, Words
from studio.consent import BY_PAGE, ConsentRecord
from studio.services import Studio, avatar_ref, recipe_for
from studio.settings import load_settings
from studio.shelf import rerender
from tests.clip_makers import write_clip

MINE = ConsentRecord.state("mine", BY_PAGE)


def last_of(studio: Studio, shoot: str, owner: str = "local"):
    """How a shoot ended, and the fractions on the way."""
    views = list(studio.shoots.watch(owner, shoot))
    return views[-1], [view.fraction for view in views]


def test_a_video_becomes_an_avatar_of_its_owner(studio, talking_clip):
    shoot = studio.shoots.submit("local", talking_clip, "Me", MINE, FilmOptions(img_size=96))
    view, fractions = last_of(studio, shoot)
    assert view.state == "completed"
    assert fractions == sorted(fractions)
    avatar = studio.library.avatar("local", shoot)
    assert (avatar.name, avatar.consent, avatar.img_size) == ("Me", "mine", 96)
    assert avatar.filmed
    assert recipe_for(avatar) == "video-avatar"
    assert not list((studio.settings.data / "shoots").iterdir())
    assert not [path for path in (studio.settings.data / "films").iterdir() if path.is_dir()]
    with pytest.raises(StudioError, match="cannot be moved by hand"):
        studio.library.adjust("local", shoot, None)
    studio.library.remove("local", shoot)
    assert studio.library.restore("local", shoot).filmed


def test_nobody_else_sees_or_stops_it(studio, talking_clip):
    shoot = studio.shoots.submit("local", talking_clip, "Me", MINE, FilmOptions())
    with pytest.raises(StudioError):
        studio.shoots.view("somebody", shoot)
    with pytest.raises(StudioError):
        studio.shoots.cancel("somebody", shoot)
    assert studio.shoots.unfinished("somebody") == []
    studio.shoots.cancel("local", shoot)
    view, _ = last_of(studio, shoot)
    assert view.state == "cancelled"
    assert len(studio.library.avatars("local")) == len(studio.library.samples())
    assert not list((studio.settings.data / "shoots").iterdir())


def test_a_failure_is_told_and_kept_for_a_while(studio, tmp_path):
    grey = write_clip(tmp_path / "grey.mp4", [np.full((96, 128, 3), 128, np.uint8)] * 30)
    view, _ = last_of(studio, studio.shoots.submit("local", grey, "Me", MINE, FilmOptions()))
    assert (view.state, view.message[:17]) == ("failed", "No face was found")
    studio.shoots.resume()
    assert studio.shoots.view("local", view.id).state == "failed"


def test_what_was_not_finished_goes_on_in_the_next_process(tmp_path, talking_clip):
    settings = load_settings(data=tmp_path / "data")
    first = Studio(settings)
    shoot = first.shoots.submit("local", talking_clip, "Me", MINE, FilmOptions())
    first.close()
    assert len(list((tmp_path / "data" / "shoots").iterdir())) == 1
    second = Studio(settings)
    second.sweep()
    view, _ = last_of(second, shoot)
    assert view.state == "completed"
    assert second.library.avatar("local", shoot).filmed
    second.close()


def test_half_written_shoots_are_cleared_away(studio):
    broken = studio.settings.data / "shoots" / "abc"
    broken.mkdir(parents=True)
    (broken / "shoot.json").write_text("{")
    studio.shoots.resume()
    assert not broken.exists()
    shutil.rmtree(broken, ignore_errors=True)


def test_a_clip_of_a_video_avatar_can_say_something_else(studio, talking_clip):
    shoot = studio.shoots.submit("local", talking_clip, "Me", MINE, FilmOptions())
    assert last_of(studio, shoot)[0].state == "completed"
    avatar = studio.library.avatar("local", shoot)
    request = RenderRequest(avatar_ref(avatar), Words("Hi."), recipe="video-avatar", output=Output(10.0, 128))
    first = studio.jobs.submit("local", request, avatar.name)
    assert list(studio.jobs.watch("local", first))[-1].state == "completed"
    second = rerender(studio, "local", first, "Bye.")
    view = list(studio.jobs.watch("local", second))[-1]
    assert view.state == "completed", view.message
    clip = studio.library.clip("local", second)
    assert clip.manifest["request"]["recipe"] == "video-avatar"
    assert sorted(path.name for path in clip.path.parent.iterdir()) == ["clip.mp4", "manifest.json"]
