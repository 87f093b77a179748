"""Renders happen in the background, one after the other, and stop when they are told to."""

import shutil
import time
from dataclasses import replace

import av
import pytest

from engines.errors import StudioError
from engines.types import AvatarRef, Output, RenderRequest, Words
from studio.credentials_read import read_credentials

ADA, BOB = "a" * 32, "b" * 32
LONG = "This sentence goes on and on, so that there is time to change one's mind. " * 12


def request(photo_file, text="Hello, my name is Bob.", size=256):
    return RenderRequest(AvatarRef(str(photo_file)), Words(text), output=Output(25.0, size))


def wait_until(studio, owner, job_id, ready, seconds=60.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        view = studio.jobs.view(owner, job_id)
        if ready(view):
            return view
        time.sleep(0.01)
    raise AssertionError(f"It took too long: {view}")


def wait_for(studio, owner, job_id, state):
    return wait_until(studio, owner, job_id, lambda view: view.state == state)


def test_a_job_ends_as_a_clip_in_the_library(studio, photo_file):
    job = studio.jobs.submit(ADA, request(photo_file), "Eileen")
    views = list(studio.jobs.watch(ADA, job))
    assert views[-1].state == "completed"
    fractions = [view.fraction for view in views]
    assert fractions == sorted(fractions)
    assert any(view.seconds_left is not None for view in views if view.stage == "render")
    (clip,) = studio.library.clips(ADA)
    assert clip.manifest["avatar"] == "Eileen"
    assert {time["stage"] for time in clip.manifest["request"] and clip.manifest["times"]} >= {
        "frames",
        "encode",
    }
    with av.open(str(clip.path)) as file:
        assert file.streams.video[0].frames == clip.manifest["frames"]


def test_a_running_job_stops_within_a_second_and_leaves_nothing(studio, photo_file, tmp_path):
    job = studio.jobs.submit(ADA, request(photo_file, LONG), "Eileen")
    wait_until(studio, ADA, job, lambda view: view.stage == "render")
    asked = time.monotonic()
    studio.jobs.cancel(ADA, job)
    wait_for(studio, ADA, job, "cancelled")
    assert time.monotonic() - asked < 1.0
    assert not list((tmp_path / "data" / "clips").rglob("*.mp4"))


def test_a_waiting_job_can_be_cancelled_and_the_next_one_runs(studio, photo_file):
    first = studio.jobs.submit(ADA, request(photo_file, LONG), "one")
    wait_for(studio, ADA, first, "running")
    second = studio.jobs.submit(ADA, request(photo_file), "two")
    third = studio.jobs.submit(BOB, request(photo_file, "Another one."), "three")
    assert [studio.jobs.view(*job).position for job in ((ADA, first), (ADA, second), (BOB, third))] == [0, 1, 2]
    studio.jobs.cancel(ADA, second)
    assert studio.jobs.view(ADA, second).state == "cancelled"
    studio.jobs.cancel(ADA, first)
    wait_for(studio, BOB, third, "completed")
    assert [clip.manifest["avatar"] for clip in studio.library.clips(BOB)] == ["three"]
    assert studio.library.clips(ADA) == ()


def test_a_failure_is_one_sentence(studio, faceless):
    job = studio.jobs.submit(ADA, request(faceless), "nobody")
    view = wait_for(studio, ADA, job, "failed")
    assert view.message.startswith("No face")
    assert "\n" not in view.message


def test_nobody_sees_or_stops_somebody_elses_job(studio, photo_file):
    job = studio.jobs.submit(ADA, request(photo_file, LONG), "Eileen")
    for act in (studio.jobs.view, studio.jobs.cancel):
        with pytest.raises(StudioError):
            act(BOB, job)
    assert studio.jobs.list(BOB) == ()
    studio.jobs.cancel(ADA, job)


def test_the_recording_may_go_away_after_submitting(studio, photo_file, tmp_path):
    wav = studio.speak(ADA, Words("A recorded sentence."), {})
    upload = tmp_path / "upload.wav"
    upload.write_bytes(wav.read_bytes())
    words = Words(audio=str(upload))
    job = studio.jobs.submit(
        ADA, RenderRequest(AvatarRef(str(photo_file)), words, output=Output(25.0, 256)), "E"
    )
    upload.unlink()
    view = wait_for(studio, ADA, job, "completed")
    kept = sorted(path.name for path in view.clip.path.parent.iterdir())
    assert kept == ["clip.mp4", "manifest.json", "recording.wav"], "what it takes to render it again, no more"


def test_a_transparent_clip_is_a_webm_and_the_background_picture_is_copied(studio, photo_file, tmp_path):
    picture = tmp_path / "beach.png"
    shutil.copyfile(photo_file, picture)
    clear, beach = (
        replace(request(photo_file, "Hi.", 192), options={"facemesh": options})
        for options in (
            {"background": "transparent"},
            {"background": "picture", "background_picture": str(picture)},
        )
    )
    jobs = [studio.jobs.submit(ADA, each, "Eileen") for each in (clear, beach)]
    picture.unlink()
    for job in jobs:
        wait_for(studio, ADA, job, "completed")
    over, through = studio.library.clips(ADA)
    assert (through.path.name, over.path.name) == ("clip.webm", "clip.mp4")
    assert [read_credentials(clip.path, studio.credentials).state for clip in (over, through)] == ["valid"] * 2
    kept = {path.name for path in over.path.parent.iterdir()}
    assert kept == {"clip.mp4", "manifest.json", "backdrop0.png"}, "what it takes to render it again, no more"
    assert str(tmp_path) not in (over.path.parent / "manifest.json").read_text("utf-8")
    with av.open(str(through.path)) as file:
        assert file.streams.video[0].metadata["alpha_mode"] == "1"


def test_networks_that_change_the_frames_wait_in_a_lane_of_their_own(photo_file):
    from studio.jobs.machinery import LANES, new_row

    plain = request(photo_file)
    lanes = [
        new_row(ADA, "Eileen", each, vip=False).lane for each in (plain, replace(plain, finish=("gfpgan",)))
    ]
    assert tuple(lanes) == LANES
