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
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor, nn

from engines.convolution import Workers
from engines.wav2lip.folded import Folded, Joint, folded
from engines.wav2lip.network import Attention, Generator, Transposed

LARGEST_SHARE = 1 << 20
"""Bytes of what a layer makes of a picture's features up to which that is kept instead of these: the deepest
layers save the most for the least."""
SMALLEST = 8
"""Pixels along a side from which a single picture's layers are quickened: below, more weights cost more than
fewer multiplications save."""
LARGEST_TOGETHER = 3 << 20
"""Bytes of a level up to which several pictures go through it at once, where it pays to take them apart."""


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
    """One decoder block or the output block: its input's ``window``, the part of its output that is ``wanted``,
    by how much it enlarges (0: to a whole level), and how many bytes its layers give for one picture."""

    joint: Joint
    rest: nn.Sequential
    window: Window
    wanted: Window
    scale: int
    bytes: int

    def known(self, feature: Tensor, attention: Attention | None) -> list[Tensor]:
        """What ``make`` takes of an encoder's feature."""
        known = [self.joint.known(self.window.cut(feature))]
        return known if attention is None else [*known, self.window.cut(1 + attention(feature))]

    def make(self, x: Tensor, known: Sequence[Tensor]) -> Tensor:
        """The ``wanted`` part of the level's output."""
        raised = x if len(known) == 1 else x * known[1]
        made = self.rest(self.joint(raised, known[0]))
        return self.wanted.cut(made, self.window if self.scale else None, self.scale)


class FastGenerator(nn.Module):
    """A ``generator`` that gives only ``window`` of its picture."""

    def __init__(self, generator: Generator, window: Window) -> None:
        super().__init__()
        self.side, self.window = generator.side, window
        self.audio_encoder = folded(generator.audio_encoder)
        self.face_encoder_blocks = nn.ModuleList(folded(block) for block in generator.face_encoder_blocks)
        first, *blocks = generator.face_decoder_blocks
        self.first = folded(first)
        self.levels = _levels([*blocks, generator.output_block], generator, window)
        self.layers = nn.ModuleList(layer for level in self.levels for layer in (level.joint, level.rest))
        self.attention = deepcopy(_attention(generator))
        self.each = 1 if self.attention is None else 2
        whole: Any = self
        whole.to(memory_format=torch.channels_last)

    def quicken(self) -> None:
        """Let wide layers take fewer multiplications: for single precision on a CPU."""
        workers = Workers()
        blocks = enumerate(self.face_encoder_blocks)
        left = {layer for index, block in blocks if self.side >> index < SMALLEST for layer in block.children()}
        for layer in list(self.modules()):
            if isinstance(layer, Folded | Joint) and layer not in left:
                layer.quicken(workers)

    def encode(self, face: Tensor) -> list[Tensor]:
        """What the decoder must know of pictures (B, 6, side, side): ``each`` tensors for every level, deepest
        first."""
        features, x = [], face.contiguous(memory_format=torch.channels_last)
        for block in self.face_encoder_blocks:
            x = block(x)
            features.append(x)
        known = [
            each
            for level, x in zip(self.levels, reversed(features), strict=True)
            for each in level.known(x, self.attention)
        ]
        return [each.contiguous(memory_format=torch.channels_last) for each in known]

    def decode(self, mel: Tensor, known: Sequence[Tensor]) -> Tensor:
        """(B, 1, 80, 16) and what ``encode`` gave for B pictures -> (B, 3, rows, columns) of 0..1."""
        return self._rise(self.first(self.audio_encoder(mel)), known, self.levels)

    def decode_each(self, mel: Tensor, pictures: Sequence[Sequence[Tensor]]) -> Tensor:
        """As ``decode``, given what is known of each picture. Large levels go picture by picture: what lies
        between two layers then stays in the processor's cache."""
        deep = list(takewhile(lambda level: level.bytes <= LARGEST_TOGETHER, self.levels))
        wide = self.levels[len(deep) :]
        of_deep, of_wide = slice(len(deep) * self.each), slice(len(deep) * self.each, None)
        stacked = [torch.cat(same) for same in zip(*(picture[of_deep] for picture in pictures), strict=True)]
        x = self._rise(self.first(self.audio_encoder(mel)), stacked, deep)
        pairs = zip(torch.split(x, 1), pictures, strict=True)
        return torch.cat([self._rise(one, picture[of_wide], wide) for one, picture in pairs])

    def _rise(self, x: Tensor, known: Sequence[Tensor], levels: Sequence[Level]) -> Tensor:
        for index, level in enumerate(levels):
            x = level.make(x, known[index * self.each : (index + 1) * self.each])
        return x


def _around(window: Window, by: int, side: int) -> Window:
    return Window(window.rows.grown(by, side), window.columns.grown(by, side))


def _attention(generator: Generator) -> Attention | None:
    return next((layer for layer in generator.modules() if isinstance(layer, Attention)), None)


def _levels(blocks: Sequence[Any], generator: Generator, wanted: Window) -> tuple[Level, ...]:
    """The blocks with the part of its input that each needs, for ``wanted`` to be right after the last one."""
    windows = _windows(blocks[:-1], _around(wanted, 1, generator.side), generator.side)
    widths = [_channels(block) for block in generator.face_encoder_blocks][::-1]
    return tuple(_level(*each) for each in zip(blocks, windows, [*windows[1:], wanted], widths, strict=True))


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


def _level(block: Any, window: Window, wanted: Window, feature: int) -> Level:
    joined, *rest = folded(block)
    assert isinstance(joined, Folded)  # noqa: S101 - for the type checker
    scale = _scale(block)
    size = _size(block[0].conv_block[0], window, scale)
    joint = Joint(joined, feature, apart=size <= LARGEST_SHARE)
    return Level(joint, nn.Sequential(*rest), window, wanted, scale, size)


def _size(conv: Any, window: Window, scale: int) -> int:
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
