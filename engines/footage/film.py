"""An avatar's film on disk: <name>.mp4 with every frame at a constant rate, <name>.npz with the face in each.

The video has no frame that waits for a later one and a key frame at least every GROUP frames, so that it can be
read backwards a group at a time.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from engines.clips import to_rgb
from engines.encode import BT709
from engines.errors import StudioError
from engines.facemesh.anatomy import POINTS
from engines.files import whole_file
from engines.sniff import sidecar
from engines.types import Float32, Image
from engines.video_frames import video_frame

GROUP = 12
UNITS = 16.0
"""Landmarks are kept in steps of 1/UNITS px as 16-bit integers: a quarter of what floats take on disk."""
QUALITY = {"crf": "15", "preset": "superfast", "g": str(GROUP), "bf": "0", "sc_threshold": "0"}
"""x264: nothing is seen of it even after it was encoded again."""
LOST = "The video of this avatar cannot be read any more; make the avatar from its clip again."
NO_FILM = "This clip is not prepared yet; make an avatar of it first, with 'avatar add' or on the Avatar tab."


@dataclass(frozen=True)
class Film:
    """``video`` of ``count`` frames. ``units``: (N, 468, 3) int16 landmarks in 1/UNITS px; ``boxes``: (N, 4)
    int32 x1, y1, x2, y2 of the face with its pads, inside the frame."""

    video: Path
    width: int
    height: int
    fps: float
    units: NDArray[np.int16]
    boxes: NDArray[np.int32]

    @property
    def count(self) -> int:
        """Number of frames."""
        return len(self.units)

    def landmarks(self, index: int) -> Float32:
        """(468, 3) px of one frame."""
        return to_pixels(self.units[index])


def to_units(landmarks: Float32) -> NDArray[np.int16]:
    """Pixels as they are kept."""
    limit = np.iinfo(np.int16)
    return np.clip(np.round(landmarks * UNITS), limit.min, limit.max).astype(np.int16)


def to_pixels(units: NDArray[np.int16]) -> Float32:
    """What ``to_units`` made, in px again."""
    return units.astype(np.float32) / np.float32(UNITS)


def is_film(video: Path) -> bool:
    """Whether a video is an avatar's film, with its arrays beside it."""
    return sidecar(video).is_file()


def read_film(video: Path) -> Film:
    """The film at ``video``. Raises StudioError if it is none, or damaged."""
    if not is_film(video):
        raise StudioError(NO_FILM)
    try:
        with np.load(sidecar(video), allow_pickle=False) as arrays:
            width, height = (int(value) for value in arrays["size"])
            film = Film(video, width, height, float(arrays["fps"]), arrays["units"], arrays["boxes"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        raise StudioError(LOST) from None
    if film.count < 1 or film.units.shape[1:] != (POINTS, 3) or film.boxes.shape != (film.count, 4):
        raise StudioError(LOST)
    return film


def write_arrays(film: Film) -> None:
    """Put the arrays of ``film`` beside its video, whole or not at all."""
    with whole_file(sidecar(film.video)) as part, part.open("wb") as file:
        np.savez_compressed(
            file,
            size=np.array([film.width, film.height]),
            fps=np.array(film.fps),
            units=film.units,
            boxes=film.boxes,
        )


class FilmWriter:
    """Encodes frames, (height, width, 3) RGB, into a video at ``path``; close it when done."""

    def __init__(self, path: Path, width: int, height: int, fps: float) -> None:
        self._out = av.open(str(path), "w", format="mp4")
        self._track = self._out.add_stream("libx264", rate=rate_of(fps), options=dict(QUALITY))
        self._track.width, self._track.height, self._track.pix_fmt = width, height, "yuv420p"
        context = self._track.codec_context
        context.colorspace = context.color_primaries = context.color_trc = context.color_range = BT709
        self._tick = 1 / rate_of(fps)
        self.count = 0

    def add(self, rgb: Image) -> None:
        """The next frame."""
        frame = video_frame(rgb)
        frame.pts, frame.time_base = self.count, self._tick
        self.count += 1
        self._out.mux(self._track.encode(frame))

    def close(self) -> None:
        """Write what is left."""
        if self.count:
            self._out.mux(self._track.encode(None))
        self._out.close()


def join_films(pieces: list[tuple[Path, int]], out: Path, fps: float) -> None:
    """Put the first so many frames of each of ``pieces`` into one video; nothing is encoded again."""
    with av.open(str(pieces[0][0])) as first, av.open(str(out), "w", format="mp4") as joined:
        track = joined.add_stream_from_template(first.streams.video[0])
        done = 0
        for path, count in pieces:
            for number, packet in _packets(path, fps):
                if number < count:
                    packet.pts = packet.dts = done + number
                    packet.time_base, packet.duration = 1 / rate_of(fps), 1
                    packet.stream = track
                    joined.mux_one(packet)
            done += count


def _packets(path: Path, fps: float) -> Iterator[tuple[int, Any]]:
    with av.open(str(path)) as source:
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                yield _number_of(packet.pts or 0, packet.time_base, rate_of(fps)), packet


def rate_of(fps: float) -> Fraction:
    """``fps`` as the encoder takes it."""
    return Fraction(fps).limit_denominator(1001)


def _number_of(pts: int, tick: Fraction, rate: Fraction) -> int:
    """Which frame is shown at ``pts`` ticks."""
    return round(pts * tick * rate)


class FilmReader:
    """Frames of a film by number, in any order; neighbours, forwards or backwards, cost one decoding each.

    Not shared between threads. Close it when done.
    """

    def __init__(self, film: Film, width: int, height: int) -> None:
        """``width``, ``height``: what frames are scaled to."""
        self._size, self._rate = (width, height), rate_of(film.fps)
        try:
            self._source = av.open(str(film.video), format="mov", options={"protocol_whitelist": "file"})
            self._track = self._source.streams.video[0]
        except (OSError, IndexError, ValueError):
            raise StudioError(LOST) from None
        self._track.thread_type = "AUTO"
        self._tick = self._track.time_base or Fraction(1)
        self._group, self._frames = -1, dict[int, Any]()

    def frame(self, number: int) -> Image:
        """(height, width, 3) RGB of one frame, an array of its own. Raises StudioError if it is not there."""
        if number // GROUP != self._group:
            self._group = number // GROUP
            self._frames = self._decoded(self._group * GROUP)
        if number not in self._frames:
            raise StudioError(LOST)
        return to_rgb(self._frames[number], *self._size)

    def _decoded(self, first: int) -> dict[int, Any]:
        """The frames of the group that begins at ``first``."""
        found: dict[int, Any] = {}
        try:
            self._source.seek(round(first / (self._rate * self._tick)), stream=self._track, backward=True)
            for packet in self._source.demux(self._track):
                ended = packet.size == 0 or self._number(packet.pts) >= first + GROUP
                for frame in self._track.codec_context.decode(None if ended else packet):
                    found[self._number(frame.pts)] = frame
                if ended:
                    break
        except av.error.FFmpegError:
            raise StudioError(LOST) from None
        return found

    def _number(self, pts: Any) -> int:
        return _number_of(pts, self._tick, self._rate)

    def close(self) -> None:
        """Let go of the file."""
        self._frames = {}
        self._source.close()
