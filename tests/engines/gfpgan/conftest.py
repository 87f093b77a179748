"""Stand-ins: for the model file the official network, narrow, with weights of our own making, and for tests of
what is done with a network one that is quicker. Both give the face back at half its sharpness, with a fine
pattern over it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from engines import model_files, weights
from engines.gfpgan.network import restorer, stylegan
from engines.gfpgan.network.restorer import Gfpgan
from engines.gfpgan.restoring import Restorer
from engines.weights import WeightStore

WIDTH = 8
PATTERN = 0.2
"""Of the pattern that is added to every other pixel, in the picture's range of -1 to 1."""


@pytest.fixture(scope="session")
def _narrow():
    """The network with no layer wider than 8 channels: as many layers, a thousandth of the work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restorer, "WIDTHS", (WIDTH // 2,) * 8)
        patch.setattr(stylegan, "LEVELS", dict.fromkeys(stylegan.LEVELS, WIDTH))
        for module in (restorer, stylegan):
            patch.setattr(module, "STYLE", WIDTH)
        yield


@pytest.fixture(scope="session")
def state(_narrow) -> dict[str, torch.Tensor]:
    """Its weights, by their official names."""
    state = {name: torch.zeros_like(value) for name, value in Gfpgan().state_dict().items()}
    colours = torch.eye(WIDTH // 2)
    colours[3:] = 0
    state["conv_body_first.weight"][:3] = torch.eye(3)[..., None, None] / 2
    state["conv_body_first.bias"][:3] = 0.5
    state["conv_body_down.0.skip.weight"][..., 0, 0] = colours
    state["conv_body_up.6.skip.weight"][..., 0, 0] = colours
    for layer in (0, 2):
        state[f"condition_shift.6.{layer}.weight"][..., 1, 1] = colours
    last = "stylegan_decoder.style_convs.13"
    state[f"{last}.modulated_conv.modulation.bias"][:] = 1
    state[f"{last}.modulated_conv.weight"][0, :3, WIDTH // 2 : WIDTH // 2 + 3, 1, 1] = torch.eye(3)
    state[f"{last}.weight"][:] = PATTERN / 2
    state["stylegan_decoder.noises.noise14"][0, 0, ::2, ::2] = 1
    state["stylegan_decoder.to_rgbs.6.modulated_conv.modulation.bias"][:] = 1
    state["stylegan_decoder.to_rgbs.6.modulated_conv.weight"][0, :, :3, 0, 0] = 2 / stylegan.GAIN * torch.eye(3)
    state["stylegan_decoder.to_rgbs.6.bias"][:] = -0.95
    return state


class Painter(nn.Module):
    """Half as sharp, and every other pixel brighter."""

    def __init__(self) -> None:
        super().__init__()
        self.colours = nn.Conv2d(3, 3, 1)
        nn.init.dirac_(self.colours.weight)
        nn.init.zeros_(self.colours.bias)

    def forward(self, face: torch.Tensor) -> torch.Tensor:
        made = stylegan.enlarged(self.colours(nn.functional.avg_pool2d(face, 2)))
        made[..., ::2, ::2] += PATTERN
        return made


@pytest.fixture
def painter() -> Restorer:
    """The quick one at work."""
    return Restorer(Painter().requires_grad_(False), "cpu")


@pytest.fixture
def store(state, tmp_path, monkeypatch) -> WeightStore:
    """The studio's model files, and the stand-in among them."""
    real = weights.weight_store()
    folder = tmp_path / "models"
    shutil.copytree(real.folder / "mediapipe", folder / "mediapipe")
    (folder / "gfpgan").mkdir()
    torch.save({"params_ema": state}, folder / "gfpgan" / "GFPGANv1.4.pth")
    monkeypatch.setattr(model_files, "weight_store", lambda: AnyDigest(real.manifest, folder))
    return AnyDigest(real.manifest, folder)


class AnyDigest(WeightStore):
    """A store that knows no digests: a stand-in is not the file that everybody knows."""

    def weights(self):
        return {name: replace(weight, sha256="") for name, weight in super().weights().items()}


def model_file(store: WeightStore) -> Path:
    """Where the stand-in lies."""
    return store.target_of(store.weight("gfpgan.1.4"))
