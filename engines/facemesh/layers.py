"""The person as a layer of its own over a background: what is mixed where."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.raster import Box, Planes
from engines.types import Float32, Image

STILL = 0.05
"""Pixels that come from less far away than this (px) stay as they are."""
TILE = 8
"""Side (px) of the squares in which the native core tells person, background and edge apart."""


@dataclass(frozen=True)
class Layer:
    """``colours``: (H, W, 3) of the person, carried on beyond the edge. ``alpha``: (H, W) uint8. ``behind``:
    (H, W, 3), None for a transparent background. ``still``: (H, W, 3 or 4), the whole while nothing moves."""

    colours: Image
    alpha: NDArray[np.uint8]
    behind: Image | None
    still: Image

    @cached_property
    def edge_distances(self) -> tuple[Float32, Float32]:
        """For each tile how far (px) it lies from what is not all person, and from what is not all
        background."""
        solid, empty = (self.alpha == 255).astype(np.uint8), (self.alpha == 0).astype(np.uint8)
        inner, outer = (_tile_minimum(cv2.distanceTransform(p, cv2.DIST_L2, 3)) for p in (solid, empty))
        return inner, outer


def mixed(colours: Image, alpha: NDArray[np.uint8], behind: Image) -> Image:
    """``colours`` over ``behind``, (h, w, 3), as ``alpha`` (h, w) says."""
    share = cv2.merge([alpha, alpha, alpha])
    front = cv2.multiply(colours, share, scale=1 / 255, dtype=cv2.CV_16U)
    back = cv2.multiply(behind, cv2.bitwise_not(share), scale=1 / 255, dtype=cv2.CV_16U)
    return np.asarray(cv2.add(front, back, dtype=cv2.CV_8U), np.uint8)


def put_over(layer: Layer, person: Image, planes: Planes, box: Box) -> Image:
    """The frame: ``person`` (H, W, 3), the layer's colours bent by the map ``planes`` of ``box``, over the
    background; (H, W, 4) RGBA without one.

    Where nothing moves the frame is the layer's ``still``, to the bit.
    """
    frame = layer.still.copy()
    part = np.s_[box.top : box.bottom, box.left : box.right]
    share = cv2.remap(layer.alpha, planes[0], planes[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    alpha = np.asarray(share, np.uint8)
    way_x = planes[0] - np.arange(box.left, box.right, dtype=np.float32)
    way_y = planes[1] - np.arange(box.top, box.bottom, dtype=np.float32)[:, None]
    changes = (np.maximum(np.abs(way_x), np.abs(way_y)) > STILL) | (alpha == 255)
    over = person[part]
    new = np.dstack([over, alpha]) if layer.behind is None else mixed(over, alpha, layer.behind[part])
    frame[part] = cv2.copyTo(new, changes.astype(np.uint8), frame[part])
    return frame


def _tile_minimum(plane: NDArray[np.float32]) -> Float32:
    """The least value in each tile."""
    height, width = (-(-length // TILE) * TILE for length in plane.shape)
    padded = np.pad(plane, ((0, height - plane.shape[0]), (0, width - plane.shape[1])), mode="edge")
    rows = padded.reshape(height // TILE, TILE, width).min(1)
    return np.asarray(rows.reshape(height // TILE, width // TILE, TILE).min(2), np.float32)
