"""Fish Speech on a server of one's own, by its HTTP interface: voices that are copied from a short recording.

Its address and key are settings: STUDIO_FISH_URL, STUDIO_FISH_KEY.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from engines.registry import Engine


@dataclass(frozen=True)
class FishOptions:
    """How the model draws its sounds; the same ``seed`` draws the same. Ranges are the server's."""

    temperature: Annotated[
        float, Field(ge=0.1, le=1.0, title="Liveliness", description="How freely it speaks: 0.8 is usual.")
    ] = 0.8
    top_p: Annotated[
        float, Field(ge=0.1, le=1.0, title="Variety", description="Share of likely sounds to choose from.")
    ] = 0.8
    repetition_penalty: Annotated[
        float, Field(ge=0.9, le=2.0, title="Against repeating", description="Raise it if words are said twice.")
    ] = 1.1
    seed: Annotated[
        int, Field(ge=0, le=2**31 - 1, title="Seed", description="Another number speaks a little differently.")
    ] = 0


ENGINE = Engine(
    name="fish",
    title="Fish Speech server",
    version="1",
    stages={"voice": "engines.fish.voice:create"},
    readiness="engines.fish.server:readiness",
    licence="the server's model: Fish Audio Research License, non-commercial",
    options=FishOptions,
    notice="Your words are sent to the Fish Speech server that this studio is set up with (STUDIO_FISH_URL).",
)
