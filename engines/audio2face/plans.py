"""The TensorRT plans of Audio2Face's networks: which there should be, making them, and taking them into use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from engines.audio2face import GROUPS
from engines.audio2face.files import EMOTION, folder_of
from engines.audio2face.machine import Machine, this_machine
from engines.audio2face.shapes import InputRange, read_shapes, shapes_text
from engines.digests import file_digest
from engines.errors import StudioError
from engines.plans import PlanKey, PlanReport, PlanStore, plans_folder
from engines.progress import Watch

NO_TENSORRT = (
    "TensorRT is not installed, so no plans can be built and Audio2Face runs on onnxruntime: on a machine "
    "with an NVIDIA GPU run pip install -r requirements-nvidia.txt."
)
NO_GPU = "TensorRT finds no NVIDIA GPU here, so Audio2Face runs on onnxruntime; build plans where there is one."
NO_NETWORK = "No network of Audio2Face is here to build plans of; fetch one with 'launch.py engines download'."
NETWORK, SHAPES = "network.onnx", "trt_info.json"


@dataclass(frozen=True)
class PlanJob:
    """A plan that there should be: its name, what it depends on, and what it is made of."""

    name: str
    key: PlanKey
    network: Path
    shapes: dict[str, InputRange]


def missing_parts() -> str:
    """Why no plans can be made or used here, as a sentence, or ""."""
    if find_spec("tensorrt") is None:
        return NO_TENSORRT
    return "" if this_machine() else NO_GPU


def plan_jobs(machine: Machine, half: bool = False) -> Iterator[PlanJob]:
    """One for each network that is here. Raises StudioError for a trt_info.json that cannot be read."""
    for group in GROUPS:
        folder = folder_of(group)
        if (folder / NETWORK).is_file() and (folder / SHAPES).is_file():
            yield _job(group, folder, machine, half and group != EMOTION)


def report_plans(half: bool = False) -> tuple[PlanReport, ...]:
    """How the plan of every network that is here stands. Raises StudioError where none can be used."""
    store = PlanStore(plans_folder())
    return tuple(store.report(job.name, job.key) for job in plan_jobs(_machine(), half))


def build_plans(watch: Watch, half: bool = False) -> tuple[PlanReport, ...]:
    """Make every plan that is missing, stale or damaged, reporting each under its name.

    Raises StudioError where none can be made, Cancelled as ``watch`` says.
    """
    from engines.audio2face.tensorrt_build import build

    store, jobs = PlanStore(plans_folder()), tuple(plan_jobs(_machine(), half))
    if not jobs:
        raise StudioError(NO_NETWORK)
    for job in jobs:
        store.ensure(job.name, job.key, partial(build, job), watch)
    return tuple(store.report(job.name, job.key) for job in jobs)


def rebuild_stale(watch: Watch) -> tuple[str, ...]:
    """Make anew what was made once and does not fit any more; returns their names. Quick where nothing was."""
    store = PlanStore(plans_folder())
    if not store.names() or missing_parts():
        return ()
    from engines.audio2face.tensorrt_build import build

    made = []
    for job in plan_jobs(_machine()):
        if store.report(job.name, job.key).state in ("stale", "damaged"):
            store.ensure(job.name, job.key, partial(build, job), watch)
            made.append(job.name)
    return tuple(made)


def ready_plan(folder: Path) -> Path | None:
    """The plan for the network of a model folder, if there is one that is whole and for this machine."""
    store = PlanStore(plans_folder())
    group = next((group for group in GROUPS if folder_of(group) == folder), "")
    if not group or f"audio2face-{group}" not in store.names() or missing_parts():
        return None
    for half in (False, True):
        job = _job(group, folder, _machine(), half)
        found = store.report(job.name, job.key)
        if found.state == "ready":
            return found.path
    return None


def _job(group: str, folder: Path, machine: Machine, half: bool) -> PlanJob:
    shapes = read_shapes(folder / SHAPES)
    model = file_digest(folder / NETWORK)
    key = PlanKey(machine.gpu, machine.driver, machine.tensorrt, model, shapes_text(shapes), half)
    return PlanJob(f"audio2face-{group}", key, folder / NETWORK, shapes)


def _machine() -> Machine:
    problem = missing_parts()
    machine = None if problem else this_machine()
    if machine is None:
        raise StudioError(problem or NO_GPU)
    return machine
