"""Speech made for these tests: a hum with the rhythm of the phones, whose times are therefore exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from engines.speech2face import Speech2FaceOptions
from engines.speech2face.driver import create
from engines.types import BLENDSHAPE_INDEX, BLENDSHAPES, EmotionKey, Expression, Motion, Phone, Speech

RATE = 16000
STILL = Expression(blink=0.0, gaze=0.0, head=0.0, breathing=0.0, brows=0.0)
SENTENCE = (
    ("m", 0.07), ("aɪ", 0.13), ("n", 0.06), ("ˈeɪ", 0.14), ("m", 0.07), ("ɪ", 0.06), ("z", 0.09), ("b", 0.06),
    ("ˈɑː", 0.24), ("b", 0.08), ("", 0.45), ("p", 0.05), ("l", 0.06), ("ˈiː", 0.14), ("z", 0.09), ("m", 0.07),
    ("ˈuː", 0.14), ("v", 0.07), ("ð", 0.05), ("ə", 0.06), ("p", 0.05), ("ˈɜː", 0.16), ("p", 0.04), ("əl", 0.10),
    ("f", 0.09), ("ˈoʊ", 0.20), ("t", 0.06), ("ə", 0.05), ("", 0.6), ("j", 0.05), ("uː", 0.12), ("t", 0.07),
    ("ˈuː", 0.22), ("", 0.4),
)  # fmt: skip


def speak(sounds: tuple[tuple[str, float], ...], repeat: int = 1) -> Speech:
    """A Speech of ``sounds`` (IPA, seconds): vowels hum loudly, consonants softly, pauses are silent."""
    phones, pieces, at = [], [], 0.0
    for ipa, seconds in sounds * repeat:
        phones.append(Phone(at, at + seconds, ipa))
        loud = 0.0 if not ipa else 0.3 if "ˈ" in ipa else 0.12 if any(c in "aeiouəɪɜɑʊ" for c in ipa) else 0.05
        pieces.append(np.full(round(seconds * RATE), loud, np.float32))
        at += seconds
    envelope = np.convolve(np.concatenate(pieces), np.hanning(320) / 160, "same")
    time = np.arange(len(envelope)) / RATE
    hum = sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 12))
    return Speech((envelope * hum * 0.5).astype(np.float32), RATE, language="en-us", phones=tuple(phones))


@dataclass(frozen=True)
class Stage:
    """The driver, and how the tests read what it makes."""

    def drive(
        self, speech: Speech, expression: Expression = STILL, fps: float = 25.0, **options: float
    ) -> Motion:
        return create().drive(speech, expression, fps, Speech2FaceOptions(**options))

    def pose(self, **weights: float) -> np.ndarray:
        return create().pose(Expression(emotions=(EmotionKey(0.0, weights),)))

    def shape(self, motion: Motion, name: str) -> np.ndarray:
        """One weight over time; names without a side give the mean of both."""
        if name in BLENDSHAPES:
            return motion.blendshapes[:, BLENDSHAPE_INDEX[name]]
        return (self.shape(motion, f"{name}Left") + self.shape(motion, f"{name}Right")) / 2

    def opening(self, motion: Motion) -> np.ndarray:
        """How far the lips are apart, in iod: see ``Motion``."""
        return 0.35 * np.maximum(self.shape(motion, "jawOpen") - self.shape(motion, "mouthClose"), 0.0)

    def mouth(self, motion: Motion) -> np.ndarray:
        """Every weight of jaw, lips and tongue."""
        columns = [i for i, name in enumerate(BLENDSHAPES) if name.startswith(("mouth", "jaw", "tongue"))]
        return motion.blendshapes[:, columns]

    def window(self, motion: Motion, start: float, end: float) -> slice:
        """The frames shown between two times (s)."""
        return slice(max(int(np.ceil(start * motion.fps)), 0), int(np.floor(end * motion.fps)) + 1)


@pytest.fixture(scope="session")
def stage() -> Stage:
    return Stage()


@pytest.fixture(scope="session")
def sentence() -> Speech:
    """About 4.5 s with every kind of sound."""
    return speak(SENTENCE)


@pytest.fixture(scope="session")
def minute() -> Speech:
    """A minute of talk."""
    return speak(SENTENCE, repeat=14)


@pytest.fixture(scope="session")
def silence() -> Speech:
    """30 s in which nothing is said."""
    return Speech(np.zeros(30 * RATE, np.float32), RATE, phones=(Phone(0.0, 30.0, ""),))


@pytest.fixture(scope="session")
def say():
    """Speech from (IPA, seconds) pairs."""
    return speak


@pytest.fixture(scope="session")
def still() -> Expression:
    """Only the mouth moves."""
    return STILL
