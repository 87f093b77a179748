"""Frames and sound to a file: H.264 + AAC in MP4, which plays everywhere, or VP9 + Opus in WebM, with or
without a transparent background. MP4 has its index first.

Frames are taken one by one from the stream, so memory does not grow with the clip.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soxr

from engines.errors import StudioError
from engines.files import whole_file
from engines.progress import Watch
from engines.types import Encoding, Float32, FrameStream, Speech
from engines.video_frames import video_frame

AUDIO_RATE = 48000
AUDIO_CHUNK = 1024
RESAMPLE_BLOCK = 32768
AUDIO_BITS_PER_SECOND = 160_000
VP9_CRF = 6
"""VP9's rate factor, 0 to 63, for the same look: so much more than x264's, 0 to 51."""
BT709 = 1
"""Number of BT.709 primaries, transfer and matrix alike (ITU-T H.273), and of limited range in FFmpeg."""


@dataclass(frozen=True)
class Quality:
    """x264's constant rate factor (lower is better, 18 is visually lossless) and speed preset."""

    crf: int = 18
    preset: str = "veryfast"


ENCODINGS: Mapping[Encoding, Quality] = {
    "quick": Quality(23, "superfast"),
    "usual": Quality(),
    "fine": Quality(16, "medium"),
}


@dataclass(frozen=True)
class Container:
    """A kind of file: FFmpeg's names for it, its codecs and the sound's samples, and its options."""

    format: str
    video: str
    audio: str
    samples: str
    options: Mapping[str, str]


CONTAINERS: Mapping[str, Container] = {
    ".mp4": Container("mp4", "libx264", "aac", "fltp", {"movflags": "+faststart"}),
    ".webm": Container("webm", "libvpx-vp9", "libopus", "flt", {}),
}
VP9 = {"deadline": "realtime", "cpu-used": "6", "row-mt": "1", "auto-alt-ref": "0", "b": "0"}
"""Settings of libvpx-vp9: fast, quality alone decides; frames out of order would lose the alpha channel."""


def check_clip_path(path: Path, alpha: bool) -> None:
    """Raise StudioError if no clip can be written to a file with that ending, or none with transparency."""
    suffix = path.suffix.lower()
    if suffix not in CONTAINERS:
        raise StudioError(f"The video is written as .mp4 or .webm; name it {path.with_suffix('.mp4').name}.")
    if alpha and suffix != ".webm":
        raise StudioError(
            f"An {suffix} video cannot be transparent; name it {path.with_suffix('.webm').name}, "
            "or choose another background."
        )


def encode_clip(
    stream: FrameStream, speech: Speech, path: Path, watch: Watch, quality: Quality | None = None
) -> None:
    """Write ``stream`` with the sound of ``speech`` to ``path``, whose ending, .mp4 or .webm, says as what.

    The sound is padded or cut to the frames, so both have one length. The file appears when it is whole;
    after an error or a cancel there is none. Raises StudioError if the disk is full or cannot be written, or if
    the frames are transparent and the file cannot be.
    """
    check_clip_path(path, stream.spec.alpha)
    kind = CONTAINERS[path.suffix.lower()]
    with (
        whole_file(path) as part,
        av.open(str(part), "w", format=kind.format, options=dict(kind.options)) as out,
    ):
        video = add_video(out, stream, quality or Quality())
        sound = SoundTrack(out, speech, stream.spec.count / stream.spec.fps)
        for index, image in enumerate(stream.frames):
            watch.report("render", index / stream.spec.count)
            out.mux(video.encode(video_frame(image)))
            sound.write_until((index + 1) / stream.spec.fps)
        out.mux(video.encode(None))
        sound.finish()


def add_video(out: Any, stream: FrameStream, quality: Quality) -> Any:
    """The video track of ``out``, a container of CONTAINERS, for the frames of ``stream``; it encodes them."""
    kind = _kind_of(out)
    rate = Fraction(stream.spec.fps).limit_denominator(1001)
    video = out.add_stream(kind.video, rate=rate)
    video.width, video.height = stream.spec.width, stream.spec.height
    video.pix_fmt = "yuva420p" if stream.spec.alpha else "yuv420p"
    vp9 = kind.video == "libvpx-vp9"
    speed = VP9 if vp9 else {"preset": quality.preset}
    video.options = {"crf": str(quality.crf + (VP9_CRF if vp9 else 0)), **speed}
    context = video.codec_context
    context.colorspace = context.color_primaries = context.color_trc = context.color_range = BT709
    context.thread_count = os.cpu_count() or 1
    return video


def add_sound(out: Any) -> Any:
    """The sound track of ``out``; it encodes."""
    track = out.add_stream(_kind_of(out).audio, rate=AUDIO_RATE, layout="mono")
    track.bit_rate = AUDIO_BITS_PER_SECOND
    track.codec_context.format = _kind_of(out).samples
    return track


def _kind_of(out: Any) -> Container:
    return next(kind for kind in CONTAINERS.values() if kind.format == out.format.name)


class SoundTrack:
    """The sound track, resampled and written alongside the frames: interleaved, and never whole in memory."""

    def __init__(self, out: Any, speech: Speech, seconds: float) -> None:
        self._out, self._track = out, add_sound(out)
        self._format = self._track.codec_context.format.name
        self._wanted = round(seconds * AUDIO_RATE)
        self._chunks = _resampled(speech)
        self._rest = np.zeros(0, np.float32)
        self._done = 0

    def write_until(self, seconds: float) -> None:
        """Write whole chunks up to ``seconds``."""
        while self._done + AUDIO_CHUNK <= min(seconds * AUDIO_RATE, self._wanted):
            self._write(AUDIO_CHUNK)

    def finish(self) -> None:
        """Write what is left."""
        self.write_until(float("inf"))
        if self._done < self._wanted:
            self._write(self._wanted - self._done)
        self._out.mux(self._track.encode(None))

    def _write(self, count: int) -> None:
        frame = av.AudioFrame.from_ndarray(self._take(count)[None], format=self._format, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = AUDIO_RATE, self._done, Fraction(1, AUDIO_RATE)
        self._out.mux(self._track.encode(frame))
        self._done += count

    def _take(self, count: int) -> Float32:
        """The next ``count`` samples, silence after the end."""
        while len(self._rest) < count:
            more = next(self._chunks, None)
            self._rest = np.concatenate([self._rest, np.zeros(count, np.float32) if more is None else more])
        taken, self._rest = self._rest[:count], self._rest[count:]
        return np.ascontiguousarray(taken)


def _resampled(speech: Speech) -> Iterator[Float32]:
    """Blocks of the speech at AUDIO_RATE, clipped to [-1, 1]."""
    resampler = soxr.ResampleStream(speech.sample_rate, AUDIO_RATE, 1, dtype="float32")
    for start in range(0, len(speech.samples), RESAMPLE_BLOCK):
        block = speech.samples[start : start + RESAMPLE_BLOCK]
        last = start + RESAMPLE_BLOCK >= len(speech.samples)
        yield np.clip(resampler.resample_chunk(block, last=last), -1.0, 1.0)
