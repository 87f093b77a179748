"""Our networks under the names of the official ones."""

from __future__ import annotations

from collections.abc import Callable

import torch

from engines.wav2lip.network import Generator96, Generator256, Generator384

NETWORKS: dict[str, Callable[[], torch.nn.Module]] = {
    "wav2lip-96": Generator96,
    "wav2lip-256": Generator256,
    "wav2lip-384": Generator384,
}
