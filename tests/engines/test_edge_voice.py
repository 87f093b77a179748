"""Edge's voices: the real edge-tts against a websocket server of our own that frames as the service does.

That the service itself still speaks this way cannot be tested here; edge-tts follows it.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import av
import numpy as np
import pytest
import soxr
from aiohttp import WSMsgType, web

from engines.edge.voice import EdgeVoice, voice_infos
from engines.errors import Cancelled, StudioError
from engines.espeak.voice import EspeakVoice
from engines.progress import Watch
from engines.registry import get_engine, get_recipe
from engines.types import AvatarRef, Output, RenderRequest, Speech, Words
from engines.voice_sound import LEAD_S
from studio.services import Studio

TEXT = "Maybe Pam put a big purple map above the lamp."
VOICE = "en-US-AriaNeural"
RATE = 24000


@dataclass
class EdgeHost:
    """What the service was sent, and how it behaves: ``said`` in place of the text, "" for no sound at all."""

    ssml: list[str] = field(default_factory=list)
    config: list[str] = field(default_factory=list)
    said: str | None = None
    hang: bool = False
    voice: EspeakVoice = field(default_factory=EspeakVoice)

    def speech(self, text: str) -> Speech:
        """The speech in the service's place."""
        return self.voice.speak(text, "en-us+f2", None, Watch())

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One conversation."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT and "Path:speech.config" in message.data:
                self.config.append(message.data)
            elif message.type is WSMsgType.TEXT and "Path:ssml" in message.data:
                self.ssml.append(message.data.partition("\r\n\r\n")[2])
                await self._answer(socket, self.ssml[-1])
        return socket

    async def _answer(self, socket: web.WebSocketResponse, ssml: str) -> None:
        text = unescape(re.sub(r"<[^>]+>", "", ssml)) if self.said is None else self.said
        await socket.send_str(_told("turn.start", "{}"))
        while self.hang:
            await asyncio.sleep(0.05)
        if text:
            speech = self.speech(text)
            for start in speech.word_starts:
                await socket.send_str(_told("audio.metadata", json.dumps(_word(start))))
            data = mp3(speech)
            for at in range(0, len(data), 5000):
                await socket.send_bytes(_sound(data[at : at + 5000]))
        await socket.send_str(_told("turn.end", "{}"))


def _told(path: str, body: str) -> str:
    return f"X-RequestId:{uuid.uuid4().hex}\r\nContent-Type:application/json\r\nPath:{path}\r\n\r\n{body}"


def _word(start: float) -> dict[str, object]:
    word = {"Text": "word", "Length": 4, "BoundaryType": "WordBoundary"}
    return {
        "Metadata": [
            {"Type": "WordBoundary", "Data": {"Offset": int(start * 1e7), "Duration": 1, "text": word}}
        ]
    }


def _sound(data: bytes) -> bytes:
    header = f"X-RequestId:{uuid.uuid4().hex}\r\nContent-Type:audio/mpeg\r\nPath:audio\r\n".encode()
    return len(header).to_bytes(2, "big") + header + data


def mp3(speech: Speech) -> bytes:
    """As the service sends it: 24 kHz, 48 kbit/s, mono."""
    samples = soxr.resample(speech.samples, speech.sample_rate, RATE).astype(np.float32)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3", options={"write_xing": "0", "id3v2_version": "0"}) as file:
        stream = file.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.bit_rate = 48_000
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        file.mux([*stream.encode(frame), *stream.encode(None)])
    return buffer.getvalue()


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch) -> Iterator[EdgeHost]:
    """The service on this machine."""
    host, loop, ready = EdgeHost(), asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/edge/v1", host.serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ports.append(site._server.sockets[0].getsockname()[1])
        return runner

    def run() -> None:
        runner = loop.run_until_complete(start())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    address = f"ws://127.0.0.1:{ports[0]}/edge/v1?of=tests"
    monkeypatch.setattr(importlib.import_module("edge_tts.communicate"), "WSS_URL", address)
    yield host
    host.hang = False
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    host.voice.close()


def speak(text: str, voice: str = VOICE, watch: Watch | None = None, **options: int) -> Speech:
    """Speak with the engine."""
    return EdgeVoice().speak(text, voice, get_engine("edge").parse_options(options), watch or Watch())


def test_the_service_gets_plain_words_and_wishes(edge: EdgeHost) -> None:
    speech = speak("Salt & <pepper> 🎉, Bob.", rate=-10, pitch=5)
    assert "<voice name='en-US-AriaNeural'>" in edge.ssml[0] or "AriaNeural" in edge.ssml[0]
    assert "Salt &amp; &lt;pepper&gt; , Bob." in edge.ssml[0]
    assert "rate='-10%'" in edge.ssml[0]
    assert "pitch='+5Hz'" in edge.ssml[0]
    assert '"wordBoundaryEnabled":"true"' in edge.config[0]
    assert (speech.sample_rate, speech.language) == (RATE, "en-us")


def test_words_start_when_the_service_says_and_the_lips_follow_the_text(edge: EdgeHost, studio: Studio) -> None:
    recipe, words = get_recipe("instant"), Words(TEXT, f"edge:{VOICE}")
    spoken = studio.pipeline.speak(words, recipe, {}, Watch())
    told = edge.speech(TEXT)
    assert spoken.speech.word_starts == pytest.approx([LEAD_S + start for start in told.word_starts], abs=1e-3)
    found = studio.pipeline.align(spoken, words, recipe, Watch())
    assert found.notes == ()
    assert found.speech.word_starts == spoken.speech.word_starts
    wanted = [LEAD_S + (p.start + p.end) / 2 for p in told.phones if p.ipa.strip("ˈˌ")[:1] in tuple("pbm")]
    closed = [(p.start, p.end) for p in found.speech.phones if p.ipa.strip("ˈˌ")[:1] in tuple("pbm")]
    met = [any(start - 0.05 <= at <= end + 0.1 for start, end in closed) for at in wanted]
    assert len(met) >= 8
    assert sum(met) >= len(met) - 1


def test_a_long_text_keeps_its_word_starts_in_order(edge: EdgeHost) -> None:
    speech = speak("Bob and Pam made up a poem about a bumble bee. " * 22)
    assert len(edge.ssml) == 2
    assert list(speech.word_starts) == sorted(speech.word_starts)
    assert speech.word_starts[-1] > 0.9 * speech.duration


def test_a_clip_says_that_edge_spoke(edge: EdgeHost, studio: Studio, photo_file: Path, tmp_path: Path) -> None:
    request = RenderRequest(
        AvatarRef(str(photo_file)), Words("Hello, Bob.", f"edge:{VOICE}"), output=Output(10.0, 192)
    )
    clip = studio.pipeline.render(request, tmp_path / "a.mp4", Watch())
    assert list(clip.engines) == ["edge", "speech2face", "facemesh"]
    again = studio.pipeline.speak(request.words, get_recipe("instant"), {}, Watch())
    assert again.cached
    assert studio.pipeline.align(again, request.words, get_recipe("instant"), Watch()).cached
    assert len(edge.ssml) == 1


def test_a_voice_that_the_service_does_not_know(edge: EdgeHost) -> None:
    edge.said = ""
    with pytest.raises(StudioError, match="knows no such voice"):
        speak(TEXT, "en-US-NobodyNeural")


@pytest.mark.parametrize(
    "voice", ["", "aria", "en-US-Aria", "en-US-AriaNeural'/><audio src='http://x'", "../a"]
)
def test_names_that_are_not_sent(edge: EdgeHost, voice: str) -> None:
    with pytest.raises(StudioError, match="no Edge voice"):
        speak(TEXT, voice)
    assert edge.ssml == []


def test_cancel_stops_while_the_service_thinks(edge: EdgeHost) -> None:
    edge.hang = True
    watch = Watch()
    threading.Timer(0.5, watch.cancel).start()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        speak(TEXT, watch=watch)
    assert time.monotonic() - start < 5.0


def test_without_a_network_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("edge_tts.communicate"), "WSS_URL", "ws://127.0.0.1:9/edge?")
    with pytest.raises(StudioError, match=r"did not speak \(no connection\); check the network"):
        speak(TEXT)


def test_listing_asks_nobody(edge: EdgeHost, studio: Studio) -> None:
    voices = studio.offer("edge").voices
    assert len(voices) == len(voice_infos()) > 200
    assert len({voice.id for voice in voices}) == len(voices)
    assert all(EdgeVoice().identity(voice.id.partition(":")[2]) == voice.language for voice in voices)
    assert edge.config == []
