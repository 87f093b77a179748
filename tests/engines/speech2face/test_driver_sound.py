"""Recordings of which only the sound is known."""

from dataclasses import replace

import numpy as np
import pytest
import soxr

from engines.progress import Watch
from engines.registry import create_stage, get_engine
from engines.types import EmotionKey, Expression, Speech

TEXT = "My brother Bob bought a big blue boat. Please move the purple box over to the farm before five!"


@pytest.fixture(scope="module")
def told():
    """Real speech with its phones."""
    engine = get_engine("espeak")
    return create_stage(engine, "voice").speak(TEXT, "en-us", engine.parse_options({}), Watch())


@pytest.fixture(scope="module")
def heard(told):
    """The same as a recording: nothing but the sound."""
    return Speech(told.samples, told.sample_rate)


def noises():
    rng, time = np.random.default_rng(1), np.arange(16000 * 4) / 16000
    return {
        "silence": 0 * time,
        "hiss": 1e-4 * rng.standard_normal(len(time)),
        "wind": 0.05 * rng.standard_normal(len(time)),
        "mains": 0.3 * np.sin(2 * np.pi * 50 * time),
        "organ": sum(0.1 * np.sin(2 * np.pi * f * time) for f in (220, 277, 330)),
        "offset": 0 * time + 0.4,
    }


@pytest.mark.parametrize("name", list(noises()))
def test_what_is_not_speech_does_not_move_the_mouth(stage, name):
    motion = stage.drive(Speech(noises()[name].astype(np.float32), 16000), Expression())
    assert np.ptp(stage.opening(motion)) < 0.002
    assert stage.mouth(motion).max() < 0.01
    assert stage.shape(motion, "eyeBlinkLeft").max() > 0.9


def test_the_mouth_follows_the_sound_as_it_follows_the_phones(stage, told, heard):
    by_phones, by_sound = stage.drive(told), stage.drive(heard)
    assert np.corrcoef(stage.opening(by_phones), stage.opening(by_sound))[0, 1] > 0.6
    pucker = [stage.shape(motion, "mouthPucker") for motion in (by_phones, by_sound)]
    assert np.corrcoef(*pucker)[0, 1] > 0.55


def test_every_p_b_m_of_the_shipped_voice_is_closed(stage, told):
    motion = stage.drive(told)
    for phone in told.phones:
        if phone.ipa and phone.ipa[0] in "pbm":
            shown = stage.window(motion, phone.start - 0.05, phone.end + 0.03)
            assert stage.opening(motion)[shown].min() == 0.0, phone


def test_most_p_b_m_are_heard_and_closed(stage, told, heard):
    motion = stage.drive(heard)
    closed = [
        stage.opening(motion)[stage.window(motion, phone.start - 0.05, phone.end + 0.03)].min() < 0.03
        for phone in told.phones
        if phone.ipa and phone.ipa[0] in "pbm"
    ]
    assert len(closed) >= 12
    assert np.mean(closed) >= 0.75


def test_it_moves_as_much_as_real_mouths_do(stage, heard):
    opening = stage.opening(stage.drive(heard))
    assert 0.04 < opening.mean() < 0.13
    assert 0.12 < np.percentile(opening, 95) < 0.30
    assert 0.008 < np.abs(np.diff(opening, 2)).mean() < 0.055


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000])
def test_the_sample_rate_does_not_matter(stage, heard, rate):
    other = soxr.resample(heard.samples, heard.sample_rate, rate).astype(np.float32)
    one, two = stage.opening(stage.drive(heard)), stage.opening(stage.drive(Speech(other, rate)))
    count = min(len(one), len(two))
    assert np.corrcoef(one[:count], two[:count])[0, 1] > (0.8 if rate == 8000 else 0.95)


@pytest.mark.parametrize("gain", [0.02, 0.2])
def test_a_quiet_recording_moves_the_mouth_as_much_as_a_loud_one(stage, heard, gain):
    quiet = stage.opening(stage.drive(replace(heard, samples=heard.samples * gain)))
    assert quiet.mean() == pytest.approx(stage.opening(stage.drive(heard)).mean(), rel=0.1)


def test_noise_behind_the_voice_does_not_keep_the_mouth_open(stage, heard):
    rng = np.random.default_rng(2)
    pause = np.zeros(heard.sample_rate * 2, np.float32)
    samples = np.concatenate([pause, heard.samples, pause])
    level = 0.08 * np.sqrt((heard.samples**2).mean())
    noisy = Speech((samples + level * rng.standard_normal(len(samples))).astype(np.float32), heard.sample_rate)
    motion = stage.drive(noisy)
    opening = stage.opening(motion)
    assert opening[: int(1.7 * 25)].max() < 0.02
    assert opening[-int(1.7 * 25) :].max() < 0.02
    assert opening[50:-50].mean() > 0.04


def test_a_few_words_in_a_long_silence_are_not_missed(stage, heard):
    pause = np.zeros(heard.sample_rate * 60, np.float32)
    motion = stage.drive(Speech(np.concatenate([pause, heard.samples, pause]), heard.sample_rate))
    spoken = stage.window(motion, 60.0, 60.0 + heard.duration)
    assert stage.opening(motion)[spoken].mean() > 0.04
    assert stage.opening(motion)[: 59 * 25].max() < 0.01


def test_feelings_and_life_work_without_phones(stage, heard):
    joyful = Expression(emotions=(EmotionKey(0.0, {"joy": 0.8}),))
    motion = stage.drive(heard, joyful)
    assert stage.shape(motion, "mouthSmile").mean() > 0.3
    assert stage.shape(motion, "browInnerUp").max() > stage.shape(motion, "browInnerUp").min() + 0.05
    assert motion.head[:, :3].std(axis=0).max() > 0.8


@pytest.mark.parametrize("count", [0, 1, 7, 160, 900])
def test_hardly_any_sound_is_no_error(stage, count):
    motion = stage.drive(Speech(np.full(count, 0.1, np.float32), 16000), Expression())
    assert len(motion) >= 1
    assert np.isfinite(motion.blendshapes).all()
    assert np.isfinite(motion.head).all()


def test_broken_samples_are_silence(stage, heard):
    samples = heard.samples.copy()
    samples[1000:1010] = np.nan
    motion = stage.drive(Speech(samples, heard.sample_rate), Expression())
    assert np.isfinite(motion.blendshapes).all()
    assert stage.opening(motion).mean() > 0.03
