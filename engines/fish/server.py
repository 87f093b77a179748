"""The server that speaks, as the environment names it."""

from __future__ import annotations

from typing import Any

from engines.registry import Readiness
from engines.speech_server import SpeechServer

TITLE = "The Fish Speech server"


def fish_server() -> SpeechServer:
    """What STUDIO_FISH_URL and STUDIO_FISH_KEY say."""
    return SpeechServer.from_environment(TITLE, "FISH")


def readiness(_options: Any) -> Readiness:
    """Whether there is one; it is not asked."""
    return Readiness(fish_server().missing)
