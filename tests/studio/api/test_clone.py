"""The video clone backend: an avatar says a text; the parts say how they are."""

from engines.registry import all_recipes
from tests.studio.api.conftest import is_error


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


def test_a_video_becomes_an_avatar_only_where_an_engine_takes_videos(web, photo_file):
    answer = web.post("/api/clone/avatar", files={"video_file": photo_file.read_bytes()})
    if any(recipe.animator == "footage" for recipe in all_recipes().values()):
        assert answer.status_code in (201, 422)
    else:
        assert is_error(answer, 501)
        assert "video avatars" in answer.json()["error"]


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
