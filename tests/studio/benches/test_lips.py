"""The bench of the lips, on clips whose lips are known because the text made them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soxr

from engines.errors import StudioError
from engines.progress import Watch
from engines.registry import create_stage, get_engine
from engines.speech2face import Speech2FaceOptions
from engines.speech2face.driver import create
from engines.types import Phone
from models.speech2face import lipcurves
from studio.benches import lips_words
from studio.benches.lips_clips import ONLY_MOUTH, clip_rows
from studio.benches.lips_motion import motion_rows, share_met, statistics

TEXTS = (
    "Please move the purple box over to the farm before five, and bring the blue one back to me.",
    "Who would have thought that five small shops could make such a difference to a quiet village?",
)
DELAY = 0.12
"""Seconds by which picture and sound of the clips are apart."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips whose pictures come ``DELAY`` after their sound."""
    out = tmp_path_factory.mktemp("clips")
    engine = get_engine("espeak")
    voice = create_stage(engine, "voice")
    for index, text in enumerate(TEXTS):
        told = voice.speak(text, "en-us", engine.parse_options({}), Watch())
        shapes = create().drive(told, ONLY_MOUTH, 25.0, Speech2FaceOptions()).blendshapes
        sound = soxr.resample(told.samples, told.sample_rate, 16000)
        np.savez(
            out / f"clip_{index}.npz",
            audio16k=(sound * 32767).astype(np.int16),
            t=np.arange(len(shapes)) / 25 + DELAY,
            opening=lipcurves.opening(shapes),
            width=lipcurves.width(shapes),
            av_offset_ms=np.int32(DELAY * 1000),
        )
    return out


def test_the_driver_follows_lips_better_than_loudness(folder, monkeypatch):
    monkeypatch.setattr(lips_words, "available", lambda: False)
    rows = {row.name: row.value for row in clip_rows(folder)}
    assert rows["human clips"] == 2
    assert rows["as shipped: opening"] > 0.6
    assert rows["as shipped: width"] > 0.6
    assert rows["as shipped: opening"] > rows["loudness: opening"] + 0.1
    assert rows["  opening, lowest clip"] <= rows["as shipped: opening"] <= rows["  opening, highest clip"]
    assert "PocketSphinx words: opening" not in rows


def test_words_are_compared_where_the_package_is_installed(folder):
    pytest.importorskip("pocketsphinx", reason="an optional comparison")
    rows = {row.name: row.value for row in clip_rows(folder)}
    assert rows["PocketSphinx words: opening"] > 0.3


def test_a_folder_without_clips_is_explained(tmp_path):
    with pytest.raises(StudioError, match="STUDIO_LIPS"):
        clip_rows(tmp_path)


def test_statistics_are_those_of_the_curves():
    opening = np.tile(np.array([0.0, 0.1, 0.2, 0.1], np.float32), 25)
    seen = statistics(opening, np.array([-0.05, 0.05], np.float32))
    assert seen.mean == pytest.approx(0.1)
    assert seen.closed == pytest.approx(0.25)
    assert seen.width == pytest.approx(0.05)
    assert seen.jitter == pytest.approx(0.1, rel=0.05)


def test_closures_count_where_the_lips_meet():
    opening = np.full(50, 0.1, np.float32)
    opening[25] = 0.0
    phones = (Phone(0.98, 1.04, "m"), Phone(0.3, 0.4, "p"), Phone(1.5, 1.6, "a"))
    assert share_met(opening, phones, "pbm", 0.03) == pytest.approx(0.5)


def test_the_studios_own_voice_moves_the_mouth_as_people_do():
    rows = {row.name: row.value for row in motion_rows()}
    for title in ("text", "recording"):
        assert 0.06 <= rows[f"{title}: opening, mean"] <= 0.13
        assert 0.13 <= rows[f"{title}: opening, 95th percentile"] <= 0.30
        assert 0.05 <= rows[f"{title}: closed share"] <= 0.45
        assert 0.025 <= rows[f"{title}: width, deviation"] <= 0.07
        assert 0.008 <= rows[f"{title}: jitter of the opening"] <= 0.045
    assert rows["text: P B M closed"] >= 0.95
    assert rows["text: F V touching"] >= 0.90
    assert rows["recording: P B M closed"] >= 0.75
