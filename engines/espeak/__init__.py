"""eSpeak NG: small, quick, offline, in more than a hundred languages, with exact times for every sound.

The library is GPL-3.0-or-later. It is loaded by ``helper.py`` alone, in a process of its own that talks to the
studio over a pipe; nothing else here touches it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from engines.registry import Engine


@dataclass(frozen=True)
class EspeakOptions:
    """How the voice speaks. ``rate`` in words a minute; ``pitch`` and ``liveliness`` on the library's scale."""

    rate: Annotated[
        int, Field(ge=80, le=320, title="Rate", description="Words a minute: 165 is a calm talk.")
    ] = 165
    pitch: Annotated[
        int, Field(ge=0, le=99, title="Pitch", description="How high the voice is: 50 is its own height.")
    ] = 50
    liveliness: Annotated[
        int, Field(ge=0, le=99, title="Liveliness", description="How far the melody moves: 0 is a monotone.")
    ] = 50
    pauses: Annotated[
        float,
        Field(ge=0.0, le=3.0, title="Pauses", description="Length of pauses between sentences: 1 is natural."),
    ] = 1.0


ENGINE = Engine(
    name="espeak",
    title="eSpeak NG",
    version="1",
    stages={"voice": "engines.espeak.voice:create"},
    licence="GPL-3.0-or-later (separate helper process)",
    options=EspeakOptions,
    memory=40 * 2**20,
)
