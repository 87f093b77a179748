"""Speech of which only the sound is known: curves of the mouth from what the recogniser hears."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from engines.speech2face.coarticulation import contacts
from engines.speech2face.loudness import HZ, Loudness, beats
from engines.speech2face.mouth import CLOSE, Mouth
from engines.speech2face.phonemes import Segment
from engines.speech2face.recogniser import Posteriors, recognise
from engines.speech2face.tables import VisemeTable, viseme_table
from engines.types import BLENDSHAPE_INDEX, Float32, Speech

JAW_COLUMNS = [BLENDSHAPE_INDEX["jawOpen"], BLENDSHAPE_INDEX["jawForward"]]
JAW_SMOOTHING, LIP_SMOOTHING = 0.025, 0.040
"""Seconds of standard deviation over which the recogniser is averaged: lips are slower than the jaw."""
SHARPNESS = 1.5
"""Power of the probabilities for the jaw: doubt between an open and a closed sound should not halve every
opening. Set, like the smoothing, on lips of real speakers."""
PERHAPS, SURE = 0.28, 0.60
"""Probability of P, B, M at its peak from which the lips move to a contact, and from which they make it."""


def _smooth(curve: Float32, seconds: float, hz: float) -> Float32:
    return np.asarray(gaussian_filter1d(curve, seconds * hz, axis=0, mode="nearest"), np.float32)


def _expected(heard: Float32, dominance: Float32, targets: Float32) -> Float32:
    """(T, C) mean of the targets under the probabilities, insistent sounds counting for more."""
    weights = heard * dominance
    return np.asarray((weights / weights.sum(axis=1, keepdims=True)) @ targets, np.float32)


def _resample(curve: Float32, hz: float, times: Float32) -> Float32:
    """Linear, column by column; the ends hold."""
    at = np.clip(times * hz, 0.0, len(curve) - 1)
    low = np.minimum(at.astype(np.intp), max(len(curve) - 2, 0))
    share = (at - low).astype(np.float32)
    high = np.minimum(low + 1, len(curve) - 1)
    share = share.reshape(-1, *[1] * (curve.ndim - 1))
    return np.asarray(curve[low] * (1.0 - share) + curve[high] * share, np.float32)


def _times(posteriors: Posteriors) -> Float32:
    return (np.arange(len(posteriors.visemes)) / posteriors.hz).astype(np.float32)


def _gate(posteriors: Posteriors, loudness: Loudness, table: VisemeTable) -> Float32:
    """(T,) speaking, at the recogniser's rate: both loud enough and heard as speech."""
    time = _times(posteriors)
    heard = 1.0 - posteriors.visemes[:, table.index("sil")]
    return np.asarray(loudness.at(loudness.activity, time) * _smooth(heard, 0.06, posteriors.hz), np.float32)


def _loud_gain(posteriors: Posteriors, loudness: Loudness) -> Float32:
    """(T, 1) louder speech opens wider: 0.75 to 1.25 around the usual level."""
    time = _times(posteriors)
    level = loudness.at(_smooth(loudness.level, 0.05, HZ), time)
    speaking = level[level > 0.2]
    usual = float(np.median(speaking)) if len(speaking) else 0.0
    return np.asarray(np.clip(1.0 + 0.7 * (level - usual), 0.75, 1.25)[:, None], np.float32)


def _heard_contacts(posteriors: Posteriors, gate: Float32, viseme: int) -> list[Segment]:
    """The moments at which ``viseme`` is likely while somebody speaks, as long as half its peak probability."""
    likely = np.pad(posteriors.visemes[:, viseme] * gate, 1)
    _, found = find_peaks(likely, height=PERHAPS, width=0.0, rel_height=0.5)
    spans = (np.stack([found["left_ips"], found["right_ips"]], axis=1) - 1.0) / posteriors.hz
    firm = np.clip(found["peak_heights"] / SURE, 0.0, 1.0)
    return [
        Segment(float(a), float(b), viseme, float(amount)) for (a, b), amount in zip(spans, firm, strict=True)
    ]


def mouth_from_sound(speech: Speech, loudness: Loudness, times: Float32, lead: float) -> Mouth:
    """The mouth of ``speech.samples`` at ``times`` (s). Noise and silence leave it shut."""
    table = viseme_table()
    posteriors = recognise(speech.samples, speech.sample_rate)
    hz, gate = posteriors.hz, _gate(posteriors, loudness, table)
    heard = _smooth(posteriors.visemes, JAW_SMOOTHING, hz)
    shapes = _expected(_smooth(posteriors.visemes, LIP_SMOOTHING, hz), table.lips, table.targets)
    jaw = _expected(heard**SHARPNESS, table.jaw, table.targets[:, JAW_COLUMNS])
    shapes[:, JAW_COLUMNS] = jaw * _loud_gain(posteriors, loudness)
    shapes[:, CLOSE] = 0.0
    tongue = _expected(heard, table.jaw, table.tongue)
    at, speaking = times + lead, _resample(gate, hz, times)
    spoken = np.interp(np.arange(len(loudness.db)) / HZ, times, speaking).astype(np.float32)
    return Mouth(
        shapes=_resample(shapes * gate[:, None], hz, at),
        tongue=_resample(tongue * gate[:, None], hz, at),
        closure=contacts(at, _heard_contacts(posteriors, gate, table.index("PP")), table.index("PP")),
        contact=contacts(at, _heard_contacts(posteriors, gate, table.index("FF")), table.index("FF")),
        activity=speaking,
        accents=beats(loudness, spoken),
    )
