"""Where something is missing, what works instead is said; how long it takes is known before."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from engines.errors import StudioError
from engines.liveportrait import files
from engines.requests import check_engines, making_cost
from engines.types import AvatarRef, RenderRequest, Words
from studio.jobs.timings import Timings
from studio.waiting import expected_wait

VISEMA = RenderRequest(AvatarRef("photo.png"), Words("Hello."), recipe="visema")


@pytest.fixture
def models(portrait_models, tmp_path, monkeypatch):
    """A folder of model files to take some away from."""
    copy = tmp_path / "models"
    shutil.copytree(portrait_models, copy)
    monkeypatch.setenv("STUDIO_MODELS", str(copy))
    return copy


def refusal(request):
    with pytest.raises(StudioError) as refused:
        check_engines(request)
    return str(refused.value)


def test_with_both_there_is_nothing_to_say(models):
    check_engines(VISEMA)


def test_without_wav2lip_liveportrait_alone_is_offered(models):
    shutil.rmtree(models / "wav2lip")
    said = refusal(VISEMA)
    assert said.startswith("Wav2Lip needs the model file")
    assert "Ready now: " in said
    assert "Instant" in said.split("Ready now: ")[1]
    assert "LivePortrait" in said.split("Ready now: ")[1]
    check_engines(replace(VISEMA, recipe="liveportrait"))


def test_without_liveportrait_lips_on_the_instant_face_are_offered(models):
    shutil.rmtree(models / "liveportrait")
    said = refusal(VISEMA)
    assert said.startswith("LivePortrait needs 5 model files")
    assert "Instant with Wav2Lip after it" in said
    assert "LivePortrait" not in said.split("Ready now: ")[1]
    check_engines(replace(VISEMA, recipe="instant", finish=("wav2lip",)))


def test_a_long_wait_says_how_much_of_it_comes_once(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "_has_gpu", lambda: False)
    timings = Timings(tmp_path / "timings.json")
    wait = expected_wait(timings, VISEMA)
    assert wait.once > 0.9 * wait.seconds
    assert "only for the first clip of a face and feeling; Instant" in wait.sentence
    assert expected_wait(timings, replace(VISEMA, recipe="liveportrait")).once == 0


def test_the_work_of_a_loop_is_that_of_its_frames_whatever_is_said(monkeypatch):
    monkeypatch.setattr(files, "_has_gpu", lambda: False)
    alone = making_cost("liveportrait", (), {})
    assert alone.frame > 500
    looped = making_cost("visema", (), {"liveportrait": {"loop_seconds": 2.0}})
    assert looped.rehearsal == pytest.approx(25 * alone.frame)
    assert looped.frame < 100
    assert looped.kept
    live = making_cost("visema", (), {"liveportrait": {"performance": "live"}})
    assert live.frame > 500
    assert live.rehearsal == 0
    assert not live.kept
    monkeypatch.setattr(files, "_has_gpu", lambda: True)
    assert making_cost("visema", (), {}).rehearsal == 0
