"""Motion templates: LivePortrait's own are read and written, and no file can do anything but be read."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.errors import StudioError
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.keypoints import rotation
from engines.liveportrait.packing import MOST_FRAMES
from engines.liveportrait.pickles import MAX_STEPS
from engines.liveportrait.templates import is_template, read_template, write_template
from tests.engines.liveportrait.motions import made_up

MOTION = made_up()
FIELDS = ("expression", "scale", "rotation", "translation", "eyes", "lips")


def official(**changes: Any) -> dict[str, Any]:
    """A template as LivePortrait itself writes it."""
    turns = rotation(*MOTION.rotation.T).astype(np.float32)
    frames = [
        {
            "scale": MOTION.scale[k].reshape(1, 1),
            "R": turns[k][None],
            "exp": MOTION.expression[k][None],
            "t": MOTION.translation[k][None],
            "kp": np.zeros((1, 21, 3), np.float32),
            "x_s": np.zeros((1, 21, 3), np.float32),
        }
        for k in range(len(MOTION))
    ]
    eyes, lips = [row[None] for row in MOTION.eyes], [row.reshape(1, 1) for row in MOTION.lips]
    document = {"n_frames": len(MOTION), "output_fps": 25, "motion": frames}
    return {**document, "c_eyes_lst": eyes, "c_lip_lst": lips, **changes}


def dumped(path: Path, document: Any, protocol: int | None = None) -> Path:
    path.write_bytes(pickle.dumps(document, protocol))
    return path


def is_same(found: Implicit, names: tuple[str, ...] = FIELDS) -> bool:
    return all(np.allclose(getattr(found, name), getattr(MOTION, name), atol=1e-4) for name in names)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_official_templates_are_read(tmp_path: Path, protocol: int) -> None:
    found = read_template(dumped(tmp_path / "d.pkl", official(), protocol))
    assert is_same(found)
    assert found.fps == 25


def test_older_names_and_templates_without_measures_are_read(tmp_path: Path) -> None:
    document = official()
    for frame in document["motion"]:
        frame["R_d"] = frame.pop("R")
    document["c_d_eyes_lst"], document["c_d_lip_lst"] = document.pop("c_eyes_lst"), document.pop("c_lip_lst")
    assert is_same(read_template(dumped(tmp_path / "old.pkl", document)))
    for number, frame in enumerate(document["motion"]):
        del frame["R_d"]
        frame |= dict(zip(("pitch", "yaw", "roll"), MOTION.rotation[number].reshape(3, 1, 1), strict=True))
    bare = {"output_fps": np.int64(25), "motion": document["motion"], "c_eyes_lst": []}
    found = read_template(dumped(tmp_path / "bare.pkl", bare))
    assert is_same(found, FIELDS[:4])
    assert found.eyes is found.lips is None


def test_what_is_written_is_read_as_official_code_reads_it(tmp_path: Path) -> None:
    write_template(tmp_path / "out.pkl", MOTION)
    data = (tmp_path / "out.pkl").read_bytes()
    assert b"numpy._core" not in data, "NumPy 1 does not know that name"
    loaded = pickle.loads(data)  # noqa: S301 - as LivePortrait does, of a file of our own
    assert (loaded["n_frames"], loaded["output_fps"], len(loaded["motion"])) == (20, 25, 20)
    wanted = official()
    for name in ("scale", "R", "exp", "t"):
        for ours, theirs in zip(loaded["motion"], wanted["motion"], strict=True):
            assert ours[name].dtype == np.float32
            assert ours[name].shape == theirs[name].shape
            assert np.allclose(ours[name], theirs[name], atol=1e-5)
    for name in ("c_eyes_lst", "c_lip_lst"):
        assert np.allclose(np.stack(loaded[name]), np.stack(wanted[name]))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_the_longest_template_is_not_too_long_to_be_read(protocol: int) -> None:
    steps = sum(1 for _ in pickletools.genops(pickle.dumps(official(), protocol)))
    assert steps / len(MOTION) * MOST_FRAMES < MAX_STEPS


@pytest.mark.parametrize("ending", [".pkl", ".npz"])
def test_there_and_back(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"motion{ending}"
    write_template(path, MOTION)
    assert is_template(path)
    assert is_same(read_template(path))
    with pytest.raises(StudioError, match=r"\.pkl"):
        write_template(tmp_path / "motion.txt", MOTION)


class Evil:
    """Would leave a file called "ran" where it is unpickled as usual."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("ran",)


class Setting:
    """Has a state, as most objects."""

    def __init__(self) -> None:
        self.open = 1


DEEP = b"\x80\x04" + b"(" * 5 + b"]" + b"\x85" * 200_000 + b"."
CALLS = b"\x80\x03cbuiltins\neval\nX\x01\x00\x00\x001\x85R."
PATCHES = b"\x80\x03cnumpy\ndtype\n}X\x05\x00\x00\x00charsK\x01sb."
BOMB = (
    b"\x80\x03X\x00\x00\x10\x00"
    + b"a" * (1 << 20)
    + b"q\x000"
    + (b"c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R" * 5000)
    + b"."
)
HOSTILE: dict[str, bytes] = {
    "runs a command": pickle.dumps({"motion": [Evil()]}),
    "runs a command, old": pickle.dumps({"motion": [Evil()]}, 0),
    "an object": pickle.dumps({"motion": [Setting()]}),
    "another class": pickle.dumps(OrderedDict(motion=[])),
    "objects in an array": pickle.dumps({"motion": np.array([Evil(), None], object)}),
    "a structured array": pickle.dumps(official(output_fps=np.zeros(1, [("a", "f4")]))),
    "eval by name": CALLS,
    "changes a class": PATCHES,
    "deep": DEEP,
    "fills the memory": BOMB,
    "no end": pickle.dumps(official())[:-1],
    "cut short": pickle.dumps(official())[:500],
    "nothing": b"",
    "a text": b"motion",
    "a list": pickle.dumps([1, 2]),
    "no frames": pickle.dumps(official(motion=[])),
    "frames of text": pickle.dumps(official(motion=["a"])),
    "too few numbers": pickle.dumps(official(motion=[{**official()["motion"][0], "exp": np.zeros(3)}])),
    "not numbers": pickle.dumps(
        official(motion=[{**official()["motion"][0], "t": np.array([[np.nan, 0, 0]])}])
    ),
    "no rotation": pickle.dumps(official(motion=[{**official()["motion"][0], "R": np.ones((1, 3, 3))}])),
    "no time": pickle.dumps(official(output_fps=0)),
    "text for time": pickle.dumps(official(output_fps="25")),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_anything_else_is_refused_in_a_sentence(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "theirs.pkl"
    path.write_bytes(HOSTILE[what])
    with pytest.raises(StudioError, match=r"theirs\.pkl") as error:
        read_template(path)
    assert "\n" not in str(error.value)
    assert "launch.py motion drive" in str(error.value)
    assert not (tmp_path / "ran").exists()
    assert is_same(read_template(dumped(tmp_path / "fine.pkl", official()))), (
        "one file changes nothing for the next"
    )


def test_hostile_archives_are_refused(tmp_path: Path) -> None:
    objects = tmp_path / "objects.npz"
    np.savez(objects, expression=np.array([Evil()], object))
    bomb = tmp_path / "bomb.npz"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<f4", "fortran_order": False, "shape": (17_000_000,)}
        )
        archive.writestr("expression.npy", header.getvalue() + bytes(68_000_000))
    other = tmp_path / "other.npz"
    np.savez(other, **{"../elsewhere": np.zeros(3)})
    cut = tmp_path / "cut.npz"
    write_template(cut, MOTION)
    cut.write_bytes(cut.read_bytes()[:900])
    for path in (objects, bomb, other, cut):
        with pytest.raises(StudioError, match=path.name):
            read_template(path)
