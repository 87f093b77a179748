"""Makes TensorRT plans. All that needs TensorRT to make them is here; it was written by its documentation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.errors import Cancelled, StudioError
from engines.progress import Watch

if TYPE_CHECKING:
    from engines.audio2face.plans import PlanJob

WORKSPACE = 4 << 30
"""Bytes that building may use on the GPU at once."""


def build(job: PlanJob, target: Path, watch: Watch) -> None:
    """Compile the network of ``job`` and write the plan to ``target``. Raises StudioError and Cancelled."""
    import tensorrt as trt

    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(str(job.network)):
        reason = parser.get_error(0).desc() if parser.num_errors else "no reason is given"
        raise StudioError(f"TensorRT cannot read {job.network.name} ({reason}); fetch the model again.")
    plan = builder.build_serialized_network(network, _config(trt, builder, job, watch))
    watch.check()
    if plan is None:
        raise StudioError(f"TensorRT could not build {job.name}; free memory of the GPU and try again.")
    target.write_bytes(bytes(plan))


def _config(trt: Any, builder: Any, job: PlanJob, watch: Watch) -> Any:
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE)
    if job.key.half:
        if not hasattr(trt.BuilderFlag, "FP16"):
            raise StudioError("This TensorRT builds no half precision by itself; leave --half out.")
        config.set_flag(trt.BuilderFlag.FP16)
    profile = builder.create_optimization_profile()
    for name, sides in job.shapes.items():
        profile.set_shape(name, sides.least, sides.usual, sides.most)
    config.add_optimization_profile(profile)
    config.progress_monitor = _monitor(trt, job.name, watch)
    return config


def _monitor(trt: Any, name: str, watch: Watch) -> Any:
    """Tells how far the outermost phase is, and stops the build when the watch says so."""

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self._phases: dict[str, int] = {}

        def phase_start(self, phase: str, parent: str | None, steps: int) -> None:
            if parent is None:
                self._phases[phase] = max(steps, 1)

        def step_complete(self, phase: str, step: int) -> bool:
            try:
                if phase in self._phases:
                    watch.report(name, min((step + 1) / self._phases[phase], 1.0))
                return not watch.cancelled
            except Cancelled:
                return False

        def phase_finish(self, phase: str) -> None:
            self._phases.pop(phase, None)

    return Monitor()
