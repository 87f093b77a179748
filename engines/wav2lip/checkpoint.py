"""From a file of weights, in any of the forms that are about, to a generator.

Files are the authors' (a dict with ``state_dict`` besides the optimiser's state, names with ``module.``,
torch's old format), bare dicts, TorchScript archives, and safetensors. None is unpickled freely. What is
read once is kept as safetensors beside the file, which loads at once and has no more than what is needed.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from engines.errors import StudioError
from engines.files import whole_file
from engines.wav2lip.network import SIZES, Generator, Size
from engines.wav2lip.torchscript import is_torchscript, read_torchscript

_COUNTERS = "num_batches_tracked"
"""Of no use but in training, and absent from some files."""
_SHOWN = 3
_AGAIN = "download the right one again"
_BROKEN = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    EOFError,
    AttributeError,
    RuntimeError,
    MemoryError,
)
"""What readers raise for a file that is cut off or something else."""


def load_generator(path: Path) -> Generator:
    """The generator whose weights lie at ``path``, ready to be asked.

    Raises StudioError naming the first tensors that do not fit if the file is another network's or damaged.
    """
    kept = _converted_path(path)
    if not kept.is_file():
        weights = read_weights(path)
        size = _size_of(weights, path)
        generator = _filled(size, weights, path)
        _keep(generator.state_dict(), kept)
        return generator
    weights = read_weights(kept)
    return _filled(_size_of(weights, kept), weights, kept)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Every tensor of the file under its official name. Raises StudioError for what is no file of weights."""
    try:
        document = _read(path)
    except (*_BROKEN, pickle.UnpicklingError, zipfile.BadZipFile, SafetensorError):
        # Torch's own words advise to load the file unsafely.
        raise StudioError(f"{_refusal(path)} it is cut off or holds more than weights; {_AGAIN}.") from None
    for name in ("state_dict", "model", "generator"):
        if isinstance(document, Mapping) and isinstance(document.get(name), Mapping):
            document = document[name]
    if not isinstance(document, Mapping) or not document:
        raise StudioError(f"{_refusal(path)} it holds no tensors by name; {_AGAIN}.")
    return {
        str(name).replace("module.", ""): value for name, value in document.items() if isinstance(value, Tensor)
    }


def _read(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return load_file(path)
    if is_torchscript(path):
        return {name: torch.from_numpy(value) for name, value in read_torchscript(path).items()}
    return torch.load(path, map_location="cpu", weights_only=True)


def _size_of(weights: Mapping[str, Tensor], path: Path) -> Size:
    """Which of the sizes the names are of."""
    found = next((size for size in SIZES if size.mark in weights), None)
    if found is None:
        raise StudioError(
            f"{_refusal(path)} it lacks {SIZES[-1].mark} and has {_listed(list(weights))} instead."
        )
    return found


def _filled(size: Size, weights: Mapping[str, Tensor], path: Path) -> Generator:
    with torch.device("meta"):
        generator = size.kind()
    wanted = generator.state_dict()
    given = {name: value for name, value in weights.items() if not name.startswith(size.unused or ("\0",))}
    wrong = [problem for name, like in wanted.items() if (problem := _problem(name, like, given))]
    wrong += [f"{name}, which is not part of it" for name in given if name not in wanted]
    if wrong:
        raise StudioError(
            f"{_refusal(path)} it looks like the network for {size.name} but for {_listed(wrong)}."
        )
    counters = {name: torch.zeros((), dtype=torch.long) for name in wanted if name.endswith(_COUNTERS)}
    exact = {name: given[name].to(like.dtype) for name, like in wanted.items() if name not in counters}
    generator.load_state_dict({**exact, **counters}, assign=True)
    return generator.eval().requires_grad_(False)


def _problem(name: str, like: Tensor, given: Mapping[str, Tensor]) -> str:
    if name.endswith(_COUNTERS):
        return ""
    if name not in given:
        return f"{name}, which is missing"
    if given[name].shape != like.shape:
        return f"{name}, which is {_shape(given[name])} and not {_shape(like)}"
    return "" if torch.isfinite(given[name]).all() else f"{name}, which is not all numbers"


def _converted_path(path: Path) -> Path:
    """Where the converted file of ``path`` belongs; another file of the same name has another one."""
    if path.suffix == ".safetensors":
        return path
    found = path.stat()
    return path.with_name(f"{path.stem}-{found.st_size:x}-{found.st_mtime_ns:x}.safetensors")


def _keep(weights: Mapping[str, Tensor], kept: Path) -> None:
    """Write the converted file, and remove those of earlier files of the same name."""
    stem = kept.stem.rsplit("-", 2)[0]
    try:
        with whole_file(kept) as part:
            save_file({name: value.contiguous() for name, value in weights.items()}, part)
        for old in kept.parent.glob(f"{stem}-*-*.safetensors"):
            if old != kept and old.stem.rsplit("-", 2)[0] == stem:
                old.unlink()
    except (StudioError, OSError):
        return  # a folder that cannot be written costs time at the next start, nothing else


def _refusal(path: Path) -> str:
    return f"The model file {path.name} cannot be used for lip-sync with Wav2Lip:"


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _shape(value: Tensor) -> str:
    return "x".join(map(str, value.shape)) or "a single number"
