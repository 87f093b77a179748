"""How the head moves: with the words, with the breath, and a little when nothing happens.

Speakers' heads swing more while they speak and nod on stressed syllables (Munhall et al. 2004, "Visual prosody
and speech intelligibility"); in pauses the head returns to rest.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from engines.speech2face.life import Stream, pulses, stream
from engines.speech2face.mouth import smoothstep
from engines.speech2face.scene import Scene, phrase_ends
from engines.types import Float32

SWAY = np.array([3.0, 1.6, 2.6, 0.012, 0.006, 0.012], np.float32)
"""Spread of slow sways while speaking: yaw, pitch, roll in degrees, x, y, z in iod."""
BEAT = np.array([1.4, 1.0, 1.0, 0.0, 0.0, 0.0], np.float32)
"""Spread of quicker movements at about the rate of words."""
IDLE = 0.32
"""Share of the sway that stays in silence."""
SWAY_RATE, BEAT_RATE = 0.45, 1.5
NOD = 3.2
"""Degrees a fully stressed syllable lowers the head."""
BOW, BOWS = 2.4, 0.7
"""Degrees by which the head sinks where a phrase ends, and the share of phrases that end so."""
BREATHS = 0.24
"""Breaths per second at rest."""
INHALE, GASP = 1.4, 0.55
"""Longest breath in, at rest and in the pause of a speaker, in seconds."""
BREATH = np.array([0.0, 0.28, 0.0, 0.0, 0.0045, 0.003], np.float32)
"""What one breath in does to the head."""


def _smooth(curve: Float32, seconds: float, fps: float) -> Float32:
    return np.asarray(gaussian_filter1d(curve, seconds * fps, axis=0, mode="nearest"), np.float32)


def _drifts(scene: Scene, rate: float, seed: int, part: int) -> Float32:
    pace = rate * scene.feeling.tempo
    columns = [scene.wander(pace, stream(seed, Stream.HEAD, part + axis)) for axis in range(6)]
    return np.stack(columns, axis=1)


def _nods(scene: Scene, seed: int) -> Float32:
    """(T,) degrees of nodding: three stressed syllables of four, each followed by a slower return."""
    rng = stream(seed, Stream.HEAD, 20)
    events = np.array(scene.accents, np.float32).reshape(-1, 2)
    chosen = rng.random(len(events)) < 0.75
    size = rng.uniform(0.5, 1.0, len(events)).astype(np.float32)
    weighted = np.stack([events[:, 0] + 0.04, events[:, 1] * size], axis=1)[chosen]
    return -NOD * pulses(scene.times, weighted, 0.22, 0.42)


def _bows(scene: Scene, seed: int) -> Float32:
    """(T,) degrees by which the head sinks at the ends of phrases and comes up again in the pause."""
    found = phrase_ends(scene)
    draws = stream(seed, Stream.HEAD, 21).random((len(found), 2))
    events = np.stack([found, 0.6 + 0.4 * draws[:, 1]], axis=1)[draws[:, 0] < BOWS]
    return -BOW * pulses(scene.times, events.astype(np.float32), 0.36, 0.75)


def talk(scene: Scene, seed: int) -> Float32:
    """(T, 6) head motion that goes with the words, and its remainder in silence; 0 at both ends."""
    speaking = _smooth(scene.activity, 0.35, scene.fps)[:, None]
    sway = SWAY * _drifts(scene, SWAY_RATE, seed, 0) * (IDLE + (1.0 - IDLE) * speaking)
    beat = BEAT * _drifts(scene, BEAT_RATE, seed, 10) * speaking
    motion = sway + beat
    motion[:, 1] += _smooth(_nods(scene, seed) + _bows(scene, seed), 0.05, scene.fps)
    return np.asarray(motion * scene.margins(0.6)[:, None], np.float32)


def breath_onsets(scene: Scene, seed: int) -> Float32:
    """(K,) seconds at which a breath in begins, from before the first frame to after the last.

    Speakers breathe in their pauses (Winkworth et al. 1995, "Breathing patterns during spontaneous speech");
    with nothing to say, breaths come evenly.
    """
    rng = stream(seed, Stream.BREATH)
    if scene.loop:
        return _breath_ring(scene, rng)
    pauses, onsets = phrase_ends(scene) + 0.06, [-float(rng.uniform(0.2, 1.0)) / BREATHS]
    while onsets[-1] < scene.duration:
        at = onsets[-1]
        period = 1.0 / (BREATHS * scene.value(scene.feeling.breath_rate, at))
        due = at + period * float(rng.uniform(0.85, 1.15))
        near = pauses[(pauses > at + 0.5 * period) & (pauses < at + 2.0 * period)]
        onsets.append(float(near[np.abs(near - due).argmin()]) if len(near) else due)
    return np.array(onsets, np.float32)


def _breath_ring(scene: Scene, rng: np.random.Generator) -> Float32:
    """Onsets of a whole number of breaths within the loop, the one before it and the one after it."""
    count = max(round(scene.duration * BREATHS * float(scene.feeling.breath_rate.mean())), 1)
    places = (np.arange(count) + rng.uniform(-0.12, 0.12, count) + rng.uniform(0.0, 1.0)) / count
    onsets = np.sort(places % 1.0) * scene.duration
    return np.array([onsets[-1] - scene.duration, *onsets, onsets[0] + scene.duration], np.float32)


def breath(scene: Scene, seed: int) -> Float32:
    """(T,) breathing, -1 out to about 1 in, depth by feeling: in faster than out, no two breaths alike."""
    onsets = breath_onsets(scene, seed)
    sizes = stream(seed, Stream.BREATH, 1).uniform(0.75, 1.25, len(onsets))
    if scene.loop:
        sizes[0], sizes[-1] = sizes[-2], sizes[1]
    wave = np.full(len(scene.times), -1.0, np.float32)
    for begin, end, size in zip(onsets[:-1], onsets[1:], sizes, strict=False):
        first, last = np.searchsorted(scene.times, (begin, end))
        rise = min(
            0.42 * (end - begin), GASP if scene.activity.any() and _speaks_after(scene, begin) else INHALE
        )
        since = scene.times[first:last] - begin
        wave[first:last] += (
            2.0 * size * smoothstep(since / rise) * smoothstep((end - begin - since) / (end - begin - rise))
        )
    return np.asarray(wave * scene.feeling.breath_depth, np.float32)


def _speaks_after(scene: Scene, time: float) -> bool:
    """Whether somebody speaks within the second after ``time``."""
    first, last = np.searchsorted(scene.times, (time, time + 1.0))
    return bool((scene.activity[first:last] > 0.5).any())


def head_motion(scene: Scene, seed: int, head: float, breathing: float) -> Float32:
    """(T, 6) like ``Motion.head``. ``head`` 0 leaves only the rise and fall of ``breathing``."""
    breaths = breathing * breath(scene, seed)[:, None] * BREATH * scene.margins(0.5)[:, None]
    breaths[:, :3] *= head
    return np.asarray(head * (scene.feeling.posture + talk(scene, seed)) + breaths, np.float32)
