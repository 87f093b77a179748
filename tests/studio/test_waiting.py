"""How long it takes is said before it begins: from the work of the networks, then from what was measured."""

from __future__ import annotations

import json
import wave
from dataclasses import replace
from types import MappingProxyType

import pytest

from engines import registry
from engines.audio_length import claimed_seconds
from engines.registry import Cost, Engine, Recipe
from engines.requests import making_cost
from engines.types import AvatarRef, FrameSpec, Output, RenderRequest, StageTime, Words
from studio.jobs import speed
from studio.jobs.speed import MachineSpeed
from studio.jobs.timings import FREE, JobSize, Timings, known_size
from studio.waiting import expected_wait, rough

RATE = 50.0
"""GMAC per second of the machine of these tests."""
TEXT = "A sentence of sixty characters takes four seconds to say it." * 2


def cost(options, lips_follow):
    return Cost(photo=100.0, frame=600.0)


def clearing(options, lips_follow):
    return Cost(frame=200.0)


@pytest.fixture
def timings(tmp_path, monkeypatch):
    """Of a machine that never rendered, whose speed is known."""
    monkeypatch.setattr(speed, "_device", lambda: "cpu x2")
    (tmp_path / "machine.json").write_text(json.dumps({"cpu x2": RATE}))
    return Timings(tmp_path / "timings.json")


@pytest.fixture
def request_(monkeypatch):
    """A clip that networks draw."""
    known = dict(registry.all_engines())
    recipe = Recipe("painted", "Painted", "", "espeak", "speech2face", "painter")
    place = f"{__name__}:"
    known["painter"] = Engine(
        "painter", "Painter", "1", {"animator": ""}, "MIT", recipes=(recipe,), cost=place + "cost"
    )
    known["clearer"] = Engine("clearer", "Clearer", "1", {"finisher": ""}, "MIT", cost=place + "clearing")
    monkeypatch.setattr(registry, "all_engines", lambda: MappingProxyType(known))
    return RenderRequest(AvatarRef("face.png"), Words(TEXT), recipe="painted", output=Output(25.0, 512))


def test_a_wait_that_was_never_measured_is_told_from_the_networks_work(timings, request_):
    frames = len(TEXT) / 15 * 25
    wait = expected_wait(timings, request_)
    assert wait.seconds == pytest.approx((100 + 600 * frames) / RATE, rel=0.02)
    assert wait.instead == "instant"
    assert wait.seconds_instead < 10
    more = expected_wait(timings, replace(request_, finish=("clearer",)))
    assert more.seconds / wait.seconds == pytest.approx(800 / 600, rel=0.02)
    assert (
        wait.sentence
        == f"About {round(wait.seconds / 60)} minutes on this machine; Instant takes about "
        + (f"{round(wait.seconds_instead)} seconds.")
    )


def test_what_was_measured_counts_more_and_holds_for_other_sizes_and_options(timings, request_):
    made = making_cost("painted", (), {})
    took = [StageTime("photo", 3.0), StageTime("frames", 400.0), StageTime("encode", 0.5)]
    timings.learn("painted", known_size(FrameSpec(512, 512, 25.0, 100), made), took)
    wait = expected_wait(timings, request_)
    assert wait.seconds == pytest.approx(3 + 4.005 * len(TEXT) / 15 * 25, rel=0.02)
    small = replace(request_, output=Output(25.0, 256))
    assert expected_wait(timings, small).seconds == pytest.approx(wait.seconds, rel=0.02)
    twice = replace(Cost(frame=2 * made.frame), photo=made.photo)
    assert timings.expect("painted", "render", JobSize(4.0, 25.0, 1e6, twice)) == pytest.approx(
        2 * timings.expect("painted", "render", JobSize(4.0, 25.0, 1e6, made))
    )


def test_what_is_drawn_once_and_shown_again_counts_once(timings, request_):
    loop = replace(request_, recipe="visema")
    frames = 4.0 * 12.5 * 617
    short, long = (expected_wait(timings, replace(loop, words=Words(TEXT * many))) for many in (1, 10))
    lips = making_cost("instant", ("wav2lip",), {}).frame
    assert short.seconds == pytest.approx((38 + frames + lips * len(TEXT) / 15 * 25) / RATE, rel=0.05)
    assert long.seconds < 1.3 * short.seconds
    live = replace(loop, options={"liveportrait": {"performance": "live"}})
    assert expected_wait(timings, live).seconds > 3 * short.seconds
    size = replace(JobSize(8.0, 25.0, 1e6), cost=making_cost("visema", (), {}))
    timings.learn("visema", size, [StageTime("rehearse", 300.0)])
    assert timings.expect("visema", "rehearse", replace(size, seconds=80.0)) == pytest.approx(300.0)


def test_twice_the_side_of_a_drawn_face_takes_four_times_as_long(timings, request_):
    small = replace(request_, recipe="sadtalker")
    large = replace(small, options={"sadtalker": {"size": "512"}})
    waits = [expected_wait(timings, each).seconds for each in (small, large)]
    assert waits[1] / waits[0] == pytest.approx(4.0, rel=0.05)


def test_a_short_wait_is_not_worth_a_word(timings, request_):
    instant = replace(request_, recipe="instant")
    assert expected_wait(timings, instant).sentence == ""
    long = expected_wait(timings, replace(instant, words=Words(TEXT * 60)))
    assert long.sentence.endswith(" on this machine.")
    assert long.instead == "", "there is nothing quicker to offer"


def test_the_length_of_a_recording_is_asked_of_its_file(timings, request_, tmp_path):
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 8000 * 40))
    assert claimed_seconds(path) == pytest.approx(40)
    said = replace(request_, words=Words(audio=str(path)))
    assert expected_wait(timings, said).seconds == pytest.approx((100 + 600 * 1000) / RATE, rel=0.02)
    (tmp_path / "none.wav").write_bytes(b"RIFF")
    assert claimed_seconds(tmp_path / "none.wav") is None
    assert claimed_seconds(tmp_path / "absent.wav") is None


def test_this_machine_is_measured_once_and_remembered(tmp_path, monkeypatch):
    path = tmp_path / "machine.json"
    first = MachineSpeed(path).gmacs()
    assert 0.1 < first < 1e6
    assert list(json.loads(path.read_text()).values()) == [first]
    monkeypatch.setattr(speed, "_measured", lambda _: 7.0)
    assert MachineSpeed(path).gmacs() == first
    path.write_text('{"cpu x0": "nonsense"}')
    assert MachineSpeed(path).gmacs() == 7.0
    monkeypatch.setattr(speed, "_device", lambda: "another card")
    monkeypatch.setattr(speed, "_measured", lambda _: 9.0)
    again = MachineSpeed(path)
    assert again.gmacs() == 9.0
    monkeypatch.setattr(speed, "_device", lambda: pytest.fail("asked again, though frames wait for it"))
    assert again.gmacs() == 9.0


def test_without_networks_nothing_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(speed, "_measured", lambda _: pytest.fail("measured"))
    size = JobSize(4.0, 25.0, 1e6, FREE)
    assert Timings(tmp_path / "timings.json").expect("instant", "render", size) == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (7.6, "8 seconds"), (43, "45 seconds"), (100, "2 minutes"), (9000, "2.5 hours")],
)
def test_lengths_of_time_are_as_rough_as_they_are_known(seconds, words):
    assert rough(seconds) == words
