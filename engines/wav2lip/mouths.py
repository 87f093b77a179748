"""The network at work: pictures of faces and what is heard in, mouths out, on whatever computes fastest."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.devices import short_precision
from engines.mel import CEILING, FLOOR
from engines.types import Float32, Image
from engines.wav2lip.fast import FastGenerator, Span, Window
from engines.wav2lip.network import MEL_BANDS, MEL_COLUMNS, Generator
from engines.wav2lip.paste import extent_of

Features = tuple[Tensor, ...]
Decode = Callable[[Tensor, Sequence[Features]], Tensor]
MOST_KEPT = 1 << 30
"""Bytes of what is known of pictures: 500 of the small network's (2 MB each), 200 of the 256 px one (5 MB)."""
MOST_OFF = 2 / 255
"""Mean difference to single precision up to which a shorter one is used."""
BATCH = {"cpu": 8, "cuda": 32, "mps": 16}


class Mouths:
    """One generator on one device. Safe for several threads.

    What is made of a frame depends on it alone, not on what else is in its batch: batches always have the same
    shape, and a picture is encoded by itself.
    """

    def __init__(self, generator: Generator, device: str) -> None:
        self.side, self.batch = generator.side, BATCH.get(device, BATCH["cpu"])
        extent = extent_of(generator.side)
        window = Window(Span(extent.top, extent.side), Span(extent.left, extent.right))
        self._network, self.precision = _placed(FastGenerator(generator, window), device)
        self._device, self._kept, self._lock = device, Kept(MOST_KEPT), threading.Lock()
        self._decode: Decode = _Stacked(
            _Graph(self._network.decode) if device == "cuda" else self._network.decode
        )
        if device == "cpu" and self.precision == torch.float32:
            self._network.quicken()
            self._decode = self._network.decode_each

    @torch.inference_mode()
    def encode(self, face: Image) -> Features:
        """What the network knows of a (side, side, 3) uint8 RGB picture; kept, since a loop shows it again."""
        key = blake2b(face.tobytes(), digest_size=16).digest()
        with self._lock:
            known = self._kept.get(key)
        if known is None:
            known = tuple(self._network.encode(self._given(masked_and_whole(face))))
            with self._lock:
                self._kept.put(key, known)
        return known

    @torch.inference_mode()
    def make(self, mels: Float32, features: Sequence[Features | None]) -> Float32:
        """(batch, rows, columns, 3) float32 RGB of 0..255 for (batch, 1, 80, 16) and as many pictures.

        A picture that is None gives anything. At least one is not.
        """
        some = next(each for each in features if each is not None)
        with self._lock:
            out = self._decode(self._given(mels), [each or some for each in features])
            made = out.float().mul(255).cpu()
        return np.ascontiguousarray(made.permute(0, 2, 3, 1).numpy()[..., ::-1])

    def _given(self, values: Float32) -> Tensor:
        found = torch.from_numpy(values)
        if self._device == "cuda":
            found = found.pin_memory()
        return found.to(self._device, self.precision, non_blocking=True)


def masked_and_whole(face: Image) -> Float32:
    """(1, 6, side, side) float32 in 0..1 of a uint8 RGB picture: with its lower half black, then whole, as
    BGR."""
    bgr = face[..., ::-1].transpose(2, 0, 1).astype(np.float32) / 255
    pair = np.concatenate([bgr, bgr])[None]
    pair[:, :3, len(face) // 2 :] = 0
    return np.asarray(pair, np.float32)


class Kept:
    """Features by picture, up to ``limit`` bytes. A loop that is longer than that keeps its beginning; what was
    not asked for while twice as many others were makes room."""

    def __init__(self, limit: int) -> None:
        self._limit, self._bytes, self._tick = limit, 0, 0
        self._entries: OrderedDict[bytes, tuple[Features, int]] = OrderedDict()

    def get(self, key: bytes) -> Features | None:
        """The features kept under ``key``, or None."""
        self._tick += 1
        if key not in self._entries:
            return None
        features = self._entries.pop(key)[0]
        self._entries[key] = features, self._tick
        return features

    def put(self, key: bytes, features: Features) -> None:
        """Keep ``features`` if there is room or what is kept is stale."""
        size = _bytes_of(features)
        while self._bytes + size > self._limit and self._entries:
            oldest, (stale, used) = next(iter(self._entries.items()))
            if self._tick - used < 2 * len(self._entries):
                return
            del self._entries[oldest]
            self._bytes -= _bytes_of(stale)
        if self._bytes + size <= self._limit and key not in self._entries:
            self._entries[key] = features, self._tick
            self._bytes += size


def _bytes_of(features: Features) -> int:
    return sum(each.numel() * each.element_size() for each in features)


class _Stacked:
    """A function of the features of a batch, given those of each picture."""

    def __init__(self, function: Callable[[Tensor, Features], Tensor]) -> None:
        self._function = function

    def __call__(self, mel: Tensor, pictures: Sequence[Features]) -> Tensor:
        return self._function(mel, tuple(torch.cat(level) for level in zip(*pictures, strict=True)))


class _Graph:
    """A function recorded once as a CUDA graph and then replayed: hundreds of small kernels start as one."""

    def __init__(self, function: Callable[[Tensor, Features], Tensor]) -> None:
        self._function = function
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: Features = ()
        self._out = torch.empty(0)

    def __call__(self, mel: Tensor, features: Features) -> Tensor:
        given = (mel, *features)
        if self._graph is None:
            self._record(given)
        for place, value in zip(self._inputs, given, strict=True):
            place.copy_(value, non_blocking=True)
        assert self._graph is not None  # noqa: S101 - for the type checker
        self._graph.replay()
        return self._out

    def _record(self, given: Features) -> None:
        self._inputs = tuple(value.clone() for value in given)
        cuda: Any = torch.cuda
        side_stream = cuda.Stream()
        side_stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side_stream):
            self._function(self._inputs[0], self._inputs[1:])  # the libraries choose their kernels
        torch.cuda.current_stream().wait_stream(side_stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._out = self._function(self._inputs[0], self._inputs[1:])


def _placed(network: FastGenerator, device: str) -> tuple[FastGenerator, torch.dtype]:
    """``network`` on ``device``, in a shorter precision if that is fast there and makes no visible
    difference."""
    network = network.eval().to(device)
    short = short_precision(device)
    if short == torch.float32:
        return network, short
    with torch.inference_mode():
        exact = _tried(network, device, torch.float32)
        off = float((_tried(network.to(short), device, short) - exact).abs().mean())
    return (network, short) if off <= MOST_OFF else (network.to(torch.float32), torch.float32)


def _tried(network: FastGenerator, device: str, precision: torch.dtype) -> Tensor:
    """What comes out for sounds and pictures that are the same every time."""
    random = np.random.RandomState(7)
    coarse = random.random_sample((2, 6, network.side // 8, network.side // 8))
    faces = torch.from_numpy(coarse.repeat(8, 2).repeat(8, 3)).to(device, precision)
    sounds = random.uniform(FLOOR, CEILING, (2, 1, MEL_BANDS, MEL_COLUMNS))
    return network.decode(torch.from_numpy(sounds).to(device, precision), network.encode(faces)).float()
