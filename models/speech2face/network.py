"""The network as it is trained, and its export to the arrays that the product reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engines.speech2face.features import BANDS
from engines.speech2face.recogniser import VISEMES

DILATIONS = (1, 2, 4, 8, 1)


def side_by_side(x: Tensor, offsets: Sequence[int]) -> Tensor:
    """(B, T, C) -> (B, T, len(offsets) C): each frame with its neighbours, zeros beyond the ends.

    A convolution is then one matrix product, several times faster on a CPU than ``Conv1d`` at this size.
    """
    reach, frames = max(offsets), x.shape[1]
    padded = functional.pad(x, (0, 0, reach, reach))
    return torch.cat([padded[:, reach + offset : reach + offset + frames] for offset in offsets], dim=2)


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

    def folded(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Kernel (inputs, outputs) and bias (outputs,) with the normalisation inside."""
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        bias = (self.linear.bias - self.norm.running_mean) * scale + self.norm.bias
        return (self.linear.weight * scale[:, None]).T.contiguous().numpy(), bias.numpy()


class VisemeNet(nn.Module):
    """(B, T, 40) features at 100 Hz -> (B, ceil(T / 2), 15) logits at 50 Hz; sees 0.34 s to either side."""

    def __init__(self, channels: int = 96, dropout: float = 0.1) -> None:
        super().__init__()
        self.stem = _ConvNorm(BANDS, channels, (-2, -1, 0, 1, 2), stride=2)
        self.layers = nn.ModuleList(_ConvNorm(channels, channels, (-gap, 0, gap)) for gap in DILATIONS)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(channels, len(VISEMES))

    def forward(self, features: Tensor) -> Tensor:
        x = self.stem(features)
        for layer in self.layers:
            x = x + self.dropout(layer(x))
        return self.head(x)


@torch.no_grad()
def save(network: VisemeNet, prior: NDArray[np.float32], path: Path) -> None:
    """Write the .npz that ``engines.speech2face.recogniser.load_network`` reads."""
    stem, stem_bias = network.stem.folded()
    layers, layer_biases = zip(*(layer.folded() for layer in network.layers), strict=True)
    np.savez_compressed(
        path,
        prior=prior,
        stem=stem,
        stem_bias=stem_bias,
        layers=np.stack(layers),
        layer_biases=np.stack(layer_biases),
        dilations=np.array(DILATIONS, np.int64),
        head=network.head.weight.T.contiguous().numpy(),
        head_bias=network.head.bias.numpy(),
    )
