"""Which model file is used, and what to say if there is none. Imports nothing heavy."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from engines.errors import StudioError
from engines.registry import Readiness
from engines.wav2lip import WEIGHTS, Wav2LipOptions
from engines.weights import weight_mark, weight_store

LIBRARIES = ("torch", "safetensors")
NO_LIBRARIES = (
    "Wav2Lip needs torch and safetensors, which are not installed: start ./run.sh --full once, or run "
    "pip install -r requirements-neural.txt."
)
SUGGESTED = "wav2lip_gan"


def readiness(options: Wav2LipOptions) -> Readiness:
    """Whether the libraries and a model file are there, and which one."""
    if any(find_spec(name) is None for name in LIBRARIES):
        return Readiness(NO_LIBRARIES)
    name = chosen(options)
    problem = _absent(SUGGESTED if options.weights == "best" else options.weights)
    return Readiness(variant=_variant(name)) if name else Readiness(problem)


def chosen(options: Wav2LipOptions) -> str:
    """The choice that ``options`` come down to; "" if its file is not there."""
    names = WEIGHTS if options.weights == "best" else (options.weights,)
    return next((name for name in names if file_of(name)), "")


def file_of(name: str) -> Path | None:
    """Where the checked file of a choice lies; None if it is absent or not the right one."""
    try:
        return weight_store().path(WEIGHTS[name])
    except StudioError:
        return None


def _variant(name: str) -> str:
    """The choice ``name``, with a mark of its file where another one may lie under that name."""
    return " ".join(filter(None, (name, weight_mark(WEIGHTS[name]))))


def _absent(name: str) -> str:
    """The sentence about a file that is not there, or that is damaged."""
    store = weight_store()
    weight = store.weight(WEIGHTS[name])
    path = store.folder / weight.file
    start = f"Wav2Lip needs the model file {path.name}, which does not come with the studio ({weight.licence})"
    if path.is_file():
        start = f"The model file {path.name} of Wav2Lip is damaged or another one"
    tab = "" if weight.source.kind == "by-hand" else "download it on the Engines tab, or "
    return f"{start}: {tab}save {weight.source.where} as {path}."
