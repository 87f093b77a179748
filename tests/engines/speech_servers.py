"""Speech servers on this machine that speak the documented protocols, with the embedded voice for a mouth."""

from __future__ import annotations

import email.parser
import email.policy
import http.server
import io
import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soundfile

from engines.espeak.voice import EspeakVoice
from engines.progress import Watch

TIMBRE = "en-us+f2"


@dataclass
class SpeechHost:
    """What a server was asked, and how it should behave.

    ``answer``: (status, type, body) in place of speech; ``hang``: wait for the event before speaking;
    ``streamed``: WAV whose header does not know the length yet, as servers send it that speak while they send.
    """

    key: str = ""
    answer: tuple[int, str, bytes] | None = None
    hang: threading.Event | None = None
    streamed: bool = False
    asked: list[tuple[str, Any, dict[str, str]]] = field(default_factory=list)
    references: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    url: str = ""
    voice: EspeakVoice = field(default_factory=EspeakVoice)

    def wav(self, text: str) -> bytes:
        """``text`` as a WAV file of 16 bits."""
        speech = self.voice.speak(text, TIMBRE, None, Watch())
        buffer = io.BytesIO()
        soundfile.write(buffer, speech.samples, speech.sample_rate, "PCM_16", format="WAV")
        data = buffer.getvalue()
        if not self.streamed:
            return data
        unknown = struct.pack("<I", 0xFFFFFFFF)
        return data[:4] + unknown + data[8:40] + unknown + data[44:]


class Handler(http.server.BaseHTTPRequestHandler):
    """POST /v1/audio/speech (OpenAI), POST /v1/tts and /v1/references (Fish Speech)."""

    host: SpeechHost

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_DELETE = do_GET  # noqa: N815 - the library's names

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.headers.get("Content-Type", "")
        sent = parse_form(kind, body) if kind.startswith("multipart/") else json.loads(body or b"null")
        self.host.asked.append((f"{self.command} {self.path}", sent, dict(self.headers)))
        if self.host.key and self.headers.get("Authorization") != f"Bearer {self.host.key}":
            self._send(401, "application/json", b'{"detail": "Invalid token"}')
        elif self.host.answer is not None:
            self._send(*self.host.answer)
        else:
            self._speak(sent)

    def _speak(self, sent: Any) -> None:
        if self.host.hang is not None:
            self.host.hang.wait(30)
        if self.path == "/v1/audio/speech":
            self._send(200, "audio/wav", self.host.wav(sent["input"]))
        elif self.path == "/v1/tts" and (sent["reference_id"] or "") in ("", *self.host.references):
            self._send(200, "audio/wav", self.host.wav(sent["text"]))
        elif self.path == "/v1/references/list":
            found = {"success": True, "reference_ids": list(self.host.references), "message": "Success"}
            self._send(200, "application/json", json.dumps(found).encode())
        elif self.path == "/v1/references/add":
            self.host.references[sent["id"].decode()] = (sent["text"].decode(), sent["audio"])
            self._send(200, "application/json", b'{"success": true, "message": "", "reference_id": ""}')
        elif self.path == "/v1/references/delete" and self.host.references.pop(sent["reference_id"], None):
            self._send(200, "application/json", b'{"success": true, "message": "", "reference_id": ""}')
        else:
            self._send(404, "application/json", b'{"detail": "Not Found"}')

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        if status == 302:
            self.send_header("Location", body.decode())
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: Any) -> None:
        """Be quiet."""


def parse_form(kind: str, body: bytes) -> dict[str, bytes]:
    """The fields of a multipart form."""
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
        for part in message.iter_parts()
    }


class QuietServer(http.server.ThreadingHTTPServer):
    """Clients that hang up are part of the tests."""

    daemon_threads = True

    def handle_error(self, *_words: Any) -> None:
        """Be quiet."""


@contextmanager
def hosted() -> Iterator[SpeechHost]:
    """A server on a free port of this machine."""
    host = SpeechHost()
    server = QuietServer(("127.0.0.1", 0), type("Bound", (Handler,), {"host": host}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host.url = f"http://127.0.0.1:{server.server_port}"
    yield host
    server.shutdown()
    server.server_close()
    host.voice.close()


def level(samples: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
