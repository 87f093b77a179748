"""From one of Wav2Lip's model files to a generator."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from engines.checkpoints import load_network
from engines.wav2lip.network import SIZES, Generator

PURPOSE = "lip-sync with Wav2Lip"


def load_generator(path: Path) -> Generator:
    """The generator whose weights lie at ``path``, ready to be asked; refusals as in ``load_network``."""
    return cast(Generator, load_network(path, PURPOSE, SIZES))
