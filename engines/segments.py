"""A video in pieces that are each kept as soon as they are made, and later joined without encoding again.

One encoder runs through all frames, and its packets are kept piece by piece: pieces cost neither time nor
quality. A render that was broken off goes on with a new encoder, and a key frame, at the first missing piece. A
piece is an .npz of plain arrays: the packets' bytes, their sizes and times, and the encoder's header.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType

from engines.cache import pack_arrays, unpack_arrays
from engines.encode import AUDIO_RATE, ENCODINGS, SoundTrack, add_sound, add_video
from engines.errors import StudioError
from engines.files import whole_file
from engines.progress import Watch
from engines.types import Arrays, Encoding, FrameSpec, FrameStream, Image, Speech
from engines.video_frames import video_frame

SEGMENT_SECONDS = 2.0
"""What is lost at most when a render breaks off."""
UNFIT = "The parts of this video do not fit together; render it again."


def plan_segments(spec: FrameSpec, seconds: float = SEGMENT_SECONDS) -> tuple[range, ...]:
    """The frames of each segment: even shares of the clip, none longer than ``seconds``."""
    count = max(math.ceil(spec.count / max(spec.fps * seconds, 1.0)), 1)
    edges = [round(index * spec.count / count) for index in range(count + 1)]
    return tuple(range(start, stop) for start, stop in pairwise(edges))


class SegmentWriter:
    """Encodes ``stream`` into segments; ``cuts`` are the frames of those still to be made, up to the last.

    The last frame of a segment may not wait for later ones (no B-frame): then the packets of a segment are
    those of its frames.
    """

    def __init__(
        self, stream: FrameStream, cuts: tuple[range, ...], watch: Watch, encoding: Encoding = "usual"
    ) -> None:
        self._count, self._watch = stream.spec.count, watch
        self._rate = _rate(stream.spec)
        self._ends = {cut.stop - 1 for cut in cuts} - {cuts[0].start}
        self._sink, self._track = _idle_encoder(stream.spec, encoding)
        self._packets = self._encode(stream.frames, cuts[0].start)

    def write(self, cut: range, path: Path) -> None:
        """Write the next segment, whole or not at all; raises Cancelled if cancelled."""
        packets = list(islice(self._packets, len(cut)))
        if {packet.pts for packet in packets} != set(cut):
            raise StudioError(UNFIT)
        with whole_file(path) as part:
            part.write_bytes(pack_arrays(_arrays(packets, self._track.codec_context.extradata)))

    def close(self) -> None:
        """Let go of the encoder."""
        self._packets.close()
        self._sink.close()

    def _encode(self, frames: Iterator[Image], first: int) -> Generator[Any, None, None]:
        for index, image in enumerate(frames, first):
            self._watch.report("render", index / self._count)
            frame = video_frame(image)
            frame.pts, frame.time_base = index, 1 / self._rate
            if index in self._ends:
                frame.pict_type = PictureType.P
            yield from self._track.encode(frame)
        yield from self._track.encode(None)


def encode_sound(speech: Speech, spec: FrameSpec, watch: Watch) -> list[Any]:
    """The packets of the sound track, for ``join_segments``; raises Cancelled if cancelled."""
    shelf = _Shelf()
    sound = SoundTrack(shelf, speech, spec.count / spec.fps)
    for second in range(1, math.ceil(spec.count / spec.fps) + 1):
        watch.check()
        sound.write_until(second)
    sound.finish()
    return shelf.packets


class _Shelf:
    """Takes the place of a container: what is muxed is kept."""

    def __init__(self) -> None:
        self._sink = av.open(io.BytesIO(), "w", format="mp4")
        self.format = self._sink.format
        self.packets: list[Any] = []

    def add_stream(self, *codec: Any, **options: Any) -> Any:
        return self._sink.add_stream(*codec, **options)

    def mux(self, packets: list[Any]) -> None:
        self.packets.extend(packets)


def join_segments(
    paths: Sequence[Path],
    video: tuple[FrameSpec, Encoding],
    sound: Sequence[Any],
    out: Path,
    watch: Watch,
) -> None:
    """Put segments and the packets of the sound together as one MP4 at ``out``; nothing is encoded again.

    ``video``: what the frames of the whole clip are, and how they were encoded.

    Raises StudioError if a segment is missing or is not of the same video, Cancelled if cancelled.
    """
    spec, encoding = video
    with (
        whole_file(out) as part,
        av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as clip,
    ):
        track, voice = _add_track(clip, spec, encoding), add_sound(clip)
        clip.start_encoding()
        waiting = deque(sound)
        for index, packet in enumerate(_packets(paths, track.codec_context.extradata)):
            watch.report("join", index / spec.count)
            packet.time_base = 1 / _rate(spec)
            _mux(clip, track, packet)
            while waiting and waiting[0].pts < (index + 1) / spec.fps * AUDIO_RATE:
                _mux(clip, voice, waiting.popleft())
        for packet in waiting:
            _mux(clip, voice, packet)


def _mux(clip: Any, track: Any, packet: Any) -> None:
    packet.stream = track
    clip.mux_one(packet)


def check_segment(path: Path) -> bool:
    """Whether a segment is there and whole."""
    try:
        return len(_read(path)["sizes"]) > 0
    except StudioError:
        return False


def _packets(paths: Sequence[Path], head: bytes) -> Iterator[Any]:
    for path in paths:
        arrays = _read(path)
        if arrays["head"].tobytes() != head:
            raise StudioError(UNFIT)
        ends = np.cumsum(arrays["sizes"])
        for index, end in enumerate(ends):
            packet = av.Packet(arrays["data"][end - arrays["sizes"][index] : end].tobytes())
            packet.pts, packet.dts, packet.duration = (
                int(arrays["shown"][index]),
                int(arrays["decoded"][index]),
                1,
            )
            packet.is_keyframe = bool(arrays["key"][index])
            yield packet


def _arrays(packets: list[Any], head: bytes) -> Arrays:
    return {
        "data": np.frombuffer(b"".join(bytes(packet) for packet in packets), np.uint8),
        "sizes": np.array([packet.size for packet in packets]),
        "shown": np.array([packet.pts for packet in packets]),
        "decoded": np.array([packet.dts for packet in packets]),
        "key": np.array([packet.is_keyframe for packet in packets]),
        "head": np.frombuffer(head, np.uint8),
    }


def _read(path: Path) -> Arrays:
    try:
        return unpack_arrays(path.read_bytes())
    except (OSError, ValueError, zipfile.BadZipFile):
        raise StudioError(UNFIT) from None


def _idle_encoder(spec: FrameSpec, encoding: Encoding) -> tuple[Any, Any]:
    """An encoder inside a container that stays empty: its packets go to segments."""
    sink = av.open(io.BytesIO(), "w", format="mp4")
    track = _add_track(sink, spec, encoding)
    sink.start_encoding()
    return sink, track


def _add_track(out: Any, spec: FrameSpec, encoding: Encoding) -> Any:
    return add_video(out, FrameStream(spec, iter(())), ENCODINGS[encoding])


def _rate(spec: FrameSpec) -> Fraction:
    return Fraction(spec.fps).limit_denominator(1001)
