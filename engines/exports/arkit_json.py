"""ARKit's weights as JSON, frame by frame, for programs that read names rather than columns.

``fps``, ``frameCount``, ``duration`` (s), ``blendShapeNames`` and ``frames``: each with ``time`` (s),
``blendShapes`` (name to weight in [0, 1]) and ``head``: ``yaw``, ``pitch``, ``roll`` in degrees and ``x``,
``y``, ``z`` in distances between the outer eye corners, with the signs of ``Motion``; ``tongue`` by name where
it is known. One frame is one line, so that a long file can be read line by line too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from engines.exports.performance import Performance
from engines.types import BLENDSHAPES, TONGUE_SHAPES, Float32, Motion

DIGITS = 5
HEAD_NAMES = ("yaw", "pitch", "roll", "x", "y", "z")


def write_arkit_json(path: Path, performance: Performance) -> None:
    """Write the motion of ``performance`` at ``path``, a frame at a time."""
    motion = performance.motion
    facts = {"fps": motion.fps, "frameCount": len(motion), "duration": round(len(motion) / motion.fps, DIGITS)}
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_compact({**facts, "blendShapeNames": BLENDSHAPES})[:-1] + ',"frames":[\n')
        for index in range(len(motion)):
            file.write(_compact(_frame(motion, index)) + (",\n" if index + 1 < len(motion) else "\n"))
        file.write("]}\n")


def _frame(motion: Motion, index: int) -> dict[str, Any]:
    frame = {
        "time": round(index / motion.fps, DIGITS),
        "blendShapes": _named(BLENDSHAPES, motion.blendshapes[index]),
        "head": _named(HEAD_NAMES, motion.head[index]),
    }
    if motion.tongue is not None:
        frame["tongue"] = _named(TONGUE_SHAPES, motion.tongue[index])
    return frame


def _named(names: tuple[str, ...], values: Float32) -> dict[str, float]:
    return dict(zip(names, np.round(values.astype(np.float64), DIGITS).tolist(), strict=True))


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
