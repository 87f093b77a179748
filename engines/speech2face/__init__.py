"""The embedded driver: from timed phones, or from the sound alone, to a face that speaks, feels and lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from engines.registry import Engine


@dataclass(frozen=True)
class Speech2FaceOptions:
    """What can be set beyond the expression itself."""

    lead: Annotated[
        float,
        Field(title="Lips ahead of sound (ms)", ge=-150.0, le=150.0, description="How early the mouth moves."),
    ] = 8.0
    smoothing: Annotated[
        float,
        Field(title="Smoothing (ms)", ge=0.0, le=120.0, description="Softens the mouth; lips still close."),
    ] = 14.0
    jaw: Annotated[float, Field(title="Jaw", ge=0.0, le=2.0, description="How far the jaw opens.")] = 1.0
    lips: Annotated[
        float, Field(title="Lips", ge=0.0, le=2.0, description="How far the lips round and spread.")
    ] = 1.0
    feeling: Annotated[
        float,
        Field(title="Feeling in speech", ge=0.0, le=1.0, description="How far the mouth shows it in speech."),
    ] = 0.8


ENGINE = Engine(
    name="speech2face",
    title="Speech to face",
    version="4",
    stages={"driver": "engines.speech2face.driver:create"},
    licence="MIT",
    options=Speech2FaceOptions,
    memory=8_000_000,
)
