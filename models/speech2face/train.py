"""Make the training speech, train both networks and write speech2face.onnx and speech2face_live.onnx.

    python -m models.speech2face.train [--work FOLDER] [--only recordings]

Every step is fixed by the seed: on the same kind of machine a second run writes the same bytes. Needs
requirements.txt of this folder, the flite and festival programs and festival's voices (see MODEL_CARD.md).
``--work`` keeps the synthetic corpus (about 30 MB per hour of speech) for the next run.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from engines.speech2face.features import BANDS, silence
from engines.speech2face.live import LIVE_WEIGHTS, LIVE_WINDOW
from engines.speech2face.recogniser import VISEMES, WEIGHTS, WINDOW, load_network, logits, softmax
from models.speech2face import network as net
from models.speech2face.criterion import Criterion
from models.speech2face.dataset import Batch, Corpus, batches, corpus, mean_spectrum, normalised
from models.speech2face.spectral_augmentation import vary_features

BATCH, FRAMES = 32, 256
PEAK_RATE, WEIGHT_DECAY, WARM_UP = 3e-3, 1e-2, 100
SECOND, MOUTH_LATER = 0.6, 0.3
"""Share of the steps after which the sounds heard matter most, and the weight of the mouth's movement from then
on: words can be placed in time only by sounds that are told apart well."""
RARE_CLASS_POWER = 0.35
"""Classes count by their frequency to the power of minus this: rare visemes matter, but not fully."""
EMA = 0.998
VALIDATION_SEED = 9_000
WORK = Path(__file__).resolve().parents[1] / "downloads" / "speech2face"
STEPS = {"recordings": 12_000, "live": 3_000}
"""Of each network."""


@dataclass(frozen=True)
class Data:
    """Training corpora and, by name, clean validation corpora; all normalised with ``prior``."""

    prior: NDArray[np.float32]
    training: list[Corpus]
    validation: dict[str, Corpus]


def prepare(options: argparse.Namespace, live: bool) -> Data:
    """Synthesise, or read what an earlier run has synthesised."""
    options.work.mkdir(parents=True, exist_ok=True)
    counts = {"espeak": options.espeak, "flite": options.flite, "festival": options.festival}
    training = [corpus(options.work, k, n, options.copies, options.seed) for k, n in counts.items() if n]
    validation = {kind: corpus(options.work, kind, 100, 0, VALIDATION_SEED) for kind in counts}
    for name, part in zip(counts, training, strict=False):
        print(
            f"{name}: {part.hours:.1f} h, {digest(part.spectra.tobytes() + part.labels.tobytes())}", flush=True
        )
    prior = mean_spectrum(training)
    return Data(
        prior,
        [normalised(part, prior, live) for part in training],
        {kind: normalised(part, prior, live) for kind, part in validation.items()},
    )


def digest(content: bytes) -> str:
    """The first 12 letters of the SHA-256, to compare two runs."""
    return hashlib.sha256(content).hexdigest()[:12]


def class_weights(training: list[Corpus]) -> torch.Tensor:
    """(15,) mean one."""
    counts = np.bincount(np.concatenate([part.labels for part in training]), minlength=len(VISEMES)) + 1.0
    weights = (counts.sum() / counts) ** RARE_CLASS_POWER
    return torch.tensor(weights / weights.mean(), dtype=torch.float32)


def train(data: Data, live: bool, steps: int, options: argparse.Namespace) -> net.VisemeNet:
    """Cross-entropy, AdamW, cosine schedule over ``steps``, averaged weights."""
    torch.manual_seed(options.seed)
    model = net.VisemeNet(options.channels, live=live)
    averaged = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(EMA), use_buffers=True
    )
    optimiser = torch.optim.AdamW(model.parameters(), PEAK_RATE, weight_decay=WEIGHT_DECAY)
    criterion = Criterion(class_weights(data.training))
    for step, (features, batch) in zip(range(steps), _varied(data, options.seed), strict=False):
        progress = step / steps
        optimiser.param_groups[0]["lr"] = learning_rate(step, progress)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(features)
        loss = criterion(logits.float(), batch, 1.0 if progress < SECOND else MOUTH_LATER)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        averaged.update_parameters(model)
        if (step + 1) % max(steps // 10, 1) == 0:
            scores = {kind: f"{accuracy(averaged, part)[0]:.3f}" for kind, part in data.validation.items()}
            print(f"step {step + 1}  loss {loss.item():.3f}  {scores}", flush=True)
    return averaged.module.eval()


def _varied(data: Data, seed: int) -> Iterator[tuple[torch.Tensor, Batch]]:
    """Endless batches, their features varied."""
    generator = torch.Generator().manual_seed(seed)
    for batch in batches(data.training, data.prior, BATCH, FRAMES, np.random.default_rng(seed)):
        yield vary_features(torch.from_numpy(batch.features), generator), batch


def learning_rate(step: int, progress: float) -> float:
    """Linear warm-up, then half a cosine down to 0.5 % of the peak; the same from half the peak when ``SECOND``
    begins."""
    first = progress < SECOND
    share = progress / SECOND if first else (progress - SECOND) / (1 - SECOND)
    cosine = 0.5 * (1 + np.cos(np.pi * share)) + 0.005
    return PEAK_RATE * (1.0 if first else 0.5) * min(1.0, step / WARM_UP) * cosine


@torch.no_grad()
def accuracy(model: nn.Module, part: Corpus) -> tuple[float, NDArray[np.float64]]:
    """Share of right frames over all, and (15,) per viseme."""
    model.eval()
    confusion = np.zeros((len(VISEMES), len(VISEMES)))
    for index in range(len(part)):
        mel, labels = part.item(index)
        guess = model(torch.from_numpy(mel.astype(np.float32))[None])[0, :, : len(VISEMES)].argmax(1).numpy()
        np.add.at(confusion, (labels, guess), 1)
    return float(confusion.trace() / confusion.sum()), confusion.diagonal() / np.maximum(confusion.sum(1), 1)


@torch.no_grad()
def parity(model: net.VisemeNet, path: Path, prior: NDArray[np.float32]) -> float:
    """Largest difference of any probability between torch and the shipped file, on noise and silence."""
    frames = LIVE_WINDOW if model.live else WINDOW
    runner, worst = load_network(path, frames).runner(), 0.0
    for seed in range(10):
        noise = np.random.default_rng(seed).normal(size=(frames, BANDS)).astype(np.float32)
        features = np.where(np.arange(frames)[:, None] % 200 < 150, noise, silence(frames, prior))
        expected = model(torch.from_numpy(features)[None])[0].view(-1, net.HEADS, len(VISEMES))
        got = softmax(logits(runner, features).reshape(-1, net.HEADS, len(VISEMES)))
        worst = max(worst, float(np.abs(got - functional.softmax(expected, dim=2).numpy()).max()))
    return worst


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK, help="folder for the synthetic corpus")
    parser.add_argument("--out", type=Path, default=WEIGHTS.parent, help="folder for the networks")
    parser.add_argument("--only", choices=STEPS, help="train one of the two networks")
    parser.add_argument("--steps", type=int, help="instead of the usual number")
    parser.add_argument("--espeak", type=int, default=3000, help="utterances")
    parser.add_argument("--flite", type=int, default=3000, help="utterances")
    parser.add_argument("--festival", type=int, default=2200, help="utterances")
    parser.add_argument("--copies", type=int, default=2, help="augmented copies of each utterance")
    parser.add_argument("--channels", type=int, default=96)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def make(live: bool, steps: int, options: argparse.Namespace) -> Path:
    """Train one network and write its file."""
    data = prepare(options, live)
    model = train(data, live, steps, options)
    for kind, part in data.validation.items():
        total, each = accuracy(model, part)
        per_class = " ".join(f"{name} {value:.2f}" for name, value in zip(VISEMES, each, strict=True))
        print(f"{kind}: {total:.3f}  {per_class}")
    path: Path = options.out / (LIVE_WEIGHTS if live else WEIGHTS).name
    net.save(model, data.prior, path, LIVE_WINDOW if live else WINDOW)
    print(f"largest difference to torch {parity(model, path, data.prior):.1e}")
    return path


def main() -> None:
    options = parse()
    # One thread and fixed algorithms add numbers in the same order every time.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    options.out.mkdir(parents=True, exist_ok=True)
    for kind, steps in STEPS.items():
        if options.only in (None, kind):
            began = time.process_time()
            path = make(kind == "live", options.steps or steps, options)
            minutes = (time.process_time() - began) / 60
            print(f"{path.name}: {digest(path.read_bytes())}, {minutes:.0f} minutes", flush=True)


if __name__ == "__main__":
    main()
