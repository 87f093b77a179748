"""The decoder on a processor: the same pictures with fewer multiplications (see engines.convolution)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from engines.convolution import quick_conv


def quicken(network: nn.Module) -> None:
    """Take this way in the wide 3x3 convolutions of ``network``; it then holds up to four times the weights."""
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Conv2d):
                setattr(parent, name, quick_conv(layer))
    layout: Any = {"memory_format": torch.channels_last}
    network.to(**layout)
