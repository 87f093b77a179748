"""The same generator, computing only what is pasted, and a face's part of the work only once.

Batch norms are folded into their convolutions, tensors lie channels last, the encoder's features of a
picture can be kept, and with them what small layers make of these; and the decoder works on no more of each
level than the window asks for: a window of the output needs a slightly larger one of the level before it.
Inside the window the result is that of the whole network.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engines.convolution import Workers
from engines.wav2lip.folded import Folded, Joint, folded
from engines.wav2lip.network import Attention, Generator, Transposed

LARGEST_SHARE = 1 << 20
"""Bytes of what a layer makes of a picture's features up to which that is kept instead of these: the deepest
layers save the most for the least."""


@dataclass(frozen=True)
class Span:
    """Rows or columns from ``start`` to before ``stop``."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def grown(self, by: int, limit: int) -> Span:
        """With ``by`` more on both sides, as far as there are any."""
        return Span(max(self.start - by, 0), min(self.stop + by, limit))

    def halved(self, limit: int) -> Span:
        """What a doubling transposed convolution must see to give this."""
        return Span(self.start // 2, min((self.stop - 1 + 1) // 2 + 1, limit))

    def within(self, outer: Span, scale: int = 1) -> slice:
        """This as a slice of what begins where ``outer`` does, ``scale`` times as large."""
        return slice(self.start - scale * outer.start, self.stop - scale * outer.start)


@dataclass(frozen=True)
class Window:
    """A part of a picture or of a level."""

    rows: Span
    columns: Span

    def cut(self, x: Tensor, outer: Window | None = None, scale: int = 1) -> Tensor:
        """This part of ``x``, which is the whole or begins where ``outer`` times ``scale`` does."""
        outer = outer or Window(Span(0, 0), Span(0, 0))
        return x[:, :, self.rows.within(outer.rows, scale), self.columns.within(outer.columns, scale)]


@dataclass(frozen=True)
class Level:
    """One decoder block or the output block: its input's ``window``, and by how much it enlarges (0: to a whole
    level)."""

    joint: Joint
    rest: nn.Sequential
    window: Window
    scale: int

    def make(self, x: Tensor, known: Tensor, wanted: Window) -> Tensor:
        """The ``wanted`` part of the level's output."""
        made = self.rest(self.joint(x, known))
        return wanted.cut(made, self.window if self.scale else None, self.scale)


class FastGenerator(nn.Module):
    """A ``generator`` that gives only ``window`` of its picture."""

    def __init__(self, generator: Generator, window: Window) -> None:
        super().__init__()
        self.side, self.window = generator.side, window
        self.audio_encoder = folded(generator.audio_encoder)
        self.face_encoder_blocks = nn.ModuleList(folded(block) for block in generator.face_encoder_blocks)
        first, *blocks = generator.face_decoder_blocks
        self.first = folded(first)
        self.levels = _levels([*blocks, generator.output_block], generator, _around(window, 1, self.side))
        self.layers = nn.ModuleList(layer for level in self.levels for layer in (level.joint, level.rest))
        self.attention = deepcopy(_attention(generator))
        whole: Any = self
        whole.to(memory_format=torch.channels_last)

    def quicken(self) -> None:
        """Let wide layers take fewer multiplications: for single precision on a CPU."""
        workers = Workers()
        for layer in list(self.modules()):
            if isinstance(layer, Folded):
                layer.quicken(workers)

    def encode(self, face: Tensor) -> list[Tensor]:
        """What the decoder must know of pictures (B, 6, side, side): of every level, deepest first, and then
        where to look."""
        features, x = [], face.contiguous(memory_format=torch.channels_last)
        for block in self.face_encoder_blocks:
            x = block(x)
            features.append(x)
        kept = list(zip(self.levels, reversed(features), strict=True))
        known = [level.joint.known(level.window.cut(x)) for level, x in kept]
        if self.attention is not None:
            known += [level.window.cut(1 + self.attention(x)) for level, x in kept]
        return [each.contiguous(memory_format=torch.channels_last) for each in known]

    def decode(self, mel: Tensor, known: Sequence[Tensor]) -> Tensor:
        """(B, 1, 80, 16) and what ``encode`` gave for B pictures -> (B, 3, rows, columns) of 0..1."""
        x: Tensor = self.first(self.audio_encoder(mel))
        wanted = [*(level.window for level in self.levels[1:]), self.window]
        for index, level in enumerate(self.levels):
            if self.attention is not None:
                x = x * known[len(self.levels) + index]
            x = level.make(x, known[index], wanted[index])
        return x


def _around(window: Window, by: int, side: int) -> Window:
    return Window(window.rows.grown(by, side), window.columns.grown(by, side))


def _attention(generator: Generator) -> Attention | None:
    return next((layer for layer in generator.modules() if isinstance(layer, Attention)), None)


def _levels(blocks: Sequence[Any], generator: Generator, last: Window) -> tuple[Level, ...]:
    """The blocks with the part of its input that each needs, for ``last`` to be right before the last one."""
    windows = _windows(blocks[:-1], last, generator.side)
    widths = [_channels(block) for block in generator.face_encoder_blocks][::-1]
    return tuple(_level(*each) for each in zip(blocks, windows, widths, strict=True))


def _windows(blocks: Sequence[Any], last: Window, side: int) -> list[Window]:
    """Of the input of each of the blocks, and ``last``."""
    windows = [last]
    for block in reversed(blocks):
        grown = _around(windows[-1], len(block) - 1, side)
        if _scale(block):
            side //= 2
            windows.append(Window(grown.rows.halved(side), grown.columns.halved(side)))
        else:
            whole = Span(0, side - block[0].conv_block[0].kernel_size[0] + 1)
            windows.append(Window(whole, whole))
    return windows[::-1]


def _level(block: Any, window: Window, feature: int) -> Level:
    joined, *rest = folded(block)
    assert isinstance(joined, Folded)  # noqa: S101 - for the type checker
    scale = _scale(block)
    apart = _share(block[0].conv_block[0], window, scale) <= LARGEST_SHARE
    return Level(Joint(joined, feature, apart), nn.Sequential(*rest), window, scale)


def _share(conv: Any, window: Window, scale: int) -> int:
    """Bytes of what ``conv`` makes of ``window`` of one picture."""
    more = 0 if scale else conv.kernel_size[0] - 1
    rows, columns = (max(scale, 1) * len(span) + more for span in (window.rows, window.columns))
    return 4 * rows * columns * int(conv.out_channels)


def _scale(block: Any) -> int:
    """2 for a doubling block, 0 for one that makes a whole level, 1 for one that leaves the size as it is."""
    if not isinstance(block[0], Transposed):
        return 1
    conv: Any = block[0].conv_block[0]
    return 2 if conv.stride[0] == 2 else 0


def _channels(block: Any) -> int:
    """How many channels come out of a block of such layers."""
    return int(block[-1].conv_block[0].out_channels)
