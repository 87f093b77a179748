"""Avatars go to LiveTalking and come back; what pretends to be one is refused."""

from __future__ import annotations

import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from engines.errors import StudioError
from engines.footage.coords import read_coords, write_coords
from engines.footage.film import FilmReader
from engines.footage.filming import FilmOptions
from engines.footage.livetalking import export_livetalking, import_livetalking
from engines.footage.packed import unpacked
from engines.progress import Watch


@pytest.fixture(scope="module")
def exported(filmed, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("livetalking") / "avatar"
    export_livetalking(filmed.film, FilmOptions(img_size=96), folder, Watch())
    return folder


def test_the_folder_is_as_livetalking_wants_it(exported, filmed):
    film = filmed.film
    names = [f"{number:08d}.png" for number in range(film.count)]
    assert sorted(path.name for path in (exported / "full_imgs").iterdir()) == names
    assert sorted(path.name for path in (exported / "face_imgs").iterdir()) == names
    boxes = pickle.loads((exported / "coords.pkl").read_bytes())  # noqa: S301 - made just now, as they read it
    left, top, right, bottom = film.boxes[7]
    assert boxes[7] == (top, bottom, left, right)
    assert type(boxes[7][0]) is int
    full = np.asarray(Pillow.open(exported / "full_imgs" / names[7]))
    face = Pillow.open(exported / "face_imgs" / names[7])
    assert face.size == (96, 96)
    small = Pillow.fromarray(full[top:bottom, left:right]).resize((96, 96), Pillow.Resampling.BILINEAR)
    assert np.abs(np.asarray(small).astype(int) - np.asarray(face)).mean() < 3


def test_there_and_back_is_the_same_avatar(exported, filmed, tmp_path):
    back, options = import_livetalking(exported, tmp_path / "film", Watch())
    one, other = filmed.film, back.film
    assert options.img_size == 96
    assert (other.count, other.fps, other.width, other.height) == (one.count, one.fps, one.width, one.height)
    assert np.array_equal(one.boxes, other.boxes)
    assert np.abs(one.units.astype(int) - other.units).mean() / 16 < 0.4
    readers = [FilmReader(film, film.width, film.height) for film in (one, other)]
    first, second = (reader.frame(20).astype(float) for reader in readers)
    assert 10 * np.log10(255**2 / ((first - second) ** 2).mean()) > 38


def test_a_zip_of_it_and_a_folder_without_our_notes_work_too(exported, tmp_path):
    plain = tmp_path / "plain"
    shutil.copytree(exported, plain)
    (plain / "film.json").unlink()
    packed = Path(shutil.make_archive(str(tmp_path / "avatar"), "zip", plain.parent, plain.name))
    with unpacked(packed) as folder:
        back, options = import_livetalking(folder, tmp_path / "film", Watch())
    assert back.film.fps == 25
    assert options == FilmOptions()


class Hostile:
    def __reduce__(self):
        return (print, ("must never be printed",))


@pytest.mark.parametrize(
    "what",
    [
        pickle.dumps([Hostile()]),
        pickle.dumps([(1, 2, 3, np.int64(4))]),
        b"\x80\x04cos\nsystem\n.",
        b"\x80\x04Pnothing\n.",
        b"(i__builtin__\nlist\n.",
        pickle.dumps([{"a": 1}]),
        pickle.dumps(["text"] * 4),
        pickle.dumps([(1, 2, 3)]),
        pickle.dumps([(1, 2, 3, True)]),
        pickle.dumps([(1, 2, 3, 1 << 40)]),
        pickle.dumps([(1, 2, 3, 1 << 4000)]),
        pickle.dumps([]),
        pickle.dumps(5),
        b"",
        b"not a pickle",
        pickle.dumps([(1, 2, 3, 4)])[:-2],
        b"\x80\x04h\x05.",
        b"\x80\x04]\x94(h\x00h\x00h\x00e.",
    ],
)
def test_a_coords_file_that_is_more_than_boxes_is_not_read(tmp_path, capsys, what):
    path = tmp_path / "coords.pkl"
    path.write_bytes(what)
    with pytest.raises(StudioError, match=r"coords\.pkl"):
        read_coords(path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_of_honest_boxes_is_read(tmp_path, protocol):
    boxes = [(number, 300 + number, -2, 70_000) for number in range(300)]
    path = tmp_path / "coords.pkl"
    path.write_bytes(pickle.dumps([list(box) for box in boxes], protocol=protocol))
    assert list(read_coords(path)) == boxes
    write_coords(path, boxes)
    assert list(read_coords(path)) == boxes


def test_links_are_refused(exported, tmp_path):
    for place in ("coords.pkl", "full_imgs/00000003.png", "full_imgs"):
        folder = tmp_path / place.replace("/", "-")
        shutil.copytree(exported, folder)
        target = folder / place
        moved = target.rename(tmp_path / f"moved-{target.name}-{len(place)}")
        target.symlink_to(moved)
        with pytest.raises(StudioError, match="links"):
            import_livetalking(folder, tmp_path / "film", Watch())
    packed = tmp_path / "linked.zip"
    entry = zipfile.ZipInfo("avatar/coords.pkl")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(entry, "/etc/hostname")
    with pytest.raises(StudioError, match="links"), unpacked(packed):
        pass


def test_names_that_lead_elsewhere_are_not_unpacked(tmp_path):
    packed = tmp_path / "odd.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name in (
            "../coords.pkl",
            "/coords.pkl",
            "a/../../coords.pkl",
            "full_imgs/../x.png",
            "a/b/c.pkl",
        ):
            archive.writestr(name, "x")
    with unpacked(packed) as folder:
        assert not list(folder.rglob("*"))
    assert not (folder.parent / "coords.pkl").exists()


def test_pictures_and_boxes_must_go_together(exported, tmp_path):
    folder = tmp_path / "avatar"
    shutil.copytree(exported, folder)
    write_coords(folder / "coords.pkl", [(0, 10, 0, 10)] * 3)
    with pytest.raises(StudioError, match="pictures and 3 boxes"):
        import_livetalking(folder, tmp_path / "film", Watch())
    (folder / "coords.pkl").unlink()
    with pytest.raises(StudioError, match="no LiveTalking avatar"):
        import_livetalking(folder, tmp_path / "film", Watch())
