"""What LivePortrait reads of a filmed person: each frame when it is shown; before that, how the mouth rests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.footage.film import Film, FilmReader
from engines.liveportrait.crop import SIZE, crop_matrix
from engines.liveportrait.painter import Painter, Reading
from engines.liveportrait.preparing import DOWN, LIPS, SCALE, SEEN_BY_106, cut, ratios
from engines.portraitvideo.cost import SHUT
from engines.types import Float32, Image, Portrait

Floats = NDArray[Any]
APART = 0.4
"""Seconds between two of them at least."""


@dataclass(frozen=True)
class FilmedFrame:
    """A frame at output size, (H, W, 3); ``matrix`` (2, 3): its px -> px of the crop of SIZE; what was read."""

    rgb: Image
    matrix: Floats
    reading: Reading


class FilmedPortrait:
    """The frames of ``film`` as the networks see them. Close it when done."""

    def __init__(self, film: Film, size: tuple[int, int], painter: Painter) -> None:
        """``size``: width and height of the frames that are shown."""
        self._film, self._painter = film, painter
        self._scale = np.float32(size[0] / film.width)
        self._reader = FilmReader(film, *size)

    def frame(self, number: int) -> FilmedFrame:
        """One frame, read."""
        rgb = self._reader.frame(number)
        landmarks = self._film.landmarks(number) * self._scale
        matrix = crop_matrix(landmarks[:, :2].astype(np.float64), SIZE, SCALE, DOWN, SEEN_BY_106)
        picture = cut(Portrait(rgb, landmarks), matrix)
        return FilmedFrame(rgb, matrix, self._painter.read(picture))

    def resting(self) -> Float32:
        """(21, 3): the expression with the mouth shut, the middle of those frames in which it is."""
        return np.median([self.frame(number).reading.expression for number in self._shut()], axis=0)

    def close(self) -> None:
        """Let go of the film."""
        self._reader.close()

    def _shut(self) -> Iterator[int]:
        """Numbers of the frames whose lips are least open, some time apart."""
        film = self._film
        open_ = np.array([ratios(film.landmarks(number), LIPS) for number in range(film.count)])
        taken: list[int] = []
        for number in np.argsort(open_, kind="stable").tolist():
            if len(taken) == SHUT or open_[number] > np.median(open_):
                break
            if all(abs(number - other) >= APART * film.fps for other in taken):
                taken.append(number)
        return iter(taken)
