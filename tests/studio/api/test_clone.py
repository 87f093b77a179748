"""The video clone backend: an avatar says a text; the parts say how they are."""

import time

import numpy as np

from tests.clip_makers import write_clip
from tests.studio.api.conftest import PATIENCE, is_error


def test_an_avatar_says_a_text_with_a_voice(web, running, ended):
    sample = running[0].library.samples()[0].id
    assert "de" in {voice["id"] for voice in web.get("/api/clone/voices").json()}
    form = {"avatar_id": sample, "text": "Hallo.", "voice": "de", "size": "256", "fps": "10"}
    session = web.post("/api/clone/generate", data=form).json()["session_id"]
    assert ended(f"/api/clone/status/{session}")["status"] == "completed"
    assert web.get(f"/api/clone/download/{session}").content[4:8] == b"ftyp"


def test_voice_engines_say_what_is_missing(web, running, monkeypatch):
    told = {entry["engine"]: entry for entry in web.get("/api/clone/speakers").json()}
    assert next(iter(told)) == "espeak"
    assert told["espeak"]["missing"] == ""
    assert "STUDIO_FISH_URL" in told["fish"]["missing"]
    assert "Microsoft" in told["edge"]["notice"]
    assert "edge:de-DE-KatjaNeural" in {v["id"] for v in web.get("/api/clone/voices?engine=edge").json()}
    assert web.get("/api/clone/voices?engine=fish").json() == []
    assert is_error(web.get("/api/clone/voices?engine=facemesh"), 422)
    form = {"avatar_id": running[0].library.samples()[0].id, "text": "Hallo.", "voice": "fish:default"}
    refused = web.post("/api/clone/generate", data=form)
    assert is_error(refused, 422)
    assert "not set up" in refused.json()["error"]
    assert "STUDIO_FISH_URL" in refused.json()["hint"]


def test_a_video_becomes_an_avatar_that_says_a_text(web, running, ended, talking_clip):
    sent = {"video_file": ("me.mp4", talking_clip.read_bytes())}
    answer = web.post("/api/clone/avatar", files=sent, data={"name": "Filmed", "consent": "invented"})
    assert answer.status_code == 201
    assert (answer.json()["status"], answer.json()["consent"]) == ("processing", "invented")
    avatar = answer.json()["image_id"]
    status = state_of(web, avatar)
    assert (status["status"], status["error"]) == ("completed", None)
    assert running[0].library.avatar("local", avatar).frames > 50
    form = {"avatar_id": avatar, "text": "Hello.", "size": "192", "fps": "10"}
    session = web.post("/api/clone/generate", data=form).json()["session_id"]
    assert ended(f"/api/clone/status/{session}")["status"] == "completed"
    assert web.get(f"/api/clone/download/{session}").content[4:8] == b"ftyp"
    clip = next(clip for clip in running[0].library.clips("local") if clip.id == session)
    assert clip.manifest["request"]["recipe"] == "video-avatar"
    assert clip.manifest["source_type"] == "compositeWithTrainedAlgorithmicMedia"
    wrong = web.post("/generate", data={"avatar_id": avatar, "text": "Hello.", "recipe": "instant"})
    assert is_error(wrong, 422)
    assert "the recipe Instant takes a picture" in wrong.json()["error"]
    assert "Video avatar" in wrong.json()["hint"]


def test_what_is_no_video_of_a_person_is_said(web, photo_file, tmp_path):
    answer = web.post("/api/clone/avatar", files={"video_file": photo_file.read_bytes()})
    assert is_error(answer, 422)
    assert "not a video" in answer.json()["error"]
    grey = write_clip(tmp_path / "grey.mp4", [np.full((96, 128, 3), 128, np.uint8)] * 30)
    avatar = web.post("/api/clone/avatar", files={"video_file": grey.read_bytes()}).json()["image_id"]
    status = state_of(web, avatar)
    assert status["status"] == "failed"
    assert status["error"].startswith("No face was found")


def state_of(web, avatar: str) -> dict:
    """The state of an avatar once it is no longer in the making."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        status = web.get(f"/api/clone/avatar/{avatar}").raise_for_status().json()
        if status["status"] != "processing":
            return status
        assert status["progress"] is None or 0 <= status["progress"] <= 1
        time.sleep(0.1)
    raise AssertionError(f"It took too long: {status}")


def test_health_names_device_queue_and_parts(web):
    whole = web.get("/health").json()
    assert whole["status"] == "ok"
    assert (whole["device"] == "cpu") == (whole["gpu"] is None)
    assert set(whole["queue"]) == {"queued", "running"}
    assert {"instant"} <= set(whole["recipes"])
    assert {"speech2face", "facemesh"} <= {engine["name"] for engine in whole["engines"]}
    assert all(part["state"] == "ok" for part in whole["parts"] if part["required"])
    assert set(web.get("/api/clone/health").json()) == set(whole)


def test_an_avatar_without_a_text_or_a_face_is_an_error(web):
    assert is_error(web.post("/api/clone/generate", data={"avatar_id": "imara"}), 422)
    assert is_error(web.post("/api/clone/generate", data={"avatar_id": "nobody", "text": "Hi."}), 404)
    assert is_error(web.get("/api/clone/avatar/nobody"), 404)
