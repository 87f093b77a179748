"""From one of the model files to a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from engines.checkpoints import load_network
from engines.gfpgan.network.restoreformer import RestoreFormer
from engines.gfpgan.network.restorer import Gfpgan

PURPOSE = "enhancing faces with GFPGAN"


@dataclass(frozen=True)
class Kind:
    """A network as its files know it, see engines.checkpoints.Layout."""

    name: str
    kind: Callable[[], nn.Module]
    mark: str
    unused: tuple[str, ...] = ()


KINDS = (
    Kind("RestoreFormer", RestoreFormer, "quantize.embedding.weight"),
    Kind("GFPGAN 1.2 to 1.4", Gfpgan, "stylegan_decoder.style_conv1.modulated_conv.weight"),
)


def load_restorer(path: Path) -> nn.Module:
    """The network whose weights lie at ``path``, ready to be asked; refusals as in ``load_network``."""
    return load_network(path, PURPOSE, KINDS)
