"""Utterances turned into one table of spectra and labels, kept on disk between runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.speech2face.features import (
    BANDS,
    active_sum,
    log_mel,
    loudness,
    normalise,
    normalise_past,
    silence,
    speech_level,
)
from engines.speech2face.recogniser import VISEMES
from models.speech2face.augmentation import augmented, noise_only
from models.speech2face.coarticulated import coarticulated
from models.speech2face.synthesis import Utterance, utterances

NO_SHARES = np.zeros((0, 2 * len(VISEMES)), np.float16)
_BABBLE = 40
_NOISE_ONLY_SHARE = 0.05
_SIL = VISEMES.index("sil")


@dataclass(frozen=True)
class Corpus:
    """``spectra``: (T, 40) float16; ``labels``: (T / 2,) int8; ``bounds``: first row of ``spectra`` of each
    utterance and the end. Every utterance has an even number of rows. ``shares``: (T / 2, 30) float16, see
    ``coarticulated``; only in normalised corpora."""

    spectra: NDArray[np.float16]
    labels: NDArray[np.int8]
    bounds: NDArray[np.int64]
    shares: NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def item(self, index: int) -> tuple[NDArray[np.float16], NDArray[np.int8]]:
        """Spectrum and labels of one utterance."""
        start, stop = self.bounds[index], self.bounds[index + 1]
        return self.spectra[start:stop], self.labels[start // 2 : stop // 2]

    @property
    def hours(self) -> float:
        return len(self.spectra) / 360_000


def _pack(rows: Iterator[tuple[NDArray[np.float16], NDArray[np.int8]]]) -> Corpus:
    spectra, labels = zip(*rows, strict=True)
    bounds = np.cumsum([0] + [len(part) for part in spectra])
    return Corpus(np.concatenate(spectra), np.concatenate(labels), bounds, NO_SHARES)


def _even(utterance: Utterance) -> tuple[NDArray[np.float16], NDArray[np.int8]]:
    """Log-mel spectrum and labels of the same length in time."""
    spectrum = log_mel(utterance.samples)
    count = min(len(spectrum) // 2, len(utterance.labels))
    return spectrum[: 2 * count].astype(np.float16), utterance.labels[:count]


def _varied(kind: str, count: int, copies: int, seed: int) -> Iterator[Utterance]:
    """``copies`` augmented versions of each utterance and some noise; with no copies, the clean ones."""
    rng = np.random.default_rng([seed, len(kind)])
    babble = [utterance.samples for utterance in utterances(kind, _BABBLE, seed + 1)]
    for utterance in utterances(kind, count, seed):
        if not copies:
            yield utterance
        for _ in range(copies):
            yield augmented(utterance, babble, rng)
            if rng.random() < _NOISE_ONLY_SHARE:
                yield noise_only(rng)


def corpus(folder: Path, kind: str, count: int, copies: int, seed: int) -> Corpus:
    """Log-mel corpus of one synthesiser, from ``folder`` if it was made before."""
    path = folder / f"{kind}-{count}-{copies}-{seed}.npz"
    if not path.exists():
        made = _pack(_even(utterance) for utterance in _varied(kind, count, copies, seed))
        np.savez(path, spectra=made.spectra, labels=made.labels, bounds=made.bounds)
    with np.load(path, allow_pickle=False) as stored:
        return Corpus(stored["spectra"], stored["labels"], stored["bounds"], NO_SHARES)


def mean_spectrum(corpora: list[Corpus]) -> NDArray[np.float32]:
    """(40,) mean of the active frames relative to the level of their utterance: the front end's prior."""
    total, frames = np.zeros(BANDS), 0
    for part in corpora:
        for index in range(len(part)):
            mel, labels = part.item(index)
            if not labels.any():
                continue
            power = loudness(mel.astype(np.float32))
            summed, count = active_sum(mel.astype(np.float32), power, speech_level(power))
            total, frames = total + summed, frames + count
    return (total / frames).astype(np.float32)


def normalised(part: Corpus, prior: NDArray[np.float32], live: bool = False) -> Corpus:
    """The same corpus with the front end's normalisation and with the shares of co-articulation."""
    items = [part.item(index) for index in range(len(part))]
    front = normalise_past if live else normalise
    packed = _pack((front(mel.astype(np.float32), prior).astype(np.float16), y) for mel, y in items)
    shares = np.concatenate([coarticulated(labels).astype(np.float16) for _, labels in items])
    return replace(packed, shares=shares)


@dataclass(frozen=True)
class Batch:
    """``features``: (B, T, 40); ``labels``: (B, T / 2) viseme indices; ``shares``: (B, T / 2, 30)."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    shares: NDArray[np.float32]


def _quiet_batch(prior: NDArray[np.float32], size: int, frames: int) -> Batch:
    """Digital silence."""
    shares = np.zeros((size, frames // 2, 2, len(VISEMES)), np.float32)
    shares[..., _SIL] = 1.0
    return Batch(
        np.tile(silence(frames, prior), (size, 1, 1)),
        np.full((size, frames // 2), _SIL, np.int64),
        shares.reshape(size, frames // 2, -1),
    )


def batches(
    corpora: list[Corpus], prior: NDArray[np.float32], size: int, frames: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """Endless batches of windows of ``frames`` rows anywhere in the corpora, silence after their ends."""
    weights = np.array([len(part.spectra) for part in corpora], float)
    while True:
        batch = _quiet_batch(prior, size, frames)
        for row, which in enumerate(rng.choice(len(corpora), size, p=weights / weights.sum())):
            part = corpora[which]
            index = int(rng.integers(len(part)))
            first, last = part.bounds[index] // 2, part.bounds[index + 1] // 2
            start = first + int(rng.integers(0, max(1, last - first - frames // 2 + 1)))
            stop = min(start + frames // 2, last)
            batch.features[row, : 2 * (stop - start)] = part.spectra[2 * start : 2 * stop]
            batch.labels[row, : stop - start] = part.labels[start:stop]
            batch.shares[row, : stop - start] = part.shares[start:stop]
        yield batch
