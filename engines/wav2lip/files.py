"""Which model file is used, and what to say if there is none. Imports nothing heavy."""

from __future__ import annotations

from engines.model_files import ModelFiles
from engines.registry import Readiness
from engines.wav2lip import WEIGHTS, Wav2LipOptions

FILES = ModelFiles("Wav2Lip", WEIGHTS, suggested="wav2lip_gan")


def readiness(options: Wav2LipOptions) -> Readiness:
    """Whether the libraries and a model file are there, and which one."""
    return FILES.readiness(options.weights)
