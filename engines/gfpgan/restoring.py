"""The network at work: faces in, clearer ones out, in the precision that is fastest and still right."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from engines.batches import fitting
from engines.devices import short_precision
from engines.gfpgan.places import SIDE
from engines.types import Image

MOST_OFF = 2 / 255
"""Mean difference to single precision up to which a shorter one is used, of the picture's range of 2."""
BYTES_EACH = 640 << 20
"""Working memory of one face, in single precision as on a processor, where it was measured."""
MOST = 16
"""Faces at a time: more need more memory and are not faster."""


class Restorer:
    """One network on one device. Safe for several threads."""

    def __init__(self, network: nn.Module, device: str) -> None:
        self._network, self._device = network.to(device), device
        self._lock = threading.Lock()
        self.precision = self._best_precision()

    @property
    def batch(self) -> int:
        """How many faces fit at a time, as the memory is now."""
        return fitting(self._device, BYTES_EACH, MOST)

    @torch.inference_mode()
    def restore(self, faces: Sequence[Image]) -> list[Image]:
        """Each of ``faces`` (512, 512, 3) uint8 RGB, clearer."""
        given = torch.from_numpy(np.stack(faces)).to(self._device).permute(0, 3, 1, 2)
        with self._lock:
            made = self._made(given.float() / 127.5 - 1, self.precision)
        pixels = made.clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)
        return list(np.ascontiguousarray(pixels.permute(0, 2, 3, 1).cpu().numpy()))

    def _made(self, given: Tensor, precision: torch.dtype) -> Tensor:
        """(B, 3, 512, 512) in about -1..1. Mixed precision: styles are squared and summed in full."""
        kind = self._device.partition(":")[0]
        with torch.autocast(kind, precision, enabled=precision != torch.float32):
            made: Tensor = self._network(given)
        return made.float()

    @torch.inference_mode()
    def _best_precision(self) -> torch.dtype:
        """A shorter precision where it makes no visible difference, on a picture that is always the same."""
        short = short_precision(self._device)
        if short == torch.float32:
            return short
        coarse = np.random.RandomState(7).uniform(-1, 1, (1, 3, SIDE // 16, SIDE // 16)).astype(np.float32)
        face = nn.functional.interpolate(torch.from_numpy(coarse), (SIDE, SIDE), mode="bilinear")
        face = face.to(self._device)
        off = (self._made(face, short) - self._made(face, torch.float32)).abs().mean()
        return short if bool(off <= 2 * MOST_OFF) else torch.float32
