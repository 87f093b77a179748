"""From a clip to an avatar's film: decode, track, crop, keep; one pass, in pieces that outlast a break."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from engines.clips import ClipInfo, inspect_clip, read_clip
from engines.errors import StudioError
from engines.faces import face_finder
from engines.files import whole_file
from engines.footage.boxes import Pads, padded_boxes
from engines.footage.film import Film, join_films, to_pixels, to_units, write_arrays
from engines.footage.pieces import Piece, PieceWriter, read_pieces
from engines.footage.smoothing import bridge, smooth_landmarks
from engines.footage.stretches import BRIDGED, NO_FACE, SEARCHED, Stretch, check_width, choose_stretch
from engines.footage.tracking import FaceTracker, Memory
from engines.progress import Watch
from engines.types import Float32, Image

VERSION = "1"
"""Changes whenever films of the same clip come out differently; pieces of another version are not used."""
PLAN, FILM = "plan.json", "source.mp4"
BLOCK, MARGIN = 600, 16
"""Frames that are smoothed at a time, and frames on either side that they need to know of."""


@dataclass(frozen=True)
class FilmOptions:
    """``img_size``: side in px of face crops for lip-sync networks; ``pads``: px added to the face's box at
    top, bottom, left, right; ``face_batch``: frames between two looks of the detector."""

    img_size: Annotated[int, Field(ge=64, le=1024)] = 256
    pads: Pads = (0, 10, 0, 0)
    face_batch: Annotated[int, Field(ge=1, le=1000)] = 16


@dataclass(frozen=True)
class Filmed:
    """What became of a clip: the film, sentences for the user, and the frame that the film begins with."""

    film: Film
    notes: tuple[str, ...]
    start: int = 0


@dataclass(frozen=True)
class Footage:
    """Frames to make a film of: ``read(start)`` gives number and pixels of every frame from ``start`` on."""

    info: ClipInfo
    read: Callable[[int], Iterator[tuple[int, Image]]]


def film_clip(clip: Path, folder: Path, options: FilmOptions, watch: Watch) -> Filmed:
    """Make the film of ``clip`` in ``folder``, as FILM and its arrays; pieces that lie there are used.

    Raises StudioError for clips that cannot become an avatar, Cancelled if cancelled; the pieces then stay.
    """
    info = inspect_clip(clip)
    return film_frames(Footage(info, lambda start: read_clip(clip, info, start)), folder, options, watch)


def film_frames(footage: Footage, folder: Path, options: FilmOptions, watch: Watch) -> Filmed:
    """As ``film_clip``, of any frames."""
    info = footage.info
    folder.mkdir(parents=True, exist_ok=True)
    _check_plan(folder, info, options)
    total = _make_pieces(footage, folder, options, watch)
    pieces, _ = read_pieces(folder)
    stretch, notes = choose_stretch(pieces, info, total)
    check_width(stretch.pieces[0])
    film = _assemble(folder, info, stretch, options, watch)
    return Filmed(film, (*info.notes, *notes), stretch.start)


def clear_pieces(folder: Path) -> None:
    """Delete everything in ``folder`` but the film."""
    for path in folder.iterdir():
        if path.is_file() and path.stem != Path(FILM).stem:
            path.unlink()


def _check_plan(folder: Path, info: ClipInfo, options: FilmOptions) -> None:
    """Forget the pieces in ``folder`` if they were made of another clip, or in another way."""
    plan = json.dumps({"version": VERSION, "info": asdict(info), "every": options.face_batch}, sort_keys=True)
    path = folder / PLAN
    if path.is_file() and path.read_text("utf-8") == plan:
        return
    for piece in folder.glob("[0-9]*.*"):
        piece.unlink()
    with whole_file(path) as part:
        part.write_text(plan, "utf-8")


def _make_pieces(footage: Footage, folder: Path, options: FilmOptions, watch: Watch) -> int:
    """Decode and track what no piece holds yet; returns the number of frames of the clip."""
    info = footage.info
    pieces, memory = read_pieces(folder)
    shooting = _Shooting(folder, info, pieces, FaceTracker(face_finder(), options.face_batch, memory))
    start = pieces[-1].stop if pieces else 0
    try:
        for number, rgb in footage.read(start):
            watch.report("film", min(number / info.count, 1.0))
            shooting.take(number, rgb)
        shooting.finish()
    except BaseException:
        shooting.drop()
        raise
    return max(shooting.total, start)


class _Shooting:
    """Tracks and writes: a piece begins where the face appears and ends where it goes."""

    def __init__(self, folder: Path, info: ClipInfo, pieces: list[Piece], tracker: FaceTracker) -> None:
        self._folder, self._info, self._tracker = folder, info, tracker
        self._writer = PieceWriter(folder, info, len(pieces))
        self._begins = "" if pieces and not _gone(tracker.memory, info) else "lost"
        self._measured = bool(pieces)
        self.total = 0

    def take(self, number: int, rgb: Any) -> None:
        """One frame."""
        sight = self._tracker.step(rgb)
        self.total = number + 1
        if sight.cut:
            self._close()
            self._begins = "cut"
        if sight.landmarks is None and _gone(self._tracker.memory, self._info):
            self._close()
            self._begins = self._begins or "lost"
            self._give_up(number)
            return
        if sight.landmarks is None and self._begins:
            return
        self._writer.add(number, rgb, sight, self._begins)
        self._begins = ""
        if self._writer.full:
            self._close()

    def finish(self) -> None:
        """Keep what is left."""
        self._close()

    def drop(self) -> None:
        """Stop in the middle."""
        self._writer.drop()

    def _close(self) -> None:
        whole = self._writer.full
        self._writer.close(self._tracker.memory)
        if whole and not self._measured:  # after four seconds, not after ten minutes
            check_width(read_pieces(self._folder)[0][-1])
            self._measured = True

    def _give_up(self, number: int) -> None:
        if not len(self._tracker.memory.last) and number > SEARCHED * self._info.fps:
            raise StudioError(NO_FACE)


def _gone(memory: Memory, info: ClipInfo) -> bool:
    return not len(memory.last) or memory.lost > BRIDGED * info.fps


def _assemble(folder: Path, info: ClipInfo, stretch: Stretch, options: FilmOptions, watch: Watch) -> Film:
    """The film of one stretch from its pieces."""
    watch.report("film", 1.0)
    video = folder / FILM
    counts = [min(piece.stop, stretch.end) - piece.start for piece in stretch.pieces]
    with whole_file(video) as part:
        join_films(
            [(piece.video, count) for piece, count in zip(stretch.pieces, counts, strict=True)], part, info.fps
        )
    units = np.concatenate([to_units(block) for block in _smoothed(stretch, info.fps)])
    boxes = padded_boxes(units, (info.width, info.height), options.pads, info.fps)
    film = Film(video, info.width, info.height, info.fps, units, boxes)
    write_arrays(film)
    return film


def _smoothed(stretch: Stretch, fps: float) -> Iterator[Float32]:
    """Landmarks in px of all frames of a stretch, a block at a time. Its ends show the face."""
    units = np.concatenate([piece.units for piece in stretch.pieces])[: stretch.count]
    seen = np.concatenate([piece.seen for piece in stretch.pieces])[: stretch.count]
    for first in range(0, len(units), BLOCK):
        low, high = max(first - MARGIN, 0), min(first + BLOCK + MARGIN, len(units))
        while not seen[low]:
            low -= 1
        while not seen[high - 1]:
            high += 1
        block = bridge(to_pixels(units[low:high]), seen[low:high])
        yield smooth_landmarks(block, fps)[first - low : first - low + BLOCK]
