"""Statistics of the mouth on the studio's own voice, against what was measured on real speakers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engines.progress import Watch
from engines.registry import create_stage, get_engine
from engines.speech2face import Speech2FaceOptions
from engines.speech2face.driver import create
from engines.types import Expression, Phone, Speech
from models.speech2face import lipcurves
from studio.benches.table import Row

TEXT = (
    "My brother Bob bought a big blue boat last summer. Please move the purple box over to the farm before "
    "five! We have never found a better place for breakfast, and the people who live there are very friendly. "
    "Who would have thought that five small shops could make such a difference to a quiet village?"
)
ONLY_MOUTH = Expression(blink=0.0, gaze=0.0, head=0.0, breathing=0.0, brows=0.0)
FPS = 25.0
CLOSED, TOUCHING = 0.03, 0.06
"""Inner-lip opening, in distances of the outer eye corners, below which P B M and F V are seen."""


@dataclass(frozen=True)
class Statistics:
    """Of opening and width (T,) at 25 frames per second, in distances of the outer eye corners."""

    mean: float
    p95: float
    closed: float
    width: float
    jitter: float


def statistics(opening: NDArray[np.float32], width: NDArray[np.float32]) -> Statistics:
    """Opening's mean and 95th percentile, share of frames below 0.02, deviation of the width, and the mean
    absolute second difference of the opening."""
    return Statistics(
        float(opening.mean()),
        float(np.percentile(opening, 95)),
        float((opening < 0.02).mean()),
        float(width.std()),
        float(np.abs(np.diff(opening, 2)).mean()),
    )


def share_met(opening: NDArray[np.float32], phones: tuple[Phone, ...], letters: str, limit: float) -> float:
    """Share of the phones that start with one of ``letters`` at which the opening falls below ``limit``."""
    met = []
    for phone in phones:
        if phone.ipa and phone.ipa[0] in letters:
            first, last = int(np.ceil((phone.start - 0.05) * FPS)), int((phone.end + 0.03) * FPS)
            met.append(opening[max(first, 0) : last + 1].min() < limit)
    return float(np.mean(met))


def motion_rows() -> tuple[Row, ...]:
    """For text, whose phones are known, and for the same voice as a recording."""
    engine = get_engine("espeak")
    told: Speech = create_stage(engine, "voice").speak(TEXT, "en-us", engine.parse_options({}), Watch())
    recording = replace(told, phones=())
    return (
        *_rows("text", told, told.phones, ("at least 0.95", "at least 0.90")),
        *_rows("recording", recording, told.phones, ("at least 0.75", "at least 0.70")),
    )


def _rows(title: str, speech: Speech, phones: tuple[Phone, ...], aims: tuple[str, str]) -> tuple[Row, ...]:
    shapes = create().drive(speech, ONLY_MOUTH, FPS, Speech2FaceOptions()).blendshapes
    opening = lipcurves.opening(shapes)
    seen = statistics(opening, lipcurves.width(shapes))
    return (
        Row(f"{title}: opening, mean", seen.mean, "iod", "0.06 to 0.13"),
        Row(f"{title}: opening, 95th percentile", seen.p95, "iod", "0.13 to 0.30"),
        Row(f"{title}: closed share", seen.closed, "", "0.05 to 0.45"),
        Row(f"{title}: width, deviation", seen.width, "iod", "0.025 to 0.065"),
        Row(f"{title}: jitter of the opening", seen.jitter, "iod", "0.008 to 0.045"),
        Row(f"{title}: P B M closed", share_met(opening, phones, "pbm", CLOSED), "", aims[0]),
        Row(f"{title}: F V touching", share_met(opening, phones, "fv", TOUCHING), "", aims[1]),
    )
