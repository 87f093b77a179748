"""From sparse keypoints to the way of every place of the volume, and the volume moved along it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from engines.facevid2vid.layers import SEGMENT_CHANNELS, ConvBlock, DownBlock3d, UpBlock3d
from engines.facevid2vid.volume import CHANNELS, DEPTH

COMPRESSED = 4
KEYPOINT_VARIANCE = 0.01
WIDTHS = (64, 128, 256, 512, 1024)
LAST_WIDTH = 32


def identity_grid(like: Tensor) -> Tensor:
    """(D, H, W, 3): x, y, z in -1..1 of every place of a volume (..., D, H, W), its ends on the corners."""
    depth, height, width = (
        torch.linspace(-1, 1, size, dtype=like.dtype, device=like.device) for size in like.shape[-3:]
    )
    z, y, x = torch.meshgrid(depth, height, width, indexing="ij")
    return torch.stack([x, y, z], -1)


def heatmaps(keypoints: Tensor, grid: Tensor) -> Tensor:
    """(B, K, D, H, W): a Gaussian about each of (B, K, 3) keypoints on ``grid`` (D, H, W, 3)."""
    away = grid - keypoints[:, :, None, None, None]
    return torch.exp(-0.5 * away.square().sum(-1) / KEYPOINT_VARIANCE)


def sparse_motions(driving: Tensor, source: Tensor, grid: Tensor) -> Tensor:
    """(B, 1 + K, D, H, W, 3): the grid, then the grid shifted: each driving keypoint shows its source."""
    moved = grid + (source - driving)[:, :, None, None, None]
    return torch.cat([grid.expand(len(moved), 1, *grid.shape), moved], 1)


def sample(volume: Tensor, places: Tensor) -> Tensor:
    """``volume`` (B, C, D, H, W) read at ``places`` (B, D, H, W, 3) in -1..1. The checkpoints were trained with
    ends that are not on the corners here, though the grid's are."""
    return F.grid_sample(volume, places, align_corners=False)


class _Encoder(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        pairs = zip((channels, *WIDTHS[:-1]), WIDTHS, strict=True)
        self.down_blocks = nn.ModuleList([DownBlock3d(*pair) for pair in pairs])

    def forward(self, x: Tensor) -> list[Tensor]:
        levels = [x]
        for block in self.down_blocks:
            levels.append(block(levels[-1]))
        return levels


class _Decoder(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        features = (LAST_WIDTH, *WIDTHS[:-1])
        pairs = [(WIDTHS[i] * (1 if i == len(WIDTHS) - 1 else 2), features[i]) for i in range(len(WIDTHS))]
        self.up_blocks = nn.ModuleList([UpBlock3d(*pair) for pair in reversed(pairs)])
        self.conv = nn.Conv3d(LAST_WIDTH + channels, LAST_WIDTH + channels, 3, padding=1)
        self.norm = nn.BatchNorm3d(LAST_WIDTH + channels)

    def forward(self, levels: list[Tensor]) -> Tensor:
        x = levels.pop()
        for block in self.up_blocks:
            x = torch.cat([block(x), levels.pop()], 1)
        return F.relu(self.norm(self.conv(x)))


class Hourglass(nn.Module):
    """(B, C, D, H, W) -> (B, 32 + C, D, H, W); H and W at least 32."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.encoder, self.decoder = _Encoder(channels), _Decoder(channels)

    def forward(self, x: Tensor) -> Tensor:
        """As the class says."""
        return self.decoder(self.encoder(x))


class DenseMotion(nn.Module):
    """Which keypoint each place follows, and what was hidden in the photo.

    ``least``: shares below this count as none (SadTalker's step).
    """

    def __init__(self, keypoints: int, least: float = 0.0) -> None:
        super().__init__()
        fields = keypoints + 1
        self.hourglass = Hourglass(fields * (COMPRESSED + 1))
        width = LAST_WIDTH + fields * (COMPRESSED + 1)
        self.mask = nn.Conv3d(width, fields, 7, padding=3)
        self.compress = nn.Conv3d(CHANNELS, COMPRESSED, 1)
        self.norm = nn.BatchNorm3d(COMPRESSED)
        self.occlusion = nn.Conv2d(width * DEPTH, 1, 7, padding=3)
        self._least = least

    def forward(self, volume: Tensor, driving: Tensor, source: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``volume`` (B, 32, 16, H, W); keypoints (B, K, 3) in -1..1.

        Returns deformation (B, 16, H, W, 3), shares (B, 1 + K, 16, H, W), occlusion (B, 1, H, W) in 0..1.
        """
        grid = identity_grid(volume)
        motions = sparse_motions(driving, source, grid)
        mixed = self.hourglass(
            torch.cat([self._heat(driving, source, grid), self._moved(volume, motions)], 2).flatten(1, 2)
        )
        shares = torch.softmax(self.mask(mixed), 1)
        if self._least:
            shares = torch.where(shares < self._least, 0.0, shares)
        deformation = (shares[..., None] * motions).sum(1)
        return deformation, shares, torch.sigmoid(self.occlusion(mixed.flatten(1, 2)))

    def _heat(self, driving: Tensor, source: Tensor, grid: Tensor) -> Tensor:
        """(B, 1 + K, 1, D, H, W): where keypoints go to, less where they come from; none for the background."""
        heat = heatmaps(driving, grid) - heatmaps(source, grid)
        return torch.cat([torch.zeros_like(heat[:, :1]), heat], 1)[:, :, None]

    def _moved(self, volume: Tensor, motions: Tensor) -> Tensor:
        """(B, 1 + K, 4, D, H, W): the compressed volume moved along with each keypoint."""
        small = F.relu(self.norm(self.compress(volume)))
        count, fields = motions.shape[:2]
        many = small[:, None].expand(-1, fields, *small.shape[1:]).flatten(0, 1)
        return sample(many, motions.flatten(0, 1)).unflatten(0, (count, fields))


def motion_layers(keypoints: int, least: float = 0.0) -> tuple[DenseMotion, ConvBlock, nn.Conv2d]:
    """What both networks call dense_motion_network, third and fourth."""
    third = ConvBlock(CHANNELS * DEPTH, SEGMENT_CHANNELS, slope=0.01)
    return DenseMotion(keypoints, least), third, nn.Conv2d(SEGMENT_CHANNELS, SEGMENT_CHANNELS, 1)


def warp(network: nn.Module, volume: Tensor, driving: Tensor, source: Tensor) -> dict[str, Tensor]:
    """The moved volume as a picture of features, by the ``motion_layers`` of ``network``.

    ``out`` (B, 256, H, W), and ``deformation``, ``mask`` and ``occlusion_map`` as in DenseMotion.
    """
    deformation, shares, occlusion = network.dense_motion_network(volume, driving, source)
    flat = sample(volume, deformation).flatten(1, 2)
    out = network.fourth(network.third(flat)) * occlusion
    return {"out": out, "deformation": deformation, "mask": shares, "occlusion_map": occlusion}
