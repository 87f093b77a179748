"""SadTalker: a photo moves its face and its head as the sound says, by networks of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from engines.registry import Engine, Recipe
from engines.sadtalker.keys import check_degrees, check_shares

Mode = Literal["full", "extfull", "crop", "extcrop", "resize"]
Size = Literal["256", "512"]
WEIGHTS: dict[str, str] = {"256": "sadtalker.256", "512": "sadtalker.512"}
"""Names in models/weights.toml by the side (px) of the picture that the networks draw."""
MAPPINGS: dict[str, str] = {
    "full": "sadtalker.mapping_full",
    "extfull": "sadtalker.mapping_full",
    "crop": "sadtalker.mapping_crop",
    "extcrop": "sadtalker.mapping_crop",
    "resize": "sadtalker.mapping_crop",
}
ENDINGS = (".mp4", ".mov", ".webm", ".mkv", ".avi")
"""Of reference videos."""
KEYS_HELP = "One number, several that are spread over the clip, or each with its second: 0@0 15@1.5 0@3."
Degrees = Annotated[str, AfterValidator(check_degrees)]
Shares = Annotated[str, AfterValidator(check_shares)]


@dataclass(frozen=True)
class SadTalkerOptions:
    """What can be set. ``yaw``, ``pitch``, ``roll``: degrees of the head over time, as
    ``engines.sadtalker.keys`` reads them, in place of what the sound says; ``blink_keys``: how far the lids are
    closed, 0 to 1, likewise. ``batch``: frames drawn at a time at most, 0 is as many as fit."""

    mode: Annotated[
        Mode,
        Field(
            title="What is shown",
            description="Full puts the moving face back into the photo, crop shows it alone, resize draws the "
            "whole photo; ext takes in more around the face.",
        ),
    ] = "full"
    size: Annotated[
        Size,
        Field(
            title="Side of the drawn face in pixels", description="512 is sharper and takes four times as long."
        ),
    ] = "256"
    still: Annotated[
        bool, Field(title="Still head", description="The head keeps its pose; the face moves all the same.")
    ] = False
    pose_style: Annotated[
        int, Field(ge=0, le=45, title="Style of the head's motion", description="46 ways that were learned.")
    ] = 0
    expression_scale: Annotated[
        float,
        Field(ge=0.0, le=3.0, title="Strength of the face", description="Of mouth, brows and lids together."),
    ] = 1.0
    blinks: Annotated[
        Literal["sadtalker", "studio", "none"],
        Field(
            title="Blinks",
            description="SadTalker's come at random times, the studio's follow the speech.",
        ),
    ] = "sadtalker"
    blink_keys: Annotated[
        Shares,
        Field(
            max_length=2000,
            title="Lids over time",
            description="How far closed, 0 to 1, in place of blinks: 0@1 1@1.1 0@1.3.",
        ),
    ] = ""
    idle: Annotated[
        bool, Field(title="Do not speak", description="The face lives on but the sound does not move it.")
    ] = False
    yaw: Annotated[
        Degrees, Field(max_length=2000, title="Head to the side, degrees", description=KEYS_HELP)
    ] = ""
    pitch: Annotated[
        Degrees, Field(max_length=2000, title="Head up and down, degrees", description=KEYS_HELP)
    ] = ""
    roll: Annotated[Degrees, Field(max_length=2000, title="Head tilted, degrees", description=KEYS_HELP)] = ""
    pose_video: Annotated[
        str,
        Field(
            title="Head as in a video",
            description="The head moves as the one in this video does, again and again if the clip is longer.",
            json_schema_extra={"format": "file", "endings": list(ENDINGS)},
        ),
    ] = ""
    blink_video: Annotated[
        str,
        Field(
            title="Blinks as in a video",
            description="The lids, and nothing but the lids, close as those in this video.",
            json_schema_extra={"format": "file", "endings": list(ENDINGS)},
        ),
    ] = ""
    batch: Annotated[
        int,
        Field(
            ge=0, le=64, title="Frames at a time", description="At most; 0: as many as the GPU's memory allows."
        ),
    ] = 0


ENGINE = Engine(
    name="sadtalker",
    title="SadTalker",
    version="1",
    stages={"animator": "engines.sadtalker.animator:create"},
    licence="model files not for commercial use",
    options=SadTalkerOptions,
    weights=(*WEIGHTS.values(), *dict.fromkeys(MAPPINGS.values())),
    memory=3 << 30,
    readiness="engines.sadtalker.files:readiness",
    cost="engines.sadtalker.files:cost",
    rehearses=True,
    recipes=(
        Recipe(
            name="sadtalker",
            title="SadTalker",
            summary="A photo moves its face and its head by networks that take their cues from the sound.",
            voice="espeak",
            driver="speech2face",
            animator="sadtalker",
            needs="requirements-neural.txt, two of its model files (880 MB), and a GPU or much patience",
        ),
    ),
)
