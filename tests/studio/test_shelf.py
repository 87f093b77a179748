"""What people made can be found, renamed, deleted and brought back, and say something else."""

import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from engines.errors import StudioError
from engines.types import Expression, Output, RenderRequest, Words
from studio.cli.root import cli
from studio.consent import ConsentRecord
from studio.credentials_read import read_credentials
from studio.services import avatar_ref
from studio.shelf import clip_request, delete_item, list_items, rename_item, rerender, restore_item
from studio.trash import KEPT

ADA, BOB = "a" * 32, "b" * 32


def request(avatar, text, **words):
    asked = Words(None if words else text, "de", **words)
    return RenderRequest(avatar_ref(avatar), asked, Expression(head=0.5, seed=7), output=Output(10.0, 256))


def make_clip(studio, owner, asked, name):
    view = list(studio.jobs.watch(owner, studio.jobs.submit(owner, asked, name)))[-1]
    assert view.clip, view.message
    return view.clip


@pytest.fixture
def avatar(studio, photo_file):
    return studio.library.add(ADA, photo_file, "Eileen", ConsentRecord.state("mine", "on the page"))


@pytest.fixture
def clip(studio, avatar):
    return make_clip(studio, ADA, request(avatar, "[joy] Guten Tag."), avatar.name)


def names(studio, query="", owner=ADA):
    return [item.name for item in list_items(studio.library, owner, query)]


def test_search_finds_by_name_words_and_date_and_only_ones_own(studio, clip):
    assert names(studio) == ["Eileen", "Eileen: Guten Tag."]
    assert names(studio, "tag GUTEN") == names(studio, "clip eileen") == ["Eileen: Guten Tag."]
    assert names(studio, clip.created[:10]) == names(studio)
    assert names(studio, "guten morgen") == []
    assert names(studio, owner=BOB) == []


def test_a_renamed_thing_keeps_its_name_and_an_empty_one_is_refused(studio, clip, avatar):
    rename_item(studio.library, ADA, clip.id, "  For the fair\n")
    rename_item(studio.library, ADA, avatar.id, "Ellie")
    assert names(studio) == ["Ellie", "For the fair"]
    with pytest.raises(StudioError, match="name"):
        rename_item(studio.library, ADA, clip.id, " \n ")
    with pytest.raises(StudioError):
        rename_item(studio.library, BOB, clip.id, "Mine now")
    with pytest.raises(StudioError, match="sample"):
        studio.library.rename(ADA, studio.library.samples()[0].id, "x")


def test_what_is_deleted_comes_back_whole_until_a_day_is_over(studio, clip, avatar):
    video = clip.path.read_bytes()
    for item_id in (clip.id, avatar.id):
        delete_item(studio.library, ADA, item_id)
    assert names(studio) == []
    with pytest.raises(StudioError):
        restore_item(studio.library, BOB, clip.id)
    restore_item(studio.library, ADA, clip.id)
    restore_item(studio.library, ADA, avatar.id)
    assert names(studio) == ["Eileen", "Eileen: Guten Tag."]
    assert clip.path.read_bytes() == video
    delete_item(studio.library, ADA, clip.id)
    (trashed,) = (studio.settings.data / "trash").glob("*/clips/*")
    os.utime(trashed, (time.time() - KEPT - 60,) * 2)
    studio.library.sweep()
    assert not list(studio.settings.data.rglob("clip.mp4"))
    with pytest.raises(StudioError, match="a day"):
        restore_item(studio.library, ADA, clip.id)


@pytest.mark.parametrize("item_id", ["../../../outside", "..", "", "/etc"])
def test_ids_are_never_paths(studio, item_id):
    for act in (delete_item, restore_item):
        with pytest.raises(StudioError):
            act(studio.library, ADA, item_id)


def test_the_same_face_says_something_else_in_the_same_way(studio, clip, avatar):
    job = rerender(studio, ADA, clip.id, "Auf Wiedersehen.")
    again = list(studio.jobs.watch(ADA, job))[-1].clip
    before, after = (studio.library.clip(ADA, item).manifest["request"] for item in (clip.id, again.id))
    assert after == {**before, "words": {**before["words"], "text": "Auf Wiedersehen."}}
    assert read_credentials(again.path, studio.credentials).consent == avatar.record
    delete_item(studio.library, ADA, avatar.id)
    with pytest.raises(StudioError, match="avatar of this clip was deleted"):
        rerender(studio, ADA, clip.id, "Again.")


def test_a_recording_is_there_to_render_it_again(studio, avatar, tmp_path):
    wav = studio.speak(ADA, Words("A recorded sentence."), {})
    upload = tmp_path / "upload.wav"
    upload.write_bytes(wav.read_bytes())
    clip = make_clip(studio, ADA, request(avatar, None, audio=str(upload)), avatar.name)
    upload.unlink()
    loaded = clip_request(studio.library, ADA, clip)
    assert Path(loaded.words.audio).read_bytes() == wav.read_bytes()
    assert loaded.expression == Expression(head=0.5, seed=7)


def test_the_command_line_does_the_same(studio, clip):
    data = studio.settings.data
    studio.close()

    def run(*words, code=0):
        done = CliRunner().invoke(cli, ["--data", str(data), "library", *words], standalone_mode=False)
        if code:
            assert isinstance(done.exception, StudioError)
            return []
        assert done.exception is None, done.exception
        return json.loads(done.output)

    assert [item["name"] for item in run("search", "guten", "--json")] == ["Eileen: Guten Tag."]
    assert run("rename", clip.id, "Greeting", "--json")[0]["name"] == "Greeting"
    run("delete", clip.id, "--json")
    assert [item["kind"] for item in run("list", "--json")] == ["avatar"]
    run("delete", clip.id, code=1)
    assert run("restore", clip.id, "--json")[0]["name"] == "Greeting"
    out = data.parent / "new.mp4"
    (new,) = run("rerender", clip.id, "--text", "Gute Nacht.", "--out", str(out), "--json")
    assert new["words"] == "Gute Nacht."
    assert out.stat().st_size > 10_000
