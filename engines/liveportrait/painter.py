"""The networks at work: a photo is read once, every frame of keypoints is drawn."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.liveportrait.drawing import Drawing
from engines.liveportrait.keypoints import bins_to_degrees
from engines.liveportrait.models import Networks
from engines.liveportrait.quick import quickened
from engines.types import Float32, Image

READ_SIDE = 256
"""px of the picture that is read; what is drawn has twice as many."""
FRAME_BYTES = 900 << 20
"""Working memory of one frame on a GPU, about."""
MOST_FRAMES = 8


@dataclass(frozen=True)
class Reading:
    """What the networks see in a picture of READ_SIDE px.

    ``volume``: (32, 16, H, W) float32, its looks. ``keypoints`` and ``expression``: (21, 3); ``scale`` (1,);
    ``rotation`` (3,) degrees; ``translation`` (3,), its depth 0.
    """

    volume: Float32
    keypoints: Float32
    expression: Float32
    scale: Float32
    rotation: Float32
    translation: Float32


class Painter:
    """All networks on one ``device``. Safe for several threads: one frame after the other."""

    def __init__(self, networks: Networks, device: str) -> None:
        self.device, self._lock = device, threading.Lock()
        self._networks = networks.to(device)
        self._drawing = Drawing(networks, device)
        if device == "cpu" and self._drawing.short == torch.float32:
            quickened(networks.generator).to(memory_format=torch.channels_last)
        elif device.startswith("cuda"):
            networks.generator.to(memory_format=torch.channels_last)  # as tensor cores take it

    @torch.inference_mode()
    def read(self, picture: Image) -> Reading:
        """What is in a face's picture, (H, W, 3) uint8 RGB, square. In full precision: it is done once."""
        given = self._given(_small(picture)[None]).permute(0, 3, 1, 2) / 255
        with self._lock:
            volume = self._networks.appearance(given)
        seen = self._moved(given)
        angles = [bins_to_degrees(seen[name]) for name in ("pitch", "yaw", "roll")]
        return Reading(
            volume=_array(volume)[0],
            keypoints=seen["kp"].reshape(-1, 3),
            expression=seen["exp"].reshape(-1, 3),
            scale=seen["scale"][0],
            rotation=np.concatenate(angles).astype(np.float32),
            translation=(seen["t"][0] * np.array([1, 1, 0])).astype(np.float32),
        )

    @torch.inference_mode()
    def seen(self, pictures: NDArray[np.uint8]) -> dict[str, Float32]:
        """What the motion extractor gives for faces' pictures, (B, H, W, 3) RGB, square; see its class."""
        return self._moved(self._given(pictures).permute(0, 3, 1, 2) / 255)

    def _moved(self, pictures: Tensor) -> dict[str, Float32]:
        with self._lock:
            return {name: _array(value) for name, value in self._networks.motion(pictures).items()}

    @torch.inference_mode()
    def retarget(self, name: str, *parts: Float32) -> Float32:
        """What the small network ``name`` gives for (B, n) ``parts`` side by side, on the processor."""
        network = getattr(self._networks.retargeting, name)
        with self._lock:
            return _array(network(self._given(np.concatenate(parts, 1))))

    def held(self, source: Float32, driving: Float32) -> Float32:
        """(B, 21, 3) ``driving`` keypoints, shifted so that the shoulders of ``source`` (21, 3) stay."""
        count = len(driving)
        whose = np.repeat(source.reshape(1, -1), count, 0)
        shifts = self.retarget("retarget_shoulder", whose, driving.reshape(count, -1))
        held = driving + shifts[:, :-2].reshape(driving.shape)
        held[..., :2] += shifts[:, None, -2:]
        return held

    def closing(self, source: Float32, lips: float) -> Float32:
        """(21, 3): what closes the lips of ``source`` (21, 3), whose height over width is ``lips``."""
        wanted = np.array([[lips, 0.0]], np.float32)
        return self.retarget("retarget_mouth", source.reshape(1, -1), wanted).reshape(-1, 3)

    @torch.inference_mode()
    def draw(self, look: Look, driving: Sequence[Float32]) -> list[Image]:
        """A square RGB picture, an array of its own, for each of (21, 3) ``driving`` keypoints."""
        count = len(driving)
        with self._lock:
            volume, source = (part.expand(count, *part.shape[1:]) for part in (look.volume, look.source))
            drawn = self._drawing(volume, self._given(np.stack(driving)), source)
            bytes_ = drawn.clamp(0, 1).mul(255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        return [np.ascontiguousarray(picture) for picture in bytes_]

    def look(self, volume: Float32, source: Float32) -> Look:
        """A photo's looks and keypoints where they are drawn from."""
        return Look(self._given(volume[None]), self._given(source[None]))

    def _given(self, values: Any) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device, torch.float32)


@dataclass(frozen=True)
class Look:
    """A photo on the device: ``volume`` (1, 32, 16, H, W), keypoints ``source`` (1, 21, 3)."""

    volume: Tensor
    source: Tensor


def _small(picture: Image) -> Image:
    return np.asarray(cv2.resize(picture, (READ_SIDE, READ_SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _array(value: Tensor) -> Float32:
    return np.asarray(value.float().cpu().numpy(), np.float32)
