"""The animator: a film and a motion make frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engines.footage.face import FilmedFace
from engines.footage.film import Film, FilmReader, read_film
from engines.footage.loop import Loop
from engines.footage.preparing import prepare_film
from engines.stages import SOURCE
from engines.types import Arrays, FrameSpec, FrameStream, Image, Motion

if TYPE_CHECKING:
    from engines.footage import FootageOptions

SIZE = "film.size"


class FootageAnimator:
    """Shows an avatar's own film, back and forth, with the mouth that the motion asks for."""

    def prepare_film(self, video: Path, size: int | None) -> Arrays:
        """The resting mouth, the teeth and the head's ways; ``size`` as in Output, None for the film's own."""
        film = read_film(video)
        width, height = _output_size(film, size)
        reader = FilmReader(film, width, height)
        try:
            arrays = prepare_film(film, reader, width / film.width)
        finally:
            reader.close()
        return {**arrays, SIZE: np.array([width, height])}

    def animate(self, prepared: Arrays, motion: Motion, options: FootageOptions) -> FrameStream:
        """One frame for every row of ``motion``; ``prepared`` must say under SOURCE where the film lies."""
        film = read_film(Path(prepared[SOURCE].tobytes().decode()))
        width, height = (int(value) for value in prepared[SIZE])
        loop = Loop(film.count, film.fps, motion.fps)
        numbers = [loop.at(motion.first + index) for index in range(len(motion))]
        boxes = film.boxes[numbers].astype(np.float32) * np.float32(width / film.width)
        spec = FrameSpec(width, height, motion.fps, len(motion))
        frames = _frames(film, prepared, motion, numbers, spoken=options.mouth == "spoken")
        return FrameStream(spec, frames, (), boxes)


def _frames(
    film: Film, prepared: Arrays, motion: Motion, numbers: list[int], *, spoken: bool
) -> Iterator[Image]:
    width, height = (int(value) for value in prepared[SIZE])
    scale = np.float32(width / film.width)
    reader, face = FilmReader(film, width, height), FilmedFace(prepared) if spoken else None
    try:
        for index, number in enumerate(numbers):
            rgb = reader.frame(number)
            if face is None:
                yield rgb
                continue
            weights = np.clip(motion.blendshapes[index], 0.0, 1.0)
            tongue = None if motion.tongue is None else motion.tongue[index]
            yield face.speak(rgb, number, film.landmarks(number) * scale, weights, tongue)
    finally:
        reader.close()


def _output_size(film: Film, size: int | None) -> tuple[int, int]:
    """Width and height of the frames."""
    scale = 1.0 if size is None else size / max(film.width, film.height)
    return max(2 * round(film.width * scale / 2), 2), max(2 * round(film.height * scale / 2), 2)


def create() -> FootageAnimator:
    """The factory named in the engine's declaration."""
    return FootageAnimator()
