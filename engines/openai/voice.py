"""The voice stage: text over HTTP to the server, its sound back."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engines.errors import StudioError
from engines.openai import OpenAIOptions
from engines.openai.server import TITLE, openai_server
from engines.progress import Watch
from engines.speech_server import SPEAKING_S, Question, SpeechServer
from engines.stages import VoiceInfo, VoiceOffer
from engines.types import Speech
from engines.voice_sound import heard, join, most_bytes, pieces_of, reported

MODEL = "tts-1"
VOICES = "alloy,ash,ballad,coral,echo,fable,nova,onyx,sage,shimmer,verse"
NAME = re.compile(r"[\w .+()-]{1,100}")


@dataclass(frozen=True)
class OpenAIVoice:
    """Text to speech by ``server`` with ``model``; ``names`` are the voices that are offered."""

    server: SpeechServer
    model: str
    names: tuple[str, ...]

    def offer(self) -> VoiceOffer:
        """The voices of the settings: the endpoint has no list. Each speaks any language."""
        voices = tuple(VoiceInfo(name, name.capitalize(), "", "") for name in self.names)
        return VoiceOffer(() if self.server.missing else voices, self.server.missing)

    def identity(self, voice: str) -> str:
        """The server and the model."""
        _check_name(voice)
        return f"{self.server.identity} {self.model}"

    def speak(self, text: str, voice: str, options: Any, watch: Watch) -> Speech:
        """Speak ``text`` in pieces of some sentences. Raises StudioError, Cancelled. No times are known."""
        _check_name(voice)
        options = options if isinstance(options, OpenAIOptions) else OpenAIOptions()
        parts = []
        for piece in reported(pieces_of(text), watch):
            body = {
                "model": self.model,
                "voice": voice,
                "input": piece,
                "response_format": "wav",
                **_wishes(options),
            }
            question = Question("POST", "/v1/audio/speech", most_bytes(piece), SPEAKING_S, {"json": body})
            parts.append(heard(self.server.ask(question, watch), piece, TITLE, watch))
        return join(parts, text, None)


def _wishes(options: OpenAIOptions) -> Mapping[str, Any]:
    """Only what differs from the default: simple servers refuse fields that they do not know."""
    speed = {} if options.speed == 1.0 else {"speed": options.speed}
    return speed | ({"instructions": options.instructions.strip()} if options.instructions.strip() else {})


def _check_name(voice: str) -> None:
    if not NAME.fullmatch(voice):
        raise StudioError("Name a voice of the speech server after 'openai:', such as openai:alloy.")


def create() -> OpenAIVoice:
    """The factory that the engine's declaration names."""
    names = os.environ.get("STUDIO_OPENAI_VOICES", "") or VOICES
    return OpenAIVoice(
        openai_server(),
        os.environ.get("STUDIO_OPENAI_MODEL", "").strip() or MODEL,
        tuple(name.strip() for name in names.split(",") if NAME.fullmatch(name.strip())),
    )
