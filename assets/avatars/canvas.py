"""How the head is held: the head's own coordinates under every painted pixel, and where features end up."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from assets.avatars import sculpt, strands
from assets.avatars.fields import Field, Plane, blur
from assets.avatars.form import Face, landmarks
from assets.avatars.people import Person


@dataclass(frozen=True)
class Canvas:
    """The head's own coordinates under every painted pixel, and the picture's."""

    plane: Plane
    x: Field
    y: Field
    head_x: Field
    head_y: Field
    x_flat: Field
    """Across the held head, without the turn."""


def unroll(face: Face, x: Field, y: Field) -> tuple[Field, Field]:
    """Picture coordinates to those of the head before it was rolled."""
    roll = np.radians(face.pose.roll)
    up = y - np.float32(strands.PIVOT)
    back_x = x * np.cos(roll) - up * np.sin(roll)
    back_y = up * np.cos(roll) + x * np.sin(roll)
    return back_x.astype(np.float32), (back_y + strands.PIVOT).astype(np.float32)


def _quarter(field: Field) -> Field:
    return np.asarray(cv2.resize(field, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), np.float32)


def place(person: Person) -> Canvas:
    """Coordinates of the head as it is held: the turn shifts every point by its height."""
    x, y = person.plane.grid()
    flat_x, flat_y = unroll(person.face, x, y)
    sine, cosine = np.sin(np.radians(person.face.pose.turn)), np.cos(np.radians(person.face.pose.turn))
    small_x, small_y = (_quarter(part) for part in (flat_x, flat_y))
    head_x = small_x
    for _ in range(8):
        height = np.maximum(sculpt.relief(person.face, head_x, small_y), -3)
        head_x = 0.5 * head_x + 0.5 * (small_x - sine * blur(height, 0.03 * person.plane.density)) / cosine
    shift = cv2.resize(np.asarray(head_x - small_x), flat_x.shape[::-1], interpolation=cv2.INTER_CUBIC)
    smooth = blur(np.asarray(shift, np.float32), 0.12 * person.plane.density)
    return Canvas(person.plane, x, y, (flat_x + smooth).astype(np.float32), flat_y, flat_x)


def features(person: Person) -> dict[str, NDArray[np.float64]]:
    """Final pixel positions of the drawn eyes, mouth, brows and chin."""
    points = landmarks(person.face)
    flat = np.stack(list(points.values()))
    x, y = flat.astype(np.float32).T
    z = sculpt.relief(person.face, x[None], y[None])[0]
    held = strands.turn(np.stack([flat[:, 0], flat[:, 1], z], axis=1), person.face.pose)
    return dict(zip(points, person.plane.to_pixels(held), strict=True))


def sculpt_height(person: Person) -> Field:
    """The head's relief on the unturned plane, for what grows on it."""
    return sculpt.relief(person.face, *person.plane.grid())
