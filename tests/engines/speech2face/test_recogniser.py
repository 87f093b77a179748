"""The network hears mouth shapes in real sound, whatever its level, rate, length or noise."""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr

from engines.errors import StudioError
from engines.espeak.client import EspeakHelper, Request, Utterance
from engines.espeak.phones import timed_sounds
from engines.progress import Watch
from engines.speech2face.features import HOP, SAMPLE_RATE, log_mel, normalise
from engines.speech2face.phonemes import viseme_segments
from engines.speech2face.recogniser import (
    HZ,
    VISEMES,
    WEIGHTS,
    WINDOW,
    load_network,
    logits,
    recognise,
    recognise_with,
    softmax,
)
from engines.types import Float32, Phone

SENTENCES = (
    ("en-us", "My brother Bob put five big purple boxes under the table before we moved house."),
    ("en-us+f4", "She saw the moon above the river, and very few people were awake to watch it."),
    ("de", "Meine Mutter kauft frisches Brot, und wir möchten später noch darüber sprechen."),
    ("es", "Mañana por la mañana vamos a comprar pan, queso y vino blanco en el pueblo."),
)


def visemes_of(spoken: Utterance, language: str) -> np.ndarray:
    """(T,) what the lips do at each 1/50 s, from the voice's own phone times."""
    sounds, seconds = timed_sounds(spoken), len(spoken.samples) / spoken.sample_rate
    edges = [at / spoken.sample_rate for at in (*sounds.starts, sounds.end)]
    phones = [Phone(*timed) for timed in zip(edges[:-1], edges[1:], sounds.names, strict=True)]
    labels = np.zeros(int(np.ceil(seconds * HZ)), int)
    for segment in viseme_segments(phones, seconds, language):
        labels[round(segment.start * HZ) : round(segment.end * HZ)] = segment.viseme
    return labels


@pytest.fixture(scope="module")
def spoken() -> Iterator[list[tuple[Float32, int, np.ndarray]]]:
    """Samples, rate and true visemes of four sentences in three languages."""
    helper = EspeakHelper()
    said = [(voice, helper.speak(Request(text, voice), Watch())) for voice, text in SENTENCES]
    yield [(u.samples.astype(np.float32) / 32768, u.sample_rate, visemes_of(u, v[:2])) for v, u in said]
    helper.close()


def heard(samples: Float32, sample_rate: int) -> np.ndarray:
    return recognise(samples, sample_rate).visemes.argmax(axis=1)


def agreement(samples: Float32, sample_rate: int, truth: np.ndarray) -> float:
    guess = heard(samples, sample_rate)
    count = min(len(guess), len(truth))
    return float((guess[:count] == truth[:count]).mean())


def test_hears_the_right_mouth_shapes(spoken):
    scores = [agreement(*item) for item in spoken]
    assert min(scores) > 0.55, scores
    assert np.mean(scores) > 0.65, scores


def test_lips_that_must_close_are_heard(spoken):
    closed = VISEMES.index("PP")
    found = []
    for samples, rate, truth in spoken:
        seen = recognise(samples, rate).visemes[:, closed]
        edges = np.flatnonzero(np.diff(np.concatenate([[0], truth == closed, [0]]).astype(int)))
        # Spanish b between vowels barely touches: only closures of 60 ms and more are counted.
        found += [seen[a:b].max() > 0.4 for a, b in edges.reshape(-1, 2) if b - a >= 3]
    assert len(found) >= 12
    assert np.mean(found) > 0.8


@pytest.mark.parametrize("gain", [0.003, 0.1, 0.9])
def test_level_does_not_matter(spoken, gain):
    samples, rate, _ = spoken[0]
    loud = samples / np.abs(samples).max()
    assert (heard(loud * gain, rate) == heard(loud, rate)).mean() > 0.98


def test_telephone_sound_is_understood(spoken):
    for samples, rate, truth in spoken:
        telephone = soxr.resample(samples, rate, 8000)
        assert agreement(telephone.astype(np.float32), 8000, truth) > 0.45


def test_noise_is_tolerated(spoken):
    rng = np.random.default_rng(0)
    for samples, rate, truth in spoken:
        noise = rng.normal(size=len(samples)).astype(np.float32) * samples.std() * 0.1
        assert agreement(samples + noise, rate, truth) > 0.5


def test_rows_follow_the_clock(spoken):
    samples, rate, _ = spoken[0]
    later = np.concatenate([np.zeros(rate, np.float32), samples])
    assert (heard(later, rate)[50:] == heard(samples, rate)).mean() > 0.95
    assert (heard(later, rate)[:45] == VISEMES.index("sil")).all()


def test_speech_between_long_pauses_is_still_speech(spoken):
    samples, rate, truth = spoken[0]
    hiss = np.random.default_rng(1).normal(size=40 * rate).astype(np.float32) * 0.0005
    joined = np.concatenate([hiss, samples, hiss])
    rows = recognise(joined, rate).visemes
    speech = rows[40 * 50 : 40 * 50 + len(truth)].argmax(axis=1)
    assert (speech == truth).mean() > 0.55
    quiet = np.concatenate([rows[: 39 * 50], rows[40 * 50 + len(truth) + 50 :]])
    assert quiet[:, VISEMES.index("sil")].mean() > 0.9


@pytest.mark.parametrize("level", [0.0, 1e-5, 1e-3, 0.1])
def test_silence_and_noise_leave_the_mouth_shut(level):
    noise = np.random.default_rng(2).normal(size=5 * SAMPLE_RATE).astype(np.float32) * level
    assert recognise(noise, SAMPLE_RATE).visemes[:, VISEMES.index("sil")].mean() > 0.9


def test_knocks_are_not_speech():
    rng = np.random.default_rng(4)
    times = np.arange(3000) / SAMPLE_RATE
    samples = np.zeros(6 * SAMPLE_RATE, np.float32)
    for start in rng.integers(0, len(samples) - len(times), 12):
        ring = np.sin(2 * np.pi * rng.uniform(80, 900) * times) * np.exp(-times / rng.uniform(0.005, 0.03))
        samples[start : start + len(times)] += 0.1 * ring
    assert recognise(samples, SAMPLE_RATE).visemes[:, VISEMES.index("sil")].mean() > 0.75


@pytest.mark.parametrize("sample_rate", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("count", [0, 1, 7, 160, 2205, 44101])
def test_any_length_gives_one_row_each_fiftieth_of_a_second(count, sample_rate):
    samples = np.random.default_rng(3).uniform(-0.5, 0.5, count).astype(np.float32)
    got = recognise(samples, sample_rate)
    assert got.hz == 50.0
    assert got.visemes.dtype == np.float32
    assert got.visemes.shape == (np.ceil(count * 50 / sample_rate), 15)
    for shares in (got.visemes, got.lips, got.jaw):
        np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-5)


def test_numbers_that_are_none_become_silence():
    samples = np.full(SAMPLE_RATE, np.nan, np.float32)
    samples[::2] = np.inf
    rows = recognise(samples, SAMPLE_RATE).visemes
    assert (rows.argmax(axis=1) == VISEMES.index("sil")).all()


@pytest.mark.parametrize(("shape", "sample_rate"), [((100, 2), 16000), ((100,), 0), ((100,), -8000)])
def test_what_is_not_mono_sound_is_refused(shape, sample_rate):
    with pytest.raises(ValueError, match="one-dimensional"):
        recognise(np.zeros(shape, np.float32), sample_rate)


def test_blocks_do_not_show(spoken):
    """Long recordings go through in blocks; every row must be as if there were none."""
    network = load_network(WEIGHTS)
    samples = np.concatenate([soxr.resample(s, r, SAMPLE_RATE) for s, r, _ in spoken * 2]).astype(np.float32)
    features = normalise(log_mel(samples), network.prior)
    heard = recognise_with(network, samples)
    assert len(heard.visemes) > 1000
    for first in (300, 700):  # across the joints at rows 500 and 1000
        window = logits(network.runner(), features[2 * first : 2 * first + WINDOW])
        whole = softmax(window.reshape(-1, 3, len(VISEMES)))[40:-40]
        rows = slice(first + 40, first + WINDOW // 2 - 40)
        for head, shares in enumerate((heard.visemes, heard.lips, heard.jaw)):
            np.testing.assert_allclose(shares[rows], whole[:, head], atol=2e-5)


def test_ten_minutes_cost_little_time_and_memory(spoken):
    samples = soxr.resample(spoken[0][0], spoken[0][1], SAMPLE_RATE).astype(np.float32)
    peaks, spent = [], 0.0
    for seconds in (60, 600):
        long = np.resize(samples, seconds * SAMPLE_RATE)
        began = time.process_time()
        tracemalloc.start()
        recognise(long, SAMPLE_RATE)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        spent = time.process_time() - began
    assert spent / 600 < 0.01
    growth = (peaks[1] - peaks[0]) / 540
    assert growth < 3 * SAMPLE_RATE * 4  # less than three copies of the sound itself


def test_a_missing_or_foreign_weight_file_is_explained(tmp_path: Path):
    facts = WEIGHTS.with_suffix(".json").read_text()
    alone, broken, foreign = (tmp_path / f"{name}.onnx" for name in ("alone", "broken", "foreign"))
    alone.write_bytes(WEIGHTS.read_bytes())
    broken.write_bytes(os.urandom(1000))
    broken.with_suffix(".json").write_text(facts)
    foreign.write_bytes(WEIGHTS.read_bytes())
    foreign.with_suffix(".json").write_text(facts.replace("PP", "XX"))
    for path in (tmp_path / "none.onnx", alone, broken, foreign):
        with pytest.raises(StudioError, match="restore the file"):
            load_network(path)


def test_a_tone_lands_in_its_band():
    tone = np.sin(2 * np.pi * 1000 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    mel = log_mel(tone)
    assert mel.shape == (100, 40)
    # 1 kHz is mel 15; bands lie 1.06 mel apart from mel 0.9 on: the thirteenth is nearest.
    assert set(mel[5:-5].argmax(axis=1)) == {12}


def test_a_click_is_at_its_place_in_time():
    samples = np.zeros(SAMPLE_RATE, np.float32)
    samples[50 * HOP] = 1.0
    assert log_mel(samples).sum(axis=1).argmax() == 50
