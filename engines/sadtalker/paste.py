"""The drawn face back in the photo, without an edge.

As in Poisson image editing (Perez et al. 2003) the drawn colours are shifted by a membrane, the smoothest
surface over the box that takes them to the photo's along its border. A membrane is smooth, so a coarse one
does, and what it is at every place is a fixed sum over the border: a small matrix that is made once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.sadtalker.framing import Box
from engines.types import Float32, Image

CELLS = 32
"""Of the coarse membrane, across and down."""
MOST_OFF = 20.0
"""How far (of 255) the border's difference may be from its median: what differs more has moved, and is no
matter of light."""
FEATHER = 0.2
"""Width of the soft border of the box, of half its side."""
CORNERS = 4.0
"""Exponent of the superellipse within the box that is put back: its corners, where no head is, stay the photo's
own and as sharp."""


class Paste:
    """Puts drawn pictures into ``box`` of ``photo`` (H, W, 3)."""

    def __init__(self, photo: Image, box: Box) -> None:
        self._photo, self._box = photo, box
        left, top, right, bottom = box
        self._before = photo[top:bottom, left:right].astype(np.float32)
        self._coarse = _coarse(self._before)
        self._share = soft_mask(photo.shape, box)[..., None]

    def put(self, drawn: Image) -> Image:
        """A copy of the photo with ``drawn`` (S, S, 3) in its box; outside of it nothing is changed."""
        left, top, right, bottom = self._box
        shifted = drawn.astype(np.float32) + self._membrane(drawn)
        size = (right - left, bottom - top)
        fine = cv2.resize(shifted, size, interpolation=_how(len(drawn), min(size)))
        out = self._photo.copy()
        mixed = self._before + self._share * (fine - self._before)
        out[top:bottom, left:right] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
        return out

    def _membrane(self, drawn: Image) -> Float32:
        """(S, S, 3): what to add for the colours to go on at the border."""
        border = _border(CELLS)
        off = (self._coarse - _coarse(drawn.astype(np.float32))).reshape(-1, 3)[border]
        middle = np.median(off, axis=0)
        off = np.clip(off, middle - MOST_OFF, middle + MOST_OFF)
        coarse = (_harmonic(CELLS) @ off).reshape(CELLS, CELLS, 3)
        return np.asarray(cv2.resize(coarse, drawn.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def soft_mask(shape: tuple[int, ...], box: Box) -> Float32:
    """(h, w) in 0..1 over ``box`` in a photo of ``shape``: 0 at its edge and in its corners, 1 inside; an edge
    that is the photo's own is not softened."""
    left, top, right, bottom = box
    across = _outwards(right - left, soft=(left > 0, right < shape[1]))
    down = _outwards(bottom - top, soft=(top > 0, bottom < shape[0]))
    away = (across[None] ** CORNERS + down[:, None] ** CORNERS) ** (1 / CORNERS)
    share = np.clip((1 - away) / FEATHER, 0.0, 1.0)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _outwards(length: int, soft: tuple[bool, bool]) -> NDArray[np.float64]:
    """(length,) 0 in the middle, 1 at both ends; 0 up to an end that is not ``soft``."""
    place = np.linspace(-1.0, 1.0, length)
    return np.where(place < 0, -place * soft[0], place * soft[1])


def _coarse(picture: Float32) -> Float32:
    return np.asarray(cv2.resize(picture, (CELLS, CELLS), interpolation=cv2.INTER_AREA), np.float32)


def _how(drawn: int, wanted: int) -> int:
    return int(cv2.INTER_AREA if wanted < drawn else cv2.INTER_CUBIC)


@lru_cache(maxsize=2)
def _border(cells: int) -> NDArray[np.intp]:
    """(4 cells - 4,) numbers of the cells along the border."""
    edge = np.zeros((cells, cells), bool)
    edge[[0, -1]] = edge[:, [0, -1]] = True
    return np.flatnonzero(edge)


@lru_cache(maxsize=2)
def _harmonic(cells: int) -> Float32:
    """(cells^2, 4 cells - 4): each cell as a sum over the border; inside, it is the mean of its neighbours."""
    count = cells * cells
    numbers = np.arange(count).reshape(cells, cells)
    inside = numbers[1:-1, 1:-1].ravel()
    system: NDArray[Any] = np.eye(count)
    for step in (-1, 1, -cells, cells):
        system[inside, inside + step] = -0.25
    given = np.zeros((count, 4 * cells - 4))
    given[_border(cells), np.arange(4 * cells - 4)] = 1.0
    return np.linalg.solve(system, given).astype(np.float32)
