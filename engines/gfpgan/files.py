"""Which model file is used, and what to say if there is none. Imports nothing heavy."""

from __future__ import annotations

from engines.gfpgan import WEIGHTS, GfpganOptions
from engines.model_files import ModelFiles
from engines.registry import Readiness

FILES = ModelFiles("GFPGAN", WEIGHTS, suggested="gfpgan1.4")


def readiness(options: GfpganOptions) -> Readiness:
    """Whether the libraries and a model file are there, and which one."""
    return FILES.readiness(options.weights)
