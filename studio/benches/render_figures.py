"""The figures of one face, and what they should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.speech2face import lipcurves
from studio.benches.lips_motion import CLOSED, share_met
from studio.benches.render_judge import SOUND_RATE
from studio.benches.render_measures import (
    EYE_CORNERS,
    LOST,
    Fit,
    Floats,
    at_times,
    distances,
    eye_openness,
    fit,
    lips_lag,
    lost_share,
    opening,
    sound_lag,
)
from studio.benches.render_takes import FPS, Part, Sitter, Take
from studio.benches.render_tracker import Seen

LIPS = "pbm"
Figures = dict[str, float]


@dataclass(frozen=True)
class Aim:
    """One column: its title, a ``unit``, the range that passes, in words, and how it is printed."""

    title: str
    unit: str
    low: float
    high: float
    words: str
    form: str

    def met(self, value: float) -> bool:
        """Whether ``value`` passes; what could not be measured does not."""
        return bool(self.low <= value <= self.high)

    def miss(self, value: float) -> float:
        """How far beside the range, 0 if it passes; for sorting, in units of the range's nearest end."""
        if np.isnan(value):
            return 10.0
        beside = max(self.low - value, value - self.high, 0.0)
        return beside / max(abs(self.low if value < self.low else self.high), 1.0)


_ANY = float("inf")
AIMS: dict[str, Aim] = {
    "r": Aim("r", "", 0.97, _ANY, "0.97 or more", ".3f"),
    "slope": Aim("slope", "", 0.85, 1.15, "0.85 to 1.15", ".2f"),
    "r_still": Aim("r, head still", "", 0.97, _ANY, "0.97 or more", ".3f"),
    "slope_still": Aim("slope, head still", "", 0.85, 1.15, "0.85 to 1.15", ".2f"),
    "closed": Aim("PBM closed", "%", 95.0, _ANY, "95 or more", ".0f"),
    "closed_heard": Aim("PBM closed, recording", "%", 95.0, _ANY, "95 or more", ".0f"),
    "blink": Aim("blink r", "", 0.95, _ANY, "0.95 or more", ".3f"),
    "rest": Aim("rest, smile kept", "dB", 42.0, _ANY, "42 or more", ".1f"),
    "background": Aim("background", "levels", 0.0, 0.0, "0", ".0f"),
    "sync": Aim("lips after sound", "ms", -40.0, 40.0, "within 40", ".0f"),
}
"""By the name of the measure."""
EXTRA: dict[str, Aim] = {
    "apart": Aim("slope in the mirror differs by", "", -_ANY, _ANY, "", ".2f"),
    "floor": Aim("tracked at 0", "iod", -_ANY, _ANY, "", ".3f"),
    "rest_above": Aim("rest above mouth", "dB", -_ANY, _ANY, "", ".1f"),
    "rest_shipped": Aim("rest as shipped", "dB", -_ANY, _ANY, "", ".1f"),
    "eyes": Aim("face", "px", -_ANY, _ANY, "", ".0f"),
}
"""Columns that explain the others: opening seen in closed lips, and px between the outer eye corners."""


@dataclass(frozen=True)
class FaceFigures:
    """Everything measured of one face, by the names of AIMS and EXTRA; NaN where nothing could be measured."""

    name: str
    figures: Figures

    @property
    def missed(self) -> tuple[str, ...]:
        """The aims that it does not meet."""
        return tuple(name for name, aim in AIMS.items() if not aim.met(self.figures[name]))

    @property
    def badness(self) -> tuple[int, float]:
        """Sorts the worst face last."""
        return len(self.missed), sum(aim.miss(self.figures[name]) for name, aim in AIMS.items())


def face_figures(sitter: Sitter, filmed: Sequence[tuple[Take, Seen]]) -> FaceFigures:
    """The figures of one face from its takes, whose parts are called text, still and recording."""
    eyes = float(distances(sitter.portrait.landmarks[None], (EYE_CORNERS,))[0, 0])
    figures = dict.fromkeys((*AIMS, *EXTRA), float("nan"))
    figures |= {"rest": sitter.kept, "rest_above": sitter.above, "rest_shipped": sitter.shipped, "eyes": eyes}
    for take, seen in filmed:
        if take.background is not None:
            figures["background"] = float(take.background)
        if lost_share(seen.landmarks) <= LOST:
            figures |= _take_figures(take.part, seen)
    return FaceFigures(sitter.name, figures)


def _take_figures(part: Part, seen: Seen) -> Figures:
    if part.name == "recording":
        return {"closed_heard": _closed(part, seen)}
    lips = opening_fit(part, seen)
    if part.name == "still":
        return {"r_still": lips.r, "slope_still": lips.slope}
    lids = fit(_planned(part.weights("eyeBlinkLeft", "eyeBlinkRight"), seen), -seen.curve(eye_openness))
    views = [fit(_planned(planned_opening(part), seen), opening(view)).slope for view in seen.landmarks]
    return {
        "r": lips.r,
        "slope": lips.slope,
        "floor": lips.floor,
        "apart": abs(views[0] - views[1]),
        "closed": _closed(part, seen),
        "blink": lids.r,
        "sync": 1000.0 * sync(part, seen),
    }


def opening_fit(part: Part, seen: Seen) -> Fit:
    """The tracked opening against ``planned_opening``."""
    return fit(_planned(planned_opening(part), seen), seen.curve(opening))


def planned_opening(part: Part) -> Floats:
    """(T,) iod that the lips should be apart."""
    return lipcurves.opening(part.motion.blendshapes)


def _planned(curve: Floats, seen: Seen) -> Floats:
    """A planned curve at the times of the frames that were seen."""
    return np.interp(seen.times, np.arange(len(curve)) / FPS, curve)


def _closed(part: Part, seen: Seen) -> float:
    """Percent of P, B and M at which the tracked lips close."""
    frames = np.arange(len(part.motion)) / FPS
    tracked = at_times(seen.curve(opening), seen.times, frames)
    return 100.0 * share_met(np.asarray(tracked, np.float32), part.phones, LIPS, CLOSED)


def sync(part: Part, seen: Seen) -> float:
    """Seconds by which lips shut after the P, B and M that are heard.

    Picture: the judge's lips against the true times of these sounds. Sound: where the speech that went in is
    found in the decoded sound.
    """
    spans = [(phone.start, phone.end) for phone in part.phones if phone.ipa and phone.ipa[0] in LIPS]
    picture = lips_lag(seen.times, seen.curve(opening), spans)
    return picture - seen.sound_start - sound_lag(part.sound(), seen.sound, SOUND_RATE)
