"""CSV as the Live Link Face app of Unreal Engine records it.

Columns: ``Timecode`` (HH:MM:SS:FF and thousandths of a frame), ``BlendShapeCount`` (61), the 52 ARKit shapes in
the app's own order, which has right before left where NVIDIA has left before right, then head and eyes as yaw,
pitch, roll. Angles are in radians in ARKit's right-handed frame of the face (x to the person's left, y up, z
out of the face): yaw > 0 turns to the person's left, pitch > 0 looks down, roll > 0 tilts counter-clockwise as
seen by the viewer.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from engines.exports.performance import Performance
from engines.types import BLENDSHAPE_INDEX, BLENDSHAPES, Float32, Motion

DIGITS = 6
SWAPPED = {"jawLeft": "jawRight", "jawRight": "jawLeft", "mouthLeft": "mouthRight", "mouthRight": "mouthLeft"}
ORDER = tuple(SWAPPED.get(name, name) for name in BLENDSHAPES)
"""The 52 shapes in the app's order."""
ROTATIONS = tuple(
    f"{part}{axis}" for part in ("Head", "LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll")
)
COLUMNS = ("Timecode", "BlendShapeCount", *(name[0].upper() + name[1:] for name in ORDER), *ROTATIONS)
EYE_TURN = math.radians(30.0)
"""How far an eye turns at a weight of 1 to one side or up or down."""


def write_livelink(path: Path, performance: Performance) -> None:
    """Write the motion of ``performance`` at ``path``."""
    motion = performance.motion
    values = np.concatenate(
        [motion.blendshapes[:, [BLENDSHAPE_INDEX[name] for name in ORDER]], _turns(motion)], 1
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        count = len(COLUMNS) - 2
        for index, row in enumerate(np.round(values.astype(np.float64), DIGITS).tolist()):
            writer.writerow([timecode(index, motion.fps), count, *row])


def timecode(index: int, fps: float) -> str:
    """HH:MM:SS:FF.fff of frame ``index``; at a broken rate (29.97) frames are counted in the next whole one."""
    thousandths = round(index / fps * round(fps) * 1000)
    frames, part = divmod(thousandths, 1000)
    seconds, frame = divmod(frames, round(fps))
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}:{frame:02d}.{part:03d}"


def _turns(motion: Motion) -> Float32:
    """(T, 9) radians: head, left eye and right eye, each yaw, pitch, roll."""
    head = np.radians(motion.head[:, :3]) * np.array([1.0, -1.0, -1.0])
    turns = np.concatenate([head, _eye(motion, "Left"), _eye(motion, "Right")], axis=1)
    return turns.astype(np.float32)


def _eye(motion: Motion, side: str) -> Float32:
    """(T, 3) radians. The left eye looks out, and the right eye in, to the person's left."""

    def weight(name: str) -> Float32:
        return motion.blendshapes[:, BLENDSHAPE_INDEX[f"eyeLook{name}{side}"]]

    out = (weight("Out") - weight("In")) * (1.0 if side == "Left" else -1.0)
    turns = np.stack([out, weight("Down") - weight("Up"), np.zeros_like(out)], axis=1)
    return (turns * EYE_TURN).astype(np.float32)
