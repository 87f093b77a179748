"""A voice's ONNX model: ids in, sound out, with the time of each id where the model can tell it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import StudioError
from engines.piper.config import VoiceConfig
from engines.types import Float32

LIBRARIES = ("onnxruntime", "onnx")
ERRORS_ONLY = 3


@dataclass(frozen=True)
class Wish:
    """How to say it: factors of the voice's own scales, and the number of the speaker."""

    speed: float
    liveliness: float
    speaker: int


@dataclass(frozen=True)
class Said:
    """(N,) float32 samples, and how many of them each id takes, or None where that is not known."""

    samples: Float32
    counts: NDArray[np.int64] | None


class PiperModel:
    """One model in memory. Safe to call from several threads."""

    def __init__(self, path: Path, config: VoiceConfig) -> None:
        """Raises StudioError if the libraries are not there or the file is none that they can read."""
        missing = missing_libraries()
        if missing:
            raise StudioError(missing)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        self._config = config
        try:
            model = with_durations(path)
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception:
            raise StudioError(f"'{path.name}' is damaged or no Piper voice; fetch the voice again.") from None

    def say(self, ids: list[int], wish: Wish) -> Said:
        """The sound of ``ids``. Raises StudioError if the voice has no such speaker or fails."""
        config, scales = self._config, self._config.inference
        if wish.speaker >= max(config.num_speakers, 1):
            raise StudioError(
                f"This voice has {max(config.num_speakers, 1)} speakers, counted from 0; choose another one."
            )
        feeds: dict[str, NDArray[Any]] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(
                [
                    scales.noise_scale * wish.liveliness,
                    scales.length_scale / wish.speed,
                    scales.noise_w * wish.liveliness,
                ],
                np.float32,
            ),
        }
        if config.num_speakers > 1:
            feeds["sid"] = np.array([wish.speaker], np.int64)
        try:
            results = self._session.run(None, feeds)
        except Exception:
            raise StudioError("The Piper voice failed; try other words or another voice.") from None
        samples = np.nan_to_num(np.asarray(results[0], np.float32).reshape(-1))
        return Said(samples, _counts(results[1:], len(ids), len(samples)))


def missing_libraries() -> str:
    """What is missing to run voices, as a sentence, or ""."""
    absent = [name for name in LIBRARIES if find_spec(name) is None]
    if not absent:
        return ""
    return f"Piper needs {' and '.join(absent)}; start with './run.sh --full', which installs it."


def with_durations(path: Path) -> bytes:
    """The model at ``path`` with the frames of each id as a second output, if it has one alone.

    In VITS they are what its one Ceil gives (w_ceil): Kim et al. 2021, section 2.2.
    """
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    ceiled = {name for node in model.graph.node if node.op_type == "Ceil" for name in node.output}
    if len(model.graph.output) == 1 and len(ceiled) == 1:
        model.graph.output.append(onnx.ValueInfoProto(name=ceiled.pop()))
    serialised: bytes = model.SerializeToString()
    return serialised


def _counts(durations: list[Any], ids: int, total: int) -> NDArray[np.int64] | None:
    """Samples of each id from its frames; together they are ``total``."""
    frames = np.asarray(durations[0], np.float64).reshape(-1) if durations else np.zeros(0)
    if len(frames) != ids or not np.isfinite(frames).all() or frames.min() < 0.0 or frames.sum() <= 0.0:
        return None
    edges = np.round(np.cumsum(frames) * (total / frames.sum())).astype(np.int64)
    return np.asarray(np.diff(edges, prepend=0), np.int64)
