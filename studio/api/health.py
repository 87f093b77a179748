"""How the studio is: its parts, its queue and its cache."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from engines.registry import all_recipes
from studio.api.context import TheStudio
from studio.checks import all_checks
from studio.engine_report import CacheReport, EngineReport, FaultReport, FileReport, StageReport, StudioReport
from studio.services import Studio

router = APIRouter(tags=["Health"])


class PartBody(BaseModel):
    """A part of the installation; ``costs`` says what does not work without it."""

    name: str
    state: Literal["ok", "missing", "wrong"]
    found: str
    costs: str
    required: bool


class TransferBody(BaseModel):
    """A download: ``bytes`` of ``total`` are there; ``seconds_left`` is a guess or null."""

    state: Literal["waiting", "running", "stopping", "done", "cancelled", "failed"]
    bytes: int
    total: int
    seconds_left: float | None
    error: str | None


class FileBody(BaseModel):
    """A model file of an engine; ``accepted`` is when its licence was accepted, where it asks for that."""

    name: str
    state: Literal["ready", "missing", "damaged"]
    bytes: int
    licence: str
    licence_asked: bool
    accepted: str | None
    enables: str
    source: str
    download: TransferBody | None


class FaultBody(BaseModel):
    """Something that went wrong; ``when`` in seconds since 1970."""

    when: float
    what: str
    error: str


class EngineBody(BaseModel):
    """An engine: what it needs, whether it is loaded and where; ``reason`` after an error. Memory in bytes."""

    name: str
    title: str
    version: str
    stages: list[str]
    recipes: list[str]
    needs: str
    licence: str
    state: Literal["unloaded", "loading", "ready", "error"]
    reason: str
    device: str | None
    memory: int
    files: list[FileBody]
    last_error: FaultBody | None


class GpuBody(BaseModel):
    """A GPU: memory in bytes, ``busy`` in percent; null for what its driver does not say."""

    name: str
    memory_used: int | None
    memory_total: int | None
    busy: int | None
    celsius: int | None


class StageBody(BaseModel):
    """Seconds that a stage takes for 10 s of video at 25 frames per second and 768 pixels."""

    recipe: str
    stage: str
    seconds: float
    measured: bool


class HitsBody(BaseModel):
    """The cache since this studio started; ``hit_rate`` is null before the first question."""

    bytes: int
    limit: int
    hits: int
    misses: int
    hit_rate: float | None


class HealthBody(BaseModel):
    """``status`` is ok, or degraded where a required part is missing; ``gpu`` is its name or null."""

    status: Literal["ok", "degraded"]
    device: Literal["cpu", "gpu"]
    gpu: str | None
    gpus: list[GpuBody]
    gpu_note: str | None
    queue: dict[str, int]
    recipes: list[str]
    engines: list[EngineBody]
    timings: list[StageBody]
    cache: HitsBody
    errors: list[FaultBody]
    recovery: list[str]
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
        recipes=list(all_recipes()),
        parts=parts,
        **_fields_of(studio.engines.report()),
    )


def _fields_of(report: StudioReport) -> dict[str, Any]:
    """What the report of the engines says."""
    return {
        "gpus": [GpuBody(**vars(gpu)) for gpu in report.gpu.gpus],
        "gpu_note": report.gpu.note or None,
        "queue": dict(report.queue),
        "engines": [engine_body(engine) for engine in report.engines],
        "timings": [_stage(stage) for stage in report.timings],
        "cache": _hits(report.cache),
        "errors": [_fault(fault) for fault in report.faults],
        "recovery": list(report.recovery),
    }


def engine_body(engine: EngineReport) -> EngineBody:
    """An engine as clients see it."""
    return EngineBody(
        name=engine.name,
        title=engine.title,
        version=engine.version,
        stages=list(engine.stages),
        recipes=list(engine.recipes),
        needs=engine.needs,
        licence=engine.licence,
        state=engine.state,
        reason=engine.reason,
        device=engine.device or None,
        memory=engine.memory,
        files=[_file(file) for file in engine.files],
        last_error=_fault(engine.fault) if engine.fault else None,
    )


def _file(file: FileReport) -> FileBody:
    transfer = file.transfer
    return FileBody(
        name=file.name,
        state=file.state,
        bytes=file.bytes,
        licence=file.licence,
        licence_asked=file.asks,
        accepted=file.accepted or None,
        enables=file.enables,
        source=file.source,
        download=TransferBody(
            state=transfer.state,
            bytes=transfer.done,
            total=transfer.total,
            seconds_left=transfer.seconds_left,
            error=transfer.error or None,
        )
        if transfer
        else None,
    )


def _stage(stage: StageReport) -> StageBody:
    return StageBody(**{**vars(stage), "seconds": round(stage.seconds, 3)})


def _hits(cache: CacheReport) -> HitsBody:
    return HitsBody(**vars(cache), hit_rate=_rate(cache.hits, cache.misses))


def _fault(fault: FaultReport) -> FaultBody:
    return FaultBody(when=fault.when, what=fault.what, error=fault.sentence)


def _rate(hits: int, misses: int) -> float | None:
    return round(hits / (hits + misses), 4) if hits + misses else None
