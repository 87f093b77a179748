"""The library over HTTP: find, rename, delete, restore, say something else; whose face; each person's own."""

from __future__ import annotations

import pytest

from studio.credentials_read import read_credentials
from tests.studio.api.conftest import is_error

ADA, BOB = {"X-Owner": "ada." * 12}, {"X-Owner": "bob." * 12}
SMALL = {"size": "256", "fps": "10"}


@pytest.fixture(scope="module")
def avatar(web, photo_file):
    """Ada's avatar, of which nobody has said whose face it is."""
    form = {"name": "Eileen", "consent": ""}
    with photo_file.open("rb") as image:
        answer = web.post("/api/avatar/upload", files={"image_file": image}, data=form, headers=ADA)
    assert answer.status_code == 201, answer.text
    return answer.json()["image_id"]


def finished(web, session, headers=ADA):
    for _ in range(600):
        status = web.get(f"/status/{session}", headers=headers).raise_for_status().json()
        if status["status"] in ("completed", "failed"):
            assert status["status"] == "completed", status
            return session
    raise AssertionError("it took too long")


@pytest.fixture(scope="module")
def clip(web, avatar):
    fields = {"avatar_id": avatar, "text": "[joy] Good morning.", "consent": "permission", **SMALL}
    return finished(web, web.post("/generate", data=fields, headers=ADA).json()["session_id"])


def names(web, query="", headers=ADA):
    found = web.get("/api/library", params={"query": query}, headers=headers).raise_for_status().json()
    return [item["name"] for item in found]


def test_items_are_found_renamed_deleted_and_brought_back(web, avatar, clip):
    assert names(web) == ["Eileen", "Eileen: Good morning."]
    assert names(web, "MORNING good") == ["Eileen: Good morning."]
    assert names(web, "evening") == []
    renamed = web.patch(f"/api/library/{clip}", json={"name": "For the fair"}, headers=ADA).json()
    assert (renamed["kind"], renamed["name"], renamed["named"]) == ("clip", "For the fair", True)
    assert web.get(f"/api/library/{clip}", headers=ADA).json() == renamed
    assert is_error(web.patch(f"/api/library/{clip}", json={"name": " "}, headers=ADA), 422)
    assert web.delete(f"/api/library/{clip}", headers=ADA).json()["id"] == clip
    assert is_error(web.get(f"/api/library/{clip}", headers=ADA), 404)
    assert is_error(web.get(f"/download/{clip}", headers=ADA), 410)
    assert web.post(f"/api/library/{clip}/restore", headers=ADA).json() == renamed
    assert web.get(f"/download/{clip}", headers=ADA).status_code == 200


def test_a_clip_says_something_else_with_all_else_as_it_was(web, running, avatar, clip):
    answer = web.post(f"/api/library/{clip}/rerender", json={"text": "Good night."}, headers=ADA)
    assert answer.status_code == 202
    other = finished(web, answer.json()["session_id"])
    clips = {each["id"]: each["manifest"] for each in web.get("/api/clips", headers=ADA).json()}
    before, after = clips[clip]["request"], clips[other]["request"]
    assert after["words"]["text"] == "Good night."
    assert {**after, "words": None} == {**before, "words": None}
    assert other in [job["session_id"] for job in web.get("/api/jobs", headers=ADA).json()]
    assert is_error(web.post(f"/api/library/{clip}/rerender", json={"text": "  "}, headers=ADA), 422)
    assert is_error(web.post(f"/api/library/{avatar}/rerender", json={"text": "Hi."}, headers=ADA), 404)


def test_nobody_touches_what_is_somebody_elses(web, clip):
    assert names(web, headers=BOB) == []
    for headers in (BOB, {}):
        assert is_error(web.get(f"/api/library/{clip}", headers=headers), 404)
        assert is_error(web.patch(f"/api/library/{clip}", json={"name": "Mine"}, headers=headers), 404)
        assert is_error(web.delete(f"/api/library/{clip}", headers=headers), 404)
        assert is_error(web.post(f"/api/library/{clip}/restore", headers=headers), 404)
        again = web.post(f"/api/library/{clip}/rerender", json={"text": "Hi."}, headers=headers)
        assert is_error(again, 404)
    assert "Mine" not in names(web)


def test_the_right_to_a_face_is_kept_with_avatar_clip_and_credentials(web, running, avatar, clip, tmp_path):
    (face,) = [each for each in web.get("/api/avatars", headers=ADA).json() if each["id"] == avatar]
    assert face["consent"] == "permission", "said with the first clip, kept with the avatar"
    fields = {"avatar_id": avatar, "text": "Hi.", "consent": "mine", **SMALL}
    finished(web, web.post("/generate", data=fields, headers=ADA).json()["session_id"])
    assert web.get(f"/api/library/{avatar}", headers=ADA).json()["consent"] == "permission"
    path = tmp_path / "clip.mp4"
    path.write_bytes(web.get(f"/download/{clip}", headers=ADA).content)
    assert read_credentials(path, running[0].credentials).consent.right == "permission"
    assert read_credentials(path, running[0].credentials).consent.by == "over the API"


def test_the_right_to_a_picture_that_is_sent_along_is_kept_with_its_clip(web, running, photo_file, tmp_path):
    fields = {"text": "Hi.", "consent": "mine", **SMALL}
    with photo_file.open("rb") as image:
        session = web.post("/generate", data=fields, files={"image": image}, headers=BOB).json()["session_id"]
    finished(web, session, BOB)
    (item,) = web.get("/api/library", headers=BOB).json()
    assert item["consent"] == "mine"
    path = tmp_path / "clip.mp4"
    path.write_bytes(web.get(f"/download/{session}", headers=BOB).content)
    assert read_credentials(path, running[0].credentials).consent.right == "mine"
    again = web.post(f"/api/library/{session}/rerender", json={"text": "Hello."}, headers=BOB)
    assert is_error(again, 422)
    assert "not kept" in again.json()["error"]
    wrong = web.post("/generate", data={**fields, "consent": "stolen", "avatar_id": "imara"}, headers=BOB)
    assert is_error(wrong, 422)
    assert is_error(web.get(f"/download/{session}/credentials", headers=BOB), 404)


def test_a_transparent_clip_hands_out_the_credentials_beside_it(web, running, tmp_path):
    clear = {"avatar_id": "imara", "text": "Hi.", "options": '{"facemesh": {"background": "transparent"}}'}
    session = finished(
        web, web.post("/generate", data={**clear, **SMALL}, headers=BOB).json()["session_id"], BOB
    )
    sidecar = web.get(f"/download/{session}/credentials", headers=BOB)
    assert sidecar.headers["content-type"] == "application/c2pa"
    video = tmp_path / "clip.webm"
    video.write_bytes(web.get(f"/download/{session}", headers=BOB).content)
    video.with_suffix(".c2pa").write_bytes(sidecar.content)
    assert read_credentials(video, running[0].credentials).state == "valid"
    assert is_error(web.get(f"/download/{session}/credentials", headers=ADA), 404)
