"""Which of SadTalker's model files are used, and what to say if one is missing. Imports nothing heavy."""

from __future__ import annotations

from engines.model_files import ModelFiles
from engines.registry import Cost, Readiness
from engines.sadtalker import MAPPINGS, WEIGHTS, SadTalkerOptions

DRAWING = ModelFiles("SadTalker", WEIGHTS, suggested="256")
MAPPING = ModelFiles("SadTalker", MAPPINGS, suggested="full")


def readiness(options: SadTalkerOptions) -> Readiness:
    """Whether the libraries and both files that ``options`` take are there; the variant is the side drawn."""
    found = DRAWING.readiness(options.size)
    return found if found.problem else Readiness(MAPPING.readiness(options.mode).problem, found.variant)


def cost(options: SadTalkerOptions, _lips_follow: bool) -> Cost:
    """As counted on the networks: of the photo its coefficients, keypoints and volume; of a frame what is heard
    and mapped, and the drawing."""
    larger = (int(options.size) / 256) ** 2
    return Cost(photo=4.1 + 51.5 * larger, frame=0.4 + 569.5 * larger)
