"""From sound to expression and head pose."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from engines.wav2lip.network import audio_encoder

SOUND = 512
EXPRESSIONS = 64
STYLES = 46
FRAMES, POSE, LATENT = 32, 6, 64
"""Frames of head motion made at once, numbers of a pose, width of the chance that moves it."""


class AudioToExpression(nn.Module):
    """One expression per frame of sound."""

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = audio_encoder()
        self.mapping1 = nn.Linear(SOUND + EXPRESSIONS + 1, EXPRESSIONS)

    def forward(self, mel: Tensor, reference: Tensor, ratio: Tensor) -> Tensor:
        """``mel`` (B T, 1, 80, 16); ``reference`` (B, T, 64), the photo's expression; ``ratio`` (B, T, 1), how
        far the eyes are closed, 0..1. Returns (B, T, 64)."""
        sound = self.audio_encoder(mel).flatten(1).view(*reference.shape[:2], SOUND)
        return self.mapping1(torch.cat([sound, reference, ratio], 2))


class _Residual(nn.Module):
    """Two convolutions after their norms, and one past them; ``stride`` along time."""

    def __init__(self, channels: int, features: int, stride: int = 1) -> None:
        super().__init__()
        step = (stride, 1)
        self.conv_block = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, features, 3, step, padding=1),
            nn.BatchNorm2d(features),
            nn.ReLU(),
            nn.Conv2d(features, features, 3, padding=1),
        )
        past = nn.Conv2d(channels, features, 3, step, padding=1)
        self.conv_skip = nn.Sequential(past, nn.BatchNorm2d(features))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv_block(x) + self.conv_skip(x)


class _Longer(nn.Module):
    """Twice the frames."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(channels, channels, (2, 1), (2, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.upsample(x)


class ResUnet(nn.Module):
    """A residual U-Net over frames by numbers, (B, 1, 32, 6) -> the same shape, in 0..1."""

    def __init__(self) -> None:
        super().__init__()
        first, second = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 32, 3, padding=1)
        self.input_layer = nn.Sequential(first, nn.BatchNorm2d(32), nn.ReLU(), second)
        self.input_skip = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1))
        self.residual_conv_1, self.residual_conv_2 = _Residual(32, 64, 2), _Residual(64, 128, 2)
        self.bridge = _Residual(128, 256, 2)
        self.upsample_1, self.up_residual_conv1 = _Longer(256), _Residual(256 + 128, 128)
        self.upsample_2, self.up_residual_conv2 = _Longer(128), _Residual(128 + 64, 64)
        self.upsample_3, self.up_residual_conv3 = _Longer(64), _Residual(64 + 32, 32)
        self.output_layer = nn.Sequential(nn.Conv2d(32, 1, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        """As the class says."""
        levels = [self.input_layer(x) + self.input_skip(x)]
        for block in (self.residual_conv_1, self.residual_conv_2):
            levels.append(block(levels[-1]))
        x = self.bridge(levels[-1])
        ways = (
            (self.upsample_1, self.up_residual_conv1),
            (self.upsample_2, self.up_residual_conv2),
            (self.upsample_3, self.up_residual_conv3),
        )
        for longer, block in ways:
            x = block(torch.cat([longer(x), levels.pop()], 1))
        return self.output_layer(x)


class _Mlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.L0 = nn.Linear(POSE + LATENT + FRAMES * POSE, 128)
        self.L1 = nn.Linear(128, FRAMES * POSE)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.L1(F.relu(self.L0(x))))


class PoseDecoder(nn.Module):
    """The decoder of a conditional variational autoencoder over head motion."""

    def __init__(self) -> None:
        super().__init__()
        self.classbias = nn.Parameter(torch.zeros(STYLES, LATENT))
        self.resunet, self.MLP = ResUnet(), _Mlp()
        self.pose_linear, self.linear_audio = nn.Linear(POSE, POSE), nn.Linear(SOUND, POSE)

    def forward(self, sound: Tensor, reference: Tensor, style: Tensor, latent: Tensor) -> Tensor:
        """``sound`` (B, 32, 512), ``reference`` (B, 6), ``style`` (B,), ``latent`` (B, 64) -> (B, 32, 6)."""
        heard = self.linear_audio(sound).flatten(1)
        x = self.MLP(torch.cat([reference, latent + self.classbias[style], heard], 1))
        return self.pose_linear(self.resunet(x.view(-1, 1, FRAMES, POSE))[:, 0])


class _Variational(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.decoder = PoseDecoder()


class AudioToPose(nn.Module):
    """32 frames of head motion, relative to the first; the parts of the file that only training uses are not
    here."""

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = _SoundEncoder()
        self.netG = _Variational()

    def forward(self, mels: Tensor, reference: Tensor, style: Tensor, latent: Tensor) -> Tensor:
        """``mels`` (B, 32, 1, 80, 16); ``reference`` (B, 6), the photo's pose; ``style`` (B,) int64, 0..45;
        ``latent`` (B, 64), drawn from a normal distribution. Returns (B, 32, 6)."""
        return self.netG.decoder(self.audio_encoder(mels), reference, style, latent)


class _SoundEncoder(nn.Module):
    """(B, T, 1, 80, 16) -> (B, T, 512); the checkpoint has the layers one level deeper here."""

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = audio_encoder()

    def forward(self, mels: Tensor) -> Tensor:
        return self.audio_encoder(mels.flatten(0, 1)).view(*mels.shape[:2], SOUND)
