"""Piper: natural voices in some forty languages that are fetched once and then speak offline, on a CPU.

The voices are ONNX files of rhasspy/piper-voices, run here by onnxruntime. Their sounds come from the helper
process of eSpeak NG; nothing of the program Piper, which is under the GPL, is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from engines.registry import Engine


@dataclass(frozen=True)
class PiperOptions:
    """``speed``: times as fast as the voice's own; ``liveliness``: share of its chance in sound and rhythm."""

    speed: Annotated[float, Field(ge=0.5, le=2.0, title="Speed", description="1 is the voice's own.")] = 1.0
    liveliness: Annotated[
        float,
        Field(ge=0.0, le=1.5, title="Liveliness", description="0 says the same in the same way each time."),
    ] = 1.0
    pauses: Annotated[
        float,
        Field(ge=0.0, le=3.0, title="Pauses", description="Length of pauses between sentences: 1 is natural."),
    ] = 1.0
    speaker: Annotated[
        int, Field(ge=0, le=10_000, title="Speaker", description="In voices of several people, which one.")
    ] = 0


ENGINE = Engine(
    name="piper",
    title="Piper",
    version="1",
    stages={"voice": "engines.piper.voice:create"},
    readiness="engines.piper.ready:readiness",
    licence="each voice its own",
    options=PiperOptions,
    memory=250 * 2**20,
)
