"""launch.py drive: motion templates from one kind to the other; videos need the network."""

import numpy as np
import pytest

from engines.liveportrait.templates import read_template, write_template
from studio.cli import main
from tests.engines.liveportrait.motions import made_up


@pytest.fixture
def run(tmp_path, capsys):
    def run(*words):
        capsys.readouterr()
        code = main(["--data", str(tmp_path / "data"), *map(str, words)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_templates_become_each_other(run, tmp_path):
    write_template(tmp_path / "theirs.npz", made_up(30, 29.97))
    code, out, _ = run("drive", tmp_path / "theirs.npz", "--out", tmp_path / "ours.pkl")
    assert code == 0
    assert "30 frames at 30 fps" in out
    found = read_template(tmp_path / "ours.pkl")
    assert np.allclose(found.expression, made_up(30, 29.97).expression, atol=1e-3)
    code, _, _ = run("drive", tmp_path / "ours.pkl", "--out", tmp_path / "slow.npz", "--fps", 10)
    assert code == 0
    assert (read_template(tmp_path / "slow.npz").fps, len(read_template(tmp_path / "slow.npz"))) == (10, 10)


def test_what_cannot_be_gets_one_sentence(run, tmp_path, talking_clip):
    (tmp_path / "bad.pkl").write_bytes(b"\x80\x04cos\nsystem\n.")
    cases = [
        (tmp_path / "gone.mp4", tmp_path / "out.pkl", "gone.mp4"),
        (tmp_path / "bad.pkl", tmp_path / "out.pkl", "bad.pkl"),
        (tmp_path / "bad.pkl", tmp_path / "out.txt", ".npz"),
        (talking_clip, tmp_path / "out.pkl", "LivePortrait"),
    ]
    for clip, path, named in cases:
        code, _, err = run("drive", clip, "--out", path)
        assert (code, named in err, len(err.strip().splitlines())) == (1, True, 1), err
    assert not list(tmp_path.glob("out*"))


def test_render_says_what_drive_is_for(run, photo_file, tmp_path):
    words = ("render", "--avatar", photo_file, "--text", "a", "--out", tmp_path / "c.mp4", "--drive", "x.mp4")
    code, _, err = run(*words)
    assert (code, len(err.strip().splitlines())) == (1, 1)
    assert "--drive is not for the recipe Instant, but for" in err
    assert "LivePortrait" in err
