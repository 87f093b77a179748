"""Any server with OpenAI's speech endpoint, POST /v1/audio/speech: OpenAI's own, and many that run at home.

Its address and key are settings: STUDIO_OPENAI_URL, STUDIO_OPENAI_KEY, STUDIO_OPENAI_MODEL ("tts-1") and
STUDIO_OPENAI_VOICES, names between commas. The key goes into the one header that needs it and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from engines.registry import Engine


@dataclass(frozen=True)
class OpenAIOptions:
    """``speed``: times as fast as the voice's own; ``instructions``: for models that take a wish in words."""

    speed: Annotated[
        float,
        Field(ge=0.25, le=4.0, title="Speed", description="1 is the voice's own; not every server heeds it."),
    ] = 1.0
    instructions: Annotated[
        str,
        Field(
            max_length=500,
            title="How to speak",
            description="In words, such as “cheerful and slow”; not every model heeds it.",
        ),
    ] = ""


ENGINE = Engine(
    name="openai",
    title="OpenAI-compatible server",
    version="1",
    stages={"voice": "engines.openai.voice:create"},
    readiness="engines.openai.server:readiness",
    licence="the server's own terms",
    options=OpenAIOptions,
    notice="Your words are sent to the speech server that this studio is set up with (STUDIO_OPENAI_URL).",
)
