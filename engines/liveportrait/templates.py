"""Motion templates: the motion of a driving clip as a file, without the clip.

LivePortrait's own are pickles, which are read as data only (see engines.liveportrait.pickles); ours are .npz
with the fields of Implicit. Both hold all that a driving clip says, so that it need not be watched again.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import StudioError
from engines.files import whole_file
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.keypoints import degrees, rotation
from engines.liveportrait.packing import MEASURED, MOST_FRAMES, REQUIRED, MotionError, from_arrays, to_arrays
from engines.liveportrait.pickles import PickleError, array_of, read_pickle

Floats = NDArray[Any]
MAX_BYTES = 64 << 20
ENDINGS = (".pkl", ".npz")
USUAL_FPS = 25
TURNS = ("R", "R_d")
"""Names of the rotation in a frame of a template, newer first; so with the next two, which are lists."""
EYES = ("c_eyes_lst", "c_d_eyes_lst")
LIPS = ("c_lip_lst", "c_d_lip_lst")
UPRIGHT = 0.05
"""How far a rotation may be from one: templates are often written at half precision."""
HOW = "make it again with LivePortrait or with 'launch.py motion drive'"


def read_template(path: Path) -> Implicit:
    """The motion in a template, of either kind, told by content. Raises StudioError for all that is none."""
    name = path.name[:60]
    if path.stat().st_size > MAX_BYTES:
        raise StudioError(f"'{name}' is larger than {MAX_BYTES >> 20} MB; a motion template is smaller.")
    data = path.read_bytes()
    try:
        return _from_npz(path) if data[:2] == b"PK" else _from_pickle(data)
    except PickleError:
        raise StudioError(f"'{name}' holds more than motion, or is broken, and was not read; {HOW}.") from None
    except MotionError as reason:
        raise StudioError(f"'{name}' is no motion template: {reason}; {HOW}.") from None


def write_template(path: Path, motion: Implicit) -> None:
    """Write ``motion`` as the ending of ``path`` says: .pkl for LivePortrait, .npz. Raises StudioError."""
    check_template_path(path)
    with whole_file(path) as part:
        if path.suffix.lower() == ".npz":
            np.savez_compressed(part, **to_arrays(motion))  # type: ignore[arg-type]
        else:
            part.write_bytes(_as_pickle(motion))


def check_template_path(path: Path) -> None:
    """Raise StudioError unless a template can be called ``path``."""
    if path.suffix.lower() not in ENDINGS:
        raise StudioError(f"A motion template ends in .pkl (LivePortrait's) or .npz; '{path.name}' does not.")


def is_template(path: Path) -> bool:
    """Whether the file at ``path`` begins like a template, of either kind. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(4)
    return head[:1] == b"\x80" or head == b"PK\x03\x04"


def _from_npz(path: Path) -> Implicit:
    known = {f"{name}.npy" for name in (*REQUIRED, *MEASURED)}
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if not {entry.filename for entry in entries} <= known or len(entries) > len(known):
                raise MotionError("it holds other things")
            if sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise MotionError("it is too large when unpacked")
        with np.load(path, allow_pickle=False) as file:
            return from_arrays({name: file[name] for name in file.files})
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, KeyError, NotImplementedError, MemoryError):
        raise MotionError("it is damaged") from None


def _from_pickle(data: bytes) -> Implicit:
    found = read_pickle(data)
    if not isinstance(found, dict) or not isinstance(found.get("motion"), list | tuple):
        raise MotionError("it has no motion")
    frames = found["motion"]
    if not 0 < len(frames) <= MOST_FRAMES or not all(isinstance(frame, dict) for frame in frames):
        raise MotionError("it has no frames, or too many")
    arrays = {
        "fps": array_of(found.get("output_fps", USUAL_FPS)),
        "expression": _stacked(frames, ("exp",), (21, 3)),
        "scale": _stacked(frames, ("scale",), ()),
        "rotation": _turns(frames),
        "translation": _stacked(frames, ("t",), (3,)),
    }
    return from_arrays({**arrays, **_measured(found, len(frames))})


def _turns(frames: Any) -> Floats:
    """(T, 3) degrees, of matrices, or of the angles that some audio-driven templates have in their place."""
    if not any(name in frames[0] for name in TURNS):
        return np.concatenate([_stacked(frames, (name,), (1,)) for name in ("pitch", "yaw", "roll")], 1)
    matrices = _stacked(frames, TURNS, (3, 3)).astype(np.float64)
    if not (np.abs(matrices) < 2).all():
        raise MotionError("its R is no rotation")
    off = np.abs(matrices @ np.swapaxes(matrices, 1, 2) - np.eye(3)).max()
    if off > UPRIGHT or np.linalg.det(matrices).min() < 0:
        raise MotionError("its R is no rotation")
    return degrees(matrices)


def _measured(found: Mapping[str, Any], count: int) -> dict[str, Floats]:
    """Eyes and lips where they were measured for every frame; some templates have none."""
    measured: dict[str, Floats] = {}
    for part, names, shape in (("eyes", EYES, (2,)), ("lips", LIPS, ())):
        values = next((found[name] for name in names if name in found), ())
        if isinstance(values, list | tuple) and len(values) == count:
            measured[part] = np.stack([_shaped(value, part, shape) for value in values])
    return measured


def _stacked(frames: Any, names: tuple[str, ...], shape: tuple[int, ...]) -> Floats:
    return np.stack([_shaped(_first(frame, names), names[0], shape) for frame in frames])


def _first(frame: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        if name in frame:
            return frame[name]
    raise MotionError(f"a frame has no {names[0]}")


def _shaped(value: Any, name: str, shape: tuple[int, ...]) -> Floats:
    found = array_of(value)
    if found.size != int(np.prod(shape)) or found.dtype.kind not in "fiu":
        raise MotionError(f"its {name} is of another shape")
    reshaped: Floats = found.reshape(shape)
    return reshaped


def _as_pickle(motion: Implicit) -> bytes:
    """A whole number of frames per second is all that LivePortrait knows; others are rounded."""
    turns = rotation(*motion.rotation.T).astype(np.float32)
    frames = [
        {
            "scale": motion.scale[number].reshape(1, 1).astype(np.float32),
            "R": turns[number][None],
            "exp": motion.expression[number][None].astype(np.float32),
            "t": motion.translation[number][None].astype(np.float32),
        }
        for number in range(len(motion))
    ]
    document = {
        "n_frames": len(motion),
        "output_fps": round(motion.fps),
        "motion": frames,
        EYES[0]: [] if motion.eyes is None else [row[None].astype(np.float32) for row in motion.eyes],
        LIPS[0]: [] if motion.lips is None else [row.reshape(1, 1).astype(np.float32) for row in motion.lips],
    }
    # By its old name the function is found by NumPy 1 as well as 2. It is named once, before any array's bytes.
    names = (b"cnumpy._core.multiarray\n_reconstruct\n", b"cnumpy.core.multiarray\n_reconstruct\n")
    return pickle.dumps(document, protocol=3).replace(*names, 1)
