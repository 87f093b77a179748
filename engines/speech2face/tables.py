"""The viseme and emotion tables of assets/tables, read once and turned into arrays."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engines.types import BLENDSHAPE_INDEX, BLENDSHAPES, EMOTIONS, TONGUE_SHAPES, Float32

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLES = Path(__file__).resolve().parents[2] / "assets" / "tables"


@dataclass(frozen=True)
class Sound:
    """How a letter shapes the mouth: which viseme (index), and how much of it, 0 to 1."""

    viseme: int
    amount: float = 1.0


@dataclass(frozen=True)
class VisemeTable:
    """The V viseme classes.

    ``targets``: (V, 52) ARKit weights; ``tongue``: (V, 16); ``jaw``, ``lips``: (V,) dominance;
    ``onset``, ``decay``, ``lead``: (V,) seconds; ``vowel``: (V,) bool. ``sounds`` maps IPA letters and
    affricates to classes, ``languages`` overrides it by language, ``shapeless`` letters shape nothing.
    """

    order: tuple[str, ...]
    targets: Float32
    tongue: Float32
    jaw: Float32
    lips: Float32
    onset: Float32
    decay: Float32
    lead: Float32
    vowel: Float32
    sounds: Mapping[str, Sound]
    languages: Mapping[str, Mapping[str, Sound]]
    shapeless: frozenset[str]

    def index(self, name: str) -> int:
        """Row of the class called ``name``."""
        return self.order.index(name)


@dataclass(frozen=True)
class EmotionTable:
    """The ten emotions, in the order of ``engines.types.EMOTIONS``.

    ``shapes``: (10, 52) ARKit weights at full strength; ``posture``: (10, 6) like ``Motion.head``.
    The rest are (10,): ``blink_rate``, ``breath_rate``, ``breath_depth``, ``tempo`` and ``gaze_range`` are
    factors on the natural value, ``gaze_yaw`` and ``gaze_pitch`` are degrees (right in the picture, up), and
    ``articulation`` is a factor on how much the mouth moves.
    """

    shapes: Float32
    posture: Float32
    blink_rate: Float32
    breath_rate: Float32
    breath_depth: Float32
    tempo: Float32
    gaze_range: Float32
    gaze_yaw: Float32
    gaze_pitch: Float32
    articulation: Float32


def _read(name: str) -> dict[str, Any]:
    with (TABLES / name).open("rb") as file:
        return tomllib.load(file)


def shape_columns(name: str) -> tuple[int, ...]:
    """Columns of ``BLENDSHAPES`` that ``name`` means; a name without a side means both. Raises KeyError."""
    if name in BLENDSHAPE_INDEX:
        return (BLENDSHAPE_INDEX[name],)
    return (BLENDSHAPE_INDEX[f"{name}Left"], BLENDSHAPE_INDEX[f"{name}Right"])


def _shape_row(weights: Mapping[str, float]) -> Float32:
    row = np.zeros(len(BLENDSHAPES), np.float32)
    for name, weight in weights.items():
        row[list(shape_columns(name))] = weight
    return row


def _tongue_row(weights: Mapping[str, float]) -> Float32:
    row = np.zeros(len(TONGUE_SHAPES), np.float32)
    for name, weight in weights.items():
        row[TONGUE_SHAPES.index(name)] = weight
    return row


def _column(rows: list[dict[str, Any]], key: str, default: float) -> Float32:
    return np.array([row.get(key, default) for row in rows], np.float32)


def _partial_sounds(entries: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Sound]:
    return {letter: Sound(order.index(entry["viseme"]), entry["amount"]) for letter, entry in entries.items()}


def _sounds(data: dict[str, Any], order: tuple[str, ...]) -> dict[str, Sound]:
    whole = {letter: Sound(order.index(name)) for name, text in data["ipa"].items() for letter in text.split()}
    return whole | _partial_sounds(data["partial"], order)


@lru_cache(maxsize=1)
def viseme_table() -> VisemeTable:
    """assets/tables/visemes.toml."""
    data = _read("visemes.toml")
    order = tuple(data["order"])
    rows = [data["viseme"][name] for name in order]
    return VisemeTable(
        order=order,
        targets=np.stack([_shape_row(row["targets"]) for row in rows]),
        tongue=np.stack([_tongue_row(row.get("tongue", {})) for row in rows]),
        jaw=_column(rows, "jaw", 1.0),
        lips=_column(rows, "lips", 1.0),
        onset=_column(rows, "onset", 0.055),
        decay=_column(rows, "decay", 0.055),
        lead=_column(rows, "lead", 0.0),
        vowel=_column(rows, "vowel", 0.0),
        sounds=_sounds(data, order),
        languages={tag: _partial_sounds(entries, order) for tag, entries in data["language"].items()},
        shapeless=frozenset(data["shapeless"]["letters"].split()),
    )


@lru_cache(maxsize=1)
def emotion_table() -> EmotionTable:
    """assets/tables/emotions.toml."""
    data = _read("emotions.toml")
    rows = [data[name] for name in EMOTIONS]
    return EmotionTable(
        shapes=np.stack([_shape_row(row["shapes"]) for row in rows]),
        posture=np.array([row["posture"] for row in rows], np.float32),
        blink_rate=_column(rows, "blink_rate", 1.0),
        breath_rate=_column(rows, "breath_rate", 1.0),
        breath_depth=_column(rows, "breath_depth", 1.0),
        tempo=_column(rows, "tempo", 1.0),
        gaze_range=_column(rows, "gaze_range", 1.0),
        gaze_yaw=_column(rows, "gaze_yaw", 0.0),
        gaze_pitch=_column(rows, "gaze_pitch", 0.0),
        articulation=_column(rows, "articulation", 1.0),
    )
