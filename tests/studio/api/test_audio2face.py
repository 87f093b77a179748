"""The Audio2Face service: a recording becomes face motion, line by line or whole."""

import base64
import json

import numpy as np
import pytest

from engines.errors import StudioError
from engines.types import BLENDSHAPES
from studio.api.lines import adapted
from studio.client import StudioClient
from tests.studio.api.conftest import is_error


def read_lines(response):
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


def test_a_recording_comes_back_in_lines_of_two_seconds(web, recording):
    files, form = {"audio_file": recording.read_bytes()}, {"emotions": '{"joy": 0.9}'}
    made = read_lines(web.post("/process-audio/", params={"fps": 20}, files=files, data=form))
    assert [line["chunk_id"] for line in made] == list(range(len(made)))
    assert len(made) >= 3
    for line in made[:-1]:
        result = line["result"]
        assert line["driver"] == "speech2face"
        assert (result["exportFps"], result["numFrames"]) == (20.0, 40)
        assert len(result["weightMat"]) == len(result["rotations"]) == len(result["translations"]) == 40
        assert len(result["facsNames"]) == result["numPoses"] == len(result["weightMat"][0])
    smile = made[0]["result"]["facsNames"].index("mouthSmileLeft")
    calm = read_lines(web.post("/process-audio/", params={"fps": 20}, files=files))
    happy, neutral = (
        np.mean([row[smile] for line in lines for row in line["result"]["weightMat"]]) for lines in (made, calm)
    )
    assert happy > neutral + 0.1


def test_base64_is_as_good_as_a_file(web, recording):
    text = base64.b64encode(recording.read_bytes()).decode()
    as_text = web.post("/process-audio/", params={"fps": 10}, data={"audio_file": text})
    as_file = web.post("/process-audio/", params={"fps": 10}, files={"audio_file": recording.read_bytes()})
    assert read_lines(as_text) == read_lines(as_file)


def test_without_a_rate_the_machine_decides(web, recording):
    made = read_lines(web.post("/process-audio/", files={"audio_file": recording.read_bytes()}))
    rates = [line["result"]["exportFps"] for line in made]
    assert rates[0] == 10
    assert all(10 <= rate <= 30 for rate in rates)
    for line in made[:-1]:
        assert line["result"]["numFrames"] == 2 * line["result"]["exportFps"]


@pytest.mark.parametrize(
    ("current", "elapsed", "expected"),
    [(10, 2.0, 10), (10, 0.5, 21), (10, 0.01, 30), (30, 4.0, 20), (20, 60, 15)],
)
def test_the_rate_follows_the_formula(current, elapsed, expected):
    assert adapted(current, 2.0, elapsed) == expected


def test_chunks_of_three_seconds_equal_the_whole(running, recording):
    with StudioClient(running[1]) as client:
        client.set_audio(recording)
        client.set_emotions([{"time": 0, "weights": {"joy": 1}}, {"time": 3, "weights": {"sadness": 1}}])
        whole = client.generate_blendshapes(fps=15)
        chunks = [client.generate_blendshapes(start, start + 3.0, 15) for start in (0.0, 3.0, 6.0)]
        streamed = list(client.stream_blendshapes(fps=15))
    for name in ("exportFps", "numPoses", "facsNames", "joints"):
        assert all(part[name] == whole[name] for part in (*chunks, *streamed))
    for name in ("weightMat", "rotations", "translations"):
        for parts in (chunks, streamed):
            assert [row for part in parts for row in part[name]] == whole[name]


def test_the_whole_motion_has_names_and_times(web, recording):
    body = web.post("/process-audio", params={"fps": 25}, files={"file": recording.read_bytes()}).json()
    assert body["success"] is True
    assert body["num_frames"] == len(body["blendshapes"]) == len(body["timestamps"])
    assert body["num_frames"] == round(body["duration"] * 25)
    assert body["timestamps"][:3] == [0.0, 0.04, 0.08]
    assert body["data"]["blendshapes"] == body["blendshapes"]
    names = web.get("/blendshape-names").json()
    assert names["blendshape_names"] == list(BLENDSHAPES) == body["names"][: names["count"]]
    weights = np.array(body["blendshapes"])
    assert weights[:, body["names"].index("jawOpen")].max() > 0.15
    assert weights.min() >= 0
    assert weights.max() <= 1


@pytest.mark.parametrize(
    ("form", "files", "query"),
    [
        ({}, {}, {}),
        ({"audio_file": "!!! no base64 !!!"}, {}, {}),
        ({}, {"audio_file": b"RIFF....WAVEjunk"}, {}),
        ({"emotions": "[1, 2"}, {"audio_file": b""}, {}),
        ({"emotions": '{"joy": 2}'}, {"audio_file": "speech"}, {}),
        ({}, {"audio_file": "speech"}, {"fps": "1000"}),
        ({}, {"audio_file": "speech"}, {"recipe": "alchemy"}),
    ],
)
@pytest.mark.parametrize("address", ["/process-audio", "/process-audio/"])
def test_wrong_recordings_are_told_before_the_first_line(web, short, address, form, files, query):
    sent = {name: short.read_bytes() if content == "speech" else content for name, content in files.items()}
    assert is_error(web.post(address, data=form, files=sent or None, params=query), 422)


def test_a_part_without_sound_is_an_error(running, short):
    with StudioClient(running[1]) as client:
        with pytest.raises(StudioError, match="set_audio"):
            client.generate_blendshapes()
        client.set_audio(short)
        with pytest.raises(StudioError, match="no sound between"):
            client.generate_blendshapes(100.0, 103.0)
