"""Which part of a clip becomes the avatar, and what is said about the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.clips import ClipInfo, too_short
from engines.errors import StudioError
from engines.footage.pieces import Piece

LEAST_WIDTH = 64
"""Pixels that a face must be wide in the clip."""
BRIDGED = 0.5
"""Seconds for which a face may be out of sight: its place is then known from before and after."""
LEAST_SHARE = 0.6
"""Share of a clip that must be left once what cannot be used is gone."""
SEARCHED = 15.0
"""Seconds without a face at the start after which none is expected."""
NO_FACE = (
    "No face was found in the clip; use one in which a face looks towards the camera, uncovered, well lit "
    f"and at least {LEAST_WIDTH} pixels wide."
)
_NAMED = 4


@dataclass(frozen=True)
class Stretch:
    """Pieces that follow each other without a break."""

    pieces: tuple[Piece, ...]

    @property
    def start(self) -> int:
        """Number of its first frame in the clip."""
        return self.pieces[0].start

    @property
    def end(self) -> int:
        """Number of the frame after its last one with a face."""
        return self.pieces[-1].end

    @property
    def count(self) -> int:
        """Number of frames."""
        return self.end - self.start


def check_width(piece: Piece) -> None:
    """Raise StudioError if the face is too small in ``piece``."""
    across = piece.units[piece.seen][..., 0].astype(np.float64)
    width = float(np.median(np.ptp(across, axis=1))) / 16
    if width < LEAST_WIDTH:
        raise StudioError(
            f"The face is only {width:.0f} pixels wide in the clip and needs at least {LEAST_WIDTH}; "
            "film closer or crop the clip to the face."
        )


def choose_stretch(pieces: list[Piece], info: ClipInfo, total: int) -> tuple[Stretch, tuple[str, ...]]:
    """The longest stretch of a clip of ``total`` frames, and sentences on what is left out.

    Raises StudioError if there is no face, several cuts, too much without a face, or too little left.
    """
    if not pieces:
        raise StudioError(NO_FACE)
    stretches = _stretches(pieces)
    best = max(stretches, key=lambda stretch: stretch.count)
    cuts = [piece.start for piece in pieces if piece.begins == "cut"]
    if len(cuts) > 1:
        raise StudioError(
            f"The clip has {len(cuts)} cuts (at {_times(cuts, info)}); an avatar needs one shot without cuts, "
            "so send one of its parts."
        )
    gaps = _gaps(stretches, total, info)
    if best.count < LEAST_SHARE * total and not cuts and gaps:
        raise StudioError(
            f"The face is out of sight for too long ({_spans(gaps, info)}); use a clip in which it is always "
            "seen, or cut those parts off."
        )
    if best.count / info.fps < 1.0:
        raise too_short(best.count / info.fps)
    return best, _notes(best, cuts, gaps, info, total)


def _stretches(pieces: list[Piece]) -> list[Stretch]:
    found: list[list[Piece]] = []
    for piece in pieces:
        if not found or piece.begins:
            found.append([])
        found[-1].append(piece)
    return [Stretch(tuple(group)) for group in found]


def _gaps(stretches: list[Stretch], total: int, info: ClipInfo) -> list[tuple[int, int]]:
    """First and after last frames of what has no face and is too long to be bridged."""
    edges = [0, *(edge for stretch in stretches for edge in (stretch.start, stretch.end)), total]
    spans = zip(edges[::2], edges[1::2], strict=True)
    return [(first, end) for first, end in spans if end - first > BRIDGED * info.fps]


def _notes(
    best: Stretch, cuts: list[int], gaps: list[tuple[int, int]], info: ClipInfo, total: int
) -> tuple[str, ...]:
    found = []
    if cuts:
        found.append(f"The clip cuts at {_times(cuts, info)}.")
    if gaps:
        found.append(f"No face is seen {_spans(gaps, info)}.")
    if found and best.count < total:
        found.append(
            f"The avatar is made of the part from {_time(best.start, info)} to {_time(best.end, info)}."
        )
    unseen = sum(int((~piece.seen).sum()) for piece in best.pieces) - (best.pieces[-1].stop - best.end)
    if unseen:
        found.append(f"The face was out of sight in {unseen} frames; its place there is guessed.")
    return tuple(found)


def _times(numbers: list[int], info: ClipInfo) -> str:
    named = ", ".join(_time(number, info) for number in numbers[:_NAMED])
    return named + (" and later" if len(numbers) > _NAMED else "")


def _spans(gaps: list[tuple[int, int]], info: ClipInfo) -> str:
    named = ", ".join(f"from {_time(first, info)} to {_time(end, info)}" for first, end in gaps[:_NAMED])
    return named + (" and later" if len(gaps) > _NAMED else "")


def _time(number: int, info: ClipInfo) -> str:
    """As a player shows it: 0:05.2."""
    seconds = number / info.fps
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
