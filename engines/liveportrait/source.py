"""What is known of the person in a photo: LivePortrait's reading of it, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.liveportrait.keypoints import placed, rotation
from engines.types import Arrays, Float32

Floats = NDArray[Any]
PREFIX = "live."
FIELDS = (
    "keypoints", "expression", "scale", "rotation", "translation", "eyes", "lips", "closing", "outline", "iod",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """The face of a photo at rest. Its crop is 2 units wide, x right, y down, z away.

    ``keypoints``: (21, 3) in the head's own axes. ``expression`` (21, 3), ``scale`` (1,), ``rotation`` (3,)
    degrees and ``translation`` (3,): as in Implicit. ``eyes`` (2,) and ``lips`` (1,): height over width, the
    picture's left eye first. ``closing``: (21, 3) units that close lips which are open in the photo.
    ``outline``: (N, 3) units, the outline of the face. ``iod``: (1,) units between the outer eye corners.
    """

    keypoints: Float32
    expression: Float32
    scale: Float32
    rotation: Float32
    translation: Float32
    eyes: Float32
    lips: Float32
    closing: Float32
    outline: Float32
    iod: Float32

    @property
    def turn(self) -> Floats:
        """(3, 3): the head's pose in the photo, to be applied from the right."""
        return np.asarray(rotation(*self.rotation[:, None])[0])

    @property
    def shown(self) -> Float32:
        """(21, 3): the keypoints where the photo shows them."""
        return self.with_expression(self.expression)

    def with_expression(self, expression: Float32) -> Float32:
        """(21, 3): the keypoints in the photo's pose with another ``expression``."""
        found = placed(self.keypoints[None], self.turn[None], expression[None], self.scale, self.translation)
        return np.asarray(found[0], np.float32)

    def as_arrays(self) -> Arrays:
        """What ``from_arrays`` makes this of again."""
        return {PREFIX + name: getattr(self, name) for name in FIELDS}

    @staticmethod
    def from_arrays(arrays: Arrays) -> Source:
        """What ``as_arrays`` described."""
        return Source(**{name: arrays[PREFIX + name] for name in FIELDS})
