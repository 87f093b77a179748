"""An engine in a few lines of plain text, for the doctor and 'engines list'."""

from __future__ import annotations

from collections.abc import Iterator

from studio.engine_report import EngineReport, FileReport, groups_of
from studio.engine_words import gpu_words, megabytes
from studio.gpu import GpuReport


def engine_lines(engine: EngineReport) -> Iterator[str]:
    """What it is, needs and has."""
    ready = "ready" if engine.usable else "not ready"
    yield f"{engine.name:<14} {engine.title} {engine.version}, {ready}; licence {engine.licence}"
    yield f"{'':<14} needs: {engine.needs}; holds {megabytes(engine.memory)} while it is loaded"
    for group in groups_of(engine.files):
        several = f"{len(group.files)} files, " if len(group.files) > 1 else ""
        said = f"{group.name} ({several}{megabytes(group.bytes)}), {_licence(group.files[0])}"
        yield f"{'':<14} {_STATES[group.state]:<8} {said}"
    for name in _downloads(engine):
        yield f"{'':<14} get it: launch.py engines download {name}"


def _downloads(engine: EngineReport) -> tuple[str, ...]:
    """What can be fetched: the engine's files, or those of each of its models."""
    groups = groups_of(engine.missing)
    if all(len(group.files) == 1 for group in groups):
        return (engine.name,) if groups else ()
    return tuple(group.name for group in groups)


def gpu_lines(gpu: GpuReport) -> Iterator[str]:
    """Each GPU, or why there is none."""
    yield from (gpu_words(each) for each in gpu.gpus)
    if gpu.note:
        yield gpu.note


_STATES = {"ready": "on disk", "missing": "missing", "damaged": "DAMAGED"}


def _licence(file: FileReport) -> str:
    if not file.asks:
        return file.licence
    return f"{file.licence}, {f'accepted {file.accepted[:10]}' if file.accepted else 'not accepted yet'}"
