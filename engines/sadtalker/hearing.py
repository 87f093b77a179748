"""The sound of a clip as SadTalker's networks hear it, and what they make of it for a photo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from engines.mel import BANDS, FLOOR, RATE, log_mel
from engines.sadtalker.audio import FPS, SAMPLES_PER_FRAME, WINDOW, mel_windows
from engines.sadtalker.coefficients import smooth_pose
from engines.sadtalker.network.speech import FRAMES, LATENT, POSE
from engines.sadtalker.networks import Networks
from engines.sadtalker.stand import Stand
from engines.types import Arrays, Float32, Speech

Floats = NDArray[Any]
CHUNK = 50
"""Frames that are listened to at once."""


def frame_count(speech: Speech) -> int:
    """How many 25ths of a second there are of ``speech``, at least one."""
    return max(int(speech.duration * FPS + 1e-6), 1)


def hear_windows(speech: Speech, *, idle: bool) -> Floats:
    """(T, 80, 16): what is heard at each 25th of a second. Nothing at all (zeros, as the official code has it)
    if ``idle``."""
    frames = frame_count(speech)
    if idle:
        return np.zeros((frames, BANDS, WINDOW), np.float32)
    samples = np.nan_to_num(speech.samples, posinf=0.0, neginf=0.0)
    if speech.sample_rate != RATE:
        samples = soxr.resample(samples, speech.sample_rate, RATE, quality="HQ")
    samples = np.pad(samples, (0, SAMPLES_PER_FRAME))[: frames * SAMPLES_PER_FRAME]
    return mel_windows(log_mel(np.asarray(samples, np.float32), "constant"), frames)


def listen(networks: Networks, windows: Floats, stand: Stand) -> Arrays:
    """What the networks hear: "expression" and "pose" (T, 512), and "silence" (512,), what the first is when
    there is none."""
    heard: list[tuple[Float32, Float32]] = []
    for start in range(0, len(windows), CHUNK):
        stand.report(0.3 + 0.4 * start / len(windows))
        heard.append(networks.hear(windows[start : start + CHUNK]))
    silence, _ = networks.hear(np.full((1, BANDS, WINDOW), FLOOR, np.float32))
    expression, pose = (np.concatenate(part) for part in zip(*heard, strict=True))
    return {"expression": expression, "pose": pose, "silence": silence[0]}


@dataclass(frozen=True)
class Face:
    """How the face moves: ``closed`` (T,), how far the lids are in 0..1; ``mouth``, how strongly it speaks."""

    closed: Floats
    mouth: float = 1.0


def expressions(networks: Networks, heard: Arrays, reference: Floats, face: Face) -> Float32:
    """(T, 64) for a photo with the expression ``reference`` (64,).

    The network is linear in all three, so how strongly the mouth speaks and the lids do not touch each other.
    """
    made = networks.express(heard["expression"], reference, face.closed)
    if face.mouth == 1.0:
        return made
    silent = networks.express(heard["silence"][None], reference, np.zeros(1))
    open_eyed = networks.express(heard["expression"], reference, np.zeros_like(face.closed))
    return np.asarray(made + (face.mouth - 1.0) * (open_eyed - silent), np.float32)


def head_motion(networks: Networks, heard: Arrays, reference: Floats, style: int, seed: int) -> Float32:
    """(T, 6) rotation and shift relative to the first frame, for a photo with the pose ``reference`` (6,).

    The same ``seed`` gives the same motion.
    """
    chance = np.random.default_rng(seed)
    sound = heard["pose"][1:]
    motion = [np.zeros((1, POSE), np.float32)]
    for part, wanted in _pieces(sound):
        latent = chance.standard_normal(LATENT)
        motion.append(networks.turn(part, reference, style, latent)[FRAMES - wanted :])
    return np.asarray(smooth_pose(np.concatenate(motion)), np.float32)


def _pieces(sound: Floats) -> Iterator[tuple[Floats, int]]:
    """Stretches of 32 frames and how many of their last frames are wanted."""
    whole = len(sound) // FRAMES * FRAMES
    for start in range(0, whole, FRAMES):
        yield sound[start : start + FRAMES], FRAMES
    rest = len(sound) - whole
    if rest:
        missing = max(FRAMES - len(sound), 0)
        padded = np.concatenate([np.repeat(sound[:1], missing, 0), sound])
        yield padded[-FRAMES:], rest
