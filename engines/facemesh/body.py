"""The person as a layer of its own in front of a background that does not move with them.

The canvas bends the person's colours; this bends their alpha the same way and puts both over the background.
Only where a turn can bring the person's edge is anything mixed: inside of it the canvas's pixels stand as they
are, and outside of it the background's. Per frame that is some thirty strips of pixels along the edge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines import background
from engines.errors import StudioError
from engines.facemesh.anatomy import POINTS, FaceFrame
from engines.facemesh.raster import Box, Rasterise, default_rasteriser
from engines.facemesh.warp import moving_box
from engines.matte import person_matte
from engines.types import Arrays, Float32, Image, Portrait

if TYPE_CHECKING:
    from engines.facemesh import FacemeshOptions

TILE = 0.14
"""Side (iod) of the squares in which a frame is told apart into person, background and edge."""
FIELD_SCALE = 0.25
"""The way from a pixel to its source changes slowly, so it is worked out at a quarter of the size."""
STILL = 0.05
"""Pixels that come from less far away than this (px) stay as they are."""
OUTSIDE, EDGE, INSIDE = 0, 1, 2
UNCLEAR = "The person could not be told clearly from the background"


@dataclass(frozen=True)
class Layer:
    """``colours``: (H, W, 3) of the person, carried on beyond the edge. ``alpha``: (H, W) uint8. ``behind``:
    (H, W, 3), None for a transparent background. ``still``: (H, W, 3 or 4), the whole while nothing moves."""

    colours: Image
    alpha: NDArray[np.uint8]
    behind: Image | None
    still: Image


def matte_arrays(portrait: Portrait, iod: float) -> Arrays:
    """What ``make_layer`` needs, as plain arrays; ``portrait`` with glasses, if there are any."""
    matte = person_matte(portrait)
    return {
        "matte.photo": np.ascontiguousarray(portrait.rgb),
        "matte.alpha": np.round(255 * matte.alpha).astype(np.uint8),
        "matte.behind": background.fill_behind(portrait.rgb, matte.alpha, iod),
        "matte.found": np.array(matte.found),
        "matte.trusted": np.array(matte.trusted),
    }


def make_layer(arrays: Arrays, options: FacemeshOptions) -> Layer | None:
    """The person over the background that ``options`` ask for; None where the photo stays in one piece."""
    iod = FaceFrame.from_arrays(arrays, "body.frame.").iod
    if options.background == "photo" or not arrays["matte.found"]:
        return None
    if options.background == "still":
        return _over_own_background(arrays, iod) if arrays["matte.trusted"] else None
    return _over_another(arrays, options, iod)


def _over_own_background(arrays: Arrays, iod: float) -> Layer:
    alpha = arrays["matte.alpha"].astype(np.float32) / np.float32(255)
    photo, bare = arrays["matte.photo"], arrays["body.photo"]
    share, colours, behind = background.lifted(photo, alpha, arrays["matte.behind"], iod)
    changed = (photo != bare).any(2) & (alpha >= 1)
    colours[changed] = bare[changed]
    return Layer(colours, _bytes(share), behind, photo)


def _over_another(arrays: Arrays, options: FacemeshOptions, iod: float) -> Layer:
    bytes_ = arrays["matte.alpha"]
    alpha, behind = bytes_.astype(np.float32) / np.float32(255), arrays["matte.behind"]
    whole, bare = (background.foreground(arrays[name], alpha, behind) for name in ("matte.photo", "body.photo"))
    if options.background == "transparent":
        return Layer(bare, bytes_, None, np.dstack([whole, bytes_]))
    height, width = bytes_.shape
    scenes = {
        "blurred": partial(background.blurred, behind, iod),
        "colour": partial(background.plain, options.background_colour, width, height),
        "picture": partial(_chosen_picture, options.background_picture, width, height),
    }
    scene = scenes[options.background]()
    return Layer(bare, bytes_, scene, mixed(whole, bytes_, scene))


def background_note(arrays: Arrays, options: FacemeshOptions) -> str | None:
    """What to tell the user about the background; raises StudioError where the wanted one cannot be."""
    if options.background == "picture" and not options.background_picture:
        raise StudioError("Choose the picture that should stand behind the person.")
    if options.background == "photo" or arrays["matte.trusted"]:
        return None
    if options.background == "still":
        return f"{UNCLEAR}, which therefore bends a little with them."
    if not arrays["matte.found"]:
        raise StudioError(
            "The person in this photo could not be told from the background; keep the background of the photo."
        )
    return f"{UNCLEAR}; look at the edges of the hair."


def _chosen_picture(path: str, width: int, height: int) -> Image:
    from engines.photos import read_photo

    return background.covering(read_photo(Path(path)), width, height)


def mixed(colours: Image, alpha: NDArray[np.uint8], behind: Image) -> Image:
    """``colours`` over ``behind``, (h, w, 3), as ``alpha`` (h, w) says."""
    share = cv2.merge([alpha, alpha, alpha])
    front = cv2.multiply(colours, share, scale=1 / 255, dtype=cv2.CV_16U)
    back = cv2.multiply(behind, cv2.bitwise_not(share), scale=1 / 255, dtype=cv2.CV_16U)
    return np.asarray(cv2.add(front, back, dtype=cv2.CV_8U), np.uint8)


class BodyLayer:
    """Puts the frames of one person over their background. Not shared between threads."""

    def __init__(self, layer: Layer, frame: FaceFrame, triangles: NDArray[np.int32]) -> None:
        self._layer, self._triangles = layer, triangles
        self._rasterise: Rasterise = default_rasteriser()
        self._tile = max(round(TILE * frame.iod), 8)
        self._inner, self._outer = (_tile_minimum(plane, self._tile) for plane in _edge_distances(layer.alpha))

    def compose(self, person: Image, vertices: Float32, values: Float32) -> Image:
        """The frame: ``person`` (H, W, 3), the layer's colours bent by a mesh, over the background.

        ``vertices``, ``values``: the mesh's, as ``Canvas.warp`` takes them. (H, W, 4) RGBA without a
        background.
        """
        height, width = person.shape[:2]
        box = moving_box(vertices, values, self._triangles, (width, height))
        box = _with_face(box, vertices, (width, height))
        frame = self._layer.still.copy()
        way = _Way(self._rasterise, vertices, values, self._triangles, box)
        for kind, part in self._strips(box, way.longest):
            if kind == EDGE:
                self._mix(frame, person, part, way)
            elif kind == INSIDE:
                frame[part][..., :3] = person[part]
        return frame

    def _mix(self, frame: Image, person: Image, part: tuple[slice, slice], way: _Way) -> None:
        """Where nothing moves the frame stays as it is, to the bit."""
        x, y, moves = way.sources(part)
        share = cv2.remap(self._layer.alpha, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        alpha, behind = np.asarray(share, np.uint8), self._layer.behind
        new = np.dstack([person[part], alpha]) if behind is None else mixed(person[part], alpha, behind[part])
        frame[part] = cv2.copyTo(new, moves, frame[part])

    def _strips(self, box: Box, longest: float) -> Iterator[tuple[int, tuple[slice, slice]]]:
        """The box in strips of tiles that are alike: all person, all background, or with some of the edge."""
        side, reach = self._tile, longest + 2.0
        rows = range(box.top // side, (box.bottom - 1) // side + 1)
        first, last = box.left // side, (box.right - 1) // side + 1
        for row in rows:
            kinds = np.full(last - first, EDGE)
            kinds[self._inner[row, first:last] > reach] = INSIDE
            kinds[self._outer[row, first:last] > reach] = OUTSIDE
            cuts = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), len(kinds)]
            band = slice(max(row * side, box.top), min((row + 1) * side, box.bottom))
            for start, end in pairwise(cuts):
                left, right = max((first + start) * side, box.left), min((first + end) * side, box.right)
                yield int(kinds[start]), (band, slice(left, right))


def _with_face(box: Box, vertices: Float32, size: tuple[int, int]) -> Box:
    """``box`` and the face, which is painted on even where nothing is bent."""
    low, high = vertices[:POINTS, :2].min(0), vertices[:POINTS, :2].max(0)
    left, top = (int(np.clip(edge, 0, limit - 1)) for edge, limit in zip(low, size, strict=True))
    right, bottom = (int(np.clip(edge + 1, 1, limit)) for edge, limit in zip(high, size, strict=True))
    if box.empty:
        return Box(left, top, right, bottom)
    return Box(min(left, box.left), min(top, box.top), max(right, box.right), max(bottom, box.bottom))


class _Way:
    """The way from every pixel of a box to its source, worked out small and enlarged where it is wanted."""

    def __init__(
        self,
        rasterise: Rasterise,
        vertices: Float32,
        values: Float32,
        triangles: NDArray[np.int32],
        box: Box,
    ) -> None:
        self.longest = float(np.abs(values[:, :2]).max())
        small = Box(*(int(edge * FIELD_SCALE) + (2 if i > 1 else -1) for i, edge in enumerate(box)))
        scaled = vertices * np.float32(FIELD_SCALE)
        planes = rasterise(scaled, values, triangles, small)
        planes[0] -= np.arange(small.left, small.right, dtype=np.float32)
        planes[1] -= np.arange(small.top, small.bottom, dtype=np.float32)[:, None]
        self._field, self._small = planes, small

    def sources(self, part: tuple[slice, slice]) -> tuple[Any, Any, Any]:
        """Source x and y, (h, w) float32 px, of the pixels in ``part`` (rows, columns), and which of them
        move."""
        rows, columns = part
        size = (columns.stop - columns.start, rows.stop - rows.start)
        offset = (
            columns.start * FIELD_SCALE - self._small.left,
            rows.start * FIELD_SCALE - self._small.top,
        )
        enlarge = np.array([[FIELD_SCALE, 0, offset[0]], [0, FIELD_SCALE, offset[1]]])
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        way = [
            cv2.warpAffine(plane, enlarge, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
            for plane in self._field[:2]
        ]
        x = way[0] + np.arange(columns.start, columns.stop, dtype=np.float32)
        y = way[1] + np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
        moves = np.maximum(np.abs(way[0]), np.abs(way[1])) > STILL
        return x, y, moves.astype(np.uint8)


def _edge_distances(alpha: NDArray[np.uint8]) -> tuple[Float32, Float32]:
    """Two (H, W): px from each pixel of pure person to the nearest other one, and the same for background."""
    solid, empty = (alpha == 255).astype(np.uint8), (alpha == 0).astype(np.uint8)
    inner, outer = (cv2.distanceTransform(plane, cv2.DIST_L2, 3) for plane in (solid, empty))
    return np.asarray(inner, np.float32), np.asarray(outer, np.float32)


def _tile_minimum(plane: Float32, side: int) -> Float32:
    """The least value in each ``side`` px square."""
    height, width = (-(-length // side) * side for length in plane.shape)
    padded = np.pad(plane, ((0, height - plane.shape[0]), (0, width - plane.shape[1])), mode="edge")
    return np.asarray(padded.reshape(height // side, side, width // side, side).min((1, 3)), np.float32)


def _bytes(share: Float32) -> NDArray[np.uint8]:
    return np.asarray(np.round(255 * share), np.uint8)
