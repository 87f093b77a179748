"""Forced alignment: when each sound of a known text is said in a recording.

The recogniser's probabilities, the order of the sounds as the voice engine pronounces the text, and the drop of
the level where lips close decide together. Words that the recording lacks and speech that the text lacks are
allowed for; a text that fits no better than the same text backwards is not what is said.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.progress import Watch
from engines.speech2face.align_chain import Chain, Flags, Ints, make_chain, spoken_words
from engines.speech2face.align_path import find_path
from engines.speech2face.align_times import (
    HZ,
    heard_sounds,
    longest_astray,
    seconds_of,
    text_sounds,
    with_pauses,
)
from engines.speech2face.features import log_mel
from engines.speech2face.recogniser import Posteriors, recognise, resample
from engines.types import Alignment, Float32, Speech

LEAST = 0.01
"""Probabilities below this are not told apart."""
DEPTH = 11.0
"""Natural logarithm of power (48 dB) below the loud parts from which everything is equally quiet."""
REACH = 2
"""Frames before and after a moment whose levels are compared."""
DROP_WEIGHT = 1.0
"""How much a drop of the mean band by one neper of power counts, against one neper of probability."""
AROUND = 60
"""Frames to either side of a moment over which the misfit of words is averaged."""
AS_BAD = 1.1
"""Misfit as a share of the backwards text's usual one from which words are taken for other ones: right words
are mostly below 0.5, wrong ones above 1."""
HARD_TO_HEAR = 1.8
"""The same as a share of the text's own usual misfit: a voice may be hard to hear throughout."""
NO_BETTER, FITS_WELL = 0.75, 0.6
"""Misfit of the whole as a share of the backwards text's from which the text is taken for another one, unless
the part of it that is found fits this well. With synthetic voices 134 right texts had 0.63 and 0.80 at
most, 268 wrong ones 0.76 and 0.62 at least; recordings of people with roughly right texts had 0.27 to 0.44."""


def align(recording: Speech, spoken: Speech, watch: Watch) -> Alignment:
    """Find the sounds of ``spoken``, the text as a voice engine speaks it, in ``recording``.

    Gives ``recording`` with the text's phones, word starts and language at the recording's own times. Where it
    says something else, the phones are those that are heard. Without any likeness ``recording`` comes back as
    it was, and the share is 0. Raises Cancelled.
    """
    words = spoken_words(spoken)
    heard = log_probabilities(recognise(recording.samples, recording.sample_rate))
    if not words or not len(heard):
        return Alignment(recording, 0.0)
    closing = level_drop(recording, len(heard))
    chain = make_chain(words, spoken.language)
    path = find_path(chain, heard, closing, watch)
    backwards = make_chain([word[::-1] for word in words[::-1]], spoken.language)
    decoy = find_path(backwards, heard, closing, watch)
    best = float(heard.max(axis=1).sum())
    usual = usual_misfit(backwards, decoy.states, heard)
    own = usual_misfit(chain, path.states, heard)
    fits_well = own < FITS_WELL * usual
    if best - path.score > NO_BETTER * (best - decoy.score) and not fits_well:
        return Alignment(recording, 0.0)
    limit = max(AS_BAD * usual, HARD_TO_HEAR * own)
    states = without_words(chain, path.states, misfit_around(chain, path.states, heard) > limit)
    said, starts = text_sounds(chain, states, heard, [phone for word in words for phone in word])
    if not said:
        return Alignment(recording, 0.0)
    other = heard_sounds(chain, states, heard)
    sounds = sorted((*said, *other), key=lambda phone: phone.start)
    share = seconds_of(said) / seconds_of(sounds)
    phones = with_pauses(sounds, recording.duration)
    speech = replace(recording, phones=phones, word_starts=starts, text=spoken.text, language=spoken.language)
    return Alignment(speech, share, longest_astray(said, other))


def misfits(chain: Chain, states: Ints, heard: Float32) -> tuple[Float32, Flags]:
    """(T,) how much less likely than the likeliest sounds those of the text are, and where the text is said."""
    likelihood = heard[np.arange(len(heard)), chain.viseme[states]]
    return np.asarray(heard.max(axis=1) - likelihood, np.float32), chain.part[states] >= 0


def usual_misfit(chain: Chain, states: Ints, heard: Float32) -> float:
    """The mean misfit while the text is said; infinite where it never is."""
    behind, said = misfits(chain, states, heard)
    return float(behind[said].mean()) if said.any() else float("inf")


def misfit_around(chain: Chain, states: Ints, heard: Float32) -> Float32:
    """(T,) the mean misfit of what is said around each frame."""
    behind, said = misfits(chain, states, heard)
    window = np.ones(2 * AROUND + 1, np.float32)
    sums = [np.convolve(curve, window)[AROUND : AROUND + len(heard)] for curve in (behind * said, said)]
    return np.asarray(sums[0] / np.maximum(sums[1], 1.0), np.float32)


def without_words(chain: Chain, states: Ints, wrong: Flags) -> Ints:
    """``states`` with a pause instead of the words that are ``wrong`` (T,) for most of their time."""
    word = np.searchsorted(chain.pauses, states)
    spoken = chain.part[states] >= 0
    total = np.bincount(word, spoken, len(chain.pauses) + 1)
    share = np.bincount(word, spoken & wrong, len(chain.pauses) + 1) / np.maximum(total, 1.0)
    return np.where(spoken & (share[word] > 0.5), chain.pauses[0], states)


def log_probabilities(posteriors: Posteriors) -> Float32:
    """(T, 15) logarithms at ``HZ``, interpolated."""
    logs = np.log(np.maximum(posteriors.visemes, LEAST))
    if len(logs) < 2:
        return np.asarray(logs, np.float32)
    times = np.arange(round((len(logs) - 1) * HZ / posteriors.hz) + 1) * posteriors.hz / HZ
    low = np.minimum(times.astype(np.intp), len(logs) - 2)
    share = (times - low)[:, None]
    return np.asarray(logs[low] * (1.0 - share) + logs[low + 1] * share, np.float32)


def level_drop(recording: Speech, count: int) -> Float32:
    """(count,) how much quieter the mean band gets around the start of each frame, in nepers of power."""
    mel = log_mel(resample(recording.samples, recording.sample_rate))
    if not len(mel):
        return np.zeros(count, np.float32)
    level = np.maximum(mel, np.percentile(mel.max(axis=1), 97) - DEPTH).mean(axis=1)
    padded = np.pad(level, (REACH, REACH + max(count - len(level), 0)), mode="edge")
    mean = np.convolve(padded, np.full(REACH, 1.0 / REACH), "valid")
    return np.asarray(DROP_WEIGHT * (mean[:count] - mean[REACH : REACH + count]), np.float32)
