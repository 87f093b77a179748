"""RestoreFormer (Wang et al. 2022): a face through a codebook of high-quality pieces, with attention to what
the degraded face showed at the coarsest size."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

WIDTHS = (64, 128, 128, 256, 256, 512)
"""Channels from 512 px down to 16 px."""
CODES, CODE_WIDTH = 1024, 256
HEADS = 8
GROUPS = 32
LAST = len(WIDTHS) - 1


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(GROUPS, channels, eps=1e-6)


class _Block(nn.Module):
    """Residual block with group norms; the size stays."""

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = _norm(channels), nn.Conv2d(channels, features, 3, padding=1)
        self.norm2, self.conv2 = _norm(features), nn.Conv2d(features, features, 3, padding=1)
        if channels != features:
            self.nin_shortcut = nn.Conv2d(channels, features, 1)

    def forward(self, x: Tensor) -> Tensor:
        past = self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x
        x = self.conv1(F.silu(self.norm1(x)))
        return past + self.conv2(F.silu(self.norm2(x)))


class _Attention(nn.Module):
    """Attention over all places; ``asked`` (B, C, H, W) asks in place of ``x`` itself."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = _norm(channels), _norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x: Tensor, asked: Tensor | None = None) -> Tensor:
        known = self.norm1(x)
        query = self.q(known if asked is None else self.norm2(asked))
        parts = (self._by_head(part) for part in (query, self.k(known), self.v(known)))
        found = F.scaled_dot_product_attention(*parts)
        return x + self.proj_out(found.transpose(2, 3).reshape(x.shape))

    @staticmethod
    def _by_head(x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, heads, H W, C / heads)."""
        return x.flatten(2).unflatten(1, (HEADS, -1)).transpose(2, 3)


class _Resize(nn.Module):
    """Half or twice the size, and a convolution."""

    def __init__(self, channels: int, grow: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, 1 if grow else 2, padding=1 if grow else 0)
        self._grow = grow

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0) if self._grow else F.pad(x, (0, 1, 0, 1)))


class _Middle(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block_1, self.attn_1 = _Block(channels, channels), _Attention(channels)
        self.block_2 = _Block(channels, channels)

    def forward(self, x: Tensor, asked: Tensor | None = None) -> Tensor:
        return self.block_2(self.attn_1(self.block_1(x), asked))


class _Level(nn.Module):
    """The blocks at one size, at the coarsest each with attention, and the way to the next size."""

    def __init__(self, widths: tuple[int, ...], attention: bool) -> None:
        super().__init__()
        self.block = nn.ModuleList([_Block(*pair) for pair in pairwise(widths)])
        self.attn = nn.ModuleList([_Attention(width) for width in widths[1:]] if attention else [])

    def forward(self, x: Tensor, asked: Tensor | None = None) -> Tensor:
        for index, block in enumerate(self.block):
            x = block(x)
            if len(self.attn):
                x = self.attn[index](x, asked)
        return x


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(3, WIDTHS[0], 3, padding=1)
        self.down = nn.ModuleList()
        for index, (before, width) in enumerate(pairwise((WIDTHS[0], *WIDTHS))):
            level = _Level((before, width, width), index == LAST)
            if index < LAST:
                level.add_module("downsample", _Resize(width, grow=False))
            self.down.append(level)
        self.mid = _Middle(WIDTHS[-1])
        self.norm_out = _norm(WIDTHS[-1])
        self.conv_out = nn.Conv2d(WIDTHS[-1], CODE_WIDTH, 3, padding=1)

    def forward(self, face: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features to look up, and what the decoder asks with: at its coarsest level and in its middle.

        As in the official code, the former is what the first block of this middle gives.
        """
        x = self.conv_in(face)
        for level in self.down:
            x = level(x)
            if hasattr(level, "downsample"):
                x = level.downsample(x)
        coarse = self.mid.block_1(x)
        middle = self.mid.block_2(self.mid.attn_1(coarse))
        return self.conv_out(F.silu(self.norm_out(middle))), coarse, middle


class _Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(CODE_WIDTH, WIDTHS[-1], 3, padding=1)
        self.mid = _Middle(WIDTHS[-1])
        self.up = nn.ModuleList()
        for index, (width, before) in enumerate(pairwise((*WIDTHS, WIDTHS[-1]))):
            level = _Level((before, width, width, width), index == LAST)
            if index > 0:
                level.add_module("upsample", _Resize(width, grow=True))
            self.up.append(level)
        self.norm_out = _norm(WIDTHS[0])
        self.conv_out = nn.Conv2d(WIDTHS[0], 3, 3, padding=1)

    def forward(self, codes: Tensor, coarse: Tensor, middle: Tensor) -> Tensor:
        x = self.mid(self.conv_in(codes), middle)
        for index in reversed(range(len(WIDTHS))):
            level = self.up[index]
            x = level(x, coarse)
            if hasattr(level, "upsample"):
                x = level.upsample(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class _Codebook(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(CODES, CODE_WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """The nearest entry for every place of (B, 256, H, W)."""
        places = x.movedim(1, -1)
        nearest = torch.cdist(places.reshape(1, -1, CODE_WIDTH), self.embedding.weight[None]).argmin(-1)
        return self.embedding(nearest.view(places.shape[:-1])).movedim(-1, 1)


class RestoreFormer(nn.Module):
    """(B, 3, 512, 512) RGB in -1..1, an upright face -> the same, clearer."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder, self.quantize = _Encoder(), _Decoder(), _Codebook()
        self.quant_conv, self.post_quant_conv = (nn.Conv2d(CODE_WIDTH, CODE_WIDTH, 1) for _ in range(2))

    def forward(self, face: Tensor) -> Tensor:
        """As the class says."""
        features, coarse, middle = self.encoder(face)
        codes = self.post_quant_conv(self.quantize(self.quant_conv(features)))
        return self.decoder(codes, coarse, middle)
