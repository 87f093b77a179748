"""launch.py motion in the formats of animators' tools."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from engines.exports import FORMATS
from engines.exports.character import NEUTRAL
from engines.exports.glb import unpack_glb
from studio.cli import main


def run(tmp_path: Path, out: str, *words: str) -> int:
    return main(["--data", str(tmp_path / "data"), "motion", "--out", str(tmp_path / out), *words])


def test_formats_are_chosen_by_name_and_by_ending(tmp_path, capsys):
    assert run(tmp_path, "hi.csv", "--text", "Hello, Bob.", "--format", "livelink-csv", "--fps", "60") == 0
    assert "60 fps" in capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "hi.csv").open(encoding="utf-8")))
    assert rows[61]["Timecode"] == "00:00:01:01.000"
    assert run(tmp_path, "hi.json", "--text", "Hello, Bob.", "--format", "arkit-json") == 0
    assert json.loads((tmp_path / "hi.json").read_text())["fps"] == 30
    assert run(tmp_path, "hi.glb", "--idle", "4", "--character", str(NEUTRAL)) == 0
    document, _ = unpack_glb((tmp_path / "hi.glb").read_bytes())
    times = document["accessors"][document["animations"][0]["samplers"][0]["input"]]
    assert (times["count"], times["max"]) == (120, [pytest.approx(119 / 30)])


def test_the_help_names_every_format(capsys):
    assert main(["motion", "--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in FORMATS)


@pytest.mark.parametrize(
    ("out", "words", "said"),
    [
        ("hi.csv", ("--text", "Hi.", "--format", "arkit-json"), "saved as .json"),
        ("hi.fbx", ("--text", "Hi."), ".csv, .json"),
        ("hi.wav", ("--idle", "4"), "says nothing"),
        ("hi.glb", ("--idle", "4", "--character", __file__), "This head is damaged"),
        ("hi.glb", ("--idle", "4", "--character", "none.glb"), "no head that can be read"),
        ("folder/hi.csv", ("--text", "Hi."), "There is no folder"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(tmp_path, capsys, out, words, said):
    assert run(tmp_path, out, *words) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert not (tmp_path / out).exists()
