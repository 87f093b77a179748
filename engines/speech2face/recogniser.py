"""Hears which mouth shapes a recording contains, in any language, with a small convolutional network.

The weights are made by ``python -m models.speech2face.train``; OpenCV runs them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import soxr

from engines.errors import StudioError
from engines.speech2face.features import HOP, SAMPLE_RATE, held, log_mel, normalise, silence
from engines.types import Float32

VISEMES: tuple[str, ...] = (
    "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U",
)  # fmt: skip
"""The 15 mouth shapes, in the order of the columns of ``Posteriors.visemes``."""

HZ = 50.0
WEIGHTS = Path(__file__).resolve().parents[2] / "models" / "speech2face" / "speech2face.onnx"

_STRIDE = round(SAMPLE_RATE / HZ / HOP)
_EDGE = 40
"""Frames of silence put before and after the recording: more than the network sees to either side (34)."""
_BLOCK = 1000
"""Frames of the spectrogram that go through the network at once."""
WINDOW = _BLOCK + 2 * _EDGE
"""Frames that the network is given at once: a block and what it sees around it."""


@dataclass(frozen=True)
class Posteriors:
    """How likely each mouth shape is at each moment; row i is the time i / ``hz`` seconds.

    All are (T, 15) float32, rows sum to 1, columns in the order of ``VISEMES``. ``visemes``: what is heard.
    ``lips``, ``jaw``: the shares that this sound and its neighbours have in the lips and in the jaw, as
    ``coarticulation.blend`` would give them.
    """

    hz: float
    visemes: Float32
    lips: Float32
    jaw: Float32


@dataclass(frozen=True)
class Network:
    """``prior``: (40,) see ``features.normalise``; ``model``: the bytes of an ONNX file that turns (1, 40, 1,
    ``WINDOW``) features at 100 Hz into (1, 45, 1, ``WINDOW`` / 2) logits: what is heard, lips, jaw."""

    prior: Float32
    model: bytes

    def runner(self) -> cv2.dnn.Net:
        """A copy ready to run; each serves one thread."""
        return cv2.dnn.readNetFromONNX(np.frombuffer(self.model, np.uint8))


def logits(runner: cv2.dnn.Net, features: Float32) -> Float32:
    """(T / 2, 45) of (T, 40) normalised features; T is what the network was made for."""
    runner.setInput(np.ascontiguousarray(features.T, np.float32)[None, :, None])
    return np.asarray(runner.forward()[0, :, 0].T, np.float32)


def softmax(logits: Float32) -> Float32:
    """Probabilities over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def load_network(path: Path, frames: int = WINDOW) -> Network:
    """Read the ONNX file and the .json beside it; the network takes ``frames`` frames at once.

    Raises StudioError where a file is missing or is not ours.
    """
    try:
        facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        network = Network(np.array(facts["prior"], np.float32), path.read_bytes())
        shape = logits(network.runner(), silence(frames, network.prior)).shape
        if tuple(facts["visemes"]) != VISEMES or shape != (frames // _STRIDE, 3 * len(VISEMES)):
            raise ValueError(f"gives {shape}")
        return network
    except (OSError, ValueError, KeyError, TypeError, cv2.error) as error:
        raise StudioError(
            f"The speech recogniser's weights {path} cannot be read; restore the file from the repository."
        ) from error


@cache
def shipped_network() -> Network:
    """The network that comes with the studio, read once."""
    return load_network(WEIGHTS)


def recognise(samples: Float32, sample_rate: int) -> Posteriors:
    """Hear the mouth shapes of a recording.

    ``samples``: (N,) float32 mono in [-1, 1], any N from 0 up; ``sample_rate`` in Hz. Gives
    ceil(50 N / sample_rate) rows. Silence of any level gives "sil". Raises ValueError for other shapes or a
    rate that is not positive.
    """
    if samples.ndim != 1 or sample_rate <= 0:
        raise ValueError("samples must be one-dimensional and sample_rate positive")
    return recognise_with(shipped_network(), resample(samples, sample_rate))


def resample(samples: Float32, sample_rate: int) -> Float32:
    """(N,) samples to ceil(16000 N / sample_rate) at 16 kHz. Values that are not numbers become silence."""
    clean = np.nan_to_num(samples.astype(np.float32, copy=False), posinf=0.0, neginf=0.0)
    if sample_rate == SAMPLE_RATE or not len(clean):
        return clean
    out = soxr.resample(clean, sample_rate, SAMPLE_RATE, quality="MQ")
    count = -(-len(clean) * SAMPLE_RATE // sample_rate)
    return np.asarray(np.pad(out[:count], (0, max(count - len(out), 0))), np.float32)


def recognise_with(network: Network, samples: Float32) -> Posteriors:
    """ceil(N / 320) rows for (N,) samples at 16 kHz, computed block by block."""
    count = -(-len(samples) // (HOP * _STRIDE))
    edge = silence(_EDGE, network.prior)
    after = silence(_EDGE + _BLOCK, network.prior)
    mel = log_mel(samples)
    features = np.concatenate([edge, normalise(mel, network.prior, ~held(mel)), after])
    out = np.empty((count, 3, len(VISEMES)), np.float32)
    runner, skip = network.runner(), _EDGE // _STRIDE
    for start in range(0, count, _BLOCK // _STRIDE):
        stop = min(start + _BLOCK // _STRIDE, count)
        part = logits(runner, features[start * _STRIDE : start * _STRIDE + WINDOW])
        out[start:stop] = softmax(part[skip : skip + stop - start].reshape(-1, 3, len(VISEMES)))
    return Posteriors(HZ, *(np.ascontiguousarray(out[:, head]) for head in range(3)))
