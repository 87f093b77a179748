"""Hears which mouth shapes a recording contains, in any language, with a small convolutional network.

The weights are made by ``python -m models.speech2face.train``; running them takes NumPy alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soxr

from engines.errors import StudioError
from engines.speech2face.features import HOP, SAMPLE_RATE, log_mel, normalise, silence
from engines.types import Float32

VISEMES: tuple[str, ...] = (
    "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U",
)  # fmt: skip
"""The 15 mouth shapes, in the order of the columns of ``Posteriors.visemes``."""

HZ = 50.0
WEIGHTS = Path(__file__).resolve().parents[2] / "models" / "speech2face" / "speech2face.npz"

_STRIDE = round(SAMPLE_RATE / HZ / HOP)
_EDGE = 40
"""Frames of silence put before and after the recording: more than the network sees to either side (34)."""
_BLOCK = 1000
"""Frames of the spectrogram that go through the network at once."""


@dataclass(frozen=True)
class Posteriors:
    """How likely each mouth shape is at each moment.

    ``visemes``: (T, 15) float32, rows sum to 1, columns in the order of ``VISEMES``; row i is the time
    i / ``hz`` seconds.
    """

    hz: float
    visemes: Float32


@dataclass(frozen=True)
class Network:
    """Weights of the network, batch normalisation folded in. C channels, L residual layers.

    ``prior``: (40,) see ``features.normalise``. ``stem``: (5 * 40, C) kernel of 5 frames, stride 2;
    ``layers``: (L, 3 * C, C) kernels of 3 frames, ``dilations`` (L,) apart; ``head``: (C, 15).
    """

    prior: Float32
    stem: Float32
    stem_bias: Float32
    layers: Float32
    layer_biases: Float32
    dilations: tuple[int, ...]
    head: Float32
    head_bias: Float32

    def probabilities(self, features: Float32) -> Float32:
        """(ceil(T / 2), 15) class probabilities of (T, 40) normalised features."""
        x = np.maximum(_stack(features, (-2, -1, 0, 1, 2))[::_STRIDE] @ self.stem + self.stem_bias, 0.0)
        for kernel, bias, gap in zip(self.layers, self.layer_biases, self.dilations, strict=True):
            x = x + np.maximum(_stack(x, (-gap, 0, gap)) @ kernel + bias, 0.0)
        return softmax(x @ self.head + self.head_bias)


def softmax(logits: Float32) -> Float32:
    """Probabilities over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def _stack(x: Float32, offsets: tuple[int, ...]) -> Float32:
    """(T, C) -> (T, len(offsets) * C): the neighbours of each frame side by side, zeros beyond the ends."""
    reach = max(offsets)
    padded = np.pad(x, ((reach, reach), (0, 0)))
    return np.hstack([padded[reach + offset : reach + offset + len(x)] for offset in offsets])


def load_network(path: Path) -> Network:
    """Read the weights. Raises StudioError where the file is missing or is not ours."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        dilations = tuple(int(gap) for gap in arrays.pop("dilations"))
        return Network(dilations=dilations, **arrays)
    except (OSError, ValueError, KeyError, TypeError) as error:
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
    return Posteriors(HZ, recognise_with(shipped_network(), resample(samples, sample_rate)))


def resample(samples: Float32, sample_rate: int) -> Float32:
    """(N,) samples to ceil(16000 N / sample_rate) at 16 kHz. Values that are not numbers become silence."""
    clean = np.nan_to_num(samples.astype(np.float32, copy=False), posinf=0.0, neginf=0.0)
    if sample_rate == SAMPLE_RATE or not len(clean):
        return clean
    out = soxr.resample(clean, sample_rate, SAMPLE_RATE, quality="MQ")
    count = -(-len(clean) * SAMPLE_RATE // sample_rate)
    return np.asarray(np.pad(out[:count], (0, max(count - len(out), 0))), np.float32)


def recognise_with(network: Network, samples: Float32) -> Float32:
    """(ceil(N / 320), 15) probabilities of (N,) samples at 16 kHz, computed block by block."""
    edge = silence(_EDGE, network.prior)
    features = np.concatenate([edge, normalise(log_mel(samples), network.prior), edge])
    count = -(-len(samples) // (HOP * _STRIDE))
    out = np.empty((count, len(VISEMES)), np.float32)
    for start in range(0, count, _BLOCK // _STRIDE):
        stop = min(start + _BLOCK // _STRIDE, count)
        part = features[start * _STRIDE : stop * _STRIDE + 2 * _EDGE]
        skip = _EDGE // _STRIDE
        out[start:stop] = network.probabilities(part)[skip : skip + stop - start]
    return out
