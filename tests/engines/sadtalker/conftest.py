"""Stand-ins for SadTalker's model files: the official layout, but narrow, with weights of our own making."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from engines import weights
from engines.facevid2vid import decoder, layers, motion, volume
from engines.facevid2vid.layers import SpectralConv2d
from engines.sadtalker import photo
from engines.sadtalker.checkpoint import Parts
from engines.sadtalker.network import reconstruction, rendering
from engines.sadtalker.network.rendering import MappingNetwork

NARROW = {
    (layers, "SPADE_HIDDEN"): 4,
    (layers, "SEGMENT_CHANNELS"): 8,
    (decoder, "SEGMENT_CHANNELS"): 8,
    (decoder, "WIDTHS"): (8, 8, 4),
    (volume, "CHANNELS"): 4,
    (volume, "DEPTH"): 2,
    (volume, "WIDTHS"): (4, 8, 8),
    (motion, "CHANNELS"): 4,
    (motion, "DEPTH"): 2,
    (motion, "SEGMENT_CHANNELS"): 8,
    (motion, "WIDTHS"): (4, 4, 4, 8, 8),
    (rendering, "WIDTHS"): (4, 8, 16, 32, 64),
    (rendering, "DEPTH"): 2,
    (rendering, "MAPPED"): 16,
    (reconstruction, "WIDENING"): 64,
    (reconstruction, "LAYERS"): ((1, 3, 1), (1, 4, 2), (1, 6, 2), (32, 3, 2)),
}
"""What the networks are built of, smaller: as many layers and names, a thousandth of the work."""


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """Networks this small gain nothing from threads that wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def official(parts: Parts) -> dict[str, torch.Tensor]:
    """The state of ``parts`` under the names of the official file, with what only training used."""
    state = {name: value.clone() for name, value in parts.state_dict().items()}
    for name, module in parts.named_modules():
        if isinstance(module, SpectralConv2d):
            weight = state.pop(f"{name}.weight")
            rows, columns = weight.flatten(1).shape
            state[f"{name}.weight_orig"] = 2 * weight
            state[f"{name}.weight_u"] = nn.functional.one_hot(torch.tensor(0), rows).float()
            first = nn.functional.one_hot(torch.tensor(0), columns).float()
            state[f"{name}.weight_v"] = first / weight.flatten(1)[0, 0]
    state["audio2pose.netG.encoder.classbias"] = torch.zeros(46, 64)
    state["audio2pose.netD_motion.seq.0.conv.weight"] = torch.zeros(256, 6, 4)
    return state


def seeded(make: type[nn.Module], *arguments: int) -> nn.Module:
    """A network whose random weights are the same every time."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = make(*arguments).eval()
        for name, value in network.state_dict().items():
            if name.endswith(("classbias", "down.weight")):
                value.copy_(torch.randn(value.shape) / 10)
        return network


def narrowed(patch: pytest.MonkeyPatch) -> None:
    """The networks are built narrow from now on, and drawn small."""
    for (module, name), value in NARROW.items():
        patch.setattr(module, name, value)
    patch.setattr(photo, "SIDES", {"256": 128, "512": 256})


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program folder whose models are narrow stand-ins that the manifest takes."""
    root = tmp_path_factory.mktemp("program")
    folder = root / "models" / "downloads"
    (folder / "sadtalker").mkdir(parents=True)
    real = weights.weights_folder()
    if (real / "mediapipe").is_dir():
        shutil.copytree(real / "mediapipe", folder / "mediapipe")
    store = weights.weight_store()
    manifest = store.manifest.read_text()
    for name, weight in store.weights().items():
        if name.startswith("sadtalker."):
            manifest = manifest.replace(weight.sha256, "")
    (root / "models" / "weights.toml").write_text(manifest)
    with pytest.MonkeyPatch.context() as patch:
        narrowed(patch)
        write_stand_ins(folder / "sadtalker")
    return root


def write_stand_ins(folder: Path) -> None:
    """The files of the smaller size, and both mappings."""
    parts = seeded(Parts)
    assert isinstance(parts, Parts)
    save_file(official(parts), folder / "SadTalker_V0.0.2_256.safetensors")
    for number, count in (("00109", 73), ("00229", 70)):
        document = {"mapping": seeded(MappingNetwork, count).state_dict(), "epoch": 1}
        torch.save(document, folder / f"mapping_{number}-model.pth.tar")


@pytest.fixture
def with_models(models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-ins are what the studio finds, and what it builds."""
    monkeypatch.delenv("STUDIO_MODELS", raising=False)
    monkeypatch.setattr(weights, "_ROOT", models)
    narrowed(monkeypatch)
    return models / "models" / "downloads" / "sadtalker"
