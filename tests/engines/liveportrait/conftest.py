"""A stand-in for LivePortrait's model files: the official networks, narrow, with weights of our own making that
draw the photo's crop, coarsely, where the mean of the keypoints goes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from engines import weights
from engines.facevid2vid import decoder, layers, motion, volume
from engines.liveportrait import convnext, painter
from engines.liveportrait.files import find_files
from engines.liveportrait.models import LAYOUTS, load_networks
from engines.liveportrait.painter import Painter
from engines.liveportrait.preparing import prepare
from engines.photos import prepare_photo, read_photo
from engines.types import Arrays, AvatarRef, Portrait
from engines.wav2lip import checkpoint
from tests.engines.wav2lip.conftest import NARROW as NARROW_LIPS
from tests.engines.wav2lip.conftest import narrow, opening

YAW = 7.5
"""Degrees of the head in every photo, as the stand-in reads it; the other angles are half a step."""
SCALE, SHIFT = 1.2, (0.02, -0.03, 0.0)
CLOSING = 0.02
"""How far the stand-in's lips network lifts keypoint 19."""
FILES = {
    "appearance": "appearance_feature_extractor",
    "motion": "motion_extractor",
    "warping": "warping_module",
    "generator": "spade_generator",
    "retargeting": "stitching_retargeting_module",
}
NARROW = (
    (volume, "WIDTHS", (4, 4, 4)),
    (volume, "CHANNELS", 4),
    (volume, "DEPTH", 4),
    (motion, "CHANNELS", 4),
    (motion, "DEPTH", 4),
    (motion, "WIDTHS", (4, 4, 4, 4, 4)),
    (motion, "LAST_WIDTH", 4),
    (motion, "COMPRESSED", 1),
    (motion, "SEGMENT_CHANNELS", 4),
    (layers, "SEGMENT_CHANNELS", 4),
    (layers, "SPADE_HIDDEN", 4),
    (decoder, "SEGMENT_CHANNELS", 4),
    (decoder, "WIDTHS", (6, 5, 4)),
    (convnext, "WIDTHS", (4, 4, 4, 4)),
    (convnext, "DEPTHS", (1, 1, 1, 1)),
    (painter, "READ_SIDE", 128),
)
"""As many layers as the official networks have, few channels, a quarter of the pixels."""


@contextmanager
def narrowed() -> Iterator[pytest.MonkeyPatch]:
    """LivePortrait is narrow for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in NARROW:
            patch.setattr(module, name, value)
        yield patch


@pytest.fixture(autouse=True)
def small_networks() -> Iterator[None]:
    """LivePortrait is narrow in these tests."""
    with narrowed():
        yield


def official(name: str) -> dict[str, Tensor]:
    """Zeros in the official layout: a spectral norm of 1 where there is one."""
    with torch.device("meta"):
        network = LAYOUTS[name].kind()
    state = {key: torch.zeros(value.shape, dtype=value.dtype) for key, value in network.state_dict().items()}
    for key in list(state):
        if key.endswith(("running_var", "norm.weight", "norm1.weight", "norm2.weight")):
            state[key].fill_(1.0)
    for key, layer in network.named_modules():
        if isinstance(layer, layers.SpectralConv2d):
            _spectral(state, key)
    return state


def _spectral(state: dict[str, Tensor], layer: str) -> None:
    """As torch.nn.utils.spectral_norm stores a weight that is 1 from channel to channel."""
    weight = state.pop(f"{layer}.weight")
    middle = weight.shape[-1] // 2
    for channel in range(min(weight.shape[:2])):
        weight[channel, channel, middle, middle] = 1.0
    u, v = torch.zeros(len(weight)), torch.zeros(weight[0].numel())
    u[0] = v[middle * weight.shape[-1] + middle] = 1.0
    state |= {f"{layer}.weight_orig": weight, f"{layer}.weight_u": u, f"{layer}.weight_v": v}


def appearance() -> dict[str, Tensor]:
    """The volume holds the picture's colours at every depth."""
    state = official("appearance")
    for colour in range(3):
        for layer in ("first", "down_blocks.0", "down_blocks.1"):
            state[f"{layer}.conv.weight"][colour, colour, 1, 1] = 1.0
        state["second.weight"][colour * 4 : colour * 4 + 4, colour] = 1.0
    return state


def reading() -> dict[str, Tensor]:
    """The same person in every picture: keypoints about the face, one pose."""
    state = official("motion")
    places = np.random.default_rng(5).uniform(-0.3, 0.3, (21, 3)).astype(np.float32)
    state["detector.fc_kp.bias"][:] = torch.from_numpy(places - places.mean(0)).flatten()
    state["detector.fc_scale.bias"][:] = SCALE
    state["detector.fc_t.bias"][:] = torch.tensor([SHIFT[0], SHIFT[1], 0.4])
    state["detector.fc_yaw.bias"][round((YAW + 97.5) / 3)] = 40.0
    return state


def warping() -> dict[str, Tensor]:
    """Everything follows the mean of the keypoints; colours go on as features."""
    state = official("warping")
    state["dense_motion_network.occlusion.bias"][:] = 20.0
    for colour in range(3):
        state["third.conv.weight"][colour, colour * 4 + 2, 1, 1] = 1.0
        state["fourth.weight"][colour, colour] = 1.0
    return state


def drawing() -> dict[str, Tensor]:
    """The features' colours are what is drawn."""
    state = official("generator")
    for name, value in state.items():
        if name.endswith("mlp_gamma.bias"):
            value.fill_(-1.0)
    for colour in range(3):
        state["up_1.norm_s.mlp_shared.0.weight"][colour, colour, 1, 1] = 1.0
        state["up_1.norm_s.mlp_beta.weight"][colour, colour, 1, 1] = 1.0
        state["conv_img.0.weight"][4 * colour : 4 * colour + 4, colour, 1, 1] = 4.0
    state["conv_img.0.bias"][:] = -2.0
    return state


def retargeting() -> dict[str, dict[str, Tensor]]:
    """Shoulders need no help, and lips close by CLOSING."""
    state = official("retargeting")
    state["retarget_mouth.mlp.6.bias"][19 * 3 + 1] = -CLOSING
    parts: dict[str, dict[str, Tensor]] = {}
    for name, value in state.items():
        network, _, inner = name.partition(".")
        parts.setdefault(network, {})[f"module.{inner}"] = value
    return parts


MAKERS = {
    "appearance": appearance,
    "motion": reading,
    "warping": warping,
    "generator": drawing,
    "retargeting": retargeting,
}


@pytest.fixture(scope="session")
def portrait_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of model files: LivePortrait's stand-in, and one of Wav2Lip."""
    folder = tmp_path_factory.mktemp("portrait-models")
    real = weights.weights_folder()
    if (real / "mediapipe").is_dir():
        shutil.copytree(real / "mediapipe", folder / "mediapipe")
    (folder / "liveportrait").mkdir()
    with narrowed():
        for name, make in MAKERS.items():
            torch.save(make(), folder / "liveportrait" / f"{FILES[name]}.pth")
    (folder / "wav2lip").mkdir()
    torch.save(opening(narrow()), folder / "wav2lip" / "wav2lip256.pth")
    return folder


@pytest.fixture
def with_portrait_models(portrait_models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in is what the studio finds."""
    monkeypatch.setenv("STUDIO_MODELS", str(portrait_models))
    return portrait_models


@pytest.fixture
def narrow_lips(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in of Wav2Lip is the network that the studio knows."""
    monkeypatch.setattr(checkpoint, "SIZES", (NARROW_LIPS,))


@pytest.fixture(scope="session")
def stand_in(portrait_models: Path) -> Painter:
    """The stand-in at work."""
    with narrowed() as patch:
        patch.setenv("STUDIO_MODELS", str(portrait_models))
        return Painter(load_networks(find_files()), "cpu")


@pytest.fixture(scope="session")
def portrait(photo_file: Path) -> Portrait:
    """The astronaut."""
    return prepare_photo(read_photo(photo_file), AvatarRef(str(photo_file)), 512).portrait


@pytest.fixture(scope="session")
def prepared(portrait: Portrait, stand_in: Painter) -> Arrays:
    """The astronaut, read by the stand-in."""
    with narrowed():
        return prepare(portrait, stand_in)
