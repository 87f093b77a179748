"""Pixels of a frame from the photo: backward map, sampling, shade."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.raster import Box, Planes, Rasterise
from engines.types import Float32, Image

_VISIBLE_SHADE = 0.004
"""Changes of brightness below one grey level are not worth a pass."""

_SHADE_RGB = (0.75, 1.0, 1.15)
"""Skin in a crease is lit by skin: its shade is warm."""


def moving_box(vertices: Float32, values: Float32, triangles: NDArray[np.int32], size: tuple[int, int]) -> Box:
    """The part of a picture of ``size`` (width, height) that triangles with a moving corner can touch."""
    moving: NDArray[np.bool_] = np.any(values != 0, axis=1)
    corners = np.unique(triangles[moving[triangles].any(axis=1)])
    if not len(corners):
        return Box(0, 0, 0, 0)
    low = np.floor(vertices[corners, :2].min(0)).astype(int)
    high = np.ceil(vertices[corners, :2].max(0)).astype(int) + 1
    left, top = (max(int(value), 0) for value in low)
    right, bottom = (min(int(value), limit) for value, limit in zip(high, size, strict=True))
    return Box(left, top, max(left, right), max(top, bottom))


def warp(
    photo: Image, vertices: Float32, values: Float32, triangles: NDArray[np.int32], rasterise: Rasterise
) -> Image:
    """A new frame: the photo bent by the mesh. Pixels outside the moving triangles are the photo's own."""
    frame = photo.copy()
    height, width = photo.shape[:2]
    box = moving_box(vertices, values, triangles, (width, height))
    if box.empty:
        return frame
    planes = rasterise(vertices, values, triangles, box)
    view = frame[box.top : box.bottom, box.left : box.right]
    view[:] = cv2.remap(photo, planes[0], planes[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    _shade(view, planes)
    return frame


def _shade(view: Image, planes: Planes) -> None:
    """Multiply by one plus the shade, in place, where there is any."""
    visible = np.abs(planes[2]) > _VISIBLE_SHADE
    rows, columns = visible.any(axis=1).nonzero()[0], visible.any(axis=0).nonzero()[0]
    if not len(rows):
        return
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    shade = planes[2][part]
    gain = cv2.merge([1 + share * shade for share in _SHADE_RGB])
    view[part] = cv2.multiply(view[part], gain, dtype=cv2.CV_8U)
