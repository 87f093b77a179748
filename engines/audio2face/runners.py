"""Takes a network into use: its TensorRT plan where there is one for this machine, else onnxruntime."""

from __future__ import annotations

from pathlib import Path

from engines.audio2face.network import Layouts, Network, Runner
from engines.audio2face.plans import ready_plan


def open_runner(folder: Path, network: Path, layouts: Layouts) -> Runner:
    """What runs ``network`` of the model folder ``folder``. Raises StudioError for one that does not fit."""
    plan = ready_plan(folder)
    if plan is None:
        return Network(network, *layouts)
    from engines.audio2face.tensorrt_run import PlanRunner

    return PlanRunner(plan, *layouts)
