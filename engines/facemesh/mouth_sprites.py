"""Sprites: small pictures with cover, packed for storage, placed by affines and laid over one another."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import Window, threefold
from engines.native import native_module
from engines.types import Float32

Array = NDArray[Any]


def pack(sprite: Float32) -> Array:
    """(h, w, 3 or 4) float32, colours in [0, 255] and cover in [0, 1] -> uint8 for storage."""
    scaled = sprite.copy()
    if sprite.shape[-1] == 4:
        scaled[..., 3] *= 255
    return np.clip(np.round(scaled), 0, 255).astype(np.uint8)


def unpack(packed: Array) -> Float32:
    """What ``pack`` stored."""
    sprite = packed.astype(np.float32)
    if packed.shape[-1] == 4:
        sprite[..., 3] /= 255
    return sprite


def compose(outer: Array, inner: Array) -> Array:
    """The affine that does ``inner`` first, then ``outer``; (2, 3) each."""
    linear = outer[:, :2] @ inner[:, :2]
    return np.column_stack([linear, outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def lay(
    below: Float32, sprite: Float32, place: tuple[Window, Array], light: Float32, strength: float = 1.0
) -> None:
    """Lay a premultiplied (h, w, 4) sprite, lit by ``light``, over ``below``, in place.

    ``place``: the window whose pixels ``below`` and ``light`` are, (h, w, 3) each, and the affine sprite px ->
    picture px.
    """
    window, affine = place
    module = native_module()
    if module is not None:
        to_sprite = cv2.invertAffineTransform(window.matrix(affine))
        module.lay(below, sprite, to_sprite.ravel(), light, 1.0, strength)
        return
    red, green, blue, cover = cv2.split(window.warp(sprite, affine))
    below *= threefold(np.float32(1.0) - np.float32(strength) * cover)
    below += cv2.merge([red, green, blue]) * (np.float32(strength) * light)


def extent(sprite: Float32) -> Array:
    """(4, 2) px: corners of the part of a (h, w, 4) sprite that covers anything."""
    rows = np.flatnonzero(sprite[..., 3].max(axis=1) > 0)
    columns = np.flatnonzero(sprite[..., 3].max(axis=0) > 0)
    if not len(rows):
        return np.zeros((4, 2))
    left, right, top, bottom = columns[0], columns[-1], rows[0], rows[-1]
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)
