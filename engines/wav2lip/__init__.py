"""Wav2Lip: the lips of any face follow the sound. Goes over the frames of any recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from engines.registry import Engine

WEIGHTS = {"wav2lip256": "wav2lip.256", "wav2lip_gan": "wav2lip.gan", "wav2lip": "wav2lip.plain"}
"""Names in models/weights.toml by the names of the choice, best first."""


@dataclass(frozen=True)
class Wav2LipOptions:
    """``weights``: which model file to use; best is the first of the others that is there. ``chin``: how far
    below the chin the picture is made anew, of the face's height."""

    weights: Annotated[
        Literal["best", "wav2lip256", "wav2lip_gan", "wav2lip"],
        Field(
            title="Model file",
            description="Best takes the sharpest that is there. Without GAN the lips are steadier and softer.",
        ),
    ] = "best"
    chin: Annotated[
        float,
        Field(
            ge=0.0,
            le=0.4,
            title="Room below the chin",
            description="Raise it if a wide open mouth is cut off, lower it if a collar is smeared.",
        ),
    ] = 0.1


ENGINE = Engine(
    name="wav2lip",
    title="Wav2Lip",
    version="1",
    stages={"finisher": "engines.wav2lip.finisher:create"},
    licence="model files for research and personal use only",
    options=Wav2LipOptions,
    weights=tuple(WEIGHTS.values()),
    memory=1536 << 20,
    readiness="engines.wav2lip.files:readiness",
    cost="engines.wav2lip.files:cost",
    makes_lips=True,
)
