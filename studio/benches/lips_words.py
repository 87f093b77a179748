"""The comparison: a word recogniser for English (PocketSphinx), whose words become phones with times."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.speech2face.features import SAMPLE_RATE
from engines.types import Phone, Speech
from models.speech2face.phones import ARPABET_IPA

CHUNK = 4 * SAMPLE_RATE
"""Samples recognised at once where a whole clip fails."""


def available() -> bool:
    """Whether the package is installed."""
    return importlib.util.find_spec("pocketsphinx") is not None


def _pass(decoder: Any, sound: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(sound, full_utt=True)
    decoder.end_utt()


def _aligned(samples: NDArray[np.float32], offset: float) -> Iterator[Phone]:
    """The phones of the words heard. Raises RuntimeError where the words cannot be placed."""
    import pocketsphinx

    loudest = float(np.abs(samples).max()) + 1e-6
    sound = (samples / loudest * 0.9 * 32767).astype(np.int16).tobytes()
    decoder = pocketsphinx.Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")
    _pass(decoder, sound)
    words = decoder.hyp().hypstr if decoder.hyp() else ""
    if not words:
        return
    decoder.set_align_text(words)
    _pass(decoder, sound)
    decoder.set_alignment()
    _pass(decoder, sound)
    for word in decoder.get_alignment():
        for phone in word:
            start = offset + phone.start / 100
            yield Phone(start, start + phone.duration / 100, ARPABET_IPA.get(phone.name.lower(), ""))


def _chunks(samples: NDArray[np.float32]) -> Iterator[Phone]:
    for start in range(0, len(samples), CHUNK):
        try:
            yield from list(_aligned(samples[start : start + CHUNK], start / SAMPLE_RATE))
        except RuntimeError:
            continue


def speech_of_words(samples: NDArray[np.float32]) -> Speech:
    """(N,) samples at 16 kHz with the phones of the words that PocketSphinx hears in them."""
    try:
        phones = tuple(_aligned(samples, 0.0))
    except RuntimeError:
        phones = tuple(_chunks(samples))
    return Speech(samples, SAMPLE_RATE, language="en-us", phones=phones or (Phone(0.0, 0.01, ""),))
