"""The network as it is trained, and its export to the ONNX file that the product reads."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engines.speech2face.features import BANDS
from engines.speech2face.recogniser import VISEMES, WINDOW

HEADS = 3
"""What is heard at each moment, how the sounds share the lips, and how they share the jaw."""


def side_by_side(x: Tensor, offsets: Sequence[int]) -> Tensor:
    """(B, T, C) -> (B, T, len(offsets) C): each frame with its neighbours, zeros beyond the ends.

    A convolution is then one matrix product, several times faster on a CPU than ``Conv1d`` at this size.
    """
    before, frames = -min(offsets), x.shape[1]
    padded = functional.pad(x, (0, 0, before, max(max(offsets), 0)))
    return torch.cat([padded[:, before + offset : before + offset + frames] for offset in offsets], dim=2)


class _ConvNorm(nn.Module):
    """Convolution over time, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, offsets: Sequence[int], stride: int = 1) -> None:
        super().__init__()
        self.offsets, self.stride = tuple(offsets), stride
        self.linear = nn.Linear(len(offsets) * inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(side_by_side(x, self.offsets)[:, :: self.stride])
        return functional.relu(self.norm(y.flatten(0, 1)).view_as(y))

    def folded(self) -> nn.Sequential:
        """The same as a convolution over (B, C, 1, T), with the normalisation inside."""
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        count, gap = len(self.offsets), self.offsets[-1] - self.offsets[-2]
        inputs, outputs = self.linear.in_features // count, self.linear.out_features
        conv = nn.Conv2d(inputs, outputs, (1, count), (1, self.stride), dilation=(1, gap))
        pad = nn.ZeroPad2d((-self.offsets[0], max(self.offsets[-1], 0), 0, 0))
        kernel = (self.linear.weight * scale[:, None]).view(outputs, count, inputs)
        conv.weight.copy_(kernel.transpose(1, 2)[:, :, None])
        conv.bias.copy_((self.linear.bias - self.norm.running_mean) * scale + self.norm.bias)
        return nn.Sequential(pad, conv)


class _Dropout(nn.Module):
    """Zeroes 26 of 256 values while training, by one random byte each: ``nn.Dropout`` draws a number for each
    and takes a fifth of the time of a step."""

    LOST = 26

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        draws = torch.empty(-(-x.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        kept = draws.view(torch.uint8)[: x.numel()].view(x.shape) >= self.LOST
        return x * kept * (256 / (256 - self.LOST))


DILATIONS = (1, 2, 4, 8, 1)
FAR = 4
"""Dilation from which the live network looks back only: it hears 0.1 s ahead, and 0.58 s back."""


def _offsets(gap: int, live: bool) -> tuple[int, int, int]:
    return (-2 * gap, -gap, 0) if live and gap >= FAR else (-gap, 0, gap)


class VisemeNet(nn.Module):
    """(B, T, 40) features at 100 Hz -> (B, ceil(T / 2), 45) logits at 50 Hz; sees 0.34 s to either side.

    ``live``: 0.58 s back and 0.1 s ahead.
    """

    def __init__(self, channels: int = 96, live: bool = False) -> None:
        super().__init__()
        self.live = live
        self.stem = _ConvNorm(BANDS, channels, (-2, -1, 0, 1, 2), stride=2)
        self.layers = nn.ModuleList(_ConvNorm(channels, channels, _offsets(gap, live)) for gap in DILATIONS)
        self.dropout = _Dropout()
        self.head = nn.Linear(channels, HEADS * len(VISEMES))

    def forward(self, features: Tensor) -> Tensor:
        x = self.stem(features)
        for layer in self.layers:
            x = x + self.dropout(layer(x))
        return self.head(x)


class _Shipped(nn.Module):
    """The trained network as plain convolutions over (1, 40, 1, T): (1, 45, 1, T / 2) logits."""

    def __init__(self, network: VisemeNet) -> None:
        super().__init__()
        self.stem = network.stem.folded()
        self.layers = nn.ModuleList(layer.folded() for layer in network.layers)
        self.head = nn.Conv2d(network.head.in_features, network.head.out_features, 1)
        self.head.weight.copy_(network.head.weight[:, :, None, None])
        self.head.bias.copy_(network.head.bias)

    def forward(self, features: Tensor) -> Tensor:
        x = functional.relu(self.stem(features))
        for layer in self.layers:
            x = x + functional.relu(layer(x))
        return self.head(x)


@torch.no_grad()
def save(network: VisemeNet, prior: NDArray[np.float32], path: Path, frames: int = WINDOW) -> None:
    """Write the ONNX and beside it the .json that ``engines.speech2face.recogniser.load_network`` reads."""
    shipped = _Shipped(network.eval()).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            shipped, (torch.zeros(1, BANDS, 1, frames),), path, dynamo=False, opset_version=17,
            input_names=["features"], output_names=["logits"],
        )  # fmt: skip
    facts = {"visemes": list(VISEMES), "prior": [round(float(value), 5) for value in prior]}
    path.with_suffix(".json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
