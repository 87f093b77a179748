"""Small models in the official layout, on disk and in memory."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines import weights
from engines.audio2face import Audio2FaceOptions
from engines.audio2face.files import CHOICES, files_of
from engines.audio2face.live import Take
from engines.audio2face.model import FaceModel, load_model
from engines.types import EmotionKey, Expression
from engines.weights import weight_store
from tests.engines.audio2face.toy_model import Toy, write_diffusion, write_regression

FELT = (EmotionKey(0.0, {"joy": 0.8, "fear": 0.3}), EmotionKey(0.6, {"anger": 1.0}))


@pytest.fixture(scope="session")
def regression_toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return write_regression(tmp_path_factory.mktemp("regression"))


@pytest.fixture(scope="session")
def regression_model(regression_toy: Toy) -> FaceModel:
    return load_model(regression_toy.folder)


@pytest.fixture(scope="session")
def diffusion_toys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Toy, ...]:
    return write_diffusion(tmp_path_factory.mktemp("diffusion"))


@pytest.fixture(scope="session")
def diffusion_model(diffusion_toys: tuple[Toy, ...]) -> FaceModel:
    return load_model(diffusion_toys[0].folder, "James")


@pytest.fixture
def model_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the studio looks for model folders: empty at first."""
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "models"))
    return tmp_path / "models" / "audio2face"


def take(fps: float = 30.0, **options: object) -> Take:
    return Take(Expression(emotions=FELT), fps, Audio2FaceOptions(**options))


def voice(seconds: float, rate: int = 16_000, seed: int = 3) -> np.ndarray:
    """Noise that swells like syllables, in [-1, 1]."""
    times = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(seed).standard_normal(len(times))
    return (0.2 * noise * np.clip(np.sin(2 * np.pi * 3.0 * times), 0, None)).clip(-1, 1).astype(np.float32)


def put(toy: Toy, name: str, choice: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``toy`` where the studio looks for the model folder ``name``, as if no digest were published of it."""
    entries = {
        weight: replace(entry, sha256="") if weight.startswith("audio2face.") else entry
        for weight, entry in weight_store().weights().items()
    }
    monkeypatch.setattr(weights, "_read_manifest", lambda _: entries)
    store = weight_store()
    target = store.folder / "audio2face" / name
    shutil.copytree(toy.folder, target)
    assert all(store.target_of(store.weight(each)).is_file() for each in files_of(CHOICES[choice]))
    return target
