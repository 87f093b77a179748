"""Pixels of a frame from the photo: backward map, sampling, shade.

Two canvases do the same, equal within 2 of 255: ``visema_native.Canvas``, if built, and ``PlainCanvas``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import POINTS
from engines.facemesh.layers import Layer, put_over
from engines.facemesh.raster import Box, Planes, rasterise_opencv
from engines.native import native_module
from engines.types import Float32, Image

Indices = NDArray[np.int32]

_VISIBLE_SHADE = 0.004
"""Changes of brightness below one grey level are not worth a pass."""

_SHADE_RGB = (0.75, 1.0, 1.15)
"""Skin in a crease is lit by skin: its shade is warm."""


@dataclass(frozen=True)
class Detail:
    """A sharper version of a part of the photo.

    ``rgb``: (h, w, 3); its pixel (column, row) lies at ((column, row) + ``origin``) / ``finer`` in the photo.
    """

    rgb: Image
    finer: float
    origin: tuple[float, float]


class Canvas(Protocol):
    """Makes frames of one photo, one after the other. Not shared between threads."""

    def warp(self, vertices: Float32, values: Float32) -> Image:
        """A frame to paint on: the photo bent by the mesh. Pixels outside the moving triangles are the
        photo's own.

        ``vertices``: (V, 3) px and depth; ``values``: (V, 3): way to the source in x and y (px), shade.
        """
        ...

    def finish(self, frame: Image) -> Image:
        """The frame that ``warp`` gave last, painted on by now, over the layer's background: (H, W, 3), or
        (H, W, 4) RGBA in front of nothing."""
        ...


def make_canvas(
    photo: Image, triangles: Indices, detail: Detail | None = None, layer: Layer | None = None
) -> Canvas:
    """The fastest canvas that works here. ``photo``: the colours of the ``layer``, if there is one."""
    module = native_module()
    if module is None:
        return PlainCanvas(photo, triangles, detail, layer)
    sharper = None if detail is None else (detail.rgb, detail.finer, detail.origin)
    canvas: Canvas = module.Canvas(photo, triangles, sharper, None if layer is None else _over(layer), POINTS)
    return canvas


def _over(layer: Layer) -> tuple[Any, ...]:
    return layer.alpha, layer.behind, np.ascontiguousarray(layer.still[..., :3]), *layer.edge_distances


class PlainCanvas:
    """Frames by OpenCV and NumPy."""

    def __init__(
        self, photo: Image, triangles: Indices, detail: Detail | None = None, layer: Layer | None = None
    ) -> None:
        self._photo, self._triangles, self._layer = photo, triangles, layer
        self._detail = detail or Detail(photo, 1.0, (0.0, 0.0))
        self._planes, self._box = np.zeros((3, 0, 0), np.float32), Box(0, 0, 0, 0)

    def warp(self, vertices: Float32, values: Float32) -> Image:
        """As ``Canvas.warp``."""
        frame = self._photo.copy()
        height, width = frame.shape[:2]
        box = moving_box(vertices, values, self._triangles, (width, height))
        if self._layer is not None:
            box = _with_face(box, vertices, (width, height))
        self._box = box
        if box.empty:
            return frame
        self._planes = planes = rasterise_opencv(vertices, values, self._triangles, box)
        view = frame[box.top : box.bottom, box.left : box.right]
        x, y = (
            plane * self._detail.finer - start if self._detail.finer != 1.0 else plane
            for plane, start in zip(planes, self._detail.origin, strict=False)
        )
        view[:] = cv2.remap(self._detail.rgb, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        _shade(view, planes)
        return frame

    def finish(self, frame: Image) -> Image:
        """As ``Canvas.finish``."""
        return frame if self._layer is None else put_over(self._layer, frame, self._planes, self._box)


def _with_face(box: Box, vertices: Float32, size: tuple[int, int]) -> Box:
    """``box`` and the face, which is painted on even where nothing is bent."""
    low, high = vertices[:POINTS, :2].min(0), vertices[:POINTS, :2].max(0)
    left, top = (int(np.clip(edge, 0, limit - 1)) for edge, limit in zip(low, size, strict=True))
    right, bottom = (int(np.clip(edge + 1, 1, limit)) for edge, limit in zip(high, size, strict=True))
    if box.empty:
        return Box(left, top, right, bottom)
    return Box(min(left, box.left), min(top, box.top), max(right, box.right), max(bottom, box.bottom))


def moving_box(vertices: Float32, values: Float32, triangles: Indices, size: tuple[int, int]) -> Box:
    """The part of a picture of ``size`` (width, height) that triangles with a moving corner can touch."""
    moving = np.any(values, axis=1)
    corners = vertices[triangles[moving[triangles].any(axis=1)].ravel(), :2]
    if not len(corners):
        return Box(0, 0, 0, 0)
    low = np.floor(corners.min(0)).astype(int)
    high = np.ceil(corners.max(0)).astype(int) + 1
    left, top = (max(int(value), 0) for value in low)
    right, bottom = (min(int(value), limit) for value, limit in zip(high, size, strict=True))
    return Box(left, top, max(left, right), max(top, bottom))


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
