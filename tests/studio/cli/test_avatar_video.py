"""launch.py avatar and render with videos."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from studio.cli.root import cli
from tests.clip_makers import read_frames


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cli")


def run(data: Path, *words: str):
    return CliRunner().invoke(cli, ["--data", str(data), *words])


@pytest.fixture(scope="module")
def avatar(data, talking_clip) -> str:
    """The id of an avatar that was made of the clip."""
    said = run(data, "avatar", "add", str(talking_clip), "--name", "Filmed", "--consent", "invented")
    assert said.exit_code == 0, said.output
    return said.stdout.strip()


def test_a_video_avatar_says_a_text(data, avatar, talking_clip, tmp_path):
    out = tmp_path / "out.mp4"
    words = ("render", "--avatar", avatar, "--text", "Hello.", "--out", str(out), "--size", "192", "--json")
    said = run(data, *words, "--recipe", "video-avatar", "--fps", "10")
    assert said.exit_code == 0, said.output
    made = json.loads(said.stdout.splitlines()[-1])
    assert made["engines"].keys() == {"espeak", "speech2face", "footage"}
    frames = read_frames(out)
    assert len(frames) == made["frames"]
    assert frames[0].shape[0] == 192
    again = run(data, *words, "--fps", "10")
    assert json.loads(again.stdout.splitlines()[-1])["cached"] == ["clip"]
    wrong = run(data, *words, "--recipe", "instant")
    assert wrong.exit_code == 1
    assert "choose Video avatar" in str(wrong.exception)
    picture = run(
        data, "render", "--avatar", "mira", "--recipe", "video-avatar", "--text", "Hi", "--out", str(out)
    )
    assert picture.exit_code == 1
    assert "choose Instant" in str(picture.exception)


def test_a_clip_itself_can_be_named(data, talking_clip, tmp_path):
    out = tmp_path / "out.mp4"
    words = ("render", "--avatar", str(talking_clip), "--recipe", "video-avatar", "--size", "128", "--fps", "5")
    said = run(data, *words, "--text", "Hi.", "--out", str(out))
    assert said.exit_code == 0, said.output
    assert out.is_file()


def test_there_and_back(data, avatar, tmp_path):
    folder = tmp_path / "theirs"
    assert run(data, "avatar", "export", avatar, str(folder)).exit_code == 0
    said = run(data, "avatar", "import", str(folder), "--name", "Back", "--consent", "invented")
    assert said.exit_code == 0, said.output
    rows = json.loads(run(data, "avatar", "list", "--json").stdout)
    assert {"Filmed", "Back"} <= {row["name"] for row in rows}
    for words, sentence in (
        (("avatar", "export", avatar, str(folder)), "already"),
        (("avatar", "export", "mira", str(tmp_path / "x")), "Only an avatar that is made of a video"),
        (("avatar", "import", str(tmp_path)), "no LiveTalking avatar"),
    ):
        refused = run(data, *words)
        assert refused.exit_code == 1
        assert sentence in str(refused.exception)
