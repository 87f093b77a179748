"""LivePortrait: a photo's head turns, blinks, looks and speaks, drawn anew by networks for every frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from engines.liveportrait.drive_options import DriveOptions, Feather, Feeling, Mouth, Stitching
from engines.registry import Engine, Recipe

WEIGHTS = {
    "appearance": "liveportrait.appearance",
    "motion": "liveportrait.motion",
    "warping": "liveportrait.warping",
    "generator": "liveportrait.generator",
    "retargeting": "liveportrait.retargeting",
}
"""Names in models/weights.toml by the network that they hold; all are needed."""


@dataclass(frozen=True)
class LivePortraitOptions(DriveOptions):
    """How far the parts of a motion are followed; 1 is as it says, 0 not at all.

    ``performance``: live draws every frame; loop draws a few silent seconds once, which are shown again and
    again under lips that a finisher makes. ``loop_seconds``: their length. ``feather``: width of the soft
    border with which the face goes back into the picture, px of 512. ``stitching``: shoulders stay where they
    are.
    """

    head: Annotated[float, Field(ge=0.0, le=2.0, title="Head", description="How far the head turns.")] = 1.0
    blink: Annotated[
        float, Field(ge=0.0, le=1.5, title="Blinks", description="How far eyes close in a blink.")
    ] = 1.0
    gaze: Annotated[float, Field(ge=0.0, le=2.0, title="Gaze", description="How far eyes look away.")] = 1.0
    mouth: Mouth = 1.0
    feeling: Feeling = 1.0
    performance: Annotated[
        Literal["auto", "live", "loop"],
        Field(
            title="Performance",
            description="Live: every frame is drawn, which takes a GPU or patience. Loop: a few silent seconds "
            "are drawn once and kept; new words then cost only the lips (recipe Visema). Auto: loop for Visema "
            "without a GPU.",
        ),
    ] = "auto"
    loop_seconds: Annotated[
        float,
        Field(ge=2.0, le=10.0, title="Length of the loop (s)", description="Longer repeats itself less."),
    ] = 4.0
    feather: Feather = 32
    stitching: Stitching = True


ENGINE = Engine(
    name="liveportrait",
    title="LivePortrait",
    version="1",
    stages={"animator": "engines.liveportrait.animator:create"},
    licence="MIT",
    options=LivePortraitOptions,
    weights=tuple(WEIGHTS.values()),
    memory=2816 << 20,
    readiness="engines.liveportrait.files:readiness",
    cost="engines.liveportrait.files:cost",
    rehearses=True,
    recipes=(
        Recipe(
            name="liveportrait",
            title="LivePortrait",
            summary="Networks draw every frame: head, eyes, feeling and mouth.",
            voice="espeak",
            driver="speech2face",
            animator="liveportrait",
            needs="LivePortrait's model files; a GPU, or 5 to 10 seconds a frame",
        ),
        Recipe(
            name="visema",
            title="Visema",
            summary="LivePortrait animates head and face, Wav2Lip makes lips that follow the sound.",
            voice="espeak",
            driver="speech2face",
            animator="liveportrait",
            needs="the model files of LivePortrait and Wav2Lip; without a GPU, minutes once for every face",
            finishers=("wav2lip",),
        ),
    ),
)
