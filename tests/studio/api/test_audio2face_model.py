"""The Audio2Face service with a model of Audio2Face in its place: a small one of our own."""

from __future__ import annotations

import json

import pytest

from tests.engines.audio2face.conftest import put
from tests.engines.audio2face.toy_model import write_regression
from tests.studio.api.conftest import is_error

EMOTIONS = json.dumps([{"time": 0, "weights": {"joy": 1}}, {"time": 3, "weights": {"sadness": 1}}])


@pytest.fixture
def with_model(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "models"))
    put(write_regression(tmp_path / "toy"), "Audio2Face-3D-v2.3-Mark", "mark", monkeypatch)


def lines_of(web, recording, **query):
    answer = web.post(
        "/process-audio/",
        params=query,
        files={"audio_file": recording.read_bytes()},
        data={"emotions": EMOTIONS},
    )
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_its_driver_moves_if_its_files_are_there_and_every_line_says_so(web, recording, with_model):
    made = lines_of(web, recording, fps=15)
    assert [line["driver"] for line in made] == ["audio2face"] * len(made)
    assert [line["result"]["numFrames"] for line in made[:-1]] == [30] * (len(made) - 1)
    whole = web.post(
        "/process-audio",
        params={"fps": 15},
        files={"file": recording.read_bytes()},
        data={"emotions": EMOTIONS},
    ).json()
    assert whole["driver"] == "audio2face"
    for name in ("weightMat", "rotations", "translations"):
        assert [row for line in made for row in line["result"][name]] == whole["result"][name]
    embedded = lines_of(web, recording, fps=15, recipe="instant")
    assert {line["driver"] for line in embedded} == {"speech2face"}


def test_the_rate_can_change_on_the_way(web, recording, with_model):
    made = lines_of(web, recording)
    rates = [line["result"]["exportFps"] for line in made]
    assert rates[0] == 10
    assert rates[-1] > 10
    for line in made[:-1]:
        assert line["result"]["numFrames"] == 2 * line["result"]["exportFps"]


def test_without_its_files_it_can_be_asked_for_and_says_what_to_do(web, recording, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    answer = web.post(
        "/process-audio/", params={"recipe": "audio2face"}, files={"audio_file": recording.read_bytes()}
    )
    assert is_error(answer, 422)
    assert "Audio2Face" in answer.json()["error"]
