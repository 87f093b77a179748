"""How the studio is: its parts, its queue and its cache."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from engines.registry import all_engines, all_recipes
from studio.api.context import TheStudio
from studio.checks import all_checks
from studio.services import Studio

router = APIRouter(tags=["Health"])


class PartBody(BaseModel):
    """A part of the installation; ``costs`` says what does not work without it."""

    name: str
    state: Literal["ok", "missing", "wrong"]
    found: str
    costs: str
    required: bool


class EngineBody(BaseModel):
    """An engine and whether it is loaded; ``reason`` after an error."""

    name: str
    title: str
    state: str
    reason: str


class HealthBody(BaseModel):
    """``status`` is ok, or degraded where a required part is missing; ``gpu`` is its name or null."""

    status: Literal["ok", "degraded"]
    device: Literal["cpu", "gpu"]
    gpu: str | None
    queue: dict[str, int]
    recipes: list[str]
    engines: list[EngineBody]
    parts: list[PartBody]


class TierBody(BaseModel):
    """One tier of the cache since it was made; ``hit_rate`` is null before the first question. ``seconds`` is
    how long its entries are kept, null: until room is needed."""

    name: str
    entries: int
    bytes: int
    hits: int
    misses: int
    seconds: float | None
    hit_rate: float | None


class CacheBody(BaseModel):
    """The cache; ``bytes`` is what it takes on disk of ``limit``."""

    tiers: list[TierBody]
    entries: int
    bytes: int
    limit: int
    hits: int
    misses: int
    hit_rate: float | None
    queue: dict[str, int]


@router.get("/health")
def health(studio: TheStudio) -> HealthBody:
    """The state of the studio and its parts."""
    return health_of(studio)


@router.get("/api/cache/stats")
def cache_stats(studio: TheStudio) -> CacheBody:
    """What the cache holds and how often it helped, and how many jobs wait and run."""
    tiers = [
        TierBody(**vars(tier), hit_rate=_rate(tier.hits, tier.misses)) for tier in studio.cache.statistics()
    ]
    hits, misses = sum(tier.hits for tier in tiers), sum(tier.misses for tier in tiers)
    return CacheBody(
        tiers=tiers,
        entries=sum(tier.entries for tier in tiers),
        bytes=studio.cache.size(),
        limit=studio.settings.cache_bytes,
        hits=hits,
        misses=misses,
        hit_rate=_rate(hits, misses),
        queue=studio.jobs.counts(),
    )


def health_of(studio: Studio) -> HealthBody:
    """The state of the studio and its parts."""
    checks = all_checks(studio.settings)
    gpu = next((check.found for check in checks if check.name == "GPU" and check.state == "ok"), None)
    parts = [
        PartBody(
            name=check.name, state=check.state, found=check.found, costs=check.costs, required=check.required
        )
        for check in checks
    ]
    whole = all(part.state == "ok" for part in parts if part.required)
    return HealthBody(
        status="ok" if whole else "degraded",
        device="gpu" if gpu else "cpu",
        gpu=gpu,
        queue=studio.jobs.counts(),
        recipes=list(all_recipes()),
        engines=[EngineBody(**vars(studio.manager.status(name))) for name in all_engines()],
        parts=parts,
    )


def _rate(hits: int, misses: int) -> float | None:
    return round(hits / (hits + misses), 4) if hits + misses else None
