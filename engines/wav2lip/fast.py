"""The same generator, computing only what is pasted, and a face's part of the work only once.

Batch norms are folded into their convolutions, tensors lie channels last, the encoder's features of a
picture can be kept, and the decoder works on no more of each level than the window asks for: a window of
the output needs a slightly larger one of the level before it. Inside the window the result is that of the
whole network.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engines.wav2lip.network import Conv, Generator, Transposed


@dataclass(frozen=True)
class Span:
    """Rows or columns from ``start`` to before ``stop``."""

    start: int
    stop: int

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
    """One decoder block: its input's ``window``, and by how much it enlarges (0: from one pixel to a level)."""

    block: nn.Sequential
    window: Window
    scale: int


class FastGenerator(nn.Module):
    """A ``generator`` that gives only ``window`` of its picture."""

    def __init__(self, generator: Generator, window: Window) -> None:
        super().__init__()
        self.side, self.window = generator.side, window
        self.audio_encoder = _folded(generator.audio_encoder)
        self.face_encoder_blocks = nn.ModuleList(_folded(block) for block in generator.face_encoder_blocks)
        blocks = [_folded(block) for block in generator.face_decoder_blocks]
        self.face_decoder_blocks = nn.ModuleList(blocks)
        self.output_block = _folded(generator.output_block)
        self.last = _around(window, 1, self.side)
        self.levels = _levels(blocks, self.last, self.side)
        whole: Any = self
        whole.to(memory_format=torch.channels_last)

    def encode(self, face: Tensor) -> list[Tensor]:
        """The parts of the encoder's features that the decoder takes, deepest first. (B, 6, side, side)."""
        features, x = [], face.contiguous(memory_format=torch.channels_last)
        for block in self.face_encoder_blocks:
            x = block(x)
            features.append(x)
        windows = [level.window for level in self.levels[1:]] + [self.last]
        kept = zip(reversed(features), windows, strict=True)
        return [window.cut(x).contiguous(memory_format=torch.channels_last) for x, window in kept]

    def decode(self, mel: Tensor, features: Sequence[Tensor]) -> Tensor:
        """(B, 1, 80, 16) and what ``encode`` gave for B pictures -> (B, 3, rows, columns) of 0..1."""
        x: Tensor = self.audio_encoder(mel)
        following = [*self.levels[1:], None]
        for level, after, feature in zip(self.levels, following, features, strict=True):
            wanted = after.window if after else self.last
            x = wanted.cut(level.block(x), level.window if level.scale == 2 else None, level.scale)
            x = torch.cat([x, feature], 1)
        return self.window.cut(self.output_block(x), self.last)


def _around(window: Window, by: int, side: int) -> Window:
    return Window(window.rows.grown(by, side), window.columns.grown(by, side))


def _levels(blocks: Sequence[nn.Sequential], last: Window, side: int) -> tuple[Level, ...]:
    """The blocks with the part of its input that each needs, for ``last`` to be right at the end."""
    levels: list[Level] = []
    wanted = last
    for block in reversed(blocks):
        scale = 2 if isinstance(block[0], FoldedTransposed) and block[0].stride == 2 else 0
        grown = _around(wanted, len(block) - 1, side)
        if scale:
            side //= 2
            wanted = Window(grown.rows.halved(side), grown.columns.halved(side))
        else:
            wanted = Window(Span(0, 1), Span(0, 1))
        levels.append(Level(block, wanted, scale))
    return tuple(reversed(levels))


class Folded(nn.Module):
    """A ``Conv`` with its batch norm in its weights."""

    def __init__(self, layer: Conv) -> None:
        super().__init__()
        convolution, norm = _pair(layer)
        self.conv: nn.Module = fuse_conv_bn_eval(convolution, norm)
        self.residual = layer.residual

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H', W')."""
        out: Tensor = self.conv(x)
        return (out.add_(x) if self.residual else out).relu_()


class FoldedTransposed(nn.Module):
    """A ``Transposed`` with its batch norm in its weights."""

    def __init__(self, layer: Transposed) -> None:
        super().__init__()
        convolution, norm = _pair(layer)
        self.conv: nn.Module = fuse_conv_bn_eval(convolution, norm, transpose=True)
        self.stride = int(convolution.stride[0])

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H', W')."""
        out: Tensor = self.conv(x)
        return out.relu_()


def _pair(layer: Conv | Transposed) -> Any:
    """A layer's convolution and its batch norm."""
    return tuple(layer.conv_block)


def _folded(block: Any) -> nn.Sequential:
    return nn.Sequential(*(_folded_layer(layer) for layer in block))


def _folded_layer(layer: nn.Module) -> nn.Module:
    if isinstance(layer, Conv):
        return Folded(layer)
    return FoldedTransposed(layer) if isinstance(layer, Transposed) else deepcopy(layer)
