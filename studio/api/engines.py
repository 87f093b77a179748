"""Engines over HTTP: look at them, accept licences, download, stop, unload."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Path as PathParameter

from engines.registry import get_engine
from studio.api.context import TheStudio
from studio.api.errors import Refused, known
from studio.api.health import EngineBody, engine_body
from studio.consent import BY_API
from studio.engine_desk import HANDS_OFF
from studio.library import LOCAL_OWNER

router = APIRouter(prefix="/api/engines", tags=["Engines"])


async def _may_change(request: Request) -> None:
    """Engines are changed by this machine's own people, or by those who know its password."""
    if request.app.state.owner != LOCAL_OWNER:
        wrong, _, todo = HANDS_OFF.partition("; ")
        raise Refused(403, f"{wrong}.", todo[0].upper() + todo[1:])


async def _known_name(name: Annotated[str, PathParameter(pattern=r"^[a-z0-9_-]{1,60}$")]) -> str:
    return known(get_engine, name).name


Name = Annotated[str, Depends(_known_name)]
OWN = [Depends(_may_change)]


@router.get("")
def engines(studio: TheStudio) -> list[EngineBody]:
    """Every engine with its model files and their downloads."""
    return [engine_body(engine) for engine in studio.engines.engines()]


@router.get("/{name}")
def engine(name: Name, studio: TheStudio) -> EngineBody:
    """One engine."""
    return engine_body(studio.engines.engine(name))


@router.post("/{name}/accept", dependencies=OWN)
def accept(name: Name, studio: TheStudio) -> EngineBody:
    """Accept the licences of an engine's model files; the date is kept."""
    studio.engines.accept(name, BY_API)
    return engine_body(studio.engines.engine(name))


@router.post("/{name}/download", status_code=202, dependencies=OWN)
def download(name: Name, studio: TheStudio) -> EngineBody:
    """Fetch what an engine lacks, in the background; its licences are to be accepted before."""
    studio.engines.download(name)
    return engine_body(studio.engines.engine(name))


@router.post("/{name}/cancel", dependencies=OWN)
def cancel(name: Name, studio: TheStudio) -> EngineBody:
    """Stop an engine's downloads; the next try goes on from what has come, where the source can do that."""
    studio.engines.cancel(name)
    return engine_body(studio.engines.engine(name))


@router.post("/{name}/unload", dependencies=OWN)
def unload(name: Name, studio: TheStudio) -> EngineBody:
    """Give an engine's memory back; 409 while a clip is rendered."""
    if studio.jobs.running_here():
        raise Refused(409, "A clip is being rendered.", "Unload engines when it is done, or cancel it first.")
    studio.engines.unload(name)
    return engine_body(studio.engines.engine(name))
