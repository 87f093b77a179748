"""Which of SadTalker's model files are used, and what to say if one is missing. Imports nothing heavy."""

from __future__ import annotations

from engines.model_files import ModelFiles
from engines.registry import Cost, Readiness
from engines.sadtalker import MAPPINGS, WEIGHTS, SadTalkerOptions

DRAWING = ModelFiles("SadTalker", WEIGHTS, suggested="256")
MAPPING = ModelFiles("SadTalker", MAPPINGS, suggested="full")


OF_PHOTO, OF_FRAME = 56.0, 570.0
"""GMAC at 256 px, as counted on the networks; those of the sound are nothing beside them."""


def readiness(options: SadTalkerOptions) -> Readiness:
    """Whether the libraries and both files that ``options`` take are there; the variant is the side drawn."""
    found = DRAWING.readiness(options.size)
    return found if found.problem else Readiness(MAPPING.readiness(options.mode).problem, found.variant)


def cost(options: SadTalkerOptions, _lips_follow: bool) -> Cost:
    """Of a photo and of each frame: twice the side is four times the work."""
    area = (int(options.size) / 256) ** 2
    return Cost(photo=area * OF_PHOTO, frame=area * OF_FRAME)
