"""A face from a photo, moved by bending a mesh over it, with mouth and eyes painted in, on any CPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from engines.registry import Engine, Recipe


@dataclass(frozen=True)
class FacemeshOptions:
    """``keep_smile``: how much of the photo's own smile stays while the face is at rest. ``background``: what
    is seen behind the person, and which of the two options after it count."""

    keep_smile: Annotated[
        float,
        Field(
            ge=0.0,
            le=1.0,
            title="Keep the photo's smile",
            description="How much of a smile in the photo stays while the face rests; 0 is a neutral mouth.",
        ),
    ] = 0.4
    background: Annotated[
        Literal["still", "photo", "blurred", "colour", "picture", "transparent"],
        Field(
            title="Background",
            description="Still: it stays while the head moves. Photo: it bends a little with the head, for "
            "photos whose person cannot be cut out well. Transparent makes a .webm.",
        ),
    ] = "still"
    background_colour: Annotated[
        str,
        Field(
            title="Background colour",
            description="Behind the person where the background is a colour.",
            pattern="^#[0-9a-fA-F]{6}$",
            json_schema_extra={"format": "colour"},
        ),
    ] = "#2b8170"
    background_picture: Annotated[
        str,
        Field(
            title="Background picture",
            description="Behind the person where the background is a picture.",
            json_schema_extra={"format": "picture"},
        ),
    ] = ""

    @property
    def transparent(self) -> bool:
        """Whether frames have an alpha channel."""
        return self.background == "transparent"


ENGINE = Engine(
    name="facemesh",
    title="Face mesh",
    version="6",
    stages={"animator": "engines.facemesh.animator:create"},
    licence="Apache-2.0",
    options=FacemeshOptions,
    weights=(
        "mediapipe.face_detection_short_range",
        "mediapipe.face_landmark",
        "mediapipe.selfie_segmentation",
    ),
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
