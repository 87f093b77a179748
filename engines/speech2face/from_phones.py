"""Speech whose sounds and their times are known: curves of the mouth by co-articulation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import uniform_filter1d

from engines.speech2face.coarticulation import blend, contacts, pulls
from engines.speech2face.loudness import Loudness
from engines.speech2face.mouth import Mouth
from engines.speech2face.phonemes import Segment, viseme_segments
from engines.speech2face.tables import VisemeTable, viseme_table
from engines.types import Float32, Speech


def _activity(times: Float32, segments: Sequence[Segment], table: VisemeTable, fps: float) -> Float32:
    speaking = np.zeros(len(times), np.float32)
    for segment in segments:
        if segment.viseme != table.index("sil"):
            first, last = np.searchsorted(times, (segment.start, segment.end))
            speaking[first:last] = 1.0
    return np.asarray(uniform_filter1d(speaking, max(round(0.1 * fps), 1)), np.float32)


def _accents(segments: Sequence[Segment], loudness: Loudness) -> Float32:
    """(K, 2) time and strength of the stressed vowels; long and loud ones count for more."""
    stressed = [segment for segment in segments if segment.stressed]
    time = np.array([segment.start + 0.4 * (segment.end - segment.start) for segment in stressed], np.float32)
    length = np.array([segment.end - segment.start for segment in stressed], np.float32)
    strength = 0.25 + 0.45 * loudness.at(loudness.level, time) + 1.5 * np.clip(length - 0.08, 0.0, 0.2)
    return np.stack([time, np.clip(strength, 0.0, 1.0)], axis=1).astype(np.float32)


def mouth_from_phones(speech: Speech, loudness: Loudness, times: Float32, lead: float) -> Mouth:
    """The mouth of ``speech.phones`` at ``times`` (s); shapes come ``lead`` seconds before their sounds."""
    table = viseme_table()
    segments = viseme_segments(speech.phones, speech.duration, speech.language)
    fps = 1.0 / float(times[1] - times[0]) if len(times) > 1 else 25.0
    shapes, tongue = blend(times + lead, pulls(segments, loudness, table), table)
    return Mouth(
        shapes=shapes,
        tongue=tongue,
        closure=contacts(times + lead, segments, table.index("PP")),
        contact=contacts(times + lead, segments, table.index("FF")),
        activity=_activity(times, segments, table, fps),
        accents=_accents(segments, loudness),
    )
