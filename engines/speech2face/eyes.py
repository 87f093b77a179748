"""Blinks and gaze."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.speech2face.life import Stream, stream
from engines.speech2face.mouth import smoothstep
from engines.speech2face.scene import Scene, phrase_ends
from engines.types import BLENDSHAPE_INDEX, Float32

CLOSING, SHUT, OPENING = 0.080, 0.040, 0.180
"""Seconds of a spontaneous blink: lids fall faster than they rise."""
RATE = 17.0 / 60
"""Blinks per second at rest (Bentivoglio et al. 1997)."""
AT_PHRASE_END = 0.45
"""Chance of a blink where a phrase ends, unless there is one anyhow."""
VARIETY = 0.12
"""Spread of the logarithm of blink durations."""
LAG, WEAKER = 0.004, 0.04
"""Seconds by which one eye may be behind the other, and the most that one of them falls short of shut."""
ROOM = CLOSING + SHUT + 2.0 * OPENING
"""Seconds that a loop leaves after its last blink."""
FLICKS, FLICK = 1.4, (0.45, 0.30)
"""Microsaccades per second, and the spread of where they go in degrees (Martinez-Conde et al. 2004)."""
FULL_GAZE = 25.0
"""Degrees of eye rotation at weight 1 of an eyeLook shape."""
LOOKS = ("eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp")


@dataclass(frozen=True)
class Blink:
    """``begin`` in seconds, ``stretch`` of its duration; for the left and the right lid the seconds by which it
    ``lags`` and the ``depths`` to which it shuts."""

    begin: float
    stretch: float
    lags: tuple[float, float]
    depths: tuple[float, float]


def blink_times(scene: Scene, seed: int) -> list[tuple[float, float]]:
    """Time (s) and a draw in [0, 1) per blink.

    Pauses between them are gamma-distributed, one blink in eight is double, a phrase end may have its own.
    """
    rng = stream(seed, Stream.BLINK)
    at, out = float(rng.uniform(0.6, 2.4)), []
    while at < scene.duration - (ROOM if scene.loop else CLOSING + SHUT):
        out.append((at, float(rng.random())))
        rate = 0.78 * RATE * max(scene.value(scene.feeling.blink_rate, at), 0.1)
        at += 0.42 if rng.random() < 0.12 else max(0.9, float(rng.gamma(2.6, 1.0 / (2.6 * rate))))
    for end in phrase_ends(scene):
        chance, keep = rng.random(), float(rng.random())
        likely = AT_PHRASE_END * scene.value(scene.feeling.blink_rate, float(end))
        if chance < likely and all(abs(end - other) > 1.2 for other, _ in out):
            out.append((float(end) + 0.05, keep))
    return sorted(out)


def _style(begin: float, rng: np.random.Generator) -> Blink:
    """One blink with its own pace; one eye leads and shuts fully, the other follows."""
    stretch = float(np.clip(np.exp(VARIETY * rng.standard_normal()), 0.8, 1.35))
    lag, weaker = float(rng.uniform(0.0, LAG)), 1.0 - float(rng.uniform(0.0, WEAKER))
    if rng.random() < 0.5:
        return Blink(begin, stretch, (0.0, lag), (1.0, weaker))
    return Blink(begin, stretch, (lag, 0.0), (weaker, 1.0))


def lid_closure(times: Float32, begin: float, stretch: float = 1.0) -> Float32:
    """(T,) one blink that begins at ``begin``: 0 open, 1 shut; ``stretch`` 1 takes CLOSING + SHUT + OPENING."""
    offset = (times - begin) / stretch
    falling = smoothstep(offset / CLOSING)
    rising = smoothstep(1.0 - (offset - CLOSING - SHUT) / OPENING)
    return np.minimum(falling, rising)


def blinks(scene: Scene, strength: float, seed: int) -> Float32:
    """(T, 2) how far the left and the right lid are shut. A lower strength leaves out blinks; those that stay
    are whole.

    Every blink is shown shut in at least one frame, however few frames there are.
    """
    rng = stream(seed, Stream.BLINK, 1)
    styled = [(_style(begin, rng), draw) for begin, draw in blink_times(scene, seed)]
    out = np.zeros((len(scene.times), 2), np.float32)
    for blink in (blink for blink, draw in styled if draw < strength):
        middle = (CLOSING + SHUT / 2) * blink.stretch
        begin = round((blink.begin + middle) * scene.fps) / scene.fps - middle
        first, last = np.searchsorted(scene.times, (begin, begin + blink.stretch * ROOM))
        near = scene.times[first:last]
        for eye in (0, 1):
            shut = blink.depths[eye] * lid_closure(near, begin + blink.lags[eye], blink.stretch)
            out[first:last, eye] = np.maximum(out[first:last, eye], shut)
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
    while at < scene.duration - (0.15 if scene.loop else 0.0):
        reach = scene.value(scene.feeling.gaze_range, at)
        yaw, pitch = _glance(rng, scene.value(scene.activity, at), reach)
        out.append((at, yaw, pitch))
        stay = float(rng.gamma(2.5, 0.55 if abs(yaw) < 4 else 0.25))
        at += max(0.25, stay / scene.value(scene.feeling.tempo, at))
    return out


def flicks(scene: Scene, seed: int) -> list[tuple[float, float, float]]:
    """Microsaccades like ``fixations``: small jumps around the point that the eyes rest on."""
    rng = stream(seed, Stream.GAZE, 1)
    at, out = float(rng.uniform(0.1, 0.6)), []
    while at < scene.duration - 0.1:
        yaw, pitch = np.clip(rng.standard_normal(2), -2.0, 2.0) * FLICK
        out.append((at, float(yaw), float(pitch)))
        at += 0.2 + float(rng.gamma(2.0, (1.0 / FLICKS - 0.2) / 2.0))
    return out


def _jumps(scene: Scene, rests: list[tuple[float, float, float]]) -> Float32:
    """(T, 2) from point to point in saccades of about 40 ms and 2 ms more per degree; a loop begins where it
    ends."""
    out = np.zeros((len(scene.times), 2), np.float32)
    here = np.array(rests[-1][1:] if scene.loop and rests else (0.0, 0.0), np.float32)
    out += here
    for at, yaw, pitch in rests:
        there = np.array([yaw, pitch], np.float32)
        span = 0.04 + 0.002 * float(np.abs(there - here).max())
        first, last = np.searchsorted(scene.times, (at, at + span))
        out[first:last] += smoothstep((scene.times[first:last] - at) / span)[:, None] * (there - here)
        out[last:] += there - here
        here = there
    return out


def gaze_degrees(scene: Scene, seed: int) -> Float32:
    """(T, 2) eye rotation to the picture's right and up: glances, and the small jumps of eyes that rest."""
    jumps = _jumps(scene, fixations(scene, seed)) + _jumps(scene, flicks(scene, seed))
    return np.asarray(jumps * scene.margins(0.25)[:, None], np.float32)


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
