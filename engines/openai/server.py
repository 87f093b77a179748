"""The server that speaks, as the environment names it."""

from __future__ import annotations

from typing import Any

from engines.registry import Readiness
from engines.speech_server import SpeechServer

TITLE = "The OpenAI-compatible speech server"


def openai_server() -> SpeechServer:
    """What STUDIO_OPENAI_URL and STUDIO_OPENAI_KEY say."""
    return SpeechServer.from_environment(TITLE, "OPENAI")


def readiness(_options: Any) -> Readiness:
    """Whether there is one; it is not asked."""
    return Readiness(openai_server().missing)
