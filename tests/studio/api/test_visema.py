"""A picture and a voice become a clip: VISEMA's endpoints, as its clients call them."""

import av
import pytest

from tests.studio.api.conftest import is_error


def test_a_picture_and_a_recording_become_a_clip(web, photo_file, short, ended, tmp_path):
    with photo_file.open("rb") as image, short.open("rb") as audio:
        files = {"image": ("my face.png", image), "audio": ("../../speech.wav", audio)}
        answer = web.post("/generate", files=files, data={"size": "256", "fps": "10"})
    assert answer.status_code == 202
    session = answer.json()["session_id"]
    status = ended(f"/status/{session}")
    assert (status["status"], status["progress"], status["error"]) == ("completed", 100.0, None)
    clip = web.get(f"/download/{session}")
    assert clip.headers["content-type"] == "video/mp4"
    (tmp_path / "clip.mp4").write_bytes(clip.content)
    with av.open(str(tmp_path / "clip.mp4")) as file:
        assert {stream.type for stream in file.streams} == {"video", "audio"}
        assert 0.7 < file.duration / 1e6 < 2.0


def test_a_text_with_feelings_is_said_by_a_sample_avatar(web, running, ended):
    sample = running[0].library.samples()[0].id
    fields = {"avatar_id": sample, "text": "Hi.", "emotions": '{"joy": 0.8}', "size": "256", "fps": "10"}
    session = web.post("/generate", data=fields).json()["session_id"]
    assert ended(f"/status/{session}")["status"] == "completed"
    clips = {clip["id"]: clip["manifest"] for clip in web.get("/api/clips").json()}
    assert clips[session]["request"]["expression"]["emotions"] == [{"time": 0.0, "weights": {"joy": 0.8}}]
    assert session in {job["session_id"] for job in web.get("/api/jobs").json()}
    assert web.delete(f"/api/clips/{session}").status_code == 204
    assert is_error(web.get(f"/download/{session}"), 410)


def test_a_transparent_clip_is_a_webm_and_a_background_is_sent_as_a_file(web, faceless, ended):
    small = {"avatar_id": "imara", "text": "Hi.", "size": "256", "fps": "10"}
    clear = {**small, "options": '{"facemesh": {"background": "transparent"}}', "expression": '{"head": 0.5}'}
    session = web.post("/generate", data=clear).json()["session_id"]
    assert ended(f"/status/{session}")["status"] == "completed"
    clip = web.get(f"/download/{session}")
    assert clip.headers["content-type"] == "video/webm"
    assert clip.content[:4] == b"\x1a\x45\xdf\xa3"
    scene = {**small, "options": '{"facemesh": {"background": "picture"}}'}
    sent = {"background": faceless.read_bytes()}
    session = web.post("/generate", data=scene, files=sent).json()["session_id"]
    assert ended(f"/status/{session}")["status"] == "completed"


def test_a_file_among_the_options_is_sent_in_a_field_of_its_own(web, faceless, ended):
    schema = web.get("/openapi.json").json()["components"]["schemas"]
    assert "facemesh_background_picture" in next(
        entry["properties"] for name, entry in schema.items() if name.endswith("GenerateForm")
    )
    fields = {"avatar_id": "imara", "text": "Hi.", "size": "192", "fps": "5"}
    fields |= {"options": '{"facemesh": {"background": "picture"}}'}
    sent = {"facemesh_background_picture": ("../x.png", faceless.read_bytes())}
    session = web.post("/generate", data=fields, files=sent).json()["session_id"]
    assert ended(f"/status/{session}")["status"] == "completed"
    clips = {clip["id"]: clip["manifest"] for clip in web.get("/api/clips").json()}
    options = clips[session]["request"]["options"]["facemesh"]
    assert options["background_picture"].startswith("backdrop0")


def test_a_running_clip_can_be_cancelled(web, photo_file, ended):
    with photo_file.open("rb") as image:
        text = "This sentence goes on and on, so that one can change one's mind. " * 20
        session = web.post("/generate", files={"image": image}, data={"text": text}).json()["session_id"]
    assert is_error(web.get(f"/download/{session}"), 409)
    web.post(f"/cancel/{session}").raise_for_status()
    assert ended(f"/status/{session}")["status"] == "cancelled"
    assert is_error(web.get(f"/download/{session}"), 409)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"text": "Hello."}, "face"),
        ({"avatar_id": "imara"}, "nothing to say"),
        ({"avatar_id": "imara", "text": "Hi.", "emotions": '{"hunger": 1}'}, "hunger"),
        ({"avatar_id": "imara", "text": "Hi.", "emotions": '{"joy": 1e999}'}, "emotions"),
        ({"avatar_id": "imara", "text": "Hi.", "recipe": "alchemy"}, "alchemy"),
        ({"avatar_id": "imara", "text": "Hi.", "fps": "nan"}, "fps"),
        ({"avatar_id": "imara", "text": "Hi.", "size": "9999"}, "size"),
        ({"avatar_id": "imara", "text": "Hi.", "expression": '{"nose": 1}'}, "nose"),
        ({"avatar_id": "imara", "text": "Hi.", "expression": '{"head": 7}'}, "head"),
        (
            {"avatar_id": "imara", "text": "Hi.", "options": '{"facemesh": {"background": "moon"}}'},
            "background",
        ),
        ({"avatar_id": "imara", "text": "Hi.", "options": "[]"}, "options"),
        (
            {
                "avatar_id": "imara",
                "text": "Hi.",
                "options": '{"facemesh": {"background_picture": "/etc/hosts"}}',
            },
            "path",
        ),
    ],
)
def test_wrong_fields_are_told_in_one_sentence(web, fields, word):
    answer = web.post("/generate", data=fields)
    assert is_error(answer, 422)
    assert word in answer.json()["error"]


def test_wrong_files_are_told_at_once(web, photo_file, faceless):
    fields = {"avatar_id": "imara", "text": "Hi."}
    unused = web.post("/generate", data=fields, files={"liveportrait_drive": ("a.mp4", b"video")})
    assert is_error(unused, 422)
    assert "liveportrait_drive" in unused.json()["error"]
    no_face = web.post("/generate", files={"image": faceless.read_bytes()}, data={"text": "Hi."})
    assert is_error(no_face, 422)
    assert no_face.json()["error"].startswith("No face")
    files = {"image": photo_file.read_bytes(), "audio": b"#EXTM3U\nfile:///etc/passwd"}
    assert is_error(web.post("/generate", files=files), 422)
    assert is_error(web.post("/generate", files={"image": b"not a picture"}, data={"text": "Hi."}), 422)


def test_what_is_not_there_is_a_404_and_other_methods_a_405(web):
    for address in ("/status/0123456789abcdef", "/download/0123456789abcdef", "/api/vip/status/nobody"):
        assert is_error(web.get(address), 404)
    assert web.get("/status/..%2f..%2fetc").status_code == 404
    assert is_error(web.get("/generate"), 405)


def test_nobody_sees_what_somebody_else_made(web, running):
    sample = running[0].library.samples()[0].id
    ada, bob = {"X-Owner": "a" * 40}, {"X-Owner": "b" * 40}
    fields = {"avatar_id": sample, "text": "A secret. " * 50}
    session = web.post("/generate", data=fields, headers=ada).json()["session_id"]
    assert web.get(f"/status/{session}", headers=ada).status_code == 200
    for headers in (bob, {}):
        assert is_error(web.get(f"/status/{session}", headers=headers), 404)
        assert is_error(web.post(f"/cancel/{session}", headers=headers), 404)
        assert session not in web.get("/api/jobs", headers=headers).text
    assert is_error(web.get("/api/clips", headers={"X-Owner": "short"}), 422)
    web.post(f"/cancel/{session}", headers=ada).raise_for_status()


def test_uploads_do_not_stay(running):
    assert list((running[0].settings.data / "uploads").iterdir()) == []


def test_a_level_of_quality_is_a_word_and_what_is_left_out_is_answered(web, running, ended):
    say = {"avatar_id": "imara", "text": "Hi.", "quality": "high", "size": "256"}
    answer = web.post("/generate", data=say).json()
    assert answer["expected_seconds"] > 0
    assert any("makes the face clearer with GFPGAN" in note for note in answer["notes"])
    assert ended(f"/status/{answer['session_id']}")["status"] == "completed"
    clips = {clip["id"]: clip["manifest"] for clip in web.get("/api/clips").json()}
    output = clips[answer["session_id"]]["request"]["output"]
    assert output == {"fps": 25.0, "size": 256, "encoding": "fine"}


@pytest.mark.parametrize(
    "fields", [{"quality": "ultra"}, {"enhance": "wav2lip"}, {"enhance": "gfpgan", "enhance_strength": "2"}]
)
def test_no_such_quality_or_enhancer(web, fields):
    assert is_error(web.post("/generate", data={"avatar_id": "imara", "text": "Hi.", **fields}), 422)
