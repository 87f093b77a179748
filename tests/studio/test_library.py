"""Avatars belong to whoever added them, and stay."""

import shutil

import pytest

from engines.errors import StudioError
from engines.types import AvatarRef, HandleShift
from studio.library import Library

ADA, BOB = "a" * 32, "b" * 32


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path)


def test_an_avatar_stays_with_its_name_and_consent(library, photo_file, tmp_path):
    added = library.add(ADA, photo_file, "  Eileen\n", "permission")
    again = Library(tmp_path).avatar(ADA, added.id)
    assert (again.name, again.consent, again.face) == ("Eileen", "permission", 0)
    assert again.source.read_bytes() == photo_file.read_bytes()


def test_nobody_sees_or_removes_what_is_somebody_elses(library, photo_file):
    added = library.add(ADA, photo_file, None, "mine")
    assert added.id not in [avatar.id for avatar in library.avatars(BOB)]
    for act in (library.avatar, library.remove):
        with pytest.raises(StudioError):
            act(BOB, added.id)
    assert library.avatar(ADA, added.id).id == added.id


def test_a_removed_avatar_is_gone_from_disk(library, photo_file):
    added = library.add(ADA, photo_file, None, "mine")
    library.remove(ADA, added.id)
    assert not added.source.exists()
    assert added.id not in [avatar.id for avatar in library.avatars(ADA)]


def test_newest_first_and_samples_last(library, photo_file):
    first = library.add(ADA, photo_file, "first", "mine")
    second = library.add(ADA, photo_file, "second", "mine")
    listed = library.avatars(ADA)
    assert [avatar.id for avatar in listed[:2]] == [second.id, first.id]
    assert all(avatar.sample for avatar in listed[2:])


def test_a_picture_that_cannot_talk_leaves_nothing_behind(library, faceless, tmp_path):
    with pytest.raises(StudioError, match="No face"):
        library.add(ADA, faceless, None, "mine")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("owner", ["../" + "a" * 8, "", "A/B", "a" * 65])
def test_an_owner_is_never_a_path(library, owner, photo_file):
    with pytest.raises(StudioError):
        library.add(owner, photo_file, None, "mine")


def test_ids_are_never_paths(library, photo_file, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.copy(photo_file, outside / "clip.mp4")
    (outside / "manifest.json").write_text('{"created": "now"}')
    with pytest.raises(StudioError):
        library.clip(ADA, "../../outside")


def test_half_made_clips_are_swept_and_whole_ones_stay(library, photo_file):
    added = library.add(ADA, photo_file, None, "mine")
    folder = library.start_clip(ADA, "feed")
    (folder / "clip.mp4").write_bytes(b"half")
    library.sweep()
    assert not folder.exists()
    assert library.clips(ADA) == ()
    assert library.avatar(ADA, added.id)


def test_corrections_stay_with_an_avatar(library, photo_file):
    added = library.add(ADA, photo_file, None, "mine")
    shift = HandleShift("mouth_left", 0.02, -0.01)
    library.adjust(ADA, added.id, AvatarRef("", adjust=(shift,)))
    assert library.avatar(ADA, added.id).adjust == (shift,)
    with pytest.raises(StudioError, match="fold"):
        library.adjust(ADA, added.id, AvatarRef("", adjust=(HandleShift("lip_top", 0.0, 0.4),)))
    assert library.avatar(ADA, added.id).adjust == (shift,)
    with pytest.raises(StudioError, match="sample"):
        library.adjust(ADA, library.samples()[0].id, AvatarRef(""))
    with pytest.raises(StudioError, match="no avatar"):
        library.adjust(BOB, added.id, AvatarRef(""))
