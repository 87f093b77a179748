"""How long a job will take, learned from what earlier jobs took on this machine."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from engines.errors import StudioError
from engines.files import whole_file
from engines.registry import Cost, get_engine, get_recipe
from engines.requests import making_cost, making_name
from engines.types import FrameSpec, RenderRequest, StageTime
from studio.jobs.speed import MachineSpeed

STAGES = ("photo", "voice", "align", "motion", "rehearse", "render", "join")
"""In the order in which a job goes through them."""
FIRST_GUESS = {
    "photo": 1.0,
    "voice": 0.02,
    "align": 0.2,
    "motion": 0.02,
    "rehearse": 0.02,
    "render": 0.04,
    "join": 0.001,
}
"""Seconds per unit of each stage on two CPU cores, until this machine's own are known."""
CHARACTERS_PER_SECOND = 15.0
USUAL_PIXELS, USUAL_SECONDS = 768 * 768, 10.0
NEWEST_COUNTS = 0.4
"""Share of the newest time in what is expected next."""
STEADY = 0.15
"""Share of a stage from which its own pace says more than earlier jobs do."""


FREE = Cost()


@dataclass(frozen=True)
class JobSize:
    """What a job's stages grow with: seconds of speech, frames per second, pixels of a frame, and the work of
    its networks."""

    seconds: float
    fps: float
    pixels: float
    cost: Cost = FREE

    def units(self, stage: str) -> float:
        """How much of ``stage`` there is: networks' work in GMAC where they draw the frames or what is shown
        again and again, else frames of a megapixel; seconds of speech; or one photo."""
        if self.counts_work(stage):
            return self.work(stage)
        if stage == "render":
            return self.seconds * self.fps * self.pixels / 1e6
        return 1.0 if stage == "photo" else self.seconds

    def counts_work(self, stage: str) -> bool:
        """Whether ``stage`` grows with the work of networks and nothing else."""
        return stage in ("rehearse", "render") and self.work(stage) > 0

    def work(self, stage: str) -> float:
        """GMAC that networks do in ``stage``."""
        of_frames = self.seconds * self.fps * self.cost.frame
        of_speech = self.seconds * self.cost.second
        done = {"photo": self.cost.photo, "rehearse": self.cost.rehearsal, "render": of_frames}
        done["motion"] = of_speech
        return done.get(stage, 0.0)

    @property
    def plain(self) -> JobSize:
        """The same without networks."""
        return replace(self, cost=FREE)


def stages_of(recipe: str, aligned: bool) -> list[str]:
    """The stages of a job of ``recipe``; ``aligned``: whether a text is sought in a recording."""
    rehearses = get_engine(get_recipe(recipe).animator).rehearses
    left_out = {"align": not aligned, "rehearse": not rehearses}
    return [stage for stage in STAGES if not left_out.get(stage)]


def guess_size(request: RenderRequest, seconds: float | None = None) -> JobSize:
    """The size of a job before its speech is known; ``seconds`` of it if somebody knows."""
    text = request.words.text if request.words.audio is None else None
    guess = len(text) / CHARACTERS_PER_SECOND if text else USUAL_SECONDS
    size, cost = request.output.size, making_cost(request.recipe, request.finish, request.options)
    pixels = size * size if size else USUAL_PIXELS
    return JobSize(max(seconds or guess, 1.0), request.output.fps, pixels, cost)


def known_size(spec: FrameSpec, cost: Cost) -> JobSize:
    """The size of a job whose frames are known, and the work of its networks."""
    return JobSize(spec.count / spec.fps, spec.fps, spec.width * spec.height, cost)


class Timings:
    """Seconds per unit by recipe and stage, kept in a file. Safe for several threads.

    What was never measured is told from the work of its networks and how fast this machine does such work.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._rates = _read(path)
        self._speed = MachineSpeed(path.with_name("machine.json"))

    def expect(self, recipe: str, stage: str, size: JobSize) -> float:
        """How many seconds ``stage`` should take."""
        known = self.known(recipe, stage, size)
        if known is not None:
            return known
        work = size.work(stage)
        beside = FIRST_GUESS[stage] * size.plain.units(stage)
        return beside + work / self._speed.gmacs() if work else beside

    def known(self, recipe: str, stage: str, size: JobSize) -> float | None:
        """Seconds that ``stage`` took on this machine for such a job; None if it was never measured."""
        with self._lock:
            rate = self._rates.get(_rate_name(recipe, stage, size))
        return None if rate is None else rate * size.units(stage)

    def learn(self, recipe: str, size: JobSize, times: Iterable[StageTime]) -> None:
        """Remember what a job took; what came from the cache teaches nothing."""
        took: dict[str, float] = {}
        for time in times:
            stage = "render" if time.stage in ("frames", "encode") else time.stage
            if stage in STAGES and not time.cached:
                took[stage] = took.get(stage, 0.0) + time.seconds
        with self._lock:
            for stage, seconds in took.items():
                self._mix(_rate_name(recipe, stage, size), seconds / size.units(stage))
            self._write()

    def _mix(self, name: str, rate: float) -> None:
        before = self._rates.get(name, rate)
        self._rates[name] = before + NEWEST_COUNTS * (rate - before)

    def _write(self) -> None:
        try:
            with whole_file(self._path) as part:
                part.write_text(json.dumps(self._rates, indent=1), "utf-8")
        except (OSError, StudioError):
            return  # a full disk costs a worse guess next time, not this job


class Forecast:
    """The way of one job: which share is behind it and how many seconds are ahead."""

    def __init__(self, timings: Timings, request: RenderRequest, seconds: float | None = None) -> None:
        self._timings, self._recipe = timings, making_name(request.recipe, request.finish)
        aligned = bool(request.words.audio is not None and request.words.text)
        self._stages = stages_of(request.recipe, aligned)
        self.size = guess_size(request, seconds)

    @property
    def whole(self) -> float:
        """Seconds that all of it should take."""
        return sum(self._timings.expect(self._recipe, stage, self.size) for stage in self._stages)

    @property
    def once(self) -> float:
        """Seconds for what is kept for later clips, if nothing is kept yet."""
        return self._timings.expect(self._recipe, "rehearse", self.size) if self.size.cost.kept else 0.0

    def at(self, stage: str, fraction: float, pace: float | None) -> tuple[float, float]:
        """(share of the whole done in [0, 1], seconds left) when ``stage`` is done to ``fraction``.

        ``pace``: seconds that one whole stage takes as measured in this job, if it can be told.
        """
        expected = {name: self._timings.expect(self._recipe, name, self.size) for name in self._stages}
        if stage not in expected:
            return 0.0, sum(expected.values())
        here = self._stages.index(stage)
        done = sum(expected[name] for name in self._stages[:here]) + expected[stage] * fraction
        after = sum(expected[name] for name in self._stages[here + 1 :])
        own = expected[stage] if pace is None else pace
        return done / max(sum(expected.values()), 1e-9), own * (1 - fraction) + after


@dataclass
class Pace:
    """How fast a stage goes: where it stood at the first report and when."""

    since: float
    first: float

    def whole(self, now: float, fraction: float) -> float | None:
        """Seconds for the whole stage at this pace; None while too little of it is done."""
        done = fraction - self.first
        return (now - self.since) / done if done >= STEADY else None


def _rate_name(recipe: str, stage: str, size: JobSize) -> str:
    """What is learned per GMAC is kept apart from what is learned per pixel."""
    return f"{recipe}/{stage}{'/gmac' if size.counts_work(stage) else ''}"


def _read(path: Path) -> dict[str, float]:
    try:
        rates = json.loads(path.read_text("utf-8"))
        return {str(name): float(rate) for name, rate in rates.items() if math.isfinite(rate) and rate >= 0}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
