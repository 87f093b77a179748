"""LivePortrait on a filmed person: the avatar's own video goes back and forth, its face drawn anew."""

from __future__ import annotations

from dataclasses import dataclass

from engines.liveportrait import WEIGHTS
from engines.liveportrait.drive_options import DriveOptions, Feather, Feeling, Mouth, Stitching
from engines.registry import Engine, Recipe


@dataclass(frozen=True)
class PortraitVideoOptions(DriveOptions):
    """How far lips and feelings are followed; 1 is as they are asked for. ``feather`` and ``stitching`` as in
    LivePortraitOptions."""

    mouth: Mouth = 1.0
    feeling: Feeling = 1.0
    feather: Feather = 32
    stitching: Stitching = True


ENGINE = Engine(
    name="portraitvideo",
    title="LivePortrait on video",
    version="1",
    stages={"animator": "engines.portraitvideo.animator:create"},
    licence="MIT",
    options=PortraitVideoOptions,
    weights=tuple(WEIGHTS.values()),
    memory=2816 << 20,
    readiness="engines.liveportrait.files:readiness",
    cost="engines.portraitvideo.cost:cost",
    takes="video",
    rehearses=True,
    recipes=(
        Recipe(
            name="portrait-video",
            title="LivePortrait on video",
            summary="A filmed person says something else, or does what another video shows; networks draw the "
            "face in every frame.",
            voice="espeak",
            driver="speech2face",
            animator="portraitvideo",
            needs="LivePortrait's model files; a GPU, or 10 seconds a frame",
        ),
    ),
)
