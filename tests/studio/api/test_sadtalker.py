"""The SadTalker service: a face is sent once and prepared; its clips go first; the cache is accounted for."""

import time

import pytest
from PIL import Image

from engines.tiers import LIFETIMES
from engines.types import Words
from studio.api.speedup import performance
from studio.jobs.timings import Timings
from tests.studio.api.conftest import is_error


@pytest.fixture(scope="module")
def face(web, photo_file):
    """An avatar that was uploaded and prepared, and the last status."""
    form = {"preprocess_mode": "crop", "consent": "permission", "name": "Eileen"}
    answer = web.post("/api/avatar/upload", files={"image_file": photo_file.read_bytes()}, data=form)
    assert answer.status_code == 201
    status, deadline = answer.json(), time.monotonic() + 30
    while status["status"] == "processing" and time.monotonic() < deadline:
        time.sleep(0.05)
        status = web.get(f"/api/avatar/status/{status['image_id']}").json()
    return status


def say(web, image_id, recording, **fields):
    files = {"audio_file": recording.read_bytes()}
    return web.post("/api/vip/generate", files=files, data={"image_id": image_id, "quality": "low", **fields})


def test_an_uploaded_face_is_cropped_kept_and_prepared(web, running, face, photo_file):
    assert (face["status"], face["name"], face["consent"]) == ("completed", "Eileen", "permission")
    assert face["preparation_time"] > 0
    kept = running[0].library.avatar("local", face["image_id"])
    with Image.open(kept.source) as cropped, Image.open(photo_file) as whole:
        assert cropped.width < 0.7 * whole.width
    assert face["image_id"] in {avatar["id"] for avatar in web.get("/api/avatars").json()}


def test_a_second_clip_is_faster_and_says_by_how_much(web, running, face, short, ended):
    def made(sound):
        session = say(web, face["image_id"], sound).json()["session_id"]
        status = ended(f"/api/vip/status/{session}")
        assert status["status"] == "completed"
        assert web.get(f"/api/vip/download/{session}").content[4:8] == b"ftyp"
        return status["performance"]

    other_words = running[0].speak("local", Words("Good morning, Eve."), {})
    first, other, again = made(short), made(other_words), made(short)
    assert first["cached"] == other["cached"] == ["photo"]
    assert again["cached"] == ["clip"]
    assert again["total_time"] == sum(again["stages"].values())
    assert again["speedup"] > first["speedup"] > 1.0
    for figures in (first, other, again):
        assert figures["speedup"] == pytest.approx(figures["uncached_time"] / figures["total_time"], rel=0.01)


def test_speedup_is_measured_or_null_never_guessed(tmp_path):
    times = [
        {"stage": "photo", "seconds": 0.1, "cached": True},
        {"stage": "frames", "seconds": 0.9, "cached": False},
    ]
    manifest = {"times": times, "width": 256, "height": 256, "fps": 25.0, "frames": 50}
    manifest["request"] = {"recipe": "instant", "words": {"audio": None, "text": "Hi."}}
    (tmp_path / "timings.json").write_text("{}")
    unknown = performance(manifest, Timings(tmp_path / "timings.json"))
    assert (unknown.total_time, unknown.uncached_time, unknown.speedup) == (1.0, None, None)
    (tmp_path / "timings.json").write_text('{"instant/photo": 2.1}')
    known = performance(manifest, Timings(tmp_path / "timings.json"))
    assert (known.uncached_time, known.speedup) == (3.0, 3.0)


def test_vip_clips_go_before_the_others(web, face, short, running):
    sample = running[0].library.samples()[0].id
    text = {"avatar_id": sample, "text": "This goes on for quite some time, on and on. " * 10}
    waiting = [
        web.post("/generate", data={**text, "seed": str(seed)}).json()["session_id"] for seed in range(3)
    ]
    vip = say(web, face["image_id"], short, quality="medium").json()["session_id"]
    places = [web.get(f"/status/{session}").json()["queue_position"] for session in (*waiting, vip)]
    for session in (*waiting, vip):
        web.post(f"/cancel/{session}")
    assert places[-1] < places[-2]
    assert places[-1] <= 2


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"quality": "ultra"}, 422), ({"image_id": "nobody"}, 404), ({"enhancer": "wishful"}, 501)],
)
def test_what_cannot_be_done_is_said(web, face, short, fields, status):
    assert is_error(say(web, fields.pop("image_id", face["image_id"]), short, **fields), status)


def test_a_face_that_cannot_talk_is_refused(web, faceless):
    files = {"image_file": faceless.read_bytes()}
    assert is_error(web.post("/api/avatar/upload", files=files), 422)
    assert is_error(web.post("/api/avatar/upload", files=files, data={"preprocess_mode": "upside-down"}), 422)


def test_cache_statistics_count(web, face):
    before = web.get("/api/cache/stats").json()
    tiers = {tier["name"]: tier for tier in before["tiers"]}
    assert {name: tier["seconds"] for name, tier in tiers.items()} == dict(LIFETIMES)
    assert tiers["photo"]["entries"] >= 1
    assert tiers["detection"]["hits"] >= 1, "one search for faces serves all sizes"
    assert 0 < tiers["photo"]["bytes"] <= before["bytes"]
    assert before["hit_rate"] == pytest.approx(before["hits"] / (before["hits"] + before["misses"]), abs=1e-3)
    assert set(before["queue"]) == {"queued", "running"}


def test_a_clip_says_what_makes_it_and_why_not_sadtalker(web, face, short, ended):
    fields = {"preprocess_mode": "extcrop", "still": "true", "pose_style": "7"}
    queued = say(web, face["image_id"], short, **fields).json()
    assert queued["recipe"] == "instant"
    assert "SadTalker needs the model file SadTalker_V0.0.2_256.safetensors" in queued["note"]
    status = ended(f"/api/vip/status/{queued['session_id']}")
    assert (status["recipe"], status["notes"]) == ("instant", [])
    refused = say(web, face["image_id"], short, options='{"sadtalker": {"pose_style": 46}}')
    assert is_error(refused, 422)
    assert "pose_style" in refused.json()["error"]
