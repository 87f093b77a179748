"""What can be said of a driving clip, for every engine that takes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from engines.liveportrait.regions import Mode, Region

Mouth = Annotated[float, Field(ge=0.0, le=2.0, title="Mouth", description="How far the lips move in speech.")]
Feeling = Annotated[
    float, Field(ge=0.0, le=2.0, title="Smile and brows", description="How far a feeling is shown.")
]
Feather = Annotated[
    int, Field(ge=8, le=96, title="Soft border", description="Of the face in the picture, px of 512.")
]
Stitching = Annotated[
    bool, Field(title="Hold the shoulders", description="A network keeps neck and shoulders in place.")
]
"""What can be said of how a face is drawn, wherever LivePortrait draws it."""


@dataclass(frozen=True)
class DriveOptions:
    """``drive``: path of a clip or a motion template, "" for none. The others say how it is followed, see
    ``engines.liveportrait.mixing.Drive``; ``drive_smooth``: how much trembling is taken out, 0 to 1."""

    drive: Annotated[
        str,
        Field(
            title="Driving video, or a motion template",
            description="A video of one face, whose motion the avatar follows; or a motion template: "
            "LivePortrait's (.pkl) or the studio's (.npz).",
            json_schema_extra={
                "format": "file",
                "endings": [".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".pkl", ".npz"],
                "flag": "drive",
            },
        ),
    ] = ""
    drive_region: Annotated[
        Region,
        Field(
            title="What follows it",
            description="The rest stays as without it; lips that do not follow it say the words.",
            json_schema_extra={"flag": "drive-region"},
        ),
    ] = "all_but_lips"
    drive_mode: Annotated[
        Mode,
        Field(
            title="How it is followed",
            description="Relative: what changes in the video since its first frame, in which the face should "
            "be at rest. Absolute: what it shows.",
            json_schema_extra={"flag": "drive-mode"},
        ),
    ] = "relative"
    drive_strength: Annotated[
        float,
        Field(
            ge=0.0,
            le=2.0,
            title="How far it is followed",
            description="Where it is followed in the relative way; 1 is as in the video.",
            json_schema_extra={"flag": "drive-strength"},
        ),
    ] = 1.0
    drive_smooth: Annotated[
        float,
        Field(
            ge=0.0,
            le=1.0,
            title="Smoothing of the driving motion",
            description="Takes trembling out of it, without lag.",
            json_schema_extra={"flag": "drive-smooth"},
        ),
    ] = 0.3
