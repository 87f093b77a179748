"""Synthetic speech with exact phone times: espeak-ng (many languages and timbres), flite and festival (voices
made of recordings)."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from engines.espeak.client import EspeakHelper, Request
from engines.espeak.client import Utterance as Spoken
from engines.espeak.phones import timed_sounds
from engines.progress import Watch
from engines.speech2face.features import SAMPLE_RATE
from engines.types import Phone
from models.speech2face.festival import VOICES, festival_speech
from models.speech2face.phones import ARPABET_IPA, frame_labels
from models.speech2face.text import NATIVE, english_prompt, native_prompt

ENGLISH = ("en-us",) * 8 + ("en-gb-x-rp",) * 4 + ("en-029", "en-gb-scotland", "en-gb-x-gbclan", "en-us-nyc")
ACCENTS = ("de", "es", "fr", "it", "pt", "nl", "sv", "da", "cs", "ro", "hu", "sw", "nb")
"""Voices of other languages that read English words: their own sounds in much varied order."""
MALE = (*(f"+m{i}" for i in range(1, 9)), "+michael", "+shelby")
FEMALE = ("+f1", "+f4", "+Andrea", "+anika", "+Annie", "+aunty", "+belinda", "+linda")
VARIANTS = ("", "", "+klatt", "+klatt2", "+klatt4", *MALE, *FEMALE)
"""No timbres with breath: what they say differs from run to run."""
FLITE_VOICES = ("awb", "rms", "slt")
"""Not kal16: the times that it reports are 20 to 60 ms early."""

FEWEST_PHONES, SHORTEST = 4, 0.6
FESTIVAL_TURN = 25
_FLITE_PHONE = re.compile(r"([a-z]+):([\d.]+)")


@dataclass(frozen=True)
class Utterance:
    """``samples``: (N,) float32 at 16 kHz; ``labels``: viseme index at each 1/50 s."""

    samples: NDArray[np.float32]
    labels: NDArray[np.int8]


def _utterance(
    samples: NDArray[np.float32], sample_rate: int, phones: list[Phone], language: str
) -> Utterance | None:
    """None where there is too little speech to learn from."""
    seconds = len(samples) / sample_rate
    if len(phones) < FEWEST_PHONES or seconds < SHORTEST:
        return None
    resampled = soxr.resample(samples, sample_rate, SAMPLE_RATE, quality="MQ")
    return Utterance(resampled.astype(np.float32), frame_labels(phones, seconds, language))


def espeak_utterance(helper: EspeakHelper, rng: random.Random) -> Utterance | None:
    """English (50 %), English words in other accents (15 %), other languages (35 %), in any timbre and rate."""
    kind = rng.random()
    language = rng.choice(ENGLISH if kind < 0.5 else ACCENTS if kind < 0.65 else tuple(NATIVE))
    text = native_prompt(rng, language) if kind >= 0.65 else english_prompt(rng)
    voice = language + rng.choice(VARIANTS)
    request = Request(text, voice, rng.randint(110, 230), rng.randint(15, 85), rng.randint(20, 80))
    spoken = helper.speak(request, Watch())
    phones = _espeak_phones(spoken)
    return _utterance(spoken.samples.astype(np.float32) / 32768, spoken.sample_rate, phones, language)


def _espeak_phones(spoken: Spoken) -> list[Phone]:
    """Phones at the times that the product gives them: a stop starts where its closure does."""
    sounds = timed_sounds(spoken)
    edges = [at / spoken.sample_rate for at in (*sounds.starts, sounds.end)]
    return [Phone(*timed) for timed in zip(edges[:-1], edges[1:], sounds.names, strict=True)]


def flite_utterance(rng: random.Random) -> Utterance | None:
    """English in one of flite's voices, 0.75 to 1.35 times as long, 0.7 to 1.6 times as high.

    Needs the ``flite`` program.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        text = english_prompt(rng).replace("-", " ")
        settings = (f"duration_stretch={rng.uniform(0.75, 1.35):.2f}", f"f0_shift={rng.uniform(0.7, 1.6):.2f}")
        options = ["-voice", rng.choice(FLITE_VOICES), "--setf", settings[0], "--setf", settings[1]]
        command = [_flite(), *options, "-t", text, "-psdur", "-o", str(path)]
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        samples, sample_rate = soundfile.read(path, dtype="float32")
    phones = _flite_phones(listing, len(samples) / sample_rate)
    return _utterance(samples, sample_rate, phones, "en-us")


def _flite_phones(listing: str, seconds: float) -> list[Phone]:
    """Phones with the times of ``listing`` (name:end ...) fitted to the true length of the sound."""
    entries = [(match[1], float(match[2])) for match in _FLITE_PHONE.finditer(listing)]
    if not entries:
        return []
    ends = [end * seconds / entries[-1][1] for _, end in entries]
    starts = [0.0, *ends[:-1]]
    names = [ARPABET_IPA[name] for name, _ in entries]
    return [Phone(*timed) for timed in zip(starts, ends, names, strict=True)]


def _flite() -> str:
    path = shutil.which("flite")
    if path is None:
        raise FileNotFoundError("Training needs the flite program: install the system package flite.")
    return path


def festival_utterances(count: int, rng: random.Random) -> Iterator[Utterance]:
    """At most ``count`` utterances, the voices taking turns of ``FESTIVAL_TURN``."""
    made = 0
    while made < count:
        for voice in VOICES:
            for sound, phones in festival_speech(voice, FESTIVAL_TURN, rng):
                samples = sound.read(dtype="float32")
                utterance = _utterance(samples, sound.samplerate, phones, VOICES[voice])
                if utterance is not None and made < count:
                    made += 1
                    yield utterance


def utterances(kind: str, count: int, seed: int) -> Iterator[Utterance]:
    """``count`` utterances of "espeak", "flite" or "festival", the same for the same seed."""
    rng = random.Random(f"{kind} {seed}")  # noqa: S311 - not for secrets
    if kind == "festival":
        yield from festival_utterances(count, rng)
        return
    # A process of its own, since what espeak-ng says depends a little on what it said before.
    with closing(EspeakHelper()) as helper:
        make = {"espeak": partial(espeak_utterance, helper), "flite": flite_utterance}[kind]
        made = 0
        while made < count:
            utterance = make(rng)
            if utterance is not None:
                made += 1
                yield utterance
