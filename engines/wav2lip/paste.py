"""Cutting the face out of a frame for the network, and putting the mouth that it made back without an edge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.types import Float32, Image

ACROSS = (0.1, 0.2)
DOWN = (0.5, 0.57)
BELOW = 0.9
"""Where the mouth is put back, in fractions of the face's box: from the first of each pair on it comes in
and is whole at the second, from both sides; it goes again between ``BELOW`` and the lower edge."""
MOST_COLOUR = 48.0
"""Largest correction of a colour, of 255: beyond it, what differs is not the light."""


@dataclass(frozen=True)
class Extent:
    """The part of the network's picture that is put back: pixels from the top left, of ``side`` in all."""

    side: int
    top: int
    left: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.side - self.top, self.right - self.left

    def cut(self, face: Image) -> Image:
        """That part of a whole picture."""
        return face[self.top :, self.left : self.right]


def extent_of(side: int) -> Extent:
    """What is put back of a picture of ``side`` px."""
    left = int(ACROSS[0] * side)
    return Extent(side, int(DOWN[0] * side), left, side - left)


def with_chin(box: Float32, share: float) -> Float32:
    """``box`` (left, top, right, bottom) with ``share`` of its height more below."""
    return np.array([*box[:3], box[3] + share * (box[3] - box[1])], np.float32)


def cut_face(frame: Image, box: Float32, side: int) -> Image:
    """(side, side, 3) uint8 RGB: what is in ``box`` (px, also between pixels or outside the picture)."""
    left, top, right, bottom = (float(value) for value in box)
    factor = max(int(min(right - left, bottom - top) / side), 1)
    x0, y0 = max(int(left) - 1, 0), max(int(top) - 1, 0)
    part = frame[y0 : int(bottom) + 2, x0 : int(right) + 2, :3]
    if factor > 1:
        # A mean over whole pixels first: one in many would flicker as the head moves.
        size = (max(part.shape[1] // factor, 1), max(part.shape[0] // factor, 1))
        whole = part[: size[1] * factor, : size[0] * factor]
        part = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)
    scale = np.array([right - left, bottom - top]) / (side * factor)
    start = np.array([left - x0, top - y0]) / factor
    turn = np.array(
        [[scale[0], 0, start[0] + scale[0] / 2 - 0.5], [0, scale[1], start[1] + scale[1] / 2 - 0.5]]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(part, turn, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def put_back(frame: Image, box: Float32, mouth: Float32, face: Image) -> Image:
    """A copy of ``frame`` with ``mouth`` (rows, columns, 3) float32 RGB of 0..255 in its place in ``box``.

    ``face``: what ``cut_face`` gave. Colours are brought to those around, in the frame's own resolution.
    """
    extent = extent_of(len(face))
    left, top, right, bottom = (float(value) for value in box)
    scale = np.array([right - left, bottom - top]) / extent.side
    corner = np.array([left + extent.left * scale[0], top + extent.top * scale[1]])
    rows, columns = extent.shape
    low = np.maximum(np.floor(corner), 0).astype(int)
    high = np.minimum(np.ceil(corner + scale * [columns, rows]), frame.shape[1::-1]).astype(int)
    out = frame.copy()
    if (high <= low).any():
        return out
    start = (low + 0.5 - corner) / scale - 0.5
    turn = np.array([[1 / scale[0], 0, start[0]], [0, 1 / scale[1], start[1]]])
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    matched = mouth + _colour_shift(mouth, extent.cut(face), extent)
    fine = _enlarged(matched, turn, size, cv2.INTER_CUBIC)
    share = _enlarged(mask_of(extent), turn, size, cv2.INTER_LINEAR)[..., None]
    place = out[low[1] : high[1], low[0] : high[0], :3]
    place[:] = np.clip(np.rint(place + share * (fine - place)), 0, 255).astype(np.uint8)
    return out


def _enlarged(picture: Float32, turn: NDArray[np.float64], size: tuple[int, int], how: int) -> Float32:
    warped = cv2.warpAffine(
        picture, turn, size, flags=how | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.float32)


@lru_cache(maxsize=8)
def mask_of(extent: Extent) -> Float32:
    """(rows, columns) in 0..1: how much of the mouth is seen where; 0 along every edge."""
    x = (np.arange(extent.left, extent.right) + 0.5) / extent.side
    y = (np.arange(extent.top, extent.side) + 0.5) / extent.side
    across = _rise(np.minimum(x, 1 - x), *ACROSS)
    down = _rise(y, *DOWN) * _rise(1 - y, 0.0, 1 - BELOW)
    mask = np.outer(down, across)
    mask[[0, -1]] = 0.0
    mask[:, [0, -1]] = 0.0
    return np.asarray(mask, np.float32)


def _rise(value: NDArray[np.float64], start: float, end: float) -> NDArray[np.float64]:
    share = np.clip((value - start) / (end - start), 0.0, 1.0)
    return np.asarray(share * share * (3 - 2 * share))


def _colour_shift(mouth: Float32, before: Image, extent: Extent) -> Float32:
    """(rows, columns, 3): what to add for the colours to go on where the mouth fades into the frame: a
    plane, for light falls from one side."""
    solve, plane = _rim(extent)
    coefficients = solve @ (before.astype(np.float32) - mouth).reshape(-1, 3)
    shift = (plane @ coefficients).reshape(mouth.shape)
    return np.asarray(np.clip(shift, -MOST_COLOUR, MOST_COLOUR), np.float32)


@lru_cache(maxsize=8)
def _rim(extent: Extent) -> tuple[Float32, Float32]:
    """(3, P) and (P, 3): least squares of a plane over the rim, where mouth and frame are both seen."""
    rows, columns = extent.shape
    mask = mask_of(extent).ravel().astype(np.float64)
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    plane = np.column_stack([np.ones(rows * columns), x.ravel(), y.ravel()])
    weighted = plane * (mask * (1 - mask))[:, None]
    solve = np.linalg.solve(plane.T @ weighted, weighted.T)
    return solve.astype(np.float32), plane.astype(np.float32)
