"""A drawn face back into its picture, without an edge and without touching anything else."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.liveportrait.crop import SIZE, paste_mask
from engines.types import Float32, Image

Floats = NDArray[Any]


class Paster:
    """Puts crops into ``photo`` (H, W, 3). ``matrix``: (2, 3) px of the photo -> px of a crop of SIZE.

    ``feather``: see ``engines.liveportrait.crop.paste_mask``.
    """

    def __init__(self, photo: Image, matrix: Floats, feather: int) -> None:
        self._photo = photo
        self._rows, self._columns = _extent(matrix, photo.shape)
        corner = np.array([self._columns.start, self._rows.start], np.float64)
        # From px of this part of the photo to px of the crop.
        self._matrix = np.column_stack([matrix[:, :2], matrix[:, 2] + matrix[:, :2] @ corner])
        share = self._laid(paste_mask(feather), self._matrix, cv2.INTER_LINEAR)
        self._share: Float32 = (share.astype(np.float32) / np.float32(255))[..., None]
        self._under = photo[self._rows, self._columns].astype(np.float32)

    def paste(self, crop: Image) -> Image:
        """A new picture with the square ``crop`` in its place."""
        enlarging = np.hypot(*self._matrix[0, :2]) < 1
        how = cv2.INTER_CUBIC if enlarging else cv2.INTER_LINEAR
        fine = self._laid(*_fitting(crop, self._matrix), how).astype(np.float32)
        out = self._photo.copy()
        mixed = self._under + self._share * (fine - self._under)
        out[self._rows, self._columns] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
        return out

    def _laid(self, crop: NDArray[np.uint8], matrix: Floats, how: int) -> NDArray[np.uint8]:
        """``crop`` as it lies in this part of the photo, whose px go to its own by ``matrix``."""
        height, width = self._rows.stop - self._rows.start, self._columns.stop - self._columns.start
        flags = how | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(crop, matrix, (width, height), flags=flags), np.uint8)


def _fitting(crop: NDArray[np.uint8], matrix: Floats) -> tuple[NDArray[np.uint8], Floats]:
    """``crop`` no finer than the photo, which would make it flicker, and the way into it."""
    side = min(len(crop), max(round(SIZE / float(np.hypot(*matrix[0, :2]))), 1))
    if side < len(crop):
        crop = np.asarray(cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    ratio = len(crop) / SIZE
    # The middle of a pixel counts, and that of a larger one is elsewhere.
    return crop, np.column_stack([matrix[:, :2] * ratio, matrix[:, 2] * ratio + 0.5 * ratio - 0.5])


def _extent(matrix: Floats, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of the photo that the crop can touch; one pixel at least."""
    turn = np.linalg.inv(matrix[:, :2])
    corners = np.array([[0, 0], [SIZE, 0], [SIZE, SIZE], [0, SIZE]], np.float64)
    places = (corners - matrix[:, 2]) @ turn.T
    low = np.clip(np.floor(places.min(0)).astype(int) - 1, 0, (shape[1] - 1, shape[0] - 1))
    high = np.clip(np.ceil(places.max(0)).astype(int) + 2, low + 1, (shape[1], shape[0]))
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
