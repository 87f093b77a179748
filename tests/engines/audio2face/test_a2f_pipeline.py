"""Audio2Face in the one way through: its recipe, what is cached, what is told and stopped on the way."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from engines.cache import Cache
from engines.errors import Cancelled, StudioError
from engines.manager import EngineManager
from engines.pipeline import Pipeline
from engines.progress import Watch
from engines.registry import get_recipe
from engines.requests import making_cost
from engines.types import AvatarRef, EmotionKey, Expression, Output, RenderRequest, Speech, Words
from studio.jobs.timings import JobSize
from tests.engines.audio2face.conftest import put, voice
from tests.engines.audio2face.toy_model import write_regression


@pytest.fixture
def pipeline(tmp_path):
    manager = EngineManager(8 << 30)
    yield Pipeline(manager, Cache(tmp_path / "cache", 1 << 26))
    manager.close()


def asked(**options):
    felt = Expression(emotions=(EmotionKey(0.0, {"joy": 0.7}),))
    return RenderRequest(
        AvatarRef("nobody.png"), Words("Hi"), felt, "audio2face", {"audio2face": options}, Output(25.0)
    )


def test_motion_is_kept_with_the_model_that_made_it(pipeline, model_files, regression_toy, monkeypatch):
    speech, recipe = Speech(voice(1.0), 16_000), get_recipe("audio2face")
    place = put(regression_toy, "Audio2Face-3D-v2.3-Mark", "mark", monkeypatch)
    first, cached = pipeline.move(speech, asked(), recipe)
    again, cached_again = pipeline.move(speech, asked(), recipe)
    assert (cached, cached_again) == (False, True)
    assert np.array_equal(first.blendshapes, again.blendshapes)
    assert len(first) == 25
    shutil.rmtree(place)
    shutil.copytree(write_regression(model_files.parent / "other", seed=9).folder, place)
    other, cached_other = pipeline.move(speech, asked(), recipe)
    assert not cached_other
    assert np.abs(other.blendshapes - first.blendshapes).max() > 0.01


def test_progress_is_told_and_cancel_stops(pipeline, model_files, regression_toy, monkeypatch):
    put(regression_toy, "Audio2Face-3D-v2.3-Mark", "mark", monkeypatch)
    told = []

    def tell(stage, fraction):
        told.append((stage, fraction))
        if fraction > 0.5:
            watch.cancel()

    watch = Watch(tell)
    with pytest.raises(Cancelled):
        pipeline.move(Speech(voice(3.0), 16_000), asked(), get_recipe("audio2face"), watch)
    assert {stage for stage, _ in told} == {"motion"}
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert 0.5 < fractions[-1] < 0.7


def test_a_render_without_a_model_is_refused_before_it_begins(pipeline, model_files, tmp_path):
    with pytest.raises(StudioError, match=r"Audio2Face needs the model\.json"):
        pipeline.render(asked(), tmp_path / "clip.mp4", Watch())


def test_the_wait_grows_with_the_model_and_with_listening():
    mark, v3 = (
        making_cost("audio2face", (), {"audio2face": {"model": name}}) for name in ("mark", "claire_v3")
    )
    heard = making_cost("audio2face", (), {"audio2face": {"model": "mark", "emotions": "heard"}})
    assert mark.second > v3.second > 0
    assert heard.second > 2 * mark.second
    assert making_cost("instant", (), {}).second == 0
    size = JobSize(10.0, 25.0, 1e6, mark)
    assert size.work("motion") == 10 * mark.second
    assert size.units("motion") == 10.0
