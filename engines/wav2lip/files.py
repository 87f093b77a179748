"""Which model file is used, and what to say if there is none. Imports nothing heavy."""

from __future__ import annotations

from engines.model_files import ModelFiles
from engines.registry import Cost, Readiness
from engines.wav2lip import WEIGHTS, Wav2LipOptions

FILES = ModelFiles("Wav2Lip", WEIGHTS, suggested="wav2lip_gan")


def readiness(options: Wav2LipOptions) -> Readiness:
    """Whether the libraries and a model file are there, and which one."""
    return FILES.readiness(options.weights)


def cost(options: Wav2LipOptions, _lips_follow: bool) -> Cost:
    """Of one pass over a face, as counted on the networks."""
    return Cost(frame=28.0 if FILES.chosen(options.weights) == "wav2lip256" else 4.0)
