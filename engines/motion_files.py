"""Motion in the files that other tools read: Audio2Face's ``animation_frames.csv`` and its blendshape JSON.

CSV: an unnamed index, ``timeCode`` in seconds and ``blendShapes.<PascalName>`` for the 52 ARKit shapes (and the
16 of the tongue where known). It has no place for the head.

JSON: ``exportFps``, ``facsNames``, ``weightMat`` and so on as Audio2Face exports them, the head as one joint
named "head": ``rotations`` yaw, pitch, roll in degrees, ``translations`` x, y, z in iod, as in ``Motion``.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import StudioError
from engines.types import BLENDSHAPES, TONGUE_SHAPES, Float32, Motion

PREFIX = "blendShapes."
HEAD = "head"
DIGITS = 6
SINGLE_FRAME_FPS = 30.0
"""Frames per second of a CSV with one frame, which cannot tell: NVIDIA's own rate."""


def write_csv(path: Path, motion: Motion) -> None:
    """Write ``motion`` with the columns of animation_frames.csv."""
    path.write_text(_to_csv(motion), encoding="utf-8", newline="")


def write_json(path: Path, motion: Motion) -> None:
    """Write ``motion`` in Audio2Face's JSON form."""
    path.write_text(json.dumps(motion_document(motion), separators=(",", ":")), encoding="utf-8", newline="")


def read_motion(path: Path) -> Motion:
    """Read a .csv or .json of this module or of Audio2Face; weights are clipped to [0, 1].

    Raises StudioError where the file is missing, of another kind or broken.
    """
    parse: Callable[[str], Motion] = _choose(path, {".csv": _from_csv, ".json": _from_json})
    try:
        return parse(path.read_text(encoding="utf-8-sig"))
    except OSError:
        raise StudioError(f"There is no motion file that can be read at {path}; check the name.") from None
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, csv.Error):
        raise StudioError(f"{path.name} is not a motion file; export it as CSV or JSON again.") from None


def _choose(path: Path, kinds: dict[str, Callable[..., Any]]) -> Callable[..., Any]:
    suffix = path.suffix.lower()
    if suffix not in kinds:
        raise StudioError(f"Motion is saved as .csv or .json; give {path.name} one of these endings.")
    return kinds[suffix]


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]


def _camel(name: str) -> str:
    return name[0].lower() + name[1:] if name else name


def _named_weights(motion: Motion) -> tuple[list[str], Float32]:
    """Names and (T, 52 or 68) weights."""
    if motion.tongue is None:
        return list(BLENDSHAPES), motion.blendshapes
    return [*BLENDSHAPES, *TONGUE_SHAPES], np.concatenate([motion.blendshapes, motion.tongue], axis=1)


def _rounded(values: Float32) -> list[Any]:
    return list(np.round(values.astype(np.float64), DIGITS).tolist())


def _to_csv(motion: Motion) -> str:
    names, weights = _named_weights(motion)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["", "timeCode", *(PREFIX + _pascal(name) for name in names)])
    for index, row in enumerate(_rounded(weights)):
        writer.writerow([index, round(index / motion.fps, DIGITS), *row])
    return out.getvalue()


def motion_document(motion: Motion) -> dict[str, Any]:
    """``motion`` as Audio2Face exports it, plain JSON values."""
    names, weights = _named_weights(motion)
    return {
        "exportFps": motion.fps,
        "trackPath": "",
        "numPoses": len(names),
        "numFrames": len(motion),
        "facsNames": names,
        "weightMat": _rounded(weights),
        "joints": [HEAD],
        "rotations": [[row] for row in _rounded(motion.head[:, :3])],
        "translations": [[row] for row in _rounded(motion.head[:, 3:])],
    }


def _matrix(values: Any, columns: int) -> Float32:
    """(T, columns) with at least one row of finite numbers; raises ValueError."""
    matrix = np.asarray(values, np.float32)
    if matrix.ndim != 2 or matrix.shape[1] != columns or not len(matrix) or not np.isfinite(matrix).all():
        raise ValueError("not a table of numbers")
    return matrix


def _pick(names: Sequence[str], weights: Float32, wanted: Sequence[str]) -> Float32 | None:
    """The columns of ``wanted`` in its order, absent ones 0; None where none is there."""
    where = {_camel(name): column for column, name in enumerate(names)}
    if not any(name in where for name in wanted):
        return None
    picked = np.zeros((len(weights), len(wanted)), np.float32)
    for column, name in enumerate(wanted):
        if name in where:
            picked[:, column] = weights[:, where[name]]
    return np.clip(picked, 0.0, 1.0)


def _motion(fps: float, names: Sequence[str], weights: Float32, head: Float32 | None) -> Motion:
    shapes = _pick(names, weights, BLENDSHAPES)
    if shapes is None or not np.isfinite(fps) or fps <= 0:
        raise ValueError("no ARKit shapes")
    still = np.zeros((len(weights), 6), np.float32)
    return Motion(fps, shapes, still if head is None else head, _pick(names, weights, TONGUE_SHAPES))


def _csv_fps(times: NDArray[np.float64]) -> float:
    """From the first to the last time code, which is exact where single steps are rounded."""
    if len(times) < 2:
        return SINGLE_FRAME_FPS
    return round((len(times) - 1) / float(times[-1] - times[0]), 3)


def _from_csv(text: str) -> Motion:
    header, *rows = list(csv.reader(io.StringIO(text)))
    rows = [row for row in rows if row]
    columns = [index for index, name in enumerate(header) if name.startswith(PREFIX)]
    weights = _matrix([[float(row[index]) for index in columns] for row in rows], len(columns))
    times = np.array([float(row[header.index("timeCode")]) for row in rows], np.float64)
    return _motion(_csv_fps(times), [header[index].removeprefix(PREFIX) for index in columns], weights, None)


def _json_head(content: dict[str, Any], count: int) -> Float32 | None:
    """(T, 6) of the joint "head", None where there is none: Audio2Face's own joints are jaw and eyes."""
    if HEAD not in content.get("joints", []):
        return None
    joint = content["joints"].index(HEAD)
    turns = _matrix([frame[joint] for frame in content["rotations"]], 3)
    shifts = _matrix([frame[joint] for frame in content["translations"]], 3)
    head = np.concatenate([turns, shifts], axis=1)
    if len(head) != count:
        raise ValueError("head and weights differ in length")
    return head


def _from_json(text: str) -> Motion:
    content = json.loads(text)
    weights = _matrix(content["weightMat"], len(content["facsNames"]))
    head = _json_head(content, len(weights))
    return _motion(float(content["exportFps"]), content["facsNames"], weights, head)
