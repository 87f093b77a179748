"""The voice stage: text to Microsoft's service by websocket, MP3 and the starts of words back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engines.edge import EdgeOptions
from engines.errors import Cancelled, StudioError
from engines.espeak.voices import find_voice
from engines.online import TookTooLong, run_watched
from engines.progress import Watch
from engines.stages import VoiceInfo, VoiceOffer
from engines.types import Speech
from engines.voice_sound import heard, join, most_bytes, pieces_of, reported

TITLE = "The speech service of Microsoft Edge"
TABLE = Path(__file__).with_name("voices.txt")
NAME = re.compile(r"(?P<language>[a-z]{2,3}(-[A-Za-z]{4})?-[A-Z]{2})(-[a-z]+)?-[A-Za-z]{2,40}Neural")
PIECE_S = 60.0
TICKS_PER_S = 1e7
MISSING = "The package edge-tts is not installed; start with './run.sh', which installs it."
LANGUAGES = {
    "fil": "Filipino", "gl": "Galician", "jv": "Javanese", "km": "Khmer", "lo": "Lao", "mn": "Mongolian",
    "ps": "Pashto", "so": "Somali", "su": "Sundanese", "zu": "Zulu",
}  # fmt: skip
"""What the embedded voice's table has no name for."""


class EdgeVoice:
    """Text to speech online."""

    def offer(self) -> VoiceOffer:
        """The voices of a table that comes with the studio; the service is not asked."""
        return VoiceOffer(voice_infos(), "" if find_spec("edge_tts") else MISSING)

    def identity(self, voice: str) -> str:
        """Nothing besides: the service says no version."""
        return _language_of(voice)

    def speak(self, text: str, voice: str, options: Any, watch: Watch) -> Speech:
        """Speak ``text`` in pieces of some sentences, at 24 kHz, with the starts of words, without phones.

        ``voice`` may be one that the table has not. Raises StudioError, Cancelled.
        """
        language = _language_of(voice)
        options = options if isinstance(options, EdgeOptions) else EdgeOptions()
        if not find_spec("edge_tts"):
            raise StudioError(MISSING)
        pieces = reported(pieces_of(text), watch)
        return join([_said(piece, voice, options, watch) for piece in pieces], text, language)


def _said(piece: str, voice: str, options: EdgeOptions, watch: Watch) -> Speech:
    try:
        data, starts = run_watched(lambda: _ask(piece, voice, options), watch, PIECE_S)
    except (StudioError, Cancelled):
        raise
    except TookTooLong:
        raise StudioError(f"{TITLE} took longer than {PIECE_S:.0f} s; try again later.") from None
    except Exception as error:
        # Of edge-tts, aiohttp, ssl and the system: whatever it was, the service did not speak.
        reason = "it knows no such voice" if type(error).__name__ == "NoAudioReceived" else "no connection"
        raise StudioError(
            f"{TITLE} did not speak ({reason}); check the network, or choose another voice."
        ) from None
    return replace(heard(data, piece, TITLE, watch), word_starts=starts)


async def _ask(piece: str, voice: str, options: EdgeOptions) -> tuple[bytes, tuple[float, ...]]:
    """The MP3 and the starts of words in seconds."""
    import edge_tts

    wishes: dict[str, Any] = {"rate": f"{options.rate:+d}%", "pitch": f"{options.pitch:+d}Hz"}
    spoken = edge_tts.Communicate(piece, voice, boundary="WordBoundary", **wishes)
    sound, starts, most = bytearray(), [], most_bytes(piece)
    async for chunk in spoken.stream():
        if chunk["type"] == "audio":
            sound += chunk["data"]
        elif chunk["type"] == "WordBoundary":
            starts.append(chunk["offset"] / TICKS_PER_S)
        if len(sound) > most:
            raise StudioError(f"{TITLE} sent more sound than the text can have; try again.")
    return bytes(sound), tuple(starts)


def _language_of(voice: str) -> str:
    """The language tag in a voice's name. Raises StudioError if it is none."""
    found = NAME.fullmatch(voice)
    if not found:
        raise StudioError(
            f"There is no Edge voice '{voice[:40]}'; 'voices list edge' has them, such as en-US-AriaNeural."
        )
    return found["language"].lower()


@lru_cache(maxsize=1)
def voice_infos() -> tuple[VoiceInfo, ...]:
    """Every voice of the table by language, as it orders them: the usual ones first."""
    return tuple(sorted(_infos(), key=lambda info: info.language_name))


def _infos() -> Iterator[VoiceInfo]:
    for line in TABLE.read_text("utf-8").splitlines():
        locale, *names = line.split()
        language = f"{_language_name(locale)} ({locale})"
        for name in names:
            title = name.replace("Multilingual", " (many languages)")
            yield VoiceInfo(f"{locale}-{name}Neural", title, locale.lower(), language)


def _language_name(locale: str) -> str:
    family = locale.partition("-")[0]
    return LANGUAGES.get(family) or find_voice(family).language.name.partition(" (")[0]


def create() -> EdgeVoice:
    """The factory that the engine's declaration names."""
    return EdgeVoice()
