"""A stand-in for the model file: the official network with weights of our own making, whose mouth opens
with the loudness of the sound that is heard while a frame is shown."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engines import weights
from engines.wav2lip import checkpoint
from engines.wav2lip.mouths import Mouths
from engines.wav2lip.network import Attention, Conv, Generator, Generator96, Size, Transposed

DARKENING = 0.4
"""How much of the mouth's logit goes per unit of mel above silence."""


def narrow(kind: type[Generator] = Generator96) -> Generator:
    """A network with no layer wider than 8 channels: as many layers, a thousandth of the work."""
    with torch.device("meta"):
        generator = kind()
    for name, layer in generator.named_modules():
        if isinstance(layer, Conv | Transposed):
            old = layer.conv_block[0]
            joined = isinstance(layer, Transposed) or name == "output_block.0"
            channels = 16 if joined else min(old.in_channels, 8), 8
            more = {"output_padding": old.output_padding} if isinstance(layer, Transposed) else {}
            new = type(old)(*channels, old.kernel_size, old.stride, old.padding, **more)
            layer.conv_block = nn.Sequential(new, nn.BatchNorm2d(8))
        if isinstance(layer, Attention):
            layer.conv1 = nn.Conv2d(2, 1, 7, padding=3, bias=False)
    generator.output_block[1] = nn.Conv2d(8, 3, 1)
    return generator


NARROW = Size("96 px", narrow, "face_decoder_blocks.6.0.conv_block.0.weight")


def opening(generator: Generator) -> dict[str, torch.Tensor]:
    """A state of the 96 px network: the face comes back as it was, and a square where the mouth is gets dark as
    the second mel column is loud, which is the one that sounds while a frame at 25 to 50 per second is
    shown."""
    state = {name: torch.zeros_like(value) for name, value in generator.state_dict().items()}
    for name, value in state.items():
        if name.endswith(("running_var", "conv_block.1.weight")):
            value.fill_(1.0)
    _listen(state)
    _carry_up(state)
    _show(state)
    return state


def _listen(state: dict[str, torch.Tensor]) -> None:
    """The mean of the second column's bands, above silence, arrives in the first channel."""
    first = "audio_encoder.{}.conv_block.0.weight"
    state[first.format(0)][0, 0, 1, 1] = 1.0
    state["audio_encoder.0.conv_block.0.bias"][0] = 4.0
    state[first.format(3)][0, 0, :, 1] = 1 / 3
    state[first.format(6)][0, 0, :, 2] = 1 / 3
    state[first.format(9)][0, 0, :, 1] = 1 / 3
    state[first.format(11)][0, 0, :, 0] = 1 / 3
    state[first.format(12)][0, 0] = 1.0


def _carry_up(state: dict[str, torch.Tensor]) -> None:
    """It goes to the lowest third of the middle, and grows with the picture."""
    state["face_decoder_blocks.0.0.conv_block.0.weight"][0, 0] = 1.0
    state["face_decoder_blocks.1.0.conv_block.0.weight"][0, 0, 2, 1] = 1.0
    for block in range(2, 7):
        state[f"face_decoder_blocks.{block}.0.conv_block.0.weight"][0, 0, 1:, 1:] = 1.0


def _show(state: dict[str, torch.Tensor]) -> None:
    """The reference's colours, less what was carried up."""
    colours = state["face_encoder_blocks.0.0.conv_block.0.weight"]
    joined = state["output_block.0.conv_block.0.weight"].shape[1] - len(colours)
    for channel in range(3):
        colours[channel, 3 + channel, 3, 3] = 1.0
        state["output_block.0.conv_block.0.weight"][channel, joined + channel, 1, 1] = 1.0
        state["output_block.1.weight"][channel, channel] = 4.0
        state["output_block.1.weight"][channel, 3] = -DARKENING
    state["output_block.0.conv_block.0.weight"][3, 0, 1, 1] = 1.0
    state["output_block.1.bias"][:] = -2.0


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of model files with a narrow stand-in, under the name whose digest nobody knows."""
    folder = tmp_path_factory.mktemp("models")
    real = weights.weights_folder()
    if (real / "mediapipe").is_dir():
        shutil.copytree(real / "mediapipe", folder / "mediapipe")
    (folder / "wav2lip").mkdir()
    named = {f"module.{name}": value for name, value in opening(narrow()).items()}
    torch.save({"state_dict": named, "global_step": 1}, folder / "wav2lip" / "wav2lip256.pth")
    return folder


@pytest.fixture(scope="session")
def mouths() -> Mouths:
    """A narrow stand-in at work."""
    generator = narrow()
    generator.load_state_dict(opening(generator))
    return Mouths(generator.eval(), "cpu")


@pytest.fixture
def with_models(models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in is what the studio finds, and what it knows."""
    monkeypatch.setenv("STUDIO_MODELS", str(models))
    monkeypatch.setattr(checkpoint, "SIZES", (NARROW,))
    return models


def bursts(seconds: float, rate: int = 16_000, seed: int = 1) -> np.ndarray:
    """Noise that comes and goes like syllables."""
    random = np.random.default_rng(seed)
    times = np.arange(int(seconds * rate)) / rate
    swell = np.clip(np.sin(2 * np.pi * 3.1 * times) + 0.7 * np.sin(2 * np.pi * 1.7 * times + 1), 0, None)
    return (0.25 * swell * random.standard_normal(len(times))).clip(-1, 1).astype(np.float32)
