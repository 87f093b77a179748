"""What people are told before they start: how long it will take on this machine, and what would be quicker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from engines.audio_length import claimed_seconds
from engines.registry import get_engine, get_recipe
from engines.types import RenderRequest
from studio.jobs.timings import Forecast, Timings
from studio.services import usual_recipe

LONG = 20.0
"""Seconds from which on a wait is worth a word before it begins."""


@dataclass(frozen=True)
class Wait:
    """How long a clip takes from now, in ``seconds``, and what it would take with the recipe ``instead`` and
    nothing over its frames, "" where that is not much quicker. ``way`` is what people call it. ``once``: how
    many of the seconds are for what later clips of the same face and feeling find done."""

    seconds: float
    instead: str = ""
    seconds_instead: float = 0.0
    way: str = ""
    once: float = 0.0

    @property
    def sentence(self) -> str:
        """What to say before it starts; "" if it is not long."""
        if self.seconds < LONG:
            return ""
        said = f"About {rough(self.seconds)} on this machine"
        if self.once > self.seconds / 2:
            said += f", of which {rough(self.once)} only for the first clip of a face and feeling"
        if not self.instead:
            return f"{said}."
        return f"{said}; {self.way} takes about {rough(self.seconds_instead)}."


def rough(seconds: float) -> str:
    """A length of time that is not known exactly: "8 seconds", "45 seconds", "12 minutes", "2.5 hours"."""
    if seconds < 90:
        whole = max(round(seconds), 1) if seconds < 20 else 5 * round(seconds / 5)
        return f"{whole} second{'s' * (whole != 1)}"
    return f"{round(seconds / 60)} minutes" if seconds < 90 * 60 else f"{round(seconds / 1800) / 2:g} hours"


def expected_wait(timings: Timings, request: RenderRequest) -> Wait:
    """From what was measured here, or else from the work of the networks."""
    length = claimed_seconds(Path(request.words.audio)) if request.words.audio else None
    forecast = Forecast(timings, request, length)
    seconds, once = forecast.whole, forecast.once
    quick = usual_recipe(get_engine(get_recipe(request.recipe).animator).takes == "video")
    if seconds < LONG or (request.recipe == quick and not request.finish):
        return Wait(seconds, once=once)
    other = Forecast(timings, replace(request, recipe=quick, finish=()), length).whole
    way = get_recipe(quick).title + " alone" * (request.recipe == quick)
    if other >= seconds / 2:
        return Wait(seconds, once=once)
    return Wait(seconds, quick, other, way, once)
