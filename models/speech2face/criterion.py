"""What the network is trained for."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engines.speech2face.recogniser import HZ, VISEMES
from engines.speech2face.tables import viseme_table
from models.speech2face.dataset import Batch
from models.speech2face.lipcurves import opening, width

LABEL_SMOOTHING = 0.05
SHARES_WEIGHT, CURVE_WEIGHT, VELOCITY_WEIGHT = 0.5, 1.0, 1.0
VELOCITY_SCALE = 12.0
"""Per second: mouth curves of unit variance change about this much."""


class Criterion:
    """Cross-entropy of the sound heard and of its shares in lips and jaw; and the error of opening, width and
    of their speeds, of unit variance, that the shares give with the studio's targets."""

    def __init__(self, class_weights: Tensor) -> None:
        self.class_weights = class_weights
        shapes = viseme_table().targets
        targets = np.stack([width(shapes), opening(shapes)])
        targets = (targets - targets.mean(axis=1, keepdims=True)) / targets.std(axis=1, keepdims=True)
        self.targets = torch.tensor(targets, dtype=torch.float32)

    def __call__(self, logits: Tensor, batch: Batch, mouth: float = 1.0) -> Tensor:
        """Loss of (B, T, 45) logits; ``mouth``: weight of everything but the sound heard."""
        heard, shared = logits[..., : len(VISEMES)], logits[..., len(VISEMES) :]
        labels, wanted = torch.from_numpy(batch.labels), torch.from_numpy(batch.shares)
        loss = functional.cross_entropy(
            heard.flatten(0, 1), labels.flatten(), weight=self.class_weights, label_smoothing=LABEL_SMOOTHING
        )
        shape = (*labels.shape, 2, len(VISEMES))
        logs = shared.view(shape).log_softmax(dim=3)
        moved = -SHARES_WEIGHT * (wanted.view(shape) * logs).sum(dim=3).sum(dim=2).mean()
        error = ((logs.exp() - wanted.view(shape)) * self.targets).sum(dim=3)
        speed = torch.diff(error, dim=1) * HZ / VELOCITY_SCALE
        moved = moved + CURVE_WEIGHT * error.square().mean() + VELOCITY_WEIGHT * speed.square().mean()
        return loss + mouth * moved
