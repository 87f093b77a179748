"""Live sound: fed in pieces of any size, heard in time, and heard right."""

from __future__ import annotations

import numpy as np
import pytest

from engines.espeak.client import EspeakHelper, Request
from engines.progress import Watch
from engines.speech2face.live import LOOK_AHEAD, LiveRecogniser
from engines.speech2face.recogniser import VISEMES, recognise

TEXT = "My brother Bob put five big purple boxes under the table before we moved house."


@pytest.fixture(scope="module")
def spoken():
    """Samples and rate of two sentences with pauses."""
    helper = EspeakHelper()
    said = helper.speak(Request(TEXT, "en-us"), Watch())
    helper.close()
    samples = said.samples.astype(np.float32) / 32768
    pause = np.zeros(said.sample_rate, np.float32)
    return np.concatenate([pause, samples, pause, samples]), said.sample_rate


def fed(samples: np.ndarray, rate: int, size: int) -> np.ndarray:
    stream = LiveRecogniser(rate)
    starts = range(0, len(samples), size)
    return np.concatenate(
        [stream.hear(samples[start : start + size], last=start + size >= len(samples)).jaw for start in starts]
    )


@pytest.mark.parametrize("size", [160, 777, 4096, 50_000])
def test_the_size_of_the_pieces_does_not_matter(spoken, size):
    samples, rate = spoken
    whole = fed(samples, rate, len(samples))
    assert abs(len(whole) - len(samples) / rate * 50) < 2
    np.testing.assert_allclose(fed(samples, rate, size), whole, atol=1e-4)


def test_every_moment_is_heard_at_most_120_ms_later(spoken):
    samples, rate = spoken
    stream, latest = LiveRecogniser(rate), 0.0
    for start in range(0, len(samples) - 220, 220):  # 10 ms
        waiting = (start + 220) / rate - stream.time
        stream.hear(samples[start : start + 220])
        latest = max(latest, (start + 220) / rate - stream.time) if waiting > 0.1 else latest
    assert 0.09 < LOOK_AHEAD <= 0.12
    # Rows come every 20 ms; the resampler holds a few more back.
    assert latest <= 0.12 + 0.03


def test_live_sound_is_heard_nearly_as_well_as_a_recording(spoken):
    samples, rate = spoken
    stream = LiveRecogniser(rate)
    live = stream.hear(samples, last=True).visemes.argmax(axis=1)
    whole = recognise(samples, rate).visemes.argmax(axis=1)
    count = min(len(live), len(whole))
    assert (live[:count] == whole[:count]).mean() > 0.65


@pytest.mark.parametrize("level", [0.0, 1e-4, 1e-3])
def test_a_quiet_room_is_silence(level):
    noise = np.random.default_rng(0).normal(size=48_000).astype(np.float32) * level
    heard = LiveRecogniser(16_000).hear(noise, last=True).visemes
    assert heard[:, VISEMES.index("sil")].mean() > 0.8


def test_an_hour_needs_no_more_memory_than_a_minute(spoken):
    samples, rate = spoken
    stream = LiveRecogniser(rate)
    for _ in range(12):
        stream.hear(samples)
    assert stream.held < 40 * (1250 + 300) + rate


def test_no_sound_and_broken_sound_are_no_error():
    stream = LiveRecogniser(44_100)
    assert stream.hear(np.zeros(0, np.float32)).visemes.shape == (0, 15)
    heard = stream.hear(np.full(44_100, np.nan, np.float32), last=True)
    assert np.isfinite(heard.lips).all()
    with pytest.raises(ValueError, match="positive"):
        LiveRecogniser(0)
