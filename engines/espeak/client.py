"""The studio's side of the pipe to ``helper.py``: starts the process, restarts it, never waits for ever."""

from __future__ import annotations

import atexit
import json
import queue
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import StudioError
from engines.progress import Watch

FRAME = struct.Struct("<II")
MAX_HEADER, MAX_BODY = 16 * 2**20, 256 * 2**20
POLL_S = 0.1
SCRIPT = Path(__file__).with_name("helper.py")


@dataclass(frozen=True)
class Request:
    """One utterance for the helper; the fields are described in helper.py. ``range`` is the melody's."""

    text: str
    voice: str
    rate: int = 165
    pitch: int = 50
    range: int = 50
    kana: bool = False


@dataclass(frozen=True)
class Utterance:
    """What the helper answers.

    ``samples``: (N,) int16. ``phones``: (start sample, name as the library gives it). ``words``: (start sample,
    position in the text).
    """

    samples: NDArray[np.int16]
    sample_rate: int
    phones: tuple[tuple[int, str], ...]
    words: tuple[tuple[int, int], ...]


class HelperGone(Exception):  # noqa: N818 - an event inside this module, turned into a StudioError at its edge
    """The process ended or did not answer in time."""


class UtteranceRefused(Exception):  # noqa: N818 - as above
    """The library could not speak this utterance."""


Frame = tuple[dict[str, Any], bytes]


def read_frame(stream: IO[bytes]) -> Frame | None:
    """The next frame; None at the end of the stream or when it is not a frame."""
    prefix = stream.read(FRAME.size)
    if len(prefix) < FRAME.size:
        return None
    header_size, body_size = FRAME.unpack(prefix)
    if header_size > MAX_HEADER or body_size > MAX_BODY:
        return None
    header, body = stream.read(header_size), stream.read(body_size)
    if len(header) < header_size or len(body) < body_size:
        return None
    return json.loads(header), body


def read_frames(stream: IO[bytes], frames: queue.Queue[Frame | None]) -> None:
    """Queue every frame of ``stream``, then None."""
    try:
        while (frame := read_frame(stream)) is not None:
            frames.put(frame)
    except (OSError, ValueError):
        pass  # closed under us, or garbage: both mean that this helper is finished
    finally:
        frames.put(None)


class HelperProcess:
    """One running helper."""

    def __init__(self) -> None:
        # No console window pops up on Windows; the flag does not exist elsewhere.
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        self._process = subprocess.Popen(
            [sys.executable, "-X", "utf8", str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=flags,
        )
        self._frames: queue.Queue[Frame | None] = queue.Queue()
        threading.Thread(target=read_frames, args=(self._process.stdout, self._frames), daemon=True).start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def send(self, header: dict[str, Any]) -> None:
        """Write one request; raises HelperGone if nobody reads it."""
        data = json.dumps(header).encode()
        stdin = self._process.stdin
        try:
            if stdin is not None:
                stdin.write(FRAME.pack(len(data), 0) + data)
                stdin.flush()
        except (OSError, ValueError):
            raise HelperGone from None

    def receive(self, timeout: float, watch: Watch) -> Frame:
        """The next frame; raises HelperGone after ``timeout`` seconds or at the end, Cancelled if cancelled."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            watch.check()
            try:
                frame = self._frames.get(timeout=POLL_S)
            except queue.Empty:
                continue
            if frame is None:
                break
            return frame
        raise HelperGone

    def close(self) -> None:
        """End it; returns when it is gone."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # the unsent rest of a request has nowhere to go
                    pipe.close()


class EspeakHelper:
    """A helper process that is there when it is needed. Safe to call from several threads.

    ``timeout``: seconds that one utterance (a few hundred characters) may take; it needs some 0.1 s.
    """

    def __init__(self, timeout: float = 20.0) -> None:
        self._timeout = timeout
        self._lock = threading.Lock()
        self._process: HelperProcess | None = None
        self._last_id = 0
        atexit.register(self._stop)

    @property
    def pid(self) -> int | None:
        """Process id of the running helper, None before the first utterance."""
        process = self._process
        return process.pid if process is not None and process.alive else None

    def speak(self, request: Request, watch: Watch) -> Utterance:
        """Speak one utterance, starting the process if need be.

        Raises UtteranceRefused if the library cannot, StudioError if the process fails twice, Cancelled.
        """
        header, body = self._answer(vars(request), watch)
        return Utterance(
            samples=np.frombuffer(body, dtype="<i2").astype(np.int16, copy=False),
            sample_rate=int(header["sample_rate"]),
            phones=tuple((int(start), str(name)) for start, name in header["phones"]),
            words=tuple((int(start), int(position)) for start, position in header["words"]),
        )

    def spell(self, text: str, voice: str, watch: Watch) -> tuple[str, ...]:
        """The sounds of ``text`` as the library writes them in IPA, clause by clause. Raises as ``speak``."""
        header, _ = self._answer({"text": text, "voice": voice, "spell": True}, watch)
        return tuple(map(str, header["clauses"]))

    def _answer(self, request: Mapping[str, Any], watch: Watch) -> Frame:
        """What the process says to ``request``, starting it anew once if it is gone."""
        with self._turn(watch):
            for _attempt in range(2):
                try:
                    return self._ask(request, watch)
                except HelperGone:
                    self._stop()
                except BaseException as error:
                    if not isinstance(error, UtteranceRefused):
                        self._stop()  # its answer may still come and must not be taken for the next one
                    raise
        raise StudioError("The voice helper does not answer; try other words, or restart the studio.")

    def close(self) -> None:
        """End the process; the next utterance starts it again."""
        with self._lock:
            self._stop()

    @contextmanager
    def _turn(self, watch: Watch) -> Iterator[None]:
        """One caller at a time; who waits can still be cancelled."""
        while not self._lock.acquire(timeout=POLL_S):
            watch.check()
        try:
            yield
        finally:
            self._lock.release()

    def _ask(self, request: Mapping[str, Any], watch: Watch) -> Frame:
        process = self._ready_process(watch)
        self._last_id += 1
        process.send({"id": self._last_id, **request})
        header, body = process.receive(self._timeout, watch)
        if header.get("id") != self._last_id:
            raise HelperGone
        if "error" in header:
            raise UtteranceRefused(header["error"])
        return header, body

    def _ready_process(self, watch: Watch) -> HelperProcess:
        if self._process is None or not self._process.alive:
            self._stop()
            self._process = HelperProcess()
            greeting, _ = self._process.receive(self._timeout, watch)
            if "error" in greeting:
                self._stop()
                raise StudioError(f"The eSpeak NG voice cannot start: {greeting['error']}.")
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.close()
