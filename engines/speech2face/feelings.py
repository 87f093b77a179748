"""The emotions wanted over time: the shapes they give the face and how they change its life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.errors import StudioError
from engines.speech2face.mouth import smoothstep
from engines.speech2face.tables import emotion_table, shape_columns
from engines.types import BLENDSHAPE_INDEX, BLENDSHAPES, EMOTIONS, EmotionKey, Float32

BLEND = 0.4
"""Seconds from one key's feeling to the next."""
CORNERS = ("mouthSmile", "mouthFrown", "mouthDimple", "mouth", "mouthStretch")
"""Shapes of the mouth that carry feeling and leave the lips free to speak."""
OPPOSITES = (("mouthSmile", "mouthFrown"), ("eyeWide", "eyeSquint"))
"""Shapes that pull against each other: of two wanted at once the stronger wins part of the way."""


@dataclass(frozen=True)
class Feeling:
    """T frames of feeling: ``shapes`` (T, 52), ``posture`` (T, 6), ``gaze`` (T, 2) degrees right and up.

    The rest, each (T,), are factors on what is natural.
    """

    shapes: Float32
    posture: Float32
    gaze: Float32
    blink_rate: Float32
    breath_rate: Float32
    breath_depth: Float32
    tempo: Float32
    gaze_range: Float32
    articulation: Float32


def key_weights(key: EmotionKey) -> Float32:
    """(10,) weights of one key in the order of ``EMOTIONS``; raises StudioError for other names."""
    row = np.zeros(len(EMOTIONS), np.float32)
    for name, weight in key.weights.items():
        if name not in EMOTIONS:
            raise StudioError(f"There is no emotion '{name}'; choose from: {', '.join(EMOTIONS)}.")
        row[EMOTIONS.index(name)] = weight
    return row


def weights_at(keys: Sequence[EmotionKey], times: Float32) -> Float32:
    """(T, 10) emotion weights: neutral before the first key, then each key's, blended within ``BLEND``.

    A key at time 0 holds from the first frame.
    """
    weights = np.zeros((len(times), len(EMOTIONS)), np.float32)
    for key in sorted(keys, key=lambda one: one.time):
        share = smoothstep((times - key.time) / BLEND)[:, None] if key.time > 0 else 1.0
        weights = weights + share * (key_weights(key) - weights)
    return weights.astype(np.float32)


def _ease_opposites(shapes: Float32) -> None:
    for one, other in OPPOSITES:
        for side in ("Left", "Right"):
            a, b = BLENDSHAPE_INDEX[one + side], BLENDSHAPE_INDEX[other + side]
            shared = 0.6 * np.minimum(shapes[:, a], shapes[:, b])
            shapes[:, a] -= shared
            shapes[:, b] -= shared


def emotion_shapes(weights: Float32) -> Float32:
    """(T, 52) shapes of (T, 10) emotion weights.

    They add up. When several together ask for more than one full emotion, each gives way so that a mixture
    stays a face; no shape goes beyond 1.
    """
    total = weights.sum(axis=1, keepdims=True)
    shapes = (weights * np.maximum(total, 1.0) ** -0.6) @ emotion_table().shapes
    _ease_opposites(shapes)
    return np.asarray(np.clip(shapes, 0.0, 1.0), np.float32)


def _factor(weights: Float32, factors: Float32) -> Float32:
    return np.asarray(np.clip(1.0 + weights @ (factors - 1.0), 0.25, 5.0), np.float32)


def feel(weights: Float32) -> Feeling:
    """What (T, 10) emotion weights do to a face."""
    table = emotion_table()
    shares = weights * np.maximum(weights.sum(axis=1, keepdims=True), 1.0) ** -1.0
    return Feeling(
        shapes=emotion_shapes(weights),
        posture=(shares @ table.posture).astype(np.float32),
        gaze=(shares @ np.stack([table.gaze_yaw, table.gaze_pitch], axis=1)).astype(np.float32),
        blink_rate=_factor(shares, table.blink_rate),
        breath_rate=_factor(shares, table.breath_rate),
        breath_depth=_factor(shares, table.breath_depth),
        tempo=_factor(shares, table.tempo),
        gaze_range=_factor(shares, table.gaze_range),
        articulation=_factor(shares, table.articulation),
    )


MOUTH_PARTS = ("mouth", "jaw", "tongue", "cheekPuff")
MOUTH_COLUMNS = [column for column, name in enumerate(BLENDSHAPES) if name.startswith(MOUTH_PARTS)]
CORNER_COLUMNS = [column for name in CORNERS for column in shape_columns(name)]
LIP_COLUMNS = [column for column in MOUTH_COLUMNS if column not in CORNER_COLUMNS]
