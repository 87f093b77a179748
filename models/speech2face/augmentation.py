"""Makes synthetic speech sound like recordings: other throats, rooms, microphones, noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.ndimage
import scipy.signal
import soxr
from numpy.typing import NDArray

from engines.speech2face.features import SAMPLE_RATE
from engines.speech2face.recogniser import HZ, VISEMES
from models.speech2face.background import background
from models.speech2face.synthesis import Utterance

Samples = NDArray[np.float32]
_SIL = VISEMES.index("sil")


def augmented(utterance: Utterance, babble: Sequence[Samples], rng: np.random.Generator) -> Utterance:
    """A varied copy. ``babble``: speech of others to mix in at times."""
    changed = _pad(_resampled(utterance, rng), rng)
    x = changed.samples / (changed.samples.std() + 1e-6)
    if rng.random() < 0.2:
        x = _breathy(x, rng)
    if rng.random() < 0.5:
        x = _reverberant(x, rng)
    if rng.random() < 0.9:
        x = _noisy(x, babble, rng)
    if rng.random() < 0.1:
        x = np.tanh(x * rng.uniform(0.3, 1.0))
    if rng.random() < 0.3:
        x = _low_pass(x, rng)
    gain = 0.1 * 10 ** rng.uniform(-1.5, 0.5)
    return Utterance((x * gain).astype(np.float32), changed.labels)


def noise_only(rng: np.random.Generator) -> Utterance:
    """Two to five seconds without any speech."""
    count = int(SAMPLE_RATE * rng.uniform(2, 5))
    x = background(count, rng) * 10 ** rng.uniform(-4, -1)
    return Utterance(x.astype(np.float32), np.full(int(np.ceil(count / SAMPLE_RATE * HZ)), _SIL, np.int8))


def _resampled(utterance: Utterance, rng: np.random.Generator) -> Utterance:
    """Played 20 % faster or slower: pitch, throat length and rate change together."""
    speed = float(np.exp(rng.uniform(-0.2, 0.2)))
    x = soxr.resample(utterance.samples, SAMPLE_RATE * speed, SAMPLE_RATE, quality="LQ")
    source = (np.arange(int(np.ceil(len(x) / SAMPLE_RATE * HZ))) * speed).astype(int)
    return Utterance(x.astype(np.float32), utterance.labels[np.minimum(source, len(utterance.labels) - 1)])


def _pad(utterance: Utterance, rng: np.random.Generator) -> Utterance:
    """Up to 0.8 s of silence before and after, at times cutting the synthesiser's own."""
    before, after = (int(rng.integers(0, 40)) if rng.random() < 0.7 else 0 for _ in range(2))
    step = round(SAMPLE_RATE / HZ)
    samples = np.pad(utterance.samples, (before * step, 0))
    labels = np.pad(utterance.labels, (before, after), constant_values=_SIL)
    return Utterance(np.pad(samples, (0, max(len(labels) * step - len(samples), 0))), labels)


def _breathy(x: Samples, rng: np.random.Generator) -> Samples:
    """Replace part of the voice by noise with the same envelope, up to a whisper."""
    _, _, spectrum = scipy.signal.stft(x, SAMPLE_RATE, nperseg=400, noverlap=240)
    envelope = scipy.ndimage.gaussian_filter1d(np.abs(spectrum), 4.0, axis=0)
    noise = rng.normal(size=spectrum.shape) + 1j * rng.normal(size=spectrum.shape)
    _, whisper = scipy.signal.istft(envelope * noise, SAMPLE_RATE, nperseg=400, noverlap=240)
    share = rng.uniform(0.1, 1.0)
    return (1 - share) * x + share * np.resize(whisper, len(x)).astype(np.float32)


def _reverberant(x: Samples, rng: np.random.Generator) -> Samples:
    times = np.arange(int(SAMPLE_RATE * rng.uniform(0.05, 0.4)))
    tail = rng.normal(size=len(times)) * np.exp(-times / (SAMPLE_RATE * rng.uniform(0.02, 0.12)))
    tail *= rng.uniform(0.05, 0.7) / np.sqrt(np.square(tail).sum())
    tail[0] = 1.0
    return scipy.signal.fftconvolve(x, tail.astype(np.float32))[: len(x)]


def _noisy(x: Samples, babble: Sequence[Samples], rng: np.random.Generator) -> Samples:
    """Noise 4 to 40 dB below the speech, or three other talkers 8 to 40 dB below."""
    if rng.random() < 0.8:
        noise, lowest = background(len(x), rng), 4.0
    else:
        talkers = [babble[rng.integers(len(babble))] for _ in range(3)]
        noise, lowest = np.sum([np.resize(talker, len(x)) for talker in talkers], axis=0), 8.0
    return x + noise / (noise.std() + 1e-6) * 10 ** (-rng.uniform(lowest, 40) / 20)


def _low_pass(x: Samples, rng: np.random.Generator) -> Samples:
    """Telephone and cheap microphones: nothing above 3.3 to 6.5 kHz, at times nothing below 100 to 400 Hz."""
    filters = [scipy.signal.butter(8, rng.uniform(3300, 6500), fs=SAMPLE_RATE, output="sos")]
    if rng.random() < 0.4:
        filters.append(scipy.signal.butter(2, rng.uniform(100, 400), "high", fs=SAMPLE_RATE, output="sos"))
    return scipy.signal.sosfilt(np.vstack(filters), x)
