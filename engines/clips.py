"""Video clips from strangers: checked before anything is decoded, then read frame by frame at a constant rate.

As with recordings (engines.audio) the kind is told by content, the demuxer is forced, only the file protocol is
allowed, and bytes, pixels, seconds and codecs are limited before the first frame is decoded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np

from engines.audio import duration_words
from engines.errors import StudioError
from engines.sniff import is_video, sound_container
from engines.types import Image

KINDS = "MP4, MOV, WebM, MKV or AVI"
CODECS = frozenset(
    (
        "h264", "hevc", "vp8", "libvpx", "vp9", "libvpx-vp9", "av1", "libdav1d", "libaom-av1",
        "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "prores", "h263", "theora",
        "msmpeg4v3", "msmpeg4", "wmv2", "dvvideo",
    )
)  # fmt: skip
LONGEST_SIDE = 1920
"""Larger frames are shrunk to this: what a face gains beyond it, nobody sees."""
SLOWEST, FASTEST = 10.0, 30.0
"""Frames per second that are kept; faster clips lose whole frames, slower ones repeat some."""
HDR = (16, 18)
"""Transfer functions of high dynamic range: PQ and HLG (ITU-T H.273)."""
HD_HEIGHT = 720
"""From this height on, a clip that does not say its colours is taken for BT.709, below for BT.601."""


@dataclass(frozen=True)
class ClipLimits:
    """What is accepted: bytes of the file, seconds, pixels of a frame."""

    max_bytes: int = 4 * 2**30
    max_seconds: float = 900.0
    min_seconds: float = 1.0
    max_pixels: int = 4096 * 2304


@dataclass(frozen=True)
class ClipInfo:
    """What a clip will be read as: even ``width`` and ``height`` upright, ``fps`` constant, about ``seconds``.

    ``notes``: sentences for the user.
    """

    width: int
    height: int
    fps: float
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """About how many frames there will be."""
        return max(round(self.seconds * self.fps), 1)


def inspect_clip(path: Path, limits: ClipLimits | None = None) -> ClipInfo:
    """What is in a clip, told without decoding more than its first frame. Raises StudioError."""
    limits = limits or ClipLimits()
    with _opened(path, limits) as (source, stream):
        try:
            first = next(_decoded(source, stream), None)
        except av.error.FFmpegError:
            first = None
        if first is None:
            raise _damaged(path)
        return _info(path, stream, first, _seconds(source, stream), limits)


def read_clip(
    path: Path, info: ClipInfo, start: int = 0, limits: ClipLimits | None = None
) -> Iterator[tuple[int, Image]]:
    """Number and pixels, (H, W, 3) RGB, of every frame from ``start`` on at ``info.fps``; one at a time.

    A frame that lasts longer than others comes again, as the same array. A clip that breaks off ends there.
    Raises StudioError if there is no picture in it at all or it is longer than allowed.
    """
    limits = limits or ClipLimits()
    most = math.ceil(limits.max_seconds * info.fps)
    painter = _Painter(info)
    with _opened(path, limits) as (source, stream):
        for number, frame in _paced(source, stream, info.fps, start):
            if number >= most:
                raise _too_long(path, limits)
            yield number, painter.paint(frame)


@contextmanager
def _opened(path: Path, limits: ClipLimits) -> Iterator[tuple[Any, Any]]:
    """The open file and its video stream, both checked."""
    container = _check_file(path, limits)
    options = {"format_whitelist": container, "protocol_whitelist": "file"}
    try:
        source = av.open(str(path.resolve()), format=container.split(",")[0], options=options)
    except (av.error.FFmpegError, ValueError):
        raise _damaged(path) from None
    with source:
        yield source, _checked_stream(path, source, limits)


def _check_file(path: Path, limits: ClipLimits) -> str:
    """The demuxer for a file that may be opened."""
    try:
        if not path.is_file():
            raise StudioError(f"There is no file {_name(path)}; check the path of the clip.")
        size = path.stat().st_size
        if size > limits.max_bytes:
            raise StudioError(
                f"{_name(path)} has {size / 2**20:.0f} MB and the limit is {limits.max_bytes / 2**20:.0f} MB; "
                "cut it or save it smaller."
            )
        container = sound_container(path) if is_video(path) else None
    except OSError:
        raise StudioError(f"{_name(path)} cannot be read; check its permissions.") from None
    if container is None:
        raise StudioError(f"{_name(path)} is not a video that can be read; use {KINDS}.")
    return container


def _checked_stream(path: Path, source: Any, limits: ClipLimits) -> Any:
    stream = next((item for item in source.streams.video if not _is_cover(item)), None)
    if stream is None:
        raise StudioError(f"{_name(path)} has no picture, only sound; choose a video of a person.")
    context = stream.codec_context
    if context is None or context.name not in CODECS:
        raise StudioError(f"The video in {_name(path)} is of an unusual kind; save it as MP4 (H.264).")
    pixels = context.width * context.height
    if pixels > limits.max_pixels:
        raise StudioError(
            f"The frames of {_name(path)} have {pixels / 1e6:.0f} megapixels and the limit is "
            f"{limits.max_pixels / 1e6:.0f}; save it as 1080p."
        )
    seconds = _seconds(source, stream)
    if seconds and seconds > limits.max_seconds:
        raise _too_long(path, limits, seconds)
    stream.thread_type = "AUTO"
    return stream


def _is_cover(stream: Any) -> bool:
    """Whether a stream is the cover picture of a song."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _seconds(source: Any, stream: Any) -> float:
    """The length that the file claims, 0 if it claims none."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return float(source.duration or 0) / av.time_base


def _info(path: Path, stream: Any, first: Any, claimed: float, limits: ClipLimits) -> ClipInfo:
    if first.width * first.height > limits.max_pixels:
        raise _damaged(path)
    shape = first.sample_aspect_ratio if hasattr(first, "sample_aspect_ratio") else stream.sample_aspect_ratio
    wide = float(shape) if shape and 0.2 < float(shape) < 5 else 1.0
    width, height = first.width * wide, float(first.height)
    if first.rotation % 180:
        width, height = height, width
    shrink = min(LONGEST_SIDE / max(width, height), 1.0)
    fps = kept_rate(stream.average_rate or stream.guessed_rate or Fraction(25))
    seconds = claimed or float(stream.frames or 0) / fps
    if claimed and claimed < limits.min_seconds:
        raise too_short(claimed, limits)
    notes: tuple[str, ...] = ()
    if getattr(stream.codec_context, "color_trc", 0) in HDR:
        notes = ("The clip is in high dynamic range; its colours may look pale, filmed in SDR they would not.",)
    return ClipInfo(_even(width * shrink), _even(height * shrink), fps, seconds, notes)


def kept_rate(rate: Fraction | float) -> float:
    """The constant rate for a clip of ``rate`` frames per second: as it is, or a whole fraction of it."""
    value = float(rate)
    if not 0.1 < value < 1000:
        value = 25.0
    value /= math.ceil(value / (FASTEST + 0.5))
    whole = round(value)
    return float(min(max(whole if abs(value - whole) < 0.02 else round(value, 3), SLOWEST), FASTEST))


def too_short(seconds: float, limits: ClipLimits | None = None) -> StudioError:
    """What is said of a clip of which only ``seconds`` can be used."""
    least = (limits or ClipLimits()).min_seconds
    return StudioError(
        f"Only {seconds:.1f} s of the clip can be used; at least {least:g} s of a face is needed."
    )


def _paced(source: Any, stream: Any, fps: float, start: int) -> Iterator[tuple[int, Any]]:
    """Decoded frames at a constant rate: frame k is the one that is seen half a frame after k / fps."""
    origin = _origin(source, stream)
    if start:
        source.seek(max(int((origin + (start - 1) / fps) * av.time_base), 0), backward=True)
    number, held, end = start, None, 0.0
    for index, frame in enumerate(_decoded(source, stream)):
        time = end if frame.time is None else float(frame.time) - origin
        if not start and frame.time is None:
            time = index / fps
        while held is not None and (number + 0.5) / fps < time:
            yield number, held
            number += 1
        held, end = frame, time + 1 / fps
    while held is not None and (number + 0.5) / fps < end + 1e-6:
        yield number, held
        number += 1


def _origin(source: Any, stream: Any) -> float:
    """The time of the first frame in seconds."""
    if stream.start_time is not None and stream.time_base:
        return float(stream.start_time * stream.time_base)
    return float(source.start_time or 0) / av.time_base


def _decoded(source: Any, stream: Any) -> Iterator[Any]:
    """Frames as long as there are any; broken ones are left out, and a file that is cut short ends there."""
    packets = source.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            return
        if packet is None:
            return
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue


class _Painter:
    """Decoded frames to upright RGB at the size of ``info``."""

    def __init__(self, info: ClipInfo) -> None:
        self._info = info
        self._last: tuple[Any, Image] | None = None

    def paint(self, frame: Any) -> Image:
        if self._last is None or self._last[0] is not frame:
            self._last = (frame, self._painted(frame))
        return self._last[1]

    def _painted(self, frame: Any) -> Image:
        turned = int(frame.rotation) % 360
        size = (self._info.width, self._info.height)
        width, height = size[::-1] if turned % 180 else size
        rgb = to_rgb(frame, width, height)
        return np.ascontiguousarray(np.rot90(rgb, turned // 90)) if turned else rgb


def to_rgb(frame: Any, width: int, height: int) -> Image:
    """A decoded frame as (height, width, 3) RGB, by the colours that it says it has."""
    matrix = int(frame.colorspace)
    if matrix in (0, 2, 3):  # RGB, or not said
        matrix = 1 if frame.height >= HD_HEIGHT else 5
    same = (width, height) == (frame.width, frame.height)
    shown = frame.reformat(
        width, height, "rgb24", src_colorspace=matrix, interpolation="BILINEAR" if same else "AREA"
    )
    return np.asarray(shown.to_ndarray(), np.uint8)


def _even(length: float) -> int:
    return max(2 * round(length / 2), 2)


def _name(path: Path) -> str:
    printable = "".join(char for char in path.name if char.isprintable())
    return f"'{printable if len(printable) <= 60 else printable[:57] + '…'}'"


def _damaged(path: Path) -> StudioError:
    return StudioError(f"{_name(path)} is damaged or cut short; save it again as MP4 and retry.")


def _too_long(path: Path, limits: ClipLimits, seconds: float | None = None) -> StudioError:
    length = "too" if seconds is None else duration_words(seconds)
    return StudioError(
        f"{_name(path)} is {length} long; the limit is {duration_words(limits.max_seconds)}: cut it."
    )
