"""The film of a clip in pieces, each kept as soon as it is made: what breaks off goes on after the last one."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.clips import ClipInfo
from engines.facemesh.anatomy import POINTS
from engines.files import whole_file
from engines.footage.film import GROUP, FilmWriter, to_pixels, to_units
from engines.footage.tracking import Memory, Sight
from engines.types import Float32, Image

PIECE = 8 * GROUP
"""Frames of a piece: about four seconds."""


@dataclass(frozen=True)
class Piece:
    """A stretch of frames. ``start``: number of its first frame in the clip; ``units``: (N, 468, 3) int16 and
    ``seen``: (N,), the face; ``begins``: why it does not go on from the piece before: "", "cut" or "lost"."""

    video: Path
    start: int
    units: NDArray[np.int16]
    seen: NDArray[np.bool_]
    begins: str

    @property
    def end(self) -> int:
        """Number of the frame after its last in which the face is seen."""
        return self.start + int(np.flatnonzero(self.seen)[-1]) + 1

    @property
    def stop(self) -> int:
        """Number of the frame after its last."""
        return self.start + len(self.seen)

    def landmarks(self) -> Float32:
        """(N, 468, 3) px."""
        return to_pixels(self.units)


def read_pieces(folder: Path) -> tuple[list[Piece], Memory]:
    """Everything whole that an earlier run left in ``folder``, and what tracking knew at its end."""
    pieces: list[Piece] = []
    memory = Memory.blank()
    while (found := _read(folder / f"{len(pieces):05d}.npz")) is not None:
        pieces.append(found[0])
        memory = found[1]
    return pieces, memory


def _read(path: Path) -> tuple[Piece, Memory] | None:
    video = path.with_suffix(".mp4")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            piece = Piece(video, int(arrays["start"]), arrays["units"], arrays["seen"], str(arrays["begins"]))
            lost, age = (int(value) for value in arrays["counts"])
            memory = Memory(arrays["last"], arrays["thumb"], lost, float(arrays["change"]), age)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return (piece, memory) if video.is_file() else None


@dataclass
class _Open:
    """A piece that is being made."""

    writer: FilmWriter
    part: Path
    start: int
    begins: str
    landmarks: list[Any] = field(default_factory=list)


class PieceWriter:
    """Writes pieces into ``folder``, after the ``done`` ones that are there."""

    def __init__(self, folder: Path, info: ClipInfo, done: int) -> None:
        self._folder, self._info, self._done = folder, info, done
        self._open: _Open | None = None

    @property
    def full(self) -> bool:
        """Whether the open piece has all its frames."""
        return self._open is not None and len(self._open.landmarks) >= PIECE

    def add(self, number: int, rgb: Image, sight: Sight, begins: str) -> None:
        """The next frame; ``begins`` counts if it is the first of a piece."""
        if self._open is None:
            part = self._folder / f".{self._done:05d}.part.mp4"
            writer = FilmWriter(part, self._info.width, self._info.height, self._info.fps)
            self._open = _Open(writer, part, number, begins)
        self._open.writer.add(rgb)
        self._open.landmarks.append(sight.landmarks)

    def close(self, memory: Memory) -> None:
        """Keep the open piece, if there is one."""
        made, self._open = self._open, None
        if made is None:
            return
        made.writer.close()
        video = self._folder / f"{self._done:05d}.mp4"
        made.part.replace(video)
        blank = np.zeros((POINTS, 3), np.float32)
        seen = np.array([points is not None for points in made.landmarks])
        units = to_units(np.stack([blank if points is None else points for points in made.landmarks]))
        with whole_file(video.with_suffix(".npz")) as part, part.open("wb") as file:
            np.savez(
                file,
                start=np.array(made.start),
                units=units,
                seen=seen,
                begins=np.array(made.begins),
                last=memory.last,
                thumb=memory.thumb,
                counts=np.array([memory.lost, memory.age]),
                change=np.array(memory.change),
            )
        self._done += 1

    def drop(self) -> None:
        """Let go of the open piece."""
        made, self._open = self._open, None
        if made is not None:
            made.writer.close()
            made.part.unlink(missing_ok=True)
