"""GFPGAN: faces become clearer. Goes over the frames of any recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from engines.registry import Engine

WEIGHTS = {"1.4": "gfpgan.1.4", "1.3": "gfpgan.1.3", "restoreformer": "gfpgan.restoreformer"}
"""Names in models/weights.toml by the names of the choice, best first."""


@dataclass(frozen=True)
class GfpganOptions:
    """``weights``: which model file to use; best is the first of the others that is there. ``strength``: how
    much of what it makes is seen over the frame as it was. ``batch``: faces at a time, 0 is as many as fit."""

    weights: Annotated[
        Literal["best", "1.4", "1.3", "restoreformer"],
        Field(
            title="Model file",
            description="1.4 is the clearest, 1.3 more natural; RestoreFormer changes more and takes longer.",
        ),
    ] = "best"
    strength: Annotated[
        float,
        Field(ge=0.0, le=1.0, title="Strength", description="Lower it if skin looks too smooth."),
    ] = 0.8
    batch: Annotated[
        int, Field(ge=0, le=64, title="Frames at a time", description="0: as many as the memory allows.")
    ] = 0


ENGINE = Engine(
    name="gfpgan",
    title="GFPGAN",
    version="1",
    stages={"finisher": "engines.gfpgan.finisher:create"},
    licence="Apache-2.0; parts for research only",
    options=GfpganOptions,
    weights=tuple(WEIGHTS.values()),
    memory=1536 << 20,
    readiness="engines.gfpgan.files:readiness",
    cost="engines.gfpgan.files:cost",
)
