"""Make the training speech, train the network and write speech2face.npz.

    python -m models.speech2face.train --work FOLDER [--minutes 15]

Needs requirements.txt of this folder and the flite program. ``--work`` keeps the synthetic corpus (about
30 MB per hour of speech) for the next run.
"""

from __future__ import annotations

import argparse
import itertools
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from engines.speech2face.features import log_mel, normalise, silence
from engines.speech2face.recogniser import VISEMES, load_network, recognise_with
from models.speech2face import network as net
from models.speech2face.dataset import Corpus, batches, corpus, mean_spectrum, normalised
from models.speech2face.spectral_augmentation import vary_features
from models.speech2face.synthesis import utterances

BATCH, FRAMES = 32, 256
PEAK_RATE, WEIGHT_DECAY, WARM_UP, LABEL_SMOOTHING = 3e-3, 1e-2, 100, 0.05
RARE_CLASS_POWER = 0.35
"""Classes count by their frequency to the power of minus this: rare visemes matter, but not fully."""
EMA = 0.998
VALIDATION_SEED = 9_000


@dataclass(frozen=True)
class Data:
    """Training corpora and, by name, clean validation corpora; all normalised with ``prior``."""

    prior: NDArray[np.float32]
    training: list[Corpus]
    validation: dict[str, Corpus]


def prepare(options: argparse.Namespace) -> Data:
    """Synthesise, or read what an earlier run has synthesised."""
    options.work.mkdir(parents=True, exist_ok=True)
    counts = {"espeak": options.espeak, "flite": options.flite}
    training = [corpus(options.work, k, n, options.copies, options.seed) for k, n in counts.items() if n]
    validation = {kind: corpus(options.work, kind, 100, 0, VALIDATION_SEED) for kind in counts}
    prior = mean_spectrum(training)
    return Data(
        prior,
        [normalised(part, prior) for part in training],
        {kind: normalised(part, prior) for kind, part in validation.items()},
    )


def class_weights(training: list[Corpus]) -> torch.Tensor:
    """(15,) mean one."""
    counts = np.bincount(np.concatenate([part.labels for part in training]), minlength=len(VISEMES)) + 1.0
    weights = (counts.sum() / counts) ** RARE_CLASS_POWER
    return torch.tensor(weights / weights.mean(), dtype=torch.float32)


def train(data: Data, options: argparse.Namespace) -> net.VisemeNet:
    """Cross-entropy, AdamW, cosine schedule over ``options.minutes`` of processor time, averaged weights."""
    torch.manual_seed(options.seed)
    generator = torch.Generator().manual_seed(options.seed)
    model = net.VisemeNet(options.channels)
    averaged = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(EMA), use_buffers=True
    )
    optimiser = torch.optim.AdamW(model.parameters(), PEAK_RATE, weight_decay=WEIGHT_DECAY)
    weights = class_weights(data.training)
    stream = batches(data.training, data.prior, BATCH, FRAMES, np.random.default_rng(options.seed))
    began, report = time.process_time(), 0.1
    for step in itertools.count():
        progress = (time.process_time() - began) / (60 * options.minutes)
        if progress >= 1:
            return averaged.module.eval()
        optimiser.param_groups[0]["lr"] = learning_rate(step, progress)
        features, labels = (torch.from_numpy(array) for array in next(stream))
        logits = model(vary_features(features, generator))
        loss = functional.cross_entropy(
            logits.transpose(1, 2), labels, weight=weights, label_smoothing=LABEL_SMOOTHING
        )
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        averaged.update_parameters(model)
        if progress > report:
            report += 0.1
            scores = {kind: f"{accuracy(averaged, part)[0]:.3f}" for kind, part in data.validation.items()}
            print(f"{progress:4.0%}  step {step}  loss {loss.item():.3f}  {scores}", flush=True)
    raise AssertionError("unreachable")


def learning_rate(step: int, progress: float) -> float:
    """Linear warm-up, then half a cosine down to 0.5 % of the peak."""
    return PEAK_RATE * min(1.0, step / WARM_UP) * (0.5 * (1 + np.cos(np.pi * progress)) + 0.005)


@torch.no_grad()
def accuracy(model: nn.Module, part: Corpus) -> tuple[float, NDArray[np.float64]]:
    """Share of right frames over all, and (15,) per viseme."""
    model.eval()
    confusion = np.zeros((len(VISEMES), len(VISEMES)))
    for index in range(len(part)):
        mel, labels = part.item(index)
        guess = model(torch.from_numpy(mel.astype(np.float32))[None])[0].argmax(1).numpy()
        np.add.at(confusion, (labels, guess), 1)
    return float(confusion.trace() / confusion.sum()), confusion.diagonal() / np.maximum(confusion.sum(1), 1)


@torch.no_grad()
def parity(model: net.VisemeNet, path: Path, prior: NDArray[np.float32], kind: str = "flite") -> float:
    """Largest difference of any probability between torch and the product's NumPy code on ten utterances."""
    worst = 0.0
    shipped = load_network(path)
    edge = silence(40, prior)
    for utterance in utterances(kind, 10, VALIDATION_SEED):
        features = np.concatenate([edge, normalise(log_mel(utterance.samples), prior), edge])
        expected = functional.softmax(model(torch.from_numpy(features)[None])[0], dim=1).numpy()[20:]
        got = recognise_with(shipped, utterance.samples)
        worst = max(worst, float(np.abs(got - expected[: len(got)]).max()))
    return worst


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for the synthetic corpus")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("speech2face.npz"))
    parser.add_argument("--minutes", type=float, default=15.0, help="processor time for training")
    parser.add_argument("--espeak", type=int, default=3000, help="utterances")
    parser.add_argument("--flite", type=int, default=4000, help="utterances")
    parser.add_argument("--copies", type=int, default=2, help="augmented copies of each utterance")
    parser.add_argument("--channels", type=int, default=96)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    options = parse()
    torch.set_num_threads(options.threads)
    data = prepare(options)
    print(f"{sum(part.hours for part in data.training):.1f} h of speech", flush=True)
    model = train(data, options)
    for kind, part in data.validation.items():
        total, each = accuracy(model, part)
        per_class = " ".join(f"{name} {value:.2f}" for name, value in zip(VISEMES, each, strict=True))
        print(f"{kind}: {total:.3f}  {per_class}")
    net.save(model, data.prior, options.out)
    print(f"{options.out.name}: {options.out.stat().st_size} bytes", end=", ")
    print(f"largest difference to torch {parity(model, options.out, data.prior):.1e}")


if __name__ == "__main__":
    main()
