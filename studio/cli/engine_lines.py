"""An engine in a few lines of plain text, for the doctor and 'engines list'."""

from __future__ import annotations

from collections.abc import Iterator

from studio.engine_report import EngineReport, FileReport
from studio.engine_words import gpu_words, megabytes
from studio.gpu import GpuReport


def engine_lines(engine: EngineReport) -> Iterator[str]:
    """What it is, needs and has."""
    ready = "ready" if engine.usable else "not ready"
    yield f"{engine.name:<14} {engine.title} {engine.version}, {ready}; licence {engine.licence}"
    yield f"{'':<14} needs: {engine.needs}; holds {megabytes(engine.memory)} while it is loaded"
    for file in engine.files:
        yield f"{'':<14} {_STATES[file.state]:<8} {file.name} ({megabytes(file.bytes)}), {_licence(file)}"
    if engine.missing:
        yield f"{'':<14} get it: launch.py engines download {engine.name}"


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
