"""The process that speaks: eSpeak NG behind a pipe.

SPDX-License-Identifier: GPL-3.0-or-later

A program of its own, started as ``python helper.py`` and importing nothing of the studio, because the library
is GPL, keeps its state in globals and may crash on odd input. It reads requests from stdin and answers on
stdout, one answer per request, and ends when stdin does.

A frame is two little-endian uint32 (bytes of header, bytes of body), the header as UTF-8 JSON, the body.
Request header: ``id``, ``text``, ``voice`` (an espeak name or data file, "+variant" allowed), ``rate``,
``pitch``, ``range``, ``kana`` (write kanji as kana first). Answer header: ``id``, ``sample_rate`` in Hz,
``phones`` as [sample, name] and ``words`` as [sample, position], or ``error``; body: int16
little-endian mono samples. A request with ``spell`` instead of rate, pitch and range asks for sounds alone; the
answer has them as ``clauses``, a string of IPA for each, and no body.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":  # neighbours of this script must not hide library modules of the same name
    sys.path[:] = [entry for entry in sys.path if Path(entry) != Path(__file__).parent]

import ctypes
import json
import os
import queue
import re
import signal
import struct
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, BinaryIO

FRAME = struct.Struct("<II")
RETURN_SAMPLES = 2  # AUDIO_OUTPUT_SYNCHRONOUS: the callback gets the samples, nothing is played
BUFFER_MS = 2000  # long buffers have room for every event of a clause
PHONES_AS_IPA = 0x0001 | 0x0002
DO_NOT_EXIT = 0x8000
UTF8_WITH_END_PAUSE = 0x0001 | 0x1000
CHARS_UTF8, SPELL_IPA = 1, 0x02
EVENT_END_OF_LIST, EVENT_WORD, EVENT_PHONE = 0, 1, 7
RATE, PITCH, RANGE = 1, 3, 4
KANJI = re.compile("[\u3400-\u9fff]")


class EventId(ctypes.Union):
    """What an event carries: ``string`` is the name of a phone, up to 8 bytes of UTF-8."""

    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class Event(ctypes.Structure):
    """``espeak_EVENT`` of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", EventId),
    )


SynthCallback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event)
)


class Synthesiser:
    """The library, one utterance at a time."""

    def __init__(self) -> None:
        import espeakng_loader

        data = Path(espeakng_loader.get_data_path())
        # The library opens its data with the C run-time's narrow file names: a relative one is always ASCII.
        os.chdir(data.parent)
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._callback = SynthCallback(self._collect)
        flags = PHONES_AS_IPA | DO_NOT_EXIT
        self.sample_rate = int(self._library.espeak_Initialize(RETURN_SAMPLES, BUFFER_MS, b".", flags))
        if self.sample_rate <= 0:
            raise RuntimeError(f"espeak-ng did not find its data in {data}")
        self._library.espeak_SetSynthCallback(self._callback)
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._clear()

    def _clear(self) -> None:
        self._samples = bytearray()
        self._phones: list[tuple[int, str]] = []
        self._words: list[tuple[int, int]] = []

    def _collect(self, samples: Any, count: int, events: Any) -> int:
        """Called by the library with each buffer and the events in it; 0 means go on."""
        if count > 0:
            self._samples += ctypes.string_at(samples, 2 * count)
        index = 0
        while events[index].type != EVENT_END_OF_LIST:
            self._note(events[index])
            index += 1
        return 0

    def _note(self, event: Event) -> None:
        if event.type == EVENT_PHONE:
            self._phones.append((event.sample, event.id.string.decode("utf-8", "ignore")))
        elif event.type == EVENT_WORD:
            self._words.append((event.sample, event.text_position))

    def speak(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Answer header and body for a request header."""
        voice = str(request["voice"])
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}")
        if request.get("spell"):
            return {"clauses": self._spell(str(request["text"]))}, b""
        for parameter, key in ((RATE, "rate"), (PITCH, "pitch"), (RANGE, "range")):
            self._library.espeak_SetParameter(parameter, int(request[key]), 0)
        text = str(request["text"])
        self._synthesise(kanji_to_kana(text) if request.get("kana") else text)
        header = {"sample_rate": self.sample_rate, "phones": self._phones, "words": self._words}
        return header, bytes(self._samples)

    def _spell(self, text: str) -> list[str]:
        """The sounds of each clause; the library moves its pointer on and clears it at the end."""
        data = ctypes.create_string_buffer(text.encode("utf-8", "ignore").replace(b"\0", b" "))
        rest = ctypes.c_void_p(ctypes.addressof(data))
        found = []
        while rest.value:
            spelt = self._library.espeak_TextToPhonemes(ctypes.byref(rest), CHARS_UTF8, SPELL_IPA)
            found.append((spelt or b"").decode("utf-8", "ignore"))
        return found

    def _synthesise(self, text: str) -> None:
        self._clear()
        data = text.encode("utf-8", "ignore").replace(b"\0", b" ") + b"\0"
        size = ctypes.c_size_t(len(data))
        status = self._library.espeak_Synth(data, size, 0, 0, 0, UTF8_WITH_END_PAUSE, None, None)
        if status != 0:
            raise RuntimeError(f"espeak-ng failed with status {status}")
        self._library.espeak_Synchronize()


@lru_cache(maxsize=1)
def kana_converter() -> Callable[[str], list[dict[str, str]]] | None:
    """pykakasi's converter, or None where it is not installed."""
    try:
        import pykakasi
    except ImportError:
        return None
    convert: Callable[[str], list[dict[str, str]]] = pykakasi.kakasi().convert  # type: ignore[no-untyped-call]
    return convert


def kanji_to_kana(text: str) -> str:
    """``text`` with its kanji as hiragana, words apart: the library's Japanese knows kana alone."""
    convert = kana_converter() if KANJI.search(text) else None  # loading its dictionary takes a second
    if convert is None:
        return text
    return " ".join(spoken_kana(part["orig"], part["hira"]) for part in convert(text))


def spoken_kana(written: str, hiragana: str) -> str:
    """The reading of one word; the particles ha and he are said wa and e."""
    if written == "今日は":
        return "きょうわ"  # the dictionary only knows the greeting
    if written == "へ":
        return "え"
    if re.fullmatch(r"(.*[\u4e00-\u9fff]|で|に|と|から|まで|)は", written):
        return hiragana[:-1] + "わ"
    return hiragana.replace("ではない", "でわない")


def read_exactly(stream: BinaryIO, size: int) -> bytes | None:
    """``size`` bytes, or None at the end of the stream."""
    data = stream.read(size)
    return data if len(data) == size else None


def read_requests(stream: BinaryIO, requests: queue.Queue[dict[str, Any]]) -> None:
    """Queue requests until stdin ends, then end the process, even out of a call that hangs."""
    while (prefix := read_exactly(stream, FRAME.size)) is not None:
        header = read_exactly(stream, FRAME.unpack(prefix)[0])
        if header is None:
            break
        requests.put(json.loads(header))
    os._exit(0)


def write_frame(stream: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    """Write one frame and flush."""
    data = json.dumps(header, ensure_ascii=False).encode()
    stream.write(FRAME.pack(len(data), len(body)) + data)
    stream.write(body)
    stream.flush()


def private_stdout() -> BinaryIO:
    """The pipe to the studio; whatever prints to stdout from now on goes to stderr instead."""
    own = os.dup(1)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(own, os.O_BINARY)
    return os.fdopen(own, "wb")


def answer(synthesiser: Synthesiser, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The answer to a request, errors included: one bad sentence must not end the process."""
    try:
        header, body = synthesiser.speak(request)
    except Exception as error:
        header, body = {"error": f"{error}"}, b""
    return {"id": request.get("id"), **header}, body


def main() -> None:
    """Serve until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the studio, which closes the pipe
    output = private_stdout()
    try:
        synthesiser = Synthesiser()
    except Exception as error:
        write_frame(output, {"id": None, "error": f"{error}"})
        return
    write_frame(output, {"id": None, "sample_rate": synthesiser.sample_rate})
    requests: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=read_requests, args=(sys.stdin.buffer, requests), daemon=True).start()
    while True:
        write_frame(output, *answer(synthesiser, requests.get()))


if __name__ == "__main__":
    main()
