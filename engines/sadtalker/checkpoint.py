"""From SadTalker's model files to its networks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, cast

from torch import nn

from engines.checkpoints import load_network
from engines.facevid2vid.layers import all_folded
from engines.sadtalker.network.reconstruction import FaceReconstruction
from engines.sadtalker.network.rendering import Generator, KeypointExtractor, MappingNetwork
from engines.sadtalker.network.speech import AudioToExpression, AudioToPose

PURPOSE = "SadTalker"


class Parts(nn.Module):
    """The five networks of SadTalker_V0.0.2_256/512.safetensors, named as there."""

    def __init__(self) -> None:
        super().__init__()
        self.face_3drecon = FaceReconstruction()
        self.audio2exp, self.audio2pose = AudioToExpression(), AudioToPose()
        self.kp_extractor, self.generator = KeypointExtractor(), Generator()


@dataclass(frozen=True)
class _Drawing:
    """The layout of those files; what only training used is left out."""

    name: str = "SadTalker"
    kind: type[Parts] = Parts
    mark: str = "generator.first.conv.weight"
    unused: tuple[str, ...] = ("audio2pose.netG.encoder.", "audio2pose.netD_motion.")


@dataclass(frozen=True)
class _Mapping:
    """The layout of mapping_00109 and mapping_00229."""

    coefficients: int
    mark: ClassVar[str] = "first.0.weight"
    unused: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:
        """What is said of it if it does not fit."""
        return f"{self.coefficients} coefficients"

    @property
    def kind(self) -> partial[MappingNetwork]:
        """Makes the network."""
        return partial(MappingNetwork, self.coefficients)


def load_parts(path: Path) -> Parts:
    """The networks of the file at ``path``; refusals as in ``load_network``."""
    return cast(Parts, load_network(path, PURPOSE, (_Drawing(),), all_folded))


def load_mapping(path: Path, coefficients: int) -> MappingNetwork:
    """The network of the file at ``path`` for so many coefficients; refusals as in ``load_network``."""
    return cast(MappingNetwork, load_network(path, PURPOSE, (_Mapping(coefficients),)))
