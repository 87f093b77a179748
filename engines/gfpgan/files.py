"""Which model file is used, and what to say if there is none. Imports nothing heavy."""

from __future__ import annotations

from engines.gfpgan import WEIGHTS, GfpganOptions
from engines.model_files import ModelFiles
from engines.registry import Cost, Readiness

FILES = ModelFiles("GFPGAN", WEIGHTS, suggested="1.4")


def readiness(options: GfpganOptions) -> Readiness:
    """Whether the libraries and a model file are there, and which one."""
    return FILES.readiness(options.weights)


def cost(options: GfpganOptions, _lips_follow: bool) -> Cost:
    """Of one pass over a face of 512 px, as counted on the networks."""
    name = FILES.chosen(options.weights)
    return Cost(frame=0.0 if options.strength == 0 else 341.0 if name == "restoreformer" else 198.0)
