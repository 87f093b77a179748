"""Which of SadTalker's model files are used, and what to say if one is missing. Imports nothing heavy."""

from __future__ import annotations

from engines.model_files import ModelFiles
from engines.registry import Readiness
from engines.sadtalker import MAPPINGS, WEIGHTS, SadTalkerOptions

DRAWING = ModelFiles("SadTalker", WEIGHTS, suggested="256")
MAPPING = ModelFiles("SadTalker", MAPPINGS, suggested="full")


def readiness(options: SadTalkerOptions) -> Readiness:
    """Whether the libraries and both files that ``options`` take are there; the variant is the side drawn."""
    found = DRAWING.readiness(options.size)
    return found if found.problem else Readiness(MAPPING.readiness(options.mode).problem, found.variant)
