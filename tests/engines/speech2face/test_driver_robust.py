"""Sound as people really bring it: music, whispers, telephones, two talkers, too loud, any sample rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import soxr

from engines.progress import Watch
from engines.registry import create_stage, get_engine
from engines.types import Expression, Speech

RATE = 16000
TEXT = "My brother Bob bought a big blue boat. Please move the purple box over to the farm before five!"


def voice(text: str, name: str) -> np.ndarray:
    """(N,) float32 at 16 kHz."""
    engine = get_engine("espeak")
    spoken = create_stage(engine, "voice").speak(text, name, engine.parse_options({}), Watch())
    return soxr.resample(spoken.samples, spoken.sample_rate, RATE).astype(np.float32)


@pytest.fixture(scope="module")
def clean() -> np.ndarray:
    return voice(TEXT, "en-us")


@pytest.fixture(scope="module")
def natural(stage, clean) -> np.ndarray:
    """Opening for the clean voice."""
    return stage.opening(stage.drive(Speech(clean, RATE)))


def music(count: int, seed: int = 0) -> np.ndarray:
    """A slow progression of soft chords and a beat, as under a commercial; unit variance."""
    rng, time = np.random.default_rng(seed), np.arange(count) / RATE
    bar = (time // 1.2).astype(int) % 4
    out = np.zeros(count)
    for ratio in (1.0, 1.26, 1.5, 2.0):
        pitch = 110.0 * ratio * np.array([1.0, 0.89, 0.75, 1.12])[bar]
        out += np.sin(2 * np.pi * np.cumsum(pitch) / RATE) + 0.3 * np.sin(4 * np.pi * np.cumsum(pitch) / RATE)
    out *= np.exp(-(time % 1.2) / 1.5)
    drum = np.exp(-(time % 0.6) / 0.03) * np.sin(2 * np.pi * 70 * (time % 0.6))
    hat = np.exp(-((time + 0.3) % 0.6) / 0.01) * rng.normal(size=count) * 0.3
    out = out + 2.0 * drum + hat
    return out / out.std()


def mixed(speech: np.ndarray, other: np.ndarray, below: float) -> np.ndarray:
    """``other`` so many dB below ``speech``."""
    other = np.resize(other, len(speech))
    return (speech + other / other.std() * speech.std() * 10 ** (-below / 20)).astype(np.float32)


def whispered(speech: np.ndarray) -> np.ndarray:
    """The same sounds excited by noise instead of the voice."""
    _, _, spectrum = scipy.signal.stft(speech, RATE, nperseg=400, noverlap=300)
    envelope = scipy.signal.convolve(np.abs(spectrum), np.hanning(9)[:, None] / 4, mode="same")
    noise = np.random.default_rng(0).normal(size=(2, *spectrum.shape))
    _, out = scipy.signal.istft(envelope * (noise[0] + 1j * noise[1]), RATE, nperseg=400, noverlap=300)
    return out[: len(speech)].astype(np.float32)


def sung(speech: np.ndarray) -> np.ndarray:
    """The same sounds, twice as long, on the notes of a scale with vibrato."""
    _, _, spectrum = scipy.signal.stft(speech, RATE, nperseg=400, noverlap=300)
    envelope = scipy.signal.convolve(np.abs(spectrum), np.hanning(9)[:, None] / 4, mode="same").repeat(
        2, axis=1
    )
    time = np.arange(2 * len(speech)) / RATE
    note = 180.0 * 2 ** (np.array([0, 2, 4, 5, 7, 5, 4, 2])[(time / 0.6).astype(int) % 8] / 12)
    pitch = note * (1 + 0.015 * np.sin(2 * np.pi * 5.5 * time))
    tone = scipy.signal.sawtooth(2 * np.pi * np.cumsum(pitch) / RATE)
    tone += 0.1 * np.random.default_rng(0).normal(size=len(tone))
    _, _, excitation = scipy.signal.stft(tone, RATE, nperseg=400, noverlap=300)
    count = min(envelope.shape[1], excitation.shape[1])
    flat = excitation / (scipy.signal.convolve(np.abs(excitation), np.ones((9, 1)) / 9, mode="same") + 1e-6)
    _, out = scipy.signal.istft(envelope[:, :count] * flat[:, :count], RATE, nperseg=400, noverlap=300)
    return (0.2 * out / out.std()).astype(np.float32)


FORMANTS = {"a": (800, 1200, 2600), "i": (300, 2300, 3000), "u": (320, 800, 2300), "e": (500, 1800, 2550)}


def held(notes: list[tuple[str, float, int]]) -> np.ndarray:
    """Vowels held for seconds on notes (semitones above 180 Hz), with vibrato; quiet around them."""
    counts = [round(seconds * RATE) for _, seconds, _ in notes]
    steps = np.repeat([float(note) for _, _, note in notes], counts)
    pitch = 180.0 * 2 ** (scipy.ndimage.gaussian_filter1d(steps, 0.02 * RATE) / 12)
    pitch *= 1 + 0.015 * np.sin(2 * np.pi * 5.5 * np.arange(len(pitch)) / RATE)
    hum = scipy.signal.sawtooth(2 * np.pi * np.cumsum(pitch) / RATE)
    out, start = np.zeros(len(hum)), 0
    for (vowel, _, _), count in zip(notes, counts, strict=True):
        tone = hum
        for formant in FORMANTS[vowel]:
            poles = [1, -2 * 0.983 * np.cos(2 * np.pi * formant / RATE), 0.983**2]
            tone = scipy.signal.lfilter([sum(poles)], poles, tone)
        during = (np.arange(len(hum)) >= start) & (np.arange(len(hum)) < start + count)
        start += count
        out += tone / tone.std() * scipy.ndimage.gaussian_filter1d(during.astype(float), 0.015 * RATE)
    out = np.pad(0.15 * out, RATE // 2)
    return (out + 0.0005 * np.random.default_rng(0).normal(size=len(out))).astype(np.float32)


def alike(one: np.ndarray, two: np.ndarray) -> float:
    count = min(len(one), len(two))
    return float(np.corrcoef(one[:count], two[:count])[0, 1])


@pytest.mark.parametrize("seed", range(3))
def test_music_alone_leaves_the_mouth_shut(stage, seed):
    motion = stage.drive(Speech((0.1 * music(6 * RATE, seed)).astype(np.float32), RATE))
    assert np.percentile(stage.opening(motion), 95) < 0.02


@pytest.mark.parametrize(("below", "least"), [(20.0, 0.75), (10.0, 0.5)])
def test_music_behind_the_voice(stage, clean, natural, below, least):
    motion = stage.drive(Speech(mixed(clean, music(len(clean)), below), RATE))
    assert alike(stage.opening(motion), natural) > least


def test_noise_40_db_below_changes_next_to_nothing(stage, clean, natural):
    noise = np.random.default_rng(0).normal(size=len(clean))
    assert alike(stage.opening(stage.drive(Speech(mixed(clean, noise, 40.0), RATE))), natural) > 0.9


def test_a_whisper_moves_the_mouth(stage, clean, natural):
    opening = stage.opening(stage.drive(Speech(0.2 * whispered(clean), RATE)))
    assert alike(opening, natural) > 0.45
    assert opening.mean() > 0.5 * natural.mean()


def test_the_telephone_band_is_enough(stage, clean, natural):
    band = scipy.signal.butter(6, (300, 3400), "bandpass", fs=RATE, output="sos")
    telephone = scipy.signal.sosfilt(band, clean).astype(np.float32)
    assert alike(stage.opening(stage.drive(Speech(telephone, RATE))), natural) > 0.6


def test_the_louder_of_two_talkers_is_followed(stage, clean, natural):
    other = voice("I would rather have two hundred green apples than a single orange tonight.", "en-gb-x-rp+f3")
    assert alike(stage.opening(stage.drive(Speech(mixed(clean, other, 15.0), RATE))), natural) > 0.6


def test_clipping_is_endured(stage, clean, natural):
    clipped = np.clip(clean / np.abs(clean).max() * 8.0, -1.0, 1.0).astype(np.float32)
    assert alike(stage.opening(stage.drive(Speech(clipped, RATE))), natural) > 0.6


@pytest.mark.parametrize("rate", [8000, 12000, 22050, 44100, 96000, 192000])
def test_every_sample_rate_gives_the_same_mouth(stage, clean, natural, rate):
    other = soxr.resample(clean, RATE, rate).astype(np.float32)
    assert alike(stage.opening(stage.drive(Speech(other, rate))), natural) > (0.75 if rate < RATE else 0.95)


def test_singing_moves_the_mouth_like_the_words(stage, clean, natural):
    opening = stage.opening(stage.drive(Speech(sung(clean), RATE)))
    slow = np.interp(np.arange(len(opening)) / 2, np.arange(len(natural)), natural)
    assert alike(opening, slow) > 0.4
    assert opening.mean() > 0.5 * natural.mean()
    assert np.abs(np.diff(opening, 2)).mean() < 0.03


@pytest.mark.parametrize("notes", [[0], [0, 4, 7], [7, 5]])
def test_a_held_vowel_keeps_the_mouth_open(stage, notes):
    """For seconds, over changes of pitch, and then it shuts."""
    opening = stage.opening(stage.drive(Speech(held([("a", 2.5, note) for note in notes]), RATE)))
    sung = opening[round(0.7 * 25) : round((0.3 + 2.5 * len(notes)) * 25)]
    assert sung.min() > 0.08
    assert sung.max() < 0.35
    assert np.abs(np.diff(sung, 2)).mean() < 0.01
    assert opening[-3:].max() < 0.02


def test_held_vowels_are_told_apart(stage):
    motion = stage.drive(Speech(held([("a", 2.0, 0), ("i", 2.0, 2), ("u", 2.0, 4), ("e", 2.0, 7)]), RATE))
    opening, pucker = stage.opening(motion), stage.shape(motion, "mouthPucker")
    smile = stage.shape(motion, "mouthStretch")
    a, i, u, e = (slice(round((0.8 + 2 * n) * 25), round((2.2 + 2 * n) * 25)) for n in range(4))
    assert opening[a].min() > max(opening[e].max(), opening[i].max())
    assert min(opening[e].min(), opening[i].min()) > opening[u].max()
    assert pucker[u].min() > 1.5 * max(pucker[a].max(), pucker[i].max(), pucker[e].max())
    assert smile[i].min() > smile[u].max()


def test_a_held_chord_leaves_the_mouth_shut(stage):
    time = np.arange(5 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * 110 * k * ratio * time) / k for ratio in (1, 1.26, 1.5) for k in range(1, 6))
    faded = 0.05 * chord * np.clip(np.minimum(time, 5 - time) / 0.3, 0, 1)
    assert stage.opening(stage.drive(Speech(faded.astype(np.float32), RATE))).max() < 0.06


@pytest.mark.parametrize(
    "kind", ["silence", "whisper", "music", "clipped", "spikes", "constant", "nan", "short"]
)
def test_nothing_is_ever_not_a_number(stage, clean, kind):
    sounds = {
        "silence": np.zeros(3 * RATE),
        "whisper": whispered(clean),
        "music": music(3 * RATE),
        "clipped": np.sign(clean),
        "spikes": np.where(np.arange(3 * RATE) % 4000 == 0, 1.0, 0.0),
        "constant": np.full(3 * RATE, 1.0),
        "nan": np.where(np.arange(len(clean)) % 97 == 0, np.nan, clean),
        "short": clean[:50],
    }
    motion = stage.drive(Speech(sounds[kind].astype(np.float32), RATE), Expression())
    for part in (motion.blendshapes, motion.head, motion.tongue):
        assert np.isfinite(part).all()
    assert motion.blendshapes.min() >= 0.0
    assert motion.blendshapes.max() <= 1.0


def test_a_pause_within_speech_closes_the_mouth_and_a_breath_does_not(stage, clean):
    """0.1 s without sound leaves the lips where they are going; a second and a half shuts them."""
    silent = np.zeros(int(1.5 * RATE), np.float32)
    half = len(clean) // 2
    speech = Speech(np.concatenate([clean[:half], silent, clean[half:]]), RATE)
    opening = stage.opening(stage.drive(replace(speech, text="")))
    start = half / RATE
    pause = opening[int((start + 0.6) * 25) : int((start + 1.3) * 25)]
    assert pause.max() < 0.02
