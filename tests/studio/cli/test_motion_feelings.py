"""Feelings on the command line, and a face that waits."""

import json

import numpy as np
import pytest

from studio.cli import main


@pytest.fixture
def motion(tmp_path, capsys):
    """Run launch.py motion; the weights by shape name, and what stderr said."""

    def run(*words):
        out = tmp_path / "motion.json"
        code = main(["--data", str(tmp_path / "data"), "motion", "--out", str(out), *words])
        if code:
            return capsys.readouterr().err
        document = json.loads(out.read_text())
        return dict(zip(document["facsNames"], np.array(document["weightMat"]).T, strict=True))

    return run


def test_tags_in_a_text_file_change_the_face_on_the_way(motion, tmp_path):
    story = tmp_path / "story.txt"
    story.write_text("[happy] Hello there, my dear! [angry:0.9] Now go away at once, I say.", encoding="utf-8")
    shown = motion("--text-file", str(story))
    count = len(shown["mouthSmileLeft"])
    begin, end = slice(0, count // 4), slice(-count // 4, None)
    assert shown["mouthSmileLeft"][begin].mean() > 0.3 > 0.15 > shown["mouthSmileLeft"][end].mean()
    assert shown["browDownLeft"][end].mean() > 0.5 > 0.1 > shown["browDownLeft"][begin].mean()


def test_an_idle_face_loops(motion):
    shown = motion("--idle", "4", "--fps", "25", "--emotion", "joy=0.5")
    assert len(shown["mouthSmileLeft"]) == 100
    assert shown["mouthSmileLeft"].min() > 0.25
    assert shown["jawOpen"].max() < 0.15
    assert abs(shown["mouthSmileLeft"][0] - shown["mouthSmileLeft"][-1]) < 0.03


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--idle", "1"), "2 to 600"),
        (("--idle", "5", "--text", "Hi"), "says nothing"),
        (("--text", "[joy:4] Hi"), "0 to 1"),
        (("--text", "[joy]"), "nothing to say"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(motion, words, said):
    assert said in motion(*words)
