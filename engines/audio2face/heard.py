"""Emotions heard in the voice: Audio2Emotion, twice a second, blended into keys for every frame.

Its window is 3.75 s around the moment that it judges, so a live stream with it lags 1.9 s behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from engines.audio2face import Audio2FaceOptions
from engines.audio2face.blending import UNMAPPED, Blending, EmotionBlend
from engines.audio2face.feelings import ChosenFeelings, Frames
from engines.audio2face.folder import MODEL, SAMPLE_RATE, inside, onnx_of
from engines.audio2face.network import Layouts, Runner
from engines.audio2face.reading import Unfit, read_json, refusing
from engines.audio2face.runners import open_runner
from engines.audio2face.sound import Sound
from engines.types import EMOTIONS, Expression, Float32

WINDOW = 60_000
"""Samples that are heard at once, the judged one in the middle."""
KEYS = 30
"""Keys per second."""
SHARED = 15
"""Keys that one judgement is used for."""
CLASSES = {"angry": 1, "disgust": 3, "fear": 4, "happy": 6, "neutral": UNMAPPED, "sad": 9}
"""The emotion of each class, where a file does not say."""

_STRIDE = Fraction(SAMPLE_RATE * SHARED, KEYS)


@dataclass(frozen=True)
class EmotionFiles:
    """model.json of Audio2Emotion."""

    info: Annotated[str, Field(validation_alias="networkInfoPath")]
    network: Annotated[str, Field(validation_alias="networkPath")]
    config: Annotated[str, Field(validation_alias="modelConfigPath")]


@dataclass(frozen=True)
class EmotionSound:
    """Its sound."""

    rate: Annotated[Literal[16000], Field(validation_alias="samplerate")]


@dataclass(frozen=True)
class EmotionInfo:
    """network_info.json: the classes in the network's order."""

    sound: Annotated[EmotionSound, Field(validation_alias="audio_params")]
    emotions: Annotated[list[str], Field(min_length=1, max_length=64)]


@dataclass(frozen=True)
class EmotionConfig:
    """model_config.json."""

    contrast: Annotated[float, Field(ge=0.0, le=100.0, validation_alias="emotion_contrast")] = 1.0
    strength: Annotated[float, Field(ge=0.0, le=10.0, validation_alias="emotion_strength")] = 0.6
    mapping: Annotated[Mapping[str, int], Field(validation_alias="emotion_correspondence")] = field(
        default_factory=lambda: CLASSES
    )


@dataclass(frozen=True)
class EmotionModel:
    """``mapping``: as in Blending."""

    runner: Runner
    mapping: tuple[int, ...]
    config: EmotionConfig


@dataclass(frozen=True)
class HeardWishes:
    """A person's factors and what they would like to be felt, of which ``preferred_share`` counts."""

    contrast: float
    strength: float
    most: int
    inertia: float
    transition: float
    preferred_share: float
    expression: Expression


def heard_wishes(options: Audio2FaceOptions, expression: Expression) -> HeardWishes:
    """What ``options`` ask for; the expression's own emotions count only where both do."""
    share = options.chosen_share if options.emotions == "both" else 0.0
    return HeardWishes(
        options.heard_contrast, options.heard_strength, options.heard_most, options.heard_inertia,
        options.heard_transition, share, expression,
    )  # fmt: skip


def load_emotion_model(path: Path) -> EmotionModel:
    """Audio2Emotion in the folder ``path``. Raises StudioError naming the first thing that does not fit."""
    files = read_json(path / MODEL, EmotionFiles)
    info = read_json(inside(path, files.info), EmotionInfo)
    config = read_json(inside(path, files.config), EmotionConfig, "post_processing_config")
    with refusing(path / files.config):
        mapping = tuple(config.mapping.get(name, UNMAPPED) for name in info.emotions)
        if not all(UNMAPPED <= place < len(EMOTIONS) for place in mapping):
            raise Unfit("its emotion_correspondence names emotions that there are not")
    layouts: Layouts = {"input_values": (None, None)}, {"output": (None, len(info.emotions))}
    return EmotionModel(open_runner(path, onnx_of(path, files.network), layouts), mapping, config)


class HeardFeelings:
    """The emotions of one stream as they are heard; see ``Feelings``."""

    def __init__(self, model: EmotionModel, wishes: HeardWishes) -> None:
        self._runner = model.runner
        blending = Blending(
            model.mapping, model.config.contrast * wishes.contrast, wishes.most, wishes.inertia,
            wishes.preferred_share, wishes.transition, model.config.strength * wishes.strength,
        )  # fmt: skip
        self._blend = EmotionBlend(blending, 1.0 / KEYS)
        self._chosen = ChosenFeelings(wishes.expression.emotions)
        self._keys: list[Float32] = []
        self._judged = 0
        self._closed = False

    def hear(self, sound: Sound) -> None:
        """Judge every moment of which enough has come."""
        self._closed = sound.closed
        while self._may_judge(sound):
            window = sound.window(self._start(), WINDOW)
            logits = self._runner.run({"input_values": window[None]})["output"][0]
            first = self._judged * SHARED
            preferred = self._chosen.at(np.arange(first, first + SHARED), Fraction(KEYS))
            self._keys += [self._blend.follow(logits, row) for row in preferred]
            self._judged += 1

    def known(self, rate: Fraction) -> int | None:
        """Those up to the last key; all once the stream is closed, since the last one holds."""
        if self._closed:
            return None
        return floor(Fraction(len(self._keys) - 1, KEYS) * rate) + 1 if self._keys else 0

    def needs(self, sound: Sound) -> int:
        """The beginning of the next window."""
        return sound.end if sound.closed else self._start()

    def at(self, frames: Frames, rate: Fraction) -> Float32:
        """(B, 10): between two keys, the way from one to the other."""
        keys = np.array(self._keys or [np.zeros(len(EMOTIONS), np.float32)])
        places = np.clip(frames * float(KEYS / rate), 0, len(keys) - 1)
        below = places.astype(np.int64)
        above = np.minimum(below + 1, len(keys) - 1)
        share = (places - below).astype(np.float32)[:, None]
        return np.asarray(keys[below] + (keys[above] - keys[below]) * share, np.float32)

    def _may_judge(self, sound: Sound) -> bool:
        if sound.closed:
            return self._start() + WINDOW // 2 < max(sound.end, 1)
        return self._start() + WINDOW <= sound.end

    def _start(self) -> int:
        return floor(self._judged * _STRIDE) - WINDOW // 2
