"""How long a clip took, and how long it would have taken without the cache."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from engines.requests import making_cost, making_name
from engines.types import FrameSpec, StageTime
from studio.jobs.timings import JobSize, Timings, known_size, stages_of
from studio.services import Studio

ANY_SIZE = JobSize(1.0, 1.0, 1.0)
"""A photo takes as long whatever clip it is for."""


class PerformanceBody(BaseModel):
    """``total_time``: seconds that the stages of a clip took. ``uncached_time``: what the same stages take on
    this machine with nothing cached; null where one was never measured. ``speedup`` is their ratio."""

    total_time: float
    uncached_time: float | None
    speedup: float | None
    stages: dict[str, float]
    cached: list[str]


def performance(manifest: dict[str, Any], timings: Timings) -> PerformanceBody:
    """What the manifest of a clip and the times learned on this machine say of its making.

    A stage that was computed counts as it was measured; one that came from the cache counts with what it took
    when earlier jobs computed it. Nothing is guessed: without such a time the answer is None.
    """
    times = manifest["times"]
    total = sum(float(time["seconds"]) for time in times)
    uncached = _uncached(manifest, timings)
    return PerformanceBody(
        total_time=round(total, 4),
        uncached_time=None if uncached is None else round(uncached, 4),
        speedup=round(uncached / total, 3) if uncached is not None and total > 0 else None,
        stages={time["stage"]: float(time["seconds"]) for time in times},
        cached=[time["stage"] for time in times if time["cached"]],
    )


def learn_photo(studio: Studio, recipe: str, seconds: float) -> None:
    """Remember how long the preparation of a photo took on this machine."""
    studio.jobs.timings().learn(recipe, ANY_SIZE, [StageTime("photo", seconds)])


def _uncached(manifest: dict[str, Any], timings: Timings) -> float | None:
    request = manifest["request"]
    making = request["recipe"], request.get("finish", ())
    spec = FrameSpec(*(manifest[name] for name in ("width", "height", "fps", "frames")))
    size = known_size(spec, making_cost(*making, request.get("options", {})))
    recipe = making_name(*making)
    computed = sum(float(time["seconds"]) for time in manifest["times"] if not time["cached"])
    parts = [timings.known(recipe, stage, size) for stage in _from_cache(manifest)]
    known = [part for part in parts if part is not None]
    return computed + sum(known) if len(known) == len(parts) else None


def _from_cache(manifest: dict[str, Any]) -> list[str]:
    """The stages that the cache saved; a whole clip from the cache saved all that such a request needs."""
    cached = [time["stage"] for time in manifest["times"] if time["cached"]]
    if "clip" not in cached:
        return cached
    words = manifest["request"]["words"]
    aligned = bool(words["audio"] is not None and words["text"])
    return stages_of(manifest["request"]["recipe"], aligned)
