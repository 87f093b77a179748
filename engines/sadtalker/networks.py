"""SadTalker's networks at work, on whatever computes fastest: arrays in, arrays out."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.devices import short_precision
from engines.sadtalker.checkpoint import Parts
from engines.sadtalker.fast import quicken
from engines.sadtalker.network.rendering import MappingNetwork
from engines.sadtalker.network.speech import FRAMES, SOUND
from engines.types import Float32, Image

Floats = NDArray[Any]
MOST_OFF = 2 / 255
"""Mean difference to single precision up to which a shorter one draws."""


class Networks:
    """The networks of one size and one mapping on one ``device``. Safe for several threads."""

    def __init__(self, parts: Parts, mapping: MappingNetwork, device: str) -> None:
        self.device = device
        self._parts = parts.eval().requires_grad_(False).to(device)
        self._mapping = mapping.eval().requires_grad_(False).to(device)
        self._lock = threading.Lock()
        if device.startswith("cuda"):
            cuda_layout: Any = {"memory_format": torch.channels_last}
            self._parts.generator.decoder.to(**cuda_layout)
        self._short: torch.dtype | None = None

    @property
    def precision(self) -> torch.dtype:
        """In which frames are drawn, once one was."""
        return self._short or torch.float32

    @torch.inference_mode()
    def reconstruct(self, face: Image) -> Float32:
        """(257,) coefficients of an aligned (224, 224, 3) picture."""
        return self._array(self._parts.face_3drecon(self._pictures(face)))[0]

    @torch.inference_mode()
    def hear(self, windows: Floats) -> tuple[Float32, Float32]:
        """What is heard in (T, 80, 16) windows, for the expression and for the pose: (T, 512) each."""
        given = self._given(windows)[:, None]
        expression = self._parts.audio2exp.audio_encoder(given).flatten(1)
        pose = self._parts.audio2pose.audio_encoder.audio_encoder(given).flatten(1)
        return self._array(expression), self._array(pose)

    @torch.inference_mode()
    def express(self, heard: Floats, reference: Floats, closed: Floats) -> Float32:
        """(T, 64) expressions from what is ``heard`` (T, 512), the photo's expression (64,) and how far the
        lids are ``closed`` (T,) in 0..1."""
        given = np.concatenate([heard, np.broadcast_to(reference, (len(heard), 64)), closed[:, None]], 1)
        return self._array(self._parts.audio2exp.mapping1(self._given(given)))

    @torch.inference_mode()
    def turn(self, heard: Floats, reference: Floats, style: int, latent: Floats) -> Float32:
        """(32, 6) head motion from what is ``heard`` (32, 512), the photo's pose (6,), the style 0..45 and the
        chance ``latent`` (64,)."""
        styles = torch.tensor([style], device=self.device)
        sound = self._given(heard).view(1, FRAMES, SOUND)
        decoder = self._parts.audio2pose.netG.decoder
        return self._array(decoder(sound, self._given(reference)[None], styles, self._given(latent)[None]))[0]

    @torch.inference_mode()
    def map(self, windows: Floats) -> dict[str, Float32]:
        """Logits and offsets by head, (B, ...), of (B, C, 27) coefficients; see MappingNetwork."""
        return {name: self._array(found) for name, found in self._mapping(self._given(windows)).items()}

    @torch.inference_mode()
    def know(self, face: Image) -> tuple[Float32, Float32]:
        """The volume (32, 16, S / 4, S / 4) and the canonical keypoints (15, 3) of a (S, S, 3) picture."""
        given = self._pictures(face)
        return self._array(self._parts.generator(given))[0], self._array(
            self._parts.kp_extractor(given)["value"]
        )[0]

    def place(self, volume: Float32, source: Float32) -> tuple[Tensor, Tensor]:
        """A photo's volume and keypoints where they are drawn from."""
        return self._given(volume)[None], self._given(source)[None]

    @torch.inference_mode()
    def draw(self, photo: tuple[Tensor, Tensor], driving: Sequence[Floats]) -> list[Image]:
        """The ``photo`` of ``place`` moved to keypoints (15, 3), a picture (S, S, 3) of each."""
        keypoints = self._given(np.stack(driving))
        with self._lock:
            if self._short is None:
                self._short = self._settled(photo, keypoints[:1])
                if self.device == "cpu" and self._short == torch.float32:
                    quicken(self._parts.generator.decoder)
            drawn = self._drawn(photo, keypoints, self._short)
        pictures = drawn.clamp(0, 1).mul(255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        return list(np.ascontiguousarray(pictures))

    def _settled(self, photo: tuple[Tensor, Tensor], keypoints: Tensor) -> torch.dtype:
        """The shortest precision that draws the same, tried on one frame."""
        short = short_precision(self.device)
        if short == torch.float32:
            return short
        exact, quick = (self._drawn(photo, keypoints, precision) for precision in (torch.float32, short))
        return short if float((exact - quick).abs().mean()) <= MOST_OFF else torch.float32

    def _drawn(self, photo: tuple[Tensor, Tensor], keypoints: Tensor, precision: torch.dtype) -> Tensor:
        volume, source = (each.expand(len(keypoints), *each.shape[1:]) for each in photo)
        with _autocast(self.device, precision):
            return self._parts.generator.draw(volume, keypoints, source)["prediction"].float()

    def _pictures(self, face: Image) -> Tensor:
        """(1, 3, H, W) in 0..1."""
        return self._given(face.astype(np.float32) / 255).permute(2, 0, 1)[None]

    def _given(self, values: Floats) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(self.device)

    def _array(self, found: Tensor) -> Float32:
        return np.asarray(found.float().cpu().numpy(), np.float32)


def _autocast(device: str, precision: torch.dtype) -> AbstractContextManager[Any]:
    """Convolutions in a shorter precision; coordinates stay in single, which a shorter one would round to
    whole pixels."""
    if precision == torch.float32:
        return nullcontext()
    return torch.autocast(device.partition(":")[0], dtype=precision)
