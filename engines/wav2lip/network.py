"""Wav2Lip's generators: 80 ms to 200 ms of sound and a face with its lower half hidden make a face that speaks.

Three sizes are in use: 96 px (the authors' own), 256 px and 384 px (LiveTalking's). They share their parts
and the names of these; layers are named and shaped as in the official checkpoints. Shapes are (batch,
channels, height, width) throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

MEL_BANDS, MEL_COLUMNS = 80, 16
"""What the audio encoder sees: mel bands and columns of 1/80 s."""


class Conv(nn.Module):
    """Convolution, batch norm, ReLU; ``residual`` adds the input before the ReLU."""

    def __init__(
        self,
        sizes: tuple[int, int],
        kernel: int,
        stride: int | tuple[int, int],
        pad: int,
        residual: bool = False,
    ) -> None:
        """``sizes``: channels in and out."""
        super().__init__()
        self.conv_block = nn.Sequential(nn.Conv2d(*sizes, kernel, stride, pad), nn.BatchNorm2d(sizes[1]))
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H', W')."""
        out: Tensor = self.conv_block(x)
        return torch.relu(out + x if self.residual else out)


class Transposed(nn.Module):
    """Transposed convolution, batch norm, ReLU: twice the size with stride 2, else from 1 to ``kernel``
    pixels."""

    def __init__(self, sizes: tuple[int, int], kernel: int, stride: int) -> None:
        """``sizes``: channels in and out."""
        super().__init__()
        pad = stride - 1
        layer = nn.ConvTranspose2d(*sizes, kernel, stride, pad, output_padding=pad)
        self.conv_block = nn.Sequential(layer, nn.BatchNorm2d(sizes[1]))

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H', W')."""
        return torch.relu(cast(Tensor, self.conv_block(x)))


def _same(channels: int, times: int) -> list[nn.Module]:
    return [Conv((channels, channels), 3, 1, 1, residual=True) for _ in range(times)]


def _points(channels: int, times: int) -> list[nn.Module]:
    return [Conv((channels, channels), 1, 1, 0) for _ in range(times)]


def _down(sizes: tuple[int, int], more: int) -> nn.Sequential:
    return nn.Sequential(Conv(sizes, 3, 2, 1), *_same(sizes[1], more))


def _up(sizes: tuple[int, int], more: int, kernel: int = 3, stride: int = 2) -> nn.Sequential:
    return nn.Sequential(Transposed(sizes, kernel, stride), *_same(sizes[1], more))


def _ladder(first: int, downs: tuple[tuple[int, int], ...]) -> list[nn.Module]:
    """The face encoder without its last block: ``downs`` are channels and further layers of each halving."""
    blocks: list[nn.Module] = [nn.Sequential(Conv((6, 16), 7, 1, 3), *_same(16, first))]
    channels = 16
    for wider, more in downs:
        blocks.append(_down((channels, wider), more))
        channels = wider
    return blocks


def audio_encoder() -> nn.Sequential:
    """(B, 1, 80, 16) of -4..4 -> (B, 512, 1, 1): the ear of the two smaller sizes, and of SadTalker."""
    return nn.Sequential(
        Conv((1, 32), 3, 1, 1),
        *_same(32, 2),
        Conv((32, 64), 3, (3, 1), 1),
        *_same(64, 2),
        Conv((64, 128), 3, 3, 1),
        *_same(128, 2),
        Conv((128, 256), 3, (3, 2), 1),
        *_same(256, 1),
        Conv((256, 512), 3, 1, 0),
        *_points(512, 1),
    )


def _long_audio_encoder() -> nn.Sequential:
    return nn.Sequential(
        Conv((1, 32), 3, 1, 1),
        *_same(32, 2),
        Conv((32, 64), 3, (3, 1), 1),
        *_same(64, 2),
        Conv((64, 128), 3, 3, 1),
        *_same(128, 2),
        Conv((128, 256), 3, (3, 2), 1),
        *_same(256, 2),
        Conv((256, 512), 3, 1, 1),
        *_same(512, 2),
        Conv((512, 1024), 3, 1, 0),
        *_points(1024, 1),
    )


class Attention(nn.Module):
    """Where to look: a map in 0..1 from the mean and the largest of all channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 1, H, W)."""
        return torch.sigmoid(cast(Tensor, self.conv1(torch.cat([x.mean(1, True), x.amax(1, True)], 1))))


class Generator(nn.Module):
    """A face of ``side`` px that says what the sound says."""

    side: int
    audio_encoder: nn.Sequential
    face_encoder_blocks: nn.ModuleList
    face_decoder_blocks: nn.ModuleList

    def __init__(self) -> None:
        super().__init__()
        self.output_block = nn.Sequential(Conv((80, 32), 3, 1, 1), nn.Conv2d(32, 3, 1), nn.Sigmoid())

    def forward(self, mel: Tensor, face: Tensor) -> Tensor:
        """(B, 1, 80, 16) of -4..4 and (B, 6, side, side) of 0..1 -> (B, 3, side, side) of 0..1.

        ``face``: the picture with its lower half black, then a reference of the same person, both BGR. Both may
        have a dimension of time after the first, as in training: (B, T, 1, 80, 16), (B, 6, T, side, side).
        """
        if face.dim() == 5:
            return self._over_time(mel, face)
        features = self.encode(face)
        x: Tensor = self.audio_encoder(mel)
        for block in self.face_decoder_blocks:
            x = self.join(block(x), features.pop())
        return cast(Tensor, self.output_block(x))

    def encode(self, face: Tensor) -> list[Tensor]:
        """What every block of the face encoder says, finest first."""
        features = [face]
        for block in self.face_encoder_blocks:
            features.append(block(features[-1]))
        return features[1:]

    def join(self, x: Tensor, feature: Tensor) -> Tensor:
        """A decoder block's output with the encoder's feature of the same size."""
        return torch.cat([x, feature], 1)

    def _over_time(self, mel: Tensor, face: Tensor) -> Tensor:
        count = face.shape[2]
        out = self(mel.flatten(0, 1), face.transpose(1, 2).flatten(0, 1))
        return cast(Tensor, out.unflatten(0, (-1, count)).transpose(1, 2))


class Generator96(Generator):
    """The authors' own size."""

    side = 96

    def __init__(self) -> None:
        super().__init__()
        ladder = _ladder(0, ((32, 2), (64, 3), (128, 2), (256, 2), (512, 1)))
        bottom = nn.Sequential(Conv((512, 512), 3, 1, 0), *_points(512, 1))
        self.face_encoder_blocks = nn.ModuleList([*ladder, bottom])
        self.audio_encoder = audio_encoder()
        rungs = ((1024, 512, 2), (768, 384, 2), (512, 256, 2), (320, 128, 2), (160, 64, 2))
        ups = [_up((wide, narrow), more) for wide, narrow, more in rungs]
        first = [nn.Sequential(*_points(512, 1)), _up((1024, 512), 1, 3, 1)]
        self.face_decoder_blocks = nn.ModuleList([*first, *ups])


class Generator256(Generator):
    """LiveTalking's size."""

    side = 256

    def __init__(self) -> None:
        super().__init__()
        ladder = _ladder(0, ((32, 2), (64, 3), (128, 2), (256, 2), (512, 1), (512, 1)))
        bottom = nn.Sequential(Conv((512, 512), 4, 1, 0), *_points(512, 1))
        self.face_encoder_blocks = nn.ModuleList([*ladder, bottom])
        self.audio_encoder = audio_encoder()
        rungs = ((1024, 512, 1), (1024, 512, 2), (768, 384, 2), (512, 256, 2), (320, 128, 2), (160, 64, 2))
        ups = [_up((wide, narrow), more) for wide, narrow, more in rungs]
        first = [nn.Sequential(*_points(512, 1)), _up((1024, 512), 1, 4, 1)]
        self.face_decoder_blocks = nn.ModuleList([*first, *ups])


class Generator384(Generator):
    """LiveTalking's earlier and larger one, with a look at where the face is before each join."""

    side = 384

    def __init__(self) -> None:
        super().__init__()
        self.sam = nn.ModuleDict({"sa": Attention()})
        ladder = _ladder(3, ((32, 3), (64, 3), (128, 3), (256, 3), (512, 3), (1024, 3)))
        bottom = nn.Sequential(Conv((1024, 1024), 3, 1, 0), *_points(1024, 2))
        self.face_encoder_blocks = nn.ModuleList([*ladder, bottom])
        self.audio_encoder = _long_audio_encoder()
        rungs = ((2048, 1024), (1536, 768), (1024, 512), (640, 256), (320, 128), (160, 64))
        first = [nn.Sequential(*_points(1024, 1)), _up((2048, 1024), 1, 3, 1)]
        self.face_decoder_blocks = nn.ModuleList([*first, *(_up(sizes, 2) for sizes in rungs)])

    def join(self, x: Tensor, feature: Tensor) -> Tensor:
        """As in the others, after the decoder's output was raised where the encoder sees something."""
        return torch.cat([x * self.sam["sa"](feature) + x, feature], 1)


@dataclass(frozen=True)
class Size:
    """A generator as checkpoints know it: the tensor that only files of this size have, and those never
    used."""

    name: str
    kind: type[Generator]
    mark: str
    unused: tuple[str, ...] = ()


SIZES = (
    Size("384 px", Generator384, "sam.sa.conv1.weight", ("audio_refine.",)),
    Size("256 px", Generator256, "face_decoder_blocks.7.0.conv_block.0.weight"),
    Size("96 px", Generator96, "face_decoder_blocks.6.0.conv_block.0.weight"),
)
"""Each mark is looked for in turn: a smaller one's is also in the larger ones."""
