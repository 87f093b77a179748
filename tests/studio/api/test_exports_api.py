"""Motion for animators over HTTP: words or a recording in, a file of any format out."""

import csv
import io
import time

import pytest

from engines.errors import StudioError
from engines.exports import FORMATS
from engines.exports.character import NEUTRAL
from engines.exports.glb import unpack_glb
from studio.client import StudioClient
from tests.studio.api.conftest import is_error


def test_the_formats_are_listed_and_documented(web):
    listed = web.get("/api/motion/formats").json()
    assert [each["name"] for each in listed] == list(FORMATS)
    schema = web.get("/openapi.json").json()["components"]["schemas"]["ExportForm"]
    assert schema["properties"]["format"]["enum"] == list(FORMATS)
    assert "livelink-csv" in web.get("/docs").text


@pytest.mark.parametrize("name", FORMATS)
def test_words_come_back_in_every_format(web, running, name):
    answer = web.post("/api/motion/export", data={"text": "[joy] Hello, Bob.", "format": name})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith(FORMATS[name].media_type)
    assert f'filename="motion{FORMATS[name].suffix}"' in answer.headers["content-disposition"]
    assert len(answer.content) > 2000
    deadline = time.monotonic() + 10
    while list((running[0].settings.data / "uploads").glob("*")):
        assert time.monotonic() < deadline, "what was written for the answer stays behind"
        time.sleep(0.02)


def test_a_recording_comes_back_at_the_rate_asked_for(web, short):
    data = {"format": "livelink-csv", "fps": "24", "emotions": '{"joy": 0.9}'}
    answer = web.post("/api/motion/export", data=data, files={"audio": short.read_bytes()})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows[25]["Timecode"] == "00:00:01:01.000"
    assert max(float(row["MouthSmileLeft"]) for row in rows) > 0.2
    assert max(float(row["JawOpen"]) for row in rows) > 0.1


def test_a_head_of_ones_own_is_moved_and_a_broken_one_refused(running, tmp_path):
    with StudioClient(running[1]) as client:
        client.export_motion(tmp_path / "own.glb", "glb", text="Hello, Bob.", character=NEUTRAL)
        document, _ = unpack_glb((tmp_path / "own.glb").read_bytes())
        assert document["animations"][0]["channels"]
        broken = tmp_path / "broken.glb"
        broken.write_bytes(NEUTRAL.read_bytes()[:3000])
        with pytest.raises(StudioError, match="This head is damaged"):
            client.export_motion(tmp_path / "other.glb", "glb", text="Hello, Bob.", character=broken)
    assert not (tmp_path / "other.glb").exists()


@pytest.mark.parametrize(
    "data",
    [
        {"text": "Hi."},
        {"text": "Hi.", "format": "fbx"},
        {"text": "", "format": "arkit-json"},
        {"text": "Hi.", "format": "arkit-json", "fps": "1000"},
        {"text": "Hi.", "format": "arkit-json", "recipe": "alchemy"},
        {"text": "Hi.", "format": "arkit-json", "emotions": '{"joy": 7}'},
    ],
)
def test_what_cannot_be_is_told(web, data):
    assert is_error(web.post("/api/motion/export", data=data), 422)
