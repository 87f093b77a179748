"""The photo in the eyes of the networks: kept for every clip that it is in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from engines.sadtalker import SadTalkerOptions
from engines.sadtalker.driving import source_keypoints
from engines.sadtalker.framing import points_in
from engines.sadtalker.photo import SIDES, framing_of, seen_picture
from engines.sadtalker.reconstruct import coefficients_of
from engines.sadtalker.stand import Stand
from engines.types import Arrays, Float32, Image

WITH_PLACE = ("full", "extfull")
"""Modes whose mapping takes the alignment's scale and shift besides the 70 coefficients."""


@dataclass(frozen=True)
class KnownPhoto:
    """What the networks know of a photo in the mode and the size of ``options``."""

    prepared: Arrays
    options: SadTalkerOptions
    stand: Stand

    @property
    def place(self) -> tuple[Any, ...]:
        """What decides how they see it."""
        return self.options.mode, self.options.size

    @cached_property
    def face(self) -> Image:
        """The square that they see."""

        def make() -> Arrays:
            framing = framing_of(self.prepared, self.options)
            return {"face": seen_picture(self.prepared, framing, SIDES[self.options.size])}

        return np.asarray(self.stand.keep("crop", ("face", *self.place), make)["face"])

    @cached_property
    def coefficients(self) -> Float32:
        """(73,) of the face, or the (70,) of them that the mode's mapping takes."""

        def make() -> Arrays:
            self.stand.report(0.1)
            framing = framing_of(self.prepared, self.options)
            points = points_in(self.prepared["points"], framing.seen, SIDES[self.options.size])
            return {"coefficients": coefficients_of(self.stand.networks(), self.face, points)}

        found = self.stand.keep("photo", ("coefficients", *self.place), make)["coefficients"]
        return np.asarray(found if self.options.mode in WITH_PLACE else found[:70], np.float32)

    @cached_property
    def features(self) -> Arrays:
        """The "volume" that is drawn from, "canonical" keypoints (15, 3), and "source", those in the photo's
        own pose."""

        def make() -> Arrays:
            own = self.coefficients
            self.stand.report(0.2)
            volume, canonical = self.stand.networks().know(self.face)
            source = source_keypoints(self.stand.networks(), canonical, own)
            return {"volume": volume, "canonical": canonical, "source": source}

        return self.stand.keep("features", ("volume", *self.place), make)
