"""Speech of which only the sound is known: curves of the mouth from what the recogniser hears."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d, grey_closing
from scipy.signal import find_peaks

from engines.speech2face.coarticulation import contacts
from engines.speech2face.loudness import HZ, Loudness, beats
from engines.speech2face.mouth import CLOSE, Mouth
from engines.speech2face.phonemes import Segment
from engines.speech2face.recogniser import Posteriors, recognise
from engines.speech2face.sharing import shares
from engines.speech2face.tables import VisemeTable, viseme_table
from engines.types import BLENDSHAPE_INDEX, Float32, Speech

JAW = BLENDSHAPE_INDEX["jawOpen"]
HEARD_JAW = {
    "aa": 0.98, "E": 0.49, "CH": 0.46, "kk": 0.44, "I": 0.38, "SS": 0.33, "DD": 0.28, "TH": 0.28, "RR": 0.25,
    "O": 0.22, "nn": 0.06, "FF": 0.06, "PP": -0.16, "U": -0.21, "sil": 0.0,
}  # fmt: skip
"""jawOpen that each sound heard pulls to. Further apart than the table of shapes, since what is heard is never
certain and is shared by neighbours; in the order and proportion in which the lips of eleven people opened when
the recogniser heard these sounds."""
LOUD_GAIN = 0.1
"""Loudness opens the mouth only little: among real speakers it even goes the other way at times."""
SHORT_PAUSE = 0.8
"""Seconds of silence that do not shut the mouth by themselves."""
PERHAPS, SURE = 0.45, 0.75
"""Probability of P, B, M at its peak from which the lips move to a contact, and from which they make it."""


def _smooth(curve: Float32, seconds: float, hz: float) -> Float32:
    return np.asarray(gaussian_filter1d(curve, seconds * hz, axis=0, mode="nearest"), np.float32)


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
    """(T,) speaking, at the recogniser's rate: both loud enough and heard as speech. Short pauses count."""
    time, hz = _times(posteriors), posteriors.hz
    heard = 1.0 - posteriors.visemes[:, table.index("sil")]
    both = loudness.at(loudness.activity, time) * _smooth(heard, 0.06, hz)
    return np.asarray(_smooth(_bridged(both, round(SHORT_PAUSE * hz)), 0.04, hz), np.float32)


def _bridged(curve: Float32, steps: int) -> Float32:
    """``curve`` with its valleys of up to ``steps`` filled; the ends are not valleys."""
    padded = np.pad(curve, steps)
    return np.asarray(grey_closing(padded, steps)[steps:-steps], np.float32)


def _loud_gain(posteriors: Posteriors, loudness: Loudness) -> Float32:
    """(T,) louder speech opens a little wider: around 1 at the usual level."""
    time = _times(posteriors)
    level = loudness.at(_smooth(loudness.level, 0.05, HZ), time)
    speaking = level[level > 0.2]
    usual = float(np.median(speaking)) if len(speaking) else 0.0
    return np.asarray(np.clip(1.0 + LOUD_GAIN * (level - usual), 0.85, 1.15), np.float32)


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
    lips, jaw = shares(posteriors, table)
    shapes, tongue = lips @ table.targets, jaw @ table.tongue
    wide = jaw @ np.array([HEARD_JAW[name] for name in table.order], np.float32)
    shapes[:, JAW] = np.maximum(wide, 0.0) * _loud_gain(posteriors, loudness)
    shapes[:, CLOSE] = 0.0
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
