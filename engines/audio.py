"""Recordings in and out: any sound file or the sound track of a video becomes Speech, Speech becomes WAV.

Files are treated as hostile. The kind is told by content, never by name; the demuxer for that kind is forced,
so that playlists and scripts which open other files are never run; only the file protocol is allowed; bytes
and seconds are limited before and while decoding.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
import soundfile

from engines.errors import StudioError
from engines.progress import Watch
from engines.sniff import sound_container
from engines.types import Float32, Speech

RATES = (16000, 22050, 24000, 32000, 44100, 48000)
"""Hz that every encoder and model takes; others go to the next higher one, above 48 kHz to 48 kHz."""

LOWEST_RATE, HIGHEST_RATE = 4000, 768_000
"""Hz of recordings; a false rate of 1 Hz would turn one frame into gigabytes."""

SILENCE = 10 ** (-60 / 20)
"""Peak below -60 dBFS: nothing was said."""

HEADROOM = 10 ** (-0.3 / 20)
KINDS = "WAV, MP3, M4A, FLAC, OGG, AIFF, MP4, MOV, WebM, MKV or AVI"
LEAST_BYTES_PER_SECOND = 50  # a claimed duration that would need fewer is not believed
CODECS = frozenset(
    (
        "aac", "aac_latm", "ac3", "alac", "amrnb", "amrwb", "eac3", "flac", "mp1", "mp1float", "mp2",
        "mp2float", "mp3", "mp3float", "opus", "libopus", "vorbis", "libvorbis", "wmav1", "wmav2",
    )
)  # fmt: skip
CODEC_FAMILIES = ("pcm_", "adpcm_")


@dataclass(frozen=True)
class AudioLimits:
    """What is accepted: bytes of the file, seconds of sound."""

    max_bytes: int = 500 * 2**20
    max_seconds: float = 600.0
    min_seconds: float = 0.2


@dataclass(frozen=True)
class Recording:
    """A decoded recording; ``notes`` are sentences for the user, e.g. that the file is damaged."""

    speech: Speech
    notes: tuple[str, ...] = ()


def read_speech(path: Path, limits: AudioLimits | None = None, watch: Watch | None = None) -> Speech:
    """The sound of the file at ``path``: mono float32 at one of RATES. Raises StudioError, Cancelled."""
    return read_recording(path, limits, watch).speech


def read_recording(path: Path, limits: AudioLimits | None = None, watch: Watch | None = None) -> Recording:
    """As read_speech, with notes on what was wrong with the file."""
    limits, watch = limits or AudioLimits(), watch or Watch()
    container = _check_file(path, limits)
    try:
        decoded = _decode(path, container, limits, watch)
    except (av.error.FFmpegError, ValueError, OverflowError):
        raise StudioError(f"{_name(path)} is damaged or not a sound file; use {KINDS}.") from None
    samples = _checked_samples(decoded, path, limits)
    speech = Speech(samples, decoded.sample_rate)
    return Recording(speech, _damage_notes(decoded, speech.duration, path))


def write_wav(path: Path, speech: Speech) -> None:
    """Write ``speech`` as 16-bit mono WAV; the file appears whole or not at all. Raises StudioError."""
    handle, name = -1, ""
    try:
        handle, name = tempfile.mkstemp(suffix=".wav", prefix=".", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            soundfile.write(
                file, np.clip(speech.samples, -1.0, 1.0), speech.sample_rate, "PCM_16", format="WAV"
            )
        Path(name).replace(path)
    except (OSError, soundfile.LibsndfileError):
        if name:
            Path(name).unlink(missing_ok=True)
        raise StudioError(
            f"{_name(path)} could not be written; check the folder and the free disk space."
        ) from None


def tame_peaks(samples: Float32) -> Float32:
    """``samples`` scaled so that the peak is at most -0.3 dBFS if it is beyond full scale, else unchanged."""
    peak = _peak(samples)
    return samples if peak <= 1.0 else (samples * np.float32(HEADROOM / peak)).astype(np.float32)


@dataclass(frozen=True)
class _Decoded:
    """(N,) float32 samples; ``claimed`` seconds by the file's own header, None if unknown; errors met."""

    samples: Float32
    sample_rate: int
    claimed: float | None
    errors: int


def _peak(samples: Float32) -> float:
    """Largest magnitude, without a copy of minutes of sound."""
    return max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))


def _name(path: Path) -> str:
    """The file's name for a message: printable and short."""
    printable = "".join(char for char in path.name if char.isprintable())
    return f"'{printable if len(printable) <= 60 else printable[:57] + '…'}'"


def _check_file(path: Path, limits: AudioLimits) -> str:
    """The demuxer for a file that may be opened; raises StudioError otherwise."""
    try:
        if not path.is_file():
            raise StudioError(f"There is no file {_name(path)}; check the path.")
        size = path.stat().st_size
        if size == 0:
            raise StudioError(f"{_name(path)} is empty; choose another recording.")
        if size > limits.max_bytes:
            most = limits.max_bytes / 2**20
            raise StudioError(f"{_name(path)} has {size / 2**20:.0f} MB; the limit is {most:.0f} MB: cut it.")
        container = sound_container(path)
    except OSError:
        raise StudioError(f"{_name(path)} cannot be read; check its permissions.") from None
    if container is None:
        raise StudioError(f"{_name(path)} is not a sound or video file that can be read; use {KINDS}.")
    return container


def _decode(path: Path, container: str, limits: AudioLimits, watch: Watch) -> _Decoded:
    options = {"format_whitelist": container, "protocol_whitelist": "file"}
    with av.open(str(path.resolve()), format=container.split(",")[0], options=options) as source:
        stream = source.streams.best("audio")
        if stream is None:
            raise StudioError(f"{_name(path)} has no sound track; choose a file with speech.")
        if stream.codec_context is None or not _known_codec(stream.codec_context.name):
            raise StudioError(f"The sound in {_name(path)} is of an unusual kind; save it as WAV or MP3.")
        claimed = _claimed_seconds(source, stream)
        if claimed and claimed > limits.max_seconds and path.stat().st_size / claimed > LEAST_BYTES_PER_SECOND:
            raise _too_long(path, claimed, limits)
        return _decode_stream(_Job(source, stream, claimed, path, limits), watch)


@dataclass(frozen=True)
class _Job:
    """An open file and what may be taken from it."""

    source: Any
    stream: Any
    claimed: float | None
    path: Path
    limits: AudioLimits


def _decode_stream(job: _Job, watch: Watch) -> _Decoded:
    mixer, errors = _Mixer(), 0
    for frame in _frames(job):
        watch.check()
        if frame is _ERROR:
            errors += 1
        else:
            mixer.add(frame)
        if mixer.seconds > job.limits.max_seconds:
            raise _too_long(job.path, job.claimed, job.limits)
    return _Decoded(mixer.samples(), mixer.rate, job.claimed, errors)


class _Mixer:
    """Frames of any kind in, one channel at one rate out; ``rate`` is 0 before the first frame."""

    def __init__(self) -> None:
        self.rate = 0
        self._total = 0
        self._chunks: list[Float32] = []
        self._resampler: Any = None
        self._kind: tuple[Any, ...] = ()

    @property
    def seconds(self) -> float:
        """Length so far."""
        return self._total / self.rate if self.rate else 0.0

    def samples(self) -> Float32:
        """Everything so far: (N,) float32."""
        return np.concatenate(self._chunks) if self._chunks else np.zeros(0, np.float32)

    def add(self, frame: Any) -> None:
        """Take a frame; None at the end. Raises ValueError for sample rates that no recording has."""
        kind = (frame.sample_rate, frame.layout.name, frame.format.name) if frame is not None else ()
        if kind != self._kind:  # the first frame, the end, or a file glued together from unlike parts
            if self._resampler is not None:
                self._take(self._resampler.resample(None))
            self._start(kind, frame)
        if frame is not None:
            self._take(self._resampler.resample(frame))

    def _start(self, kind: tuple[Any, ...], frame: Any) -> None:
        self._kind, self._resampler = kind, None
        if frame is None:
            return
        if not LOWEST_RATE <= frame.sample_rate <= HIGHEST_RATE:
            raise ValueError(f"sample rate {frame.sample_rate}")
        self.rate = self.rate or next((rate for rate in RATES if rate >= frame.sample_rate), RATES[-1])
        # FFmpeg mixes two channels to 3 dB more than each; more channels it weighs well.
        layout = "stereo" if frame.layout.nb_channels == 2 else "mono"
        self._resampler = av.AudioResampler(format="fltp", layout=layout, rate=self.rate)

    def _take(self, pieces: list[Any]) -> None:
        for piece in pieces:
            mixed = piece.to_ndarray().mean(axis=0, dtype=np.float32)
            self._chunks.append(np.nan_to_num(mixed, copy=False, nan=0.0, posinf=1.0, neginf=-1.0))
            self._total += len(self._chunks[-1])


_ERROR = object()
"""Stands in the stream of frames for a packet that could not be decoded."""


def _frames(job: _Job) -> Iterator[Any]:
    """Decoded frames and then None to flush; what is broken is skipped, the end of a broken file is its end."""
    with suppress(StopIteration):
        packets = job.source.demux(job.stream)
        while True:
            try:
                yield from next(packets).decode()
            except av.error.EOFError:
                break
            except av.error.InvalidDataError:
                yield _ERROR
    yield None


def _known_codec(name: str) -> bool:
    return name in CODECS or name.startswith(CODEC_FAMILIES)


def _claimed_seconds(source: Any, stream: Any) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return source.duration / av.time_base if source.duration else None


def _checked_samples(decoded: _Decoded, path: Path, limits: AudioLimits) -> Float32:
    """Samples within full scale that hold some sound; raises StudioError otherwise."""
    samples = tame_peaks(decoded.samples)
    if not len(samples):
        raise StudioError(f"{_name(path)} is damaged: no sound could be read; save it again as WAV or MP3.")
    seconds = len(samples) / decoded.sample_rate
    if seconds < limits.min_seconds:
        least = f"{limits.min_seconds:g} s"
        raise StudioError(f"{_name(path)} is only {seconds:.2f} s long; at least {least} of speech is needed.")
    if _peak(samples) < SILENCE:
        raise StudioError(f"{_name(path)} is silent; choose a recording in which somebody speaks.")
    return samples


def _damage_notes(decoded: _Decoded, seconds: float, path: Path) -> tuple[str, ...]:
    missing = (decoded.claimed or 0.0) - seconds
    if decoded.errors == 0 and missing < max(0.5, 0.02 * seconds):
        return ()
    return (f"{_name(path)} is damaged; the {seconds:.1f} s of sound that could be read were used.",)


def _too_long(path: Path, seconds: float | None, limits: AudioLimits) -> StudioError:
    length = "too" if seconds is None or seconds <= limits.max_seconds else duration_words(seconds)
    return StudioError(
        f"{_name(path)} is {length} long; the limit is {duration_words(limits.max_seconds)}: cut it."
    )


def duration_words(seconds: float) -> str:
    """A length of time to read, e.g. "2 h 3 min", "10 min", "1 min 5 s" or "42 s"."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    parts = [(hours, "h"), (minutes, "min"), (0 if hours else rest, "s")]
    return " ".join(f"{value} {unit}" for value, unit in parts if value) or "0 s"
