"""Jobs outlive the process, keep their order, and can be tried again."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import av
import pytest

from engines.errors import StudioError
from engines.types import AvatarRef, Output, RenderRequest, StageTime, Words
from studio.jobs.timings import Forecast, JobSize, Timings, stages_of
from studio.services import Studio
from studio.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
ADA, BOB = "a" * 32, "b" * 32
KILLS = 20
NURSERY = """
import os, sys, threading, time
from pathlib import Path
import av, cv2, dbos, engines.encode
import engines.espeak.voice, engines.facemesh.animator, engines.speech2face.driver
from studio.services import Studio
from studio.settings import load_settings

def serve(data):
    studio = Studio(load_settings(data=Path(data)))
    studio.sweep()
    studio.jobs.start()
    print("ready", flush=True)
    time.sleep(600)

assert threading.active_count() == 1, "what is forked must not have threads"
for line in sys.stdin:
    word, value = line.split(maxsplit=1)
    if word == "wait":
        os.waitpid(int(value), 0)
        print("gone", flush=True)
    else:
        child = os.fork()
        if not child:
            serve(value.strip())
        print(child, flush=True)
"""
"""Has loaded everything, so that a server of its own begins in no time; it does what the studio does at its
start, without the page."""


def request(photo_file, text="Hello, Bob.", size=224):
    return RenderRequest(AvatarRef(str(photo_file)), Words(text), output=Output(25.0, size))


def wait_until(ready, seconds=90.0):
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "It took too long."
        time.sleep(0.02)


def ended(studio, owner=ADA):
    return all(view.state in ("completed", "failed", "cancelled") for view in studio.jobs.list(owner))


def frames_in(path):
    with av.open(str(path)) as clip:
        return sum(1 for _ in clip.decode(video=0))


def made_at(studio):
    """When each finished clip was written."""
    return {clip.id: clip.path.stat().st_mtime_ns for clip in studio.library.clips(ADA)}


@pytest.fixture
def clerk(tmp_path):
    """A studio that takes jobs in and leaves the work to others."""
    studio = Studio(load_settings(data=tmp_path / "data", render_here=False))
    yield studio
    studio.close()


class Server:
    """A process of its own that works at the jobs of a data folder."""

    def __init__(self, nursery, data):
        self._nursery = nursery
        told = sorted((self._ask("serve", data), nursery.stdout.readline().strip()), key="ready".__eq__)
        assert told[1] == "ready"
        self.number = int(told[0])

    def kill(self):
        os.kill(self.number, signal.SIGKILL)
        assert self._ask("wait", self.number) == "gone"

    def _ask(self, word, value):
        self._nursery.stdin.write(f"{word} {value}\n")
        self._nursery.stdin.flush()
        return self._nursery.stdout.readline().strip()


@pytest.fixture
def nursery():
    """Where servers come from."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", NURSERY], cwd=ROOT, text=True, **pipes)
    yield process
    process.stdin.close()
    process.wait()
    process.stdout.close()


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is of other systems")
@pytest.mark.timeout(480)
def test_nothing_is_lost_however_often_it_is_killed(clerk, nursery, photo_file, tmp_path):
    data, moments = tmp_path / "data", random.Random(11)  # noqa: S311
    warm = clerk.jobs.submit(BOB, request(photo_file), "first")
    start, server = time.monotonic(), Server(nursery, data)
    wait_until(lambda: clerk.jobs.view(BOB, warm).state == "completed")
    usual = time.monotonic() - start
    server.kill()

    texts = [f"This is number {index}, and it goes on for some seconds, as you can hear." for index in range(3)]
    jobs = [clerk.jobs.submit(ADA, request(photo_file, text), text) for text in texts]
    finished: dict[str, int] = {}
    for _ in range(KILLS):
        server = Server(nursery, data)
        time.sleep(moments.uniform(0.0, usual))
        server.kill()
        views = clerk.jobs.list(ADA)
        assert [view.id for view in views] == jobs[::-1], "every job that was accepted is there"
        clips = made_at(clerk)
        assert finished.items() <= clips.items(), "a finished clip is neither lost nor made again"
        finished = clips
    server = Server(nursery, data)
    wait_until(lambda: ended(clerk))
    server.kill()
    assert finished.items() <= made_at(clerk).items()
    for view, text in zip(clerk.jobs.list(ADA), texts[::-1], strict=True):
        assert view.state == "completed", view.message
        assert view.clip.manifest["avatar"] == text
        assert frames_in(view.clip.path) == view.clip.manifest["frames"] > 75
        assert sorted(path.name for path in view.clip.path.parent.iterdir()) == ["clip.mp4", "manifest.json"]
    assert not list((data / "clips").glob("*/.*")), "no working folder is left"


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is of other systems")
def test_a_second_studio_at_the_same_folder_waits_and_takes_over(clerk, nursery, photo_file, tmp_path):
    first, second = Server(nursery, tmp_path / "data"), Server(nursery, tmp_path / "data")
    job = clerk.jobs.submit(ADA, request(photo_file, "Whoever begins this, the other one ends it. " * 4), "x")
    wait_until(lambda: clerk.jobs.view(ADA, job).stage == "render")
    first.kill()
    wait_until(lambda: ended(clerk))
    second.kill()
    view = clerk.jobs.view(ADA, job)
    assert (view.state, frames_in(view.clip.path)) == ("completed", view.clip.manifest["frames"])


def test_a_broken_database_is_one_sentence(photo_file, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "jobs.db").write_bytes(b"no database " * 1000)
    studio = Studio(load_settings(data=tmp_path / "data"))
    with pytest.raises(StudioError, match=r"move jobs\.db out of the data folder") as told:
        studio.jobs.submit(ADA, request(photo_file), "x")
    assert "\n" not in str(told.value)
    studio.close()


def test_fifty_at_once_are_kept_and_done_in_order(studio, photo_file):
    studio.jobs.submit(BOB, request(photo_file), "warm")
    wait_until(lambda: ended(studio, BOB))
    holding = studio.jobs.submit(BOB, request(photo_file, "One moment, please. " * 40, 256), "holds the lane")
    wait_until(lambda: studio.jobs.view(BOB, holding).state == "running")
    jobs = [studio.jobs.submit(ADA, request(photo_file), f"{number:02d}") for number in range(50)]
    assert [studio.jobs.position(ADA, job) for job in jobs] == list(range(1, 51))
    studio.jobs.cancel(BOB, holding)
    seen = set()
    while not ended(studio):
        running = [view.id for view in studio.jobs.list(ADA) if view.state == "running"]
        assert len(running) <= 1, "one heavy job at a time"
        seen.update(running)
        time.sleep(0.05)
    assert [clip.id for clip in reversed(studio.library.clips(ADA))] == jobs
    assert len({view.id for view in studio.jobs.list(ADA) if view.state == "completed"}) == 50


def test_many_people_submit_at_the_same_moment(clerk, photo_file):
    with ThreadPoolExecutor(10) as people:
        jobs = list(people.map(lambda _: clerk.jobs.submit(ADA, request(photo_file), "x"), range(30)))
    assert sorted(clerk.jobs.position(ADA, job) for job in jobs) == list(range(1, 31))


def test_important_ones_go_first_and_each_kind_in_turn(studio, photo_file):
    holding = studio.jobs.submit(BOB, request(photo_file, "One moment, please. " * 40), "holds the lane")
    wait_until(lambda: studio.jobs.view(BOB, holding).state == "running")
    names = ["one", "two", "vip one", "three", "vip two"]
    jobs = {name: studio.jobs.submit(ADA, request(photo_file), name, vip="vip" in name) for name in names}
    order = ["vip one", "vip two", "one", "two", "three"]
    assert [studio.jobs.position(ADA, jobs[name]) for name in order] == [1, 2, 3, 4, 5]
    studio.jobs.cancel(BOB, holding)
    wait_until(lambda: ended(studio))
    assert [clip.manifest["avatar"] for clip in reversed(studio.library.clips(ADA))] == order


def test_history_and_half_files_after_a_restart(photo_file, faceless, tmp_path):
    settings = load_settings(data=tmp_path / "data")
    first = Studio(settings)
    done = first.jobs.submit(ADA, request(photo_file), "done")
    failed = first.jobs.submit(ADA, request(faceless), "failed")
    wait_until(lambda: ended(first))
    running = first.jobs.submit(ADA, request(photo_file, "It ran when the studio stopped. " * 5), "half")
    wait_until(lambda: first.jobs.view(ADA, running).stage == "render")
    first.close()
    work = settings.data / "clips" / ADA / f".{running}.part"
    (work / ".0123.part.npz").write_bytes(b"half")
    abandoned = settings.data / "clips" / ADA / ".feedbeef.part"
    abandoned.mkdir()

    second = Studio(settings)
    second.sweep()
    assert not abandoned.exists()
    assert not list(work.glob(".*"))
    assert [view.id for view in second.jobs.list(ADA)] == [running, failed, done]
    assert second.jobs.view(ADA, done).clip.path.is_file()
    assert second.jobs.view(ADA, failed).message.startswith("No face")
    second.jobs.start()
    wait_until(lambda: second.jobs.view(ADA, running).state == "completed")
    clip = second.jobs.view(ADA, running).clip
    assert frames_in(clip.path) == clip.manifest["frames"]
    second.close()


def test_a_failed_job_can_be_tried_again_and_no_other(studio, photo_file, tmp_path):
    holding = studio.jobs.submit(BOB, request(photo_file, "One moment, please. " * 40), "holds the lane")
    wait_until(lambda: studio.jobs.view(BOB, holding).state == "running")
    job = studio.jobs.submit(ADA, request(photo_file), "x")
    (picture,) = (tmp_path / "data" / "clips" / ADA / f".{job}.part").glob("picture*")
    picture.rename(tmp_path / "lost.png")
    studio.jobs.cancel(BOB, holding)
    wait_until(lambda: ended(studio))
    assert studio.jobs.view(ADA, job).message.startswith("There is no picture")
    (tmp_path / "lost.png").rename(picture)
    studio.jobs.retry(ADA, job)
    wait_until(lambda: ended(studio))
    view = studio.jobs.view(ADA, job)
    assert (view.state, view.message, view.clip.path.is_file()) == ("completed", "", True)
    for owner, other in ((ADA, job), (BOB, holding)):
        with pytest.raises(StudioError, match="Only a job that failed"):
            studio.jobs.retry(owner, other)


def test_a_job_that_takes_too_long_ends_with_a_reason(photo_file, tmp_path):
    studio = Studio(load_settings(data=tmp_path / "data", stage_seconds=0.5))
    job = studio.jobs.submit(ADA, request(photo_file, "This goes on and on, for a while. " * 40, 512), "x")
    wait_until(lambda: ended(studio))
    view = studio.jobs.view(ADA, job)
    assert view.state == "failed"
    assert "longer than the limit" in view.message
    assert "\n" not in view.message
    after = studio.jobs.submit(ADA, request(photo_file), "the next one runs")
    wait_until(lambda: studio.jobs.view(ADA, after).state in ("completed", "failed"))
    studio.close()


def test_time_left_is_learned_and_kept(studio, photo_file, tmp_path):
    path = tmp_path / "data" / "timings.json"
    studio.jobs.submit(ADA, request(photo_file, "This one teaches how long the next one takes.", 256), "x")
    wait_until(lambda: ended(studio))
    learned = json.loads(path.read_text())
    assert {f"instant/{stage}" for stage in ("photo", "voice", "motion", "render", "join")} == set(learned)
    size = JobSize(seconds=10.0, fps=25.0, pixels=512 * 512)
    timings = Timings(path)
    per_megapixel_frame = learned["instant/render"]
    assert timings.expect("instant", "render", size) == pytest.approx(per_megapixel_frame * 250 * 0.262144)
    longer, larger = replace(size, seconds=20.0), replace(size, pixels=1024 * 1024)
    for times, other in ((2, longer), (4, larger)):
        assert timings.expect("instant", "render", other) == times * timings.expect("instant", "render", size)

    forecast = Forecast(timings, request(photo_file))
    forecast.size = size
    shares, lefts = zip(*(forecast.at(stage, 0.0, None) for stage in stages_of("instant", False)), strict=True)
    assert list(shares) == sorted(shares)
    assert list(lefts) == sorted(lefts, reverse=True)
    assert forecast.at("render", 0.5, 40.0)[1] == pytest.approx(20.0, rel=0.1), "its own pace counts most"
    timings.learn("instant", size, [StageTime("frames", 30.0), StageTime("photo", 0.0, cached=True)])
    assert Timings(path).expect("instant", "render", size) > timings.expect("instant", "photo", size)
    assert json.loads(path.read_text())["instant/photo"] == learned["instant/photo"], "the cache tells nothing"
    path.write_text("{ torn")
    assert Timings(path).expect("instant", "render", size) > 0
