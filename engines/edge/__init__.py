"""Microsoft Edge's voices, online: very natural, in some seventy languages, without an account.

Chosen by name only; nothing is asked of the service before. The package edge-tts is LGPL-3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from engines.registry import Engine


@dataclass(frozen=True)
class EdgeOptions:
    """How the voice speaks: percent faster than its own rate, Hz higher than its own pitch."""

    rate: Annotated[
        int, Field(ge=-50, le=100, title="Rate", description="Percent faster (or slower) than the voice's own.")
    ] = 0
    pitch: Annotated[
        int, Field(ge=-50, le=50, title="Pitch", description="Hz higher (or lower) than the voice's own.")
    ] = 0


ENGINE = Engine(
    name="edge",
    title="Microsoft Edge (online)",
    version="1",
    stages={"voice": "engines.edge.voice:create"},
    licence="edge-tts: LGPL-3.0; the service: Microsoft's terms",
    options=EdgeOptions,
    notice="Online: your words are sent to Microsoft's speech service.",
)
