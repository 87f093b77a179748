"""A small client of the studio's REST API, for programs.

with StudioClient("http://127.0.0.1:7860") as client:
    client.set_audio("speech.wav")
    client.set_emotions({"joy": 0.8})
    motion = client.generate_blendshapes(0.0, 3.0, fps=30)

    clip = client.submit(image="face.png", text="Hello there.")
    client.wait(clip)
    client.download(clip, "hello.mp4")
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from engines.errors import StudioError
from engines.files import whole_file

Emotions = Mapping[str, float] | Sequence[Mapping[str, Any]]
"""Weights in [0, 1] by name, or a list of {"time": s, "weights": {...}}."""
Motion = dict[str, Any]
"""Face motion as Audio2Face exports it: exportFps, facsNames, weightMat (frames by weights) and so on."""
NO_AUDIO = "There is no recording yet; call set_audio first."
FIRST_LOOK, RARE_LOOK = 0.1, 1.0
"""Seconds between looks at a clip in the making: at first, and later."""


@dataclass(frozen=True)
class ClipStatus:
    """How a clip stands. ``progress`` 0 to 100; ``error`` is a sentence if it failed."""

    session_id: str
    status: str
    progress: float
    stage: str
    queue_position: int
    error: str | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ("completed", "failed", "cancelled")


class StudioClient:
    """Talks to one studio. Every call raises StudioError with the studio's own sentence if it is refused."""

    def __init__(self, url: str, token: str = "", owner: str = "", timeout: float = 120.0) -> None:
        """``token``: the studio's password; ``owner``: a secret of 40 characters or more to keep apart with;
        ``timeout``: seconds for one answer."""
        headers = {name: value for name, value in (("X-Token", token), ("X-Owner", owner)) if value}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout)
        self._audio: bytes | None = None
        self._emotions = ""

    def __enter__(self) -> StudioClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def set_audio(self, audio: str | Path | bytes) -> None:
        """The recording that ``generate_blendshapes`` moves the face to: a sound file or its bytes."""
        self._audio = audio if isinstance(audio, bytes) else Path(audio).read_bytes()

    def set_emotions(self, emotions: Emotions) -> None:
        """How it should feel, from now on."""
        self._emotions = _as_json(emotions)

    def generate_blendshapes(self, start: float = 0.0, end: float | None = None, fps: float = 30.0) -> Motion:
        """The motion from ``start`` to before ``end`` (s), cut from that of the whole recording."""
        given = {"start": start, "end": end, "fps": fps}
        query = {name: value for name, value in given.items() if value is not None}
        answer = self._send("/process-audio", {"file": self._recording()}, self._felt(), query)
        motion: Motion = answer["result"]
        return motion

    def stream_blendshapes(self, fps: float | None = None) -> Iterator[Motion]:
        """The motion in pieces of 2 s as they are made; without ``fps`` at what the studio's machine can do."""
        files, query = {"audio_file": self._recording()}, {} if fps is None else {"fps": fps}
        call = self._http.stream("POST", "/process-audio/", files=files, data=self._felt(), params=query)
        with call as response:
            if response.is_error:
                response.read()
                raise _problem(response)
            for line in response.iter_lines():
                document = json.loads(line)
                if "error" in document:
                    raise StudioError(f"{document['error']} {document['hint']}")
                yield document["result"]

    def submit(
        self,
        image: str | Path | None = None,
        audio: str | Path | None = None,
        text: str | None = None,
        emotions: Emotions | None = None,
        files: Mapping[str, str | Path] | None = None,
        **fields: Any,
    ) -> str:
        """Queue a clip and return its id. ``files``: for options of engines, such as "liveportrait_drive".
        ``fields``: avatar_id, consent, voice, recipe, options, fps, size, seed."""
        form = {name: value for name, value in fields.items() if value is not None}
        form |= {"text": text} if text is not None else {}
        form |= {"emotions": _as_json(emotions)} if emotions is not None else {}
        with ExitStack() as stack:
            named = {"image": image, "audio": audio, **(files or {})}
            sent = {name: stack.enter_context(Path(path).open("rb")) for name, path in named.items() if path}
            answer = self._send("/generate", sent, form)
        return str(answer["session_id"])

    def status(self, session_id: str) -> ClipStatus:
        """How a clip stands."""
        answer = self._checked(self._http.get(f"/status/{session_id}")).json()
        return ClipStatus(**{name: answer[name] for name in ClipStatus.__dataclass_fields__})

    def cancel(self, session_id: str) -> None:
        """Stop a clip."""
        self._send(f"/cancel/{session_id}", {}, {})

    def wait(self, session_id: str, seconds: float = 3600.0) -> ClipStatus:
        """Wait until a clip is there. Raises StudioError if it failed, was cancelled or takes longer."""
        deadline, pause = time.monotonic() + seconds, FIRST_LOOK
        while not (status := self.status(session_id)).ended:
            if time.monotonic() > deadline:
                raise StudioError(f"The clip is not ready after {seconds:.0f} s; wait longer or cancel it.")
            time.sleep(pause)
            pause = min(1.5 * pause, RARE_LOOK)
        if status.status != "completed":
            raise StudioError(status.error or "The clip was cancelled; submit it again.")
        return status

    def download(self, session_id: str, path: str | Path) -> Path:
        """Write a finished clip to ``path``, whole or not at all."""
        target = Path(path)
        with self._http.stream("GET", f"/download/{session_id}") as response:
            if response.is_error:
                response.read()
                raise _problem(response)
            with whole_file(target) as part, part.open("wb") as file:
                for block in response.iter_bytes():
                    file.write(block)
        return target

    def export_motion(
        self,
        path: str | Path,
        kind: str,
        text: str | None = None,
        character: str | Path | None = None,
        **fields: Any,
    ) -> Path:
        """Write the motion of ``text``, or of the recording, to ``path`` in the format ``kind``.

        ``kind``: a name of /api/motion/formats. ``character``: a .glb of your own. ``fields``: voice,
        recipe, fps, seed.
        """
        form = {"format": kind, **self._felt(), **({"text": text} if text is not None else {}), **fields}
        files = {"audio": self._recording()} if text is None or self._audio is not None else {}
        files |= {"character": Path(character).read_bytes()} if character is not None else {}
        target = Path(path)
        answer = self._posted("/api/motion/export", files, form)
        with whole_file(target) as part:
            part.write_bytes(answer.content)
        return target

    def _recording(self) -> bytes:
        if self._audio is None:
            raise StudioError(NO_AUDIO)
        return self._audio

    def _felt(self) -> dict[str, str]:
        return {"emotions": self._emotions} if self._emotions else {}

    def _send(
        self,
        path: str,
        files: Mapping[str, Any],
        form: Mapping[str, Any],
        query: Mapping[str, Any] | None = None,
    ) -> Any:
        """The JSON answer to a form."""
        return self._posted(path, files, form, query).json()

    def _posted(
        self,
        path: str,
        files: Mapping[str, Any],
        form: Mapping[str, Any],
        query: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """The answer to a form."""
        sent = [(name, (None, str(value))) for name, value in form.items()]
        parts = [*sent, *((name, (name, content)) for name, content in files.items())]
        return self._checked(self._http.post(path, files=parts or None, params=query))

    def _checked(self, response: httpx.Response) -> httpx.Response:
        if response.is_error:
            raise _problem(response)
        return response


def _as_json(emotions: Emotions) -> str:
    return json.dumps(emotions if isinstance(emotions, Mapping) else list(emotions))


def _problem(response: httpx.Response) -> StudioError:
    """The studio's sentences, or the status of whoever else answered."""
    try:
        answer = response.json()
        return StudioError(f"{answer['error']} {answer['hint']}".strip())
    except (ValueError, KeyError, TypeError):
        return StudioError(f"The studio answered with status {response.status_code}; is the address right?")
