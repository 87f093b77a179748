"""A face from a photo, moved by bending a mesh over it, with mouth and eyes painted in, on any CPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from engines.registry import Engine, Recipe


@dataclass(frozen=True)
class FacemeshOptions:
    """``keep_smile``: how much of the photo's own smile stays while the face is at rest."""

    keep_smile: Annotated[
        float,
        Field(
            ge=0.0,
            le=1.0,
            title="Keep the photo's smile",
            description="How much of a smile in the photo stays while the face rests; 0 is a neutral mouth.",
        ),
    ] = 0.4


ENGINE = Engine(
    name="facemesh",
    title="Face mesh",
    version="4",
    stages={"animator": "engines.facemesh.animator:create"},
    licence="Apache-2.0",
    options=FacemeshOptions,
    weights=("mediapipe.face_detection_short_range", "mediapipe.face_landmark"),
    memory=64 << 20,
    recipes=(
        Recipe(
            name="instant",
            title="Instant",
            summary="Speaks and animates on any computer, without a GPU and without downloads.",
            voice="espeak",
            driver="speech2face",
            animator="facemesh",
            needs="nothing",
        ),
    ),
)
