"""A render in steps that can each be kept: begin, one step for every segment, join.

Whatever breaks off between two steps, another object of this class over the same folder goes on from there.
"""

from __future__ import annotations

import shutil
import time
import zipfile
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import av

from engines.ahead import ahead
from engines.cache import (
    pack_arrays,
    pack_motion,
    pack_speech,
    unpack_arrays,
    unpack_motion,
    unpack_speech,
)
from engines.errors import StudioError
from engines.files import whole_file
from engines.ledger import Ledger, timing
from engines.pipeline import Pipeline, Take
from engines.progress import Watch
from engines.requests import is_transparent
from engines.segments import UNFIT, SegmentWriter, check_segment, encode_sound, join_segments, plan_segments
from engines.types import Clip, Encoding, FrameSpec, FrameStream, Image, RenderRequest, StageTime

Times = dict[str, float]
"""Seconds by stage."""
TAKE = ("photo", "speech", "motion")
NO_FRAMES = FrameSpec(0, 0, 1.0, 0)


@dataclass(frozen=True)
class Outline:
    """What ``begin`` found out, as plain values: what the clip will be and what it took to know it.

    ``key`` names the clip by everything that makes it; ``segments`` is 0, and so are the frames of ``spec``, if
    there is nothing to make in pieces.
    """

    key: str
    segments: int = 0
    spec: FrameSpec = NO_FRAMES
    times: tuple[StageTime, ...] = ()
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def parse(cls, document: dict[str, Any]) -> Outline:
        """What ``document`` made."""
        spec = FrameSpec(**document["spec"])
        times = tuple(StageTime(**entry) for entry in document["times"])
        return cls(document["key"], document["segments"], spec, times, tuple(document["notes"]))


class StagedRender:
    """One render of ``request`` whose pieces lie in ``folder``. Close it when done, however it went."""

    def __init__(self, pipeline: Pipeline, request: RenderRequest, folder: Path, watch: Watch) -> None:
        self._pipeline, self._request, self._folder, self._watch = pipeline, request, folder, watch
        self._take: Take | None = None
        self._ready: FrameStream | None = None
        self._writer: _OpenWriter | None = None
        self._late: list[list[str]] = []
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="sound")
        self._sound: Future[list[Any]] | None = None

    def begin(self, out: Path) -> Outline:
        """Do everything before the frames; a clip that is already known is put at ``out`` at once.

        Transparent clips are made in one piece: alpha travels beside a packet and pieces would lose it.

        Raises StudioError for input that cannot work.
        """
        key = self._pipeline.key(self._request)
        if is_transparent(self._request):
            return Outline(key)
        found = self._pipeline.cached_clip(key, self._request, out)
        if found is not None:
            return Outline(key, times=found.times, notes=found.notes)
        ledger = Ledger()
        self._take = self._kept_take(key) or self._new_take(key, ledger)
        self._ready = self._stream(self._take, 0)
        ledger.notes.extend(self._ready.notes)
        spec = self._ready.spec
        return Outline(key, len(plan_segments(spec)), spec, tuple(ledger.times), tuple(ledger.notes))

    def segment(self, outline: Outline, index: int) -> Times:
        """Make a segment if it is not there yet; returns the seconds it took."""
        path = self.segment_path(outline, index)
        if check_segment(path):
            return {}
        path.parent.mkdir(parents=True, exist_ok=True)
        cuts = plan_segments(outline.spec)
        return self._writer_at(outline.key, cuts, index).write(cuts[index], path)

    def join(self, outline: Outline, spent: Iterable[Times], out: Path) -> Clip:
        """Put segments and sound together at ``out``; segments that got lost are made again."""
        if outline.segments == 0:
            return self._pipeline.render(self._request, out, self._watch)
        start = time.perf_counter()
        ledger = Ledger(list(outline.times), list(outline.notes))
        for times in (*spent, *(self.segment(outline, index) for index in range(outline.segments))):
            for stage, seconds in times.items():
                ledger.add(stage, seconds)
        ledger.notes.extend(dict.fromkeys(note for late in self._late for note in late))
        paths = [self.segment_path(outline, index) for index in range(outline.segments)]
        video = outline.spec, self._request.output.encoding
        join_segments(paths, video, self._sound_of(outline.key, outline.spec).result(), out, self._watch)
        ledger.add("join", time.perf_counter() - start)
        clip = self._pipeline.finish(self._request, outline.spec, out, ledger, outline.key)
        shutil.rmtree(self._pieces(outline.key), ignore_errors=True)
        return clip

    def segment_path(self, outline: Outline, index: int) -> Path:
        """Where segment ``index`` lies."""
        return self._pieces(outline.key) / f"{index:05d}.npz"

    def take_paths(self, outline: Outline) -> list[Path]:
        """Where lies what the frames are made of: whoever goes on needs these and the segments."""
        return [self._pieces(outline.key) / f"{name}.npz" for name in TAKE] if outline.segments else []

    def close(self) -> None:
        """Stop making frames and sound."""
        self._stop_writing()
        self._aside.shutdown(wait=False, cancel_futures=True)

    def _stop_writing(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _sound_of(self, key: str, spec: FrameSpec) -> Future[list[Any]]:
        """The sound track, encoded while frames are being made."""
        if self._sound is None:
            self._sound = self._aside.submit(encode_sound, self._known_take(key).speech, spec, self._watch)
        return self._sound

    def _pieces(self, key: str) -> Path:
        """Named by the request, the engines and the encoder: pieces of different ones never meet."""
        encoder = "-".join(map(str, av.library_versions["libavcodec"]))
        return self._folder / f"segments-{key[:16]}-{encoder}"

    def _new_take(self, key: str, ledger: Ledger) -> Take:
        """Find out what the frames are made of and keep it: a voice need not say the same twice."""
        take = self._pipeline.rehearse(self._request, self._watch, ledger)
        pieces = self._pieces(key)
        shutil.rmtree(pieces, ignore_errors=True)
        pieces.mkdir(parents=True)
        packed = pack_arrays(take.prepared), pack_speech(take.speech), pack_motion(take.motion)
        for name, data in zip(TAKE, packed, strict=True):
            with whole_file(pieces / f"{name}.npz") as part:
                part.write_bytes(data)
        return take

    def _kept_take(self, key: str) -> Take | None:
        """What an earlier run found out, if it got that far."""
        try:
            photo, speech, motion = ((self._pieces(key) / f"{name}.npz").read_bytes() for name in TAKE)
            return Take(unpack_arrays(photo), unpack_speech(speech), unpack_motion(motion))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return None

    def _known_take(self, key: str) -> Take:
        """What the frames are made of; raises StudioError if that got lost."""
        self._take = self._take or self._kept_take(key)
        if self._take is None:
            raise StudioError(UNFIT)
        return self._take

    def _writer_at(self, key: str, cuts: tuple[range, ...], index: int) -> _OpenWriter:
        """The writer that makes segment ``index`` next: the one at work, or a new one."""
        if self._writer is None or self._writer.next != index:
            self._stop_writing()
            ready, self._ready = self._ready, None
            stream = ready if ready and index == 0 else self._stream(self._known_take(key), cuts[index].start)
            self._late.append(stream.late)
            spec = replace(stream.spec, count=cuts[-1].stop)
            self._sound_of(key, spec)
            segments = _Segments(cuts, index, self._request.output.encoding)
            self._writer = _OpenWriter(replace(stream, spec=spec), segments, self._watch)
        return self._writer

    def _stream(self, take: Take, first: int) -> FrameStream:
        """The frames from ``first`` on."""
        return self._pipeline.stream(self._request, take, self._watch, first)


@dataclass(frozen=True)
class _Segments:
    """All segments of a clip, the first that is still to be made, and how they are encoded."""

    cuts: tuple[range, ...]
    first: int
    encoding: Encoding


class _OpenWriter:
    """A writer of segments with its frames and its clock; ``next`` is the segment it makes next."""

    def __init__(self, stream: FrameStream, segments: _Segments, watch: Watch) -> None:
        self.next = segments.first
        self._waited = [0.0]
        self._frames: Generator[Image, None, None] = ahead(stream.frames)
        timed = replace(stream, frames=timing(self._frames, self._waited))
        self._writer = SegmentWriter(timed, segments.cuts[segments.first :], watch, segments.encoding)

    def write(self, cut: range, path: Path) -> Times:
        start, before = time.perf_counter(), self._waited[0]
        self._writer.write(cut, path)
        self.next += 1
        waited = self._waited[0] - before
        return {"frames": waited, "encode": time.perf_counter() - start - waited}

    def close(self) -> None:
        self._writer.close()
        self._frames.close()
