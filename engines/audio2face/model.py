"""A model in memory: its network, its face, and how its makers want it taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np

from engines.audio2face import Audio2FaceOptions, diffusion, regression
from engines.audio2face.diffusion import DiffusionTrack, Noise
from engines.audio2face.feelings import Feelings
from engines.audio2face.folder import DiffusionInfo, FaceConfig, ModelFolder, RegressionInfo, read_folder
from engines.audio2face.geometry import Geometry, read_geometry
from engines.audio2face.network import Runner
from engines.audio2face.reading import Archive, Unfit, read_json, refusing
from engines.audio2face.regression import RegressionTrack
from engines.audio2face.runners import open_runner
from engines.audio2face.settings import FaceSettings
from engines.audio2face.sound import Sound
from engines.types import Float32


class NetworkTrack(Protocol):
    """What a network says of one stream, frame after frame. ``rate``: frames per second; ``needs``: the first
    sample that it will still look at."""

    rate: Fraction

    @property
    def needs(self) -> int:
        """See above."""
        ...

    def ready(self, sound: Sound) -> int:
        """How many frames from the first on can be made of an open stream."""
        ...

    def count(self, samples: int) -> int:
        """How many frames there are in ``samples`` of a closed stream."""
        ...

    def say(self, sound: Sound, feelings: Feelings, end: int) -> Iterator[Float32]:
        """(B, R) at a time, from where it stopped until frame ``end`` is reached."""
        ...


@dataclass(frozen=True)
class FaceModel:
    """``mood`` (16,): the implicit emotion of a regression model, of length 0 for others."""

    folder: ModelFolder
    runner: Runner
    geometry: Geometry
    config: FaceConfig
    mood: Float32

    def track(
        self, fps: Fraction, settings: FaceSettings, options: Audio2FaceOptions, seed: int
    ) -> NetworkTrack:
        """A new stream, at ``fps`` where the network takes any. For diffusion the person's own factor on the
        sound is all that counts: the SDK leaves the file's input_strength out there."""
        info = self.folder.info
        if isinstance(info, RegressionInfo):
            return RegressionTrack(self.runner, info, self.mood, fps, settings.input_strength)
        noise = Noise(info, seed, options.fresh_noise)
        return DiffusionTrack(self.runner, info, self.folder.face, noise, options.input_strength)


def load_model(path: Path, face: str = "") -> FaceModel:
    """The model in the folder ``path``. Raises StudioError naming the first thing that does not fit."""
    folder = read_folder(path, face)
    config = read_json(folder.config, FaceConfig, "config")
    mood = _mood(folder, config)
    geometry = read_geometry(folder)
    return FaceModel(folder, open_network(folder), geometry, config, mood)


def open_network(folder: ModelFolder) -> Runner:
    """The network of a folder, ready to run."""
    info = folder.info
    layouts = diffusion.layouts(info) if isinstance(info, DiffusionInfo) else regression.layouts(info)
    return open_runner(folder.path, folder.network, layouts)


def _mood(folder: ModelFolder, config: FaceConfig) -> Float32:
    """The row of the implicit emotions that the configuration picks by shot and frame."""
    if folder.moods is None or not isinstance(folder.info, RegressionInfo):
        return np.zeros(0, np.float32)
    with refusing(folder.moods), Archive(folder.moods) as archive:
        rows = archive.numbers("emo_db", (None, folder.info.sizes.moods))
        shots, starts, sizes = (
            archive.words("emo_spec_names"),
            archive.counts("emo_spec_start"),
            archive.counts("emo_spec_size"),
        )
        if config.source_shot not in shots or not len(shots) == len(starts) == len(sizes):
            raise Unfit(f"it has no shot '{config.source_shot[:60]}', which {folder.config.name} names")
        shot = shots.index(config.source_shot)
        row = int(starts[shot]) + config.source_frame
        if config.source_frame >= sizes[shot] or row >= len(rows):
            raise Unfit(f"its shot '{config.source_shot[:60]}' has no frame {config.source_frame}")
        return np.asarray(rows[row])
