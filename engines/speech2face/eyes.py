"""Blinks and gaze."""

from __future__ import annotations

import numpy as np

from engines.speech2face.life import Stream, ends, stream
from engines.speech2face.mouth import smoothstep
from engines.speech2face.scene import Scene, phrase_ends
from engines.types import BLENDSHAPE_INDEX, Float32

CLOSING, SHUT, OPENING = 0.080, 0.040, 0.180
"""Seconds of a spontaneous blink: lids fall faster than they rise."""
RATE = 17.0 / 60
"""Blinks per second at rest (Bentivoglio et al. 1997)."""
AT_PHRASE_END = 0.45
"""Chance of a blink where a phrase ends, unless there is one anyhow."""
FULL_GAZE = 25.0
"""Degrees of eye rotation at weight 1 of an eyeLook shape."""
LOOKS = ("eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp")


def blink_times(scene: Scene, seed: int) -> list[tuple[float, float]]:
    """Time (s) and a draw in [0, 1) per blink.

    Pauses between them are gamma-distributed, one blink in eight is double, a phrase end may have its own.
    """
    rng = stream(seed, Stream.BLINK)
    at, out = float(rng.uniform(0.6, 2.4)), []
    while at < scene.duration - CLOSING - SHUT:
        out.append((at, float(rng.random())))
        rate = 0.78 * RATE * max(scene.value(scene.feeling.blink_rate, at), 0.1)
        at += 0.42 if rng.random() < 0.12 else max(0.9, float(rng.gamma(2.6, 1.0 / (2.6 * rate))))
    for end in phrase_ends(scene):
        chance, keep = rng.random(), float(rng.random())
        likely = AT_PHRASE_END * scene.value(scene.feeling.blink_rate, float(end))
        if chance < likely and all(abs(end - other) > 1.2 for other, _ in out):
            out.append((float(end) + 0.05, keep))
    return sorted(out)


def lid_closure(times: Float32, begin: float) -> Float32:
    """(T,) one blink that begins at ``begin``: 0 open, 1 shut."""
    offset = times - begin
    falling = smoothstep(offset / CLOSING)
    rising = smoothstep(1.0 - (offset - CLOSING - SHUT) / OPENING)
    return np.minimum(falling, rising)


def blinks(scene: Scene, strength: float, seed: int) -> Float32:
    """(T,) how far the lids are shut. A lower strength leaves out blinks; those that stay are whole.

    Every blink is shown shut in at least one frame, however few frames there are.
    """
    out = np.zeros(len(scene.times), np.float32)
    for begin, draw in blink_times(scene, seed):
        if draw < strength:
            shut = round((begin + CLOSING + SHUT / 2) * scene.fps) / scene.fps
            out = np.maximum(out, lid_closure(scene.times, shut - CLOSING - SHUT / 2))
    return out


def _glance(rng: np.random.Generator, speaking: float, reach: float) -> tuple[float, float]:
    """Degrees (right, up): mostly at the viewer; away now and then, more often in a pause."""
    away = rng.random() < (0.12 if speaking > 0.5 else 0.28)
    spread = (7.0, 4.0) if away else (1.6, 1.0)
    yaw, pitch = rng.standard_normal(2) * spread * reach
    return float(np.clip(yaw, -14, 14)), float(np.clip(pitch, -8, 6))


def fixations(scene: Scene, seed: int) -> list[tuple[float, float, float]]:
    """Time (s) from which the eyes rest on a point, and the point in degrees (right, up)."""
    rng = stream(seed, Stream.GAZE)
    at, out = float(rng.uniform(0.3, 1.2)), []
    while at < scene.duration:
        reach = scene.value(scene.feeling.gaze_range, at)
        yaw, pitch = _glance(rng, scene.value(scene.activity, at), reach)
        out.append((at, yaw, pitch))
        stay = float(rng.gamma(2.5, 0.55 if abs(yaw) < 4 else 0.25))
        at += max(0.25, stay / scene.value(scene.feeling.tempo, at))
    return out


def gaze_degrees(scene: Scene, seed: int) -> Float32:
    """(T, 2) eye rotation to the picture's right and up: saccades of about 40 ms and 2 ms more per degree."""
    out = np.zeros((len(scene.times), 2), np.float32)
    here = np.zeros(2, np.float32)
    for at, yaw, pitch in fixations(scene, seed):
        there = np.array([yaw, pitch], np.float32)
        span = 0.04 + 0.002 * float(np.abs(there - here).max())
        out += smoothstep((scene.times - at) / span)[:, None] * (there - here)
        here = there
    return out * ends(scene.times, scene.duration, 0.25)[:, None]


def look_shapes(degrees: Float32) -> Float32:
    """(T, 52) eyeLook shapes for (T, 2) degrees to the picture's right and up, the lids following.

    The person's left eye turns outwards when it looks to the picture's right.
    """
    shapes = np.zeros((len(degrees), len(BLENDSHAPE_INDEX)), np.float32)
    right, up = degrees[:, 0] / FULL_GAZE, degrees[:, 1] / FULL_GAZE
    for name, value in (
        ("eyeLookOutLeft", right), ("eyeLookInRight", right), ("eyeLookInLeft", -right),
        ("eyeLookOutRight", -right), ("eyeLookUpLeft", up), ("eyeLookUpRight", up),
        ("eyeLookDownLeft", -up), ("eyeLookDownRight", -up),
    ):  # fmt: skip
        shapes[:, BLENDSHAPE_INDEX[name]] = np.clip(value, 0.0, 1.0)
    for side in ("Left", "Right"):
        shapes[:, BLENDSHAPE_INDEX[f"eyeBlink{side}"]] = 0.45 * np.clip(-up, 0.0, 1.0)
        shapes[:, BLENDSHAPE_INDEX[f"eyeWide{side}"]] = 0.30 * np.clip(up, 0.0, 1.0)
    return shapes
