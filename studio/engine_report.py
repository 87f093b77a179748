"""One picture of engines, model files, queue, cache and GPU: for the Engines tab, /health, the doctor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from engines.downloads import HuggingFace
from engines.manager import EngineManager, EngineState
from engines.registry import Engine, Recipe, all_engines, all_recipes, engine_readiness, get_engine
from engines.weights import Weight, WeightStore, problem_of
from studio.engine_downloads import Transfer
from studio.engine_words import megabytes
from studio.gpu import GpuReport
from studio.licences import Licences

FileState = Literal["ready", "missing", "damaged"]


@dataclass(frozen=True)
class FileReport:
    """A model file. ``accepted``: when its licence was accepted (ISO), "" if it was not; ``asks``: it must be.

    ``problem`` is a sentence if the file is damaged; ``source`` says where it comes from; ``resumes``: a
    download that broke off goes on where it was; ``fetchable``: the studio can fetch it at all.
    """

    name: str
    file: str
    bytes: int
    transfer_bytes: int
    licence: str
    enables: str
    source: str
    state: FileState
    problem: str
    asks: bool
    accepted: str
    resumes: bool
    fetchable: bool
    transfer: Transfer | None


@dataclass(frozen=True)
class FaultReport:
    """Something that went wrong: ``when`` in seconds since 1970, ``what`` it was about, and the sentence."""

    when: float
    what: str
    sentence: str


@dataclass(frozen=True)
class EngineReport:
    """An engine. ``memory``: bytes that it holds while loaded; ``device`` is "" while it is not loaded.

    ``usable``: it has what it needs, which may be one of several model files. ``needs`` says in words what it
    takes; ``problem`` what it lacks, and ``reason`` why it could not be loaded, "" if that went well.
    """

    name: str
    title: str
    version: str
    stages: tuple[str, ...]
    recipes: tuple[str, ...]
    needs: str
    licence: str
    memory: int
    state: EngineState
    reason: str
    device: str
    files: tuple[FileReport, ...]
    usable: bool
    problem: str
    fault: FaultReport | None

    @property
    def missing(self) -> tuple[FileReport, ...]:
        """The model files that are absent or damaged and can be fetched."""
        return tuple(file for file in self.files if file.state != "ready" and file.fetchable)

    @property
    def unaccepted(self) -> tuple[FileReport, ...]:
        """Those among them whose licence nobody has accepted yet."""
        return tuple(file for file in self.missing if file.asks and not file.accepted)

    @property
    def active(self) -> tuple[Transfer, ...]:
        """Downloads that go on."""
        return tuple(file.transfer for file in self.files if file.transfer and file.transfer.active)


@dataclass(frozen=True)
class StageReport:
    """Seconds that ``stage`` of ``recipe`` takes for a usual clip; ``measured`` here, or else a first guess."""

    recipe: str
    stage: str
    seconds: float
    measured: bool


@dataclass(frozen=True)
class CacheReport:
    """The cache since the studio started; ``hit_rate`` in [0, 1] is None before the first question."""

    bytes: int
    limit: int
    hits: int
    misses: int

    @property
    def hit_rate(self) -> float | None:
        """Share of questions that the cache could answer."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else None


@dataclass(frozen=True)
class StudioReport:
    """Everything that the Engines tab shows. ``recovery``: what was brought back, or could not be."""

    engines: tuple[EngineReport, ...]
    gpu: GpuReport
    queue: Mapping[str, int]
    timings: tuple[StageReport, ...]
    cache: CacheReport
    faults: tuple[FaultReport, ...]
    recovery: tuple[str, ...]


@dataclass(frozen=True)
class Sources:
    """Where reports of engines come from. Without ``manager`` (another process has it) nothing is loaded."""

    store: WeightStore
    licences: Licences
    manager: EngineManager | None
    transfers: Mapping[str, Transfer]


def report_engines(sources: Sources) -> tuple[EngineReport, ...]:
    """Every engine, in order of name."""
    return tuple(_engine(engine, sources) for engine in all_engines().values())


def report_engine(name: str, sources: Sources) -> EngineReport:
    """The engine called ``name``, or the one that takes the model file or group of files of that name, with
    these alone.

    Raises StudioError with the names that exist.
    """
    if name in all_engines():
        return _engine(get_engine(name), sources)
    for engine in all_engines().values():
        files = tuple(
            _file(weight, sources) for weight in engine.weights if name in (weight, group_name(weight))
        )
        if files:
            return replace(_engine(engine, sources), files=files)
    return _engine(get_engine(name), sources)


def group_name(weight: str) -> str:
    """What the files of one model are called together: "audio2face.mark" of "audio2face.mark.network"; "" for a
    file that is a model by itself, such as "gfpgan.1.4"."""
    group, _, last = weight.rpartition(".")
    return group if "." in group and not last.isdecimal() else ""


@dataclass(frozen=True)
class FileGroup:
    """The files of one model; ``name`` is the file's own where it is one alone."""

    name: str
    files: tuple[FileReport, ...]

    @property
    def state(self) -> FileState:
        """The worst of its files'."""
        states: tuple[FileState, ...] = ("damaged", "missing", "ready")
        return next(state for state in states if any(file.state == state for file in self.files))

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(file.bytes for file in self.files)


def groups_of(files: tuple[FileReport, ...]) -> tuple[FileGroup, ...]:
    """``files`` by model, in their order."""
    names = dict.fromkeys(group_name(file.name) or file.name for file in files)
    return tuple(
        FileGroup(name, tuple(file for file in files if name in (file.name, group_name(file.name))))
        for name in names
    )


def recipe_engines(recipe: Recipe) -> set[str]:
    """Every engine that a recipe names, in whatever stage."""
    texts = {"name", "title", "summary", "needs"}
    values = [getattr(recipe, entry.name) for entry in fields(recipe) if entry.name not in texts]
    return {name for value in values for name in ([value] if isinstance(value, str) else value or ())}


def _engine(engine: Engine, sources: Sources) -> EngineReport:
    manager = sources.manager
    status = manager.status(engine.name) if manager else None
    recipes = [recipe for recipe in all_recipes().values() if engine.name in recipe_engines(recipe)]
    files = tuple(_file(name, sources) for name in engine.weights)
    problem = engine_readiness(engine, {}).problem
    return EngineReport(
        name=engine.name,
        title=engine.title,
        version=engine.version,
        stages=tuple(engine.stages),
        recipes=tuple(recipe.title for recipe in recipes),
        needs=_needs(engine.recipes, files, problem),
        licence=engine.licence,
        memory=engine.memory,
        state=status.state if status else "unloaded",
        reason=status.reason if status else "",
        device=manager.device(engine.name) if manager else "",
        files=files,
        usable=not problem if engine.readiness else _complete(files),
        problem=problem,
        fault=_fault(engine, manager),
    )


def _complete(files: tuple[FileReport, ...]) -> bool:
    return all(file.state == "ready" for file in files)


def _fault(engine: Engine, manager: EngineManager | None) -> FaultReport | None:
    fault = manager.last_fault(engine.name) if manager else None
    return FaultReport(fault.when, engine.title, fault.reason) if fault else None


def _file(name: str, sources: Sources) -> FileReport:
    weight = sources.store.weight(name)
    state, problem = _state(sources.store, weight)
    record = sources.licences.accepted(name, weight)
    return FileReport(
        name=name,
        file=weight.file,
        bytes=weight.bytes,
        transfer_bytes=weight.transfer_bytes,
        licence=weight.licence,
        enables=weight.enables,
        source=weight.source.where,
        state=state,
        problem=problem,
        asks=weight.asks,
        accepted=record.when if record else "",
        resumes=isinstance(weight.source, HuggingFace),
        fetchable=weight.source.kind != "by-hand",
        transfer=sources.transfers.get(name),
    )


def _state(store: WeightStore, weight: Weight) -> tuple[FileState, str]:
    target = store.target_of(weight)
    problem = problem_of(target, weight)
    if not problem:
        return "ready", ""
    return ("damaged", f"{problem}.") if target.exists() else ("missing", "")


def _needs(recipes: tuple[Recipe, ...], files: tuple[FileReport, ...], problem: str) -> str:
    """In words: what the recipes say that it brings, and its model files."""
    said = list(_said(recipes))
    if files:
        said.append(
            f"{len(files)} model file{'s' * (len(files) > 1)}, {megabytes(sum(f.bytes for f in files))}"
        )
    return "; ".join(said) or ("what is said below" if problem else "nothing")


def _said(recipes: tuple[Recipe, ...]) -> Iterator[str]:
    yield from sorted({recipe.needs for recipe in recipes if recipe.needs != "nothing"})
