"""Points of a face are corrected at the command line, kept, used and forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import photo_drawings as drawings
import pytest
from PIL import Image as Pillow

from engines.types import Image
from studio.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["--data", str(tmp_path / "data"), *map(str, words)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_points_are_moved_kept_and_put_back(run: Run, photo_file: Path, tmp_path: Path) -> None:
    avatar = run("avatar", "add", photo_file)[1].strip()
    code, out, _ = run("avatar", "adjust", avatar, "--move", "mouth_left=0.02,-0.01", "--move", "chin=0,0.05")
    assert (code, out) == (0, "mouth_left=0.02,-0.01\nchin=0,0.05\n")
    assert run("avatar", "adjust", avatar, "--move", "chin=0,0")[1] == "mouth_left=0.02,-0.01\n"
    (manifest,) = (tmp_path / "data").glob("avatars/*/*/manifest.json")
    assert json.loads(manifest.read_text())["adjust"] == [{"handle": "mouth_left", "dx": 0.02, "dy": -0.01}]
    code, out, err = run("avatar", "adjust", avatar, "--reset")
    assert (code, out) == (0, "")
    assert "where they were found" in err


@pytest.mark.parametrize(
    ("move", "said"),
    [("nose=0,0", "no handle"), ("chin=9,0", "too far"), ("chin", "write it like"), ("lip_top=0,0.4", "fold")],
)
def test_moves_that_cannot_be_are_told_in_a_sentence(run: Run, photo_file: Path, move: str, said: str) -> None:
    avatar = run("avatar", "add", photo_file)[1].strip()
    code, out, err = run("avatar", "adjust", avatar, "--move", move)
    assert (code, out) == (1, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_one_clip_can_be_corrected_too(run: Run, photo_file: Path, tmp_path: Path) -> None:
    words = ("render", "--avatar", photo_file, "--text", "Pa.", "--size", 256, "--json", "--out")
    plain, moved = tmp_path / "plain.mp4", tmp_path / "moved.mp4"
    assert run(*words, plain)[0] == 0
    code, out, _ = run(*words, moved, "--adjust", "lip_line=0,0.03")
    assert code == 0
    assert json.loads(out)["cached"] == ["voice", "motion"], "another face, the same motion"
    assert plain.read_bytes() != moved.read_bytes()


def test_a_face_is_placed_where_none_is_found(run: Run, faceless: Path) -> None:
    assert "No face" in run("avatar", "add", faceless)[2]
    code, out, _ = run("avatar", "add", faceless, "--place", "0.5", "0.35", "0.25", "0")
    assert code == 0
    assert out.strip() in run("avatar", "list")[1]
    assert "placed" in run("avatar", "add", faceless, "--place", "0.5", "0.35", "2", "0")[2]


def test_what_may_look_wrong_is_said_before_and_after(run: Run, photo: Image, tmp_path: Path) -> None:
    path = tmp_path / "shades.png"
    Pillow.fromarray(drawings.with_sunglasses(photo)).save(path)
    assert "eyes are covered" in run("avatar", "add", path)[2]
    clip = tmp_path / "clip.mp4"
    code, out, _ = run("render", "--avatar", path, "--text", "Hi.", "--size", 256, "--json", "--out", clip)
    assert code == 0
    assert "eyes are covered" in " ".join(json.loads(out)["notes"])
