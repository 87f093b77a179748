"""From a file of weights, in any of the forms that are about, to a network.

Files are dicts of tensors, bare or under a name beside an optimiser's state, or several such dicts by name,
with or without ``module.`` in the names, in torch's new or old format, TorchScript archives, and safetensors.
None is unpickled freely. What is read once is kept as safetensors beside the file, which loads at once and has
no more than what is needed.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engines.errors import StudioError
from engines.files import whole_file
from engines.torchscript import is_torchscript, read_torchscript

HOLDERS = ("params_ema", "params", "state_dict", "model", "generator", "mapping")
"""Names under which authors put their tensors; of averaged and plain ones, the averaged."""
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


class Layout(Protocol):
    """A network as its files know it. ``mark``: a tensor that no file of another layout has which comes later
    in the list; ``unused``: how the names begin of tensors that are not needed."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Callable[[], nn.Module]: ...
    @property
    def mark(self) -> str: ...
    @property
    def unused(self) -> tuple[str, ...]: ...


Weights = dict[str, Tensor]


def load_network(
    path: Path, purpose: str, layouts: Sequence[Layout], change: Callable[[Weights], Weights] = dict
) -> nn.Module:
    """The network whose weights lie at ``path``, ready to be asked, in the first of ``layouts`` that it has.

    ``purpose``: what it is for, as in "lip-sync with Wav2Lip". ``change``: from what is read to what the
    network has, such as norms that are folded into weights. Raises StudioError naming the first tensors that do
    not fit if the file is another network's or damaged.
    """
    kept = _converted_path(path)
    source = kept if kept.is_file() else path
    weights = change(read_weights(source, purpose))
    network = filled(_layout_of(weights, layouts, source, purpose), weights, source, purpose)
    if source != kept:
        _keep(network.state_dict(), kept)
    return network


def read_weights(path: Path, purpose: str) -> dict[str, Tensor]:
    """Every tensor of the file under its official name. Raises StudioError for what is no file of weights."""
    try:
        document = _read(path)
    except (*_BROKEN, pickle.UnpicklingError, zipfile.BadZipFile, SafetensorError):
        # Torch's own words advise to load the file unsafely.
        reason = f"it is cut off or holds more than weights; {_AGAIN}."
        raise StudioError(f"{_refusal(path, purpose)} {reason}") from None
    for name in HOLDERS:
        if isinstance(document, Mapping) and isinstance(document.get(name), Mapping):
            document = document[name]
    if not isinstance(document, Mapping) or not document:
        raise StudioError(f"{_refusal(path, purpose)} it holds no tensors by name; {_AGAIN}.")
    return {_plain(name): value for name, value in _flat(document) if isinstance(value, Tensor)}


def _flat(document: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Names and values; those of a dict inside have its name before theirs."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", each) for inner, each in value.items())
        else:
            yield str(name), value


def filled(layout: Layout, weights: Mapping[str, Tensor], path: Path, purpose: str) -> nn.Module:
    """The network of ``layout`` with ``weights``, which are from ``path``; raises StudioError if they do not
    fit, tensor by tensor."""
    with torch.device("meta"):
        network = layout.kind()
    wanted = network.state_dict()
    given = {name: value for name, value in weights.items() if not name.startswith(layout.unused or ("\0",))}
    wrong = [problem for name, like in wanted.items() if (problem := _problem(name, like, given))]
    wrong += [f"{name}, which is not part of it" for name in given if name not in wanted]
    if wrong:
        what = f"it looks like the network for {layout.name} but for {_listed(wrong)}."
        raise StudioError(f"{_refusal(path, purpose)} {what}")
    counters = {name: torch.zeros((), dtype=torch.long) for name in wanted if name.endswith(_COUNTERS)}
    exact = {name: given[name].to(like.dtype) for name, like in wanted.items() if name not in counters}
    network.load_state_dict({**exact, **counters}, assign=True)
    return network.eval().requires_grad_(False)


def _plain(name: Any) -> str:
    """The name of a tensor without what training on several GPUs puts into it."""
    return re.sub(r"(?<![^.])module\.", "", str(name))


def _read(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return load_file(path)
    if is_torchscript(path):
        return {name: torch.from_numpy(value) for name, value in read_torchscript(path).items()}
    return torch.load(path, map_location="cpu", weights_only=True)


def _layout_of(weights: Mapping[str, Tensor], layouts: Sequence[Layout], path: Path, purpose: str) -> Layout:
    """Which of ``layouts`` the names are of."""
    found = next((layout for layout in layouts if layout.mark in weights), None)
    if found is None:
        what = f"it lacks {layouts[-1].mark} and has {_listed(list(weights))} instead."
        raise StudioError(f"{_refusal(path, purpose)} {what}")
    return found


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


def _refusal(path: Path, purpose: str) -> str:
    return f"The model file {path.name} cannot be used for {purpose}:"


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _shape(value: Tensor) -> str:
    return "x".join(map(str, value.shape)) or "a single number"
