"""A filmed person: the avatar's own video goes back and forth, and its mouth says the words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from engines.registry import Engine, Recipe


@dataclass(frozen=True)
class FootageOptions:
    """``mouth``: whether the mouth is moved here, or left as it was filmed for what goes over the frames."""

    mouth: Annotated[
        Literal["spoken", "filmed"],
        Field(
            title="Mouth of a video avatar",
            description="Spoken: it says the words. Filmed: it stays as in the video, for "
            "lip-sync networks that make it anew.",
        ),
    ] = "spoken"


ENGINE = Engine(
    name="footage",
    title="Footage",
    version="2",
    stages={"animator": "engines.footage.animator:create"},
    licence="Apache-2.0",
    options=FootageOptions,
    weights=("mediapipe.face_detection_short_range", "mediapipe.face_landmark"),
    memory=64 << 20,
    takes="video",
    recipes=(
        Recipe(
            name="video-avatar",
            title="Video avatar",
            summary="A filmed person says something else: head, eyes and body stay as in the video.",
            voice="espeak",
            driver="speech2face",
            animator="footage",
            needs="nothing",
        ),
    ),
)
