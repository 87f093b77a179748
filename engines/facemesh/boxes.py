"""Where the face is in every frame of a motion, all at once and without drawing any.

The same as ``engines.facemesh.head`` does for one frame, for arrays of poses.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import FACE_OVAL, FaceFrame, Floats
from engines.facemesh.deform import Deformer
from engines.facemesh.head import (
    BACK_GAIN,
    CAMERA_DISTANCE,
    LEAST_AWAY,
    MOST_AWAY,
    PITCH,
    ROLL,
    YAW,
    YAW_GAIN,
    pivot_point,
    rotation,
)
from engines.types import Float32

Column = NDArray[np.float64]


def face_boxes(deformer: Deformer, poses: Float32) -> Float32:
    """(T, 4) px: left, top, right, bottom of the resting face under each row of ``poses`` (T, 6)."""
    outline = deformer.solid[list(FACE_OVAL)]
    matrices, offsets = _moves(np.asarray(poses, np.float64), deformer.frame)
    placed = np.einsum("tij,pj->tpi", matrices[:, :2], outline) + offsets[:, None, :2]
    return np.concatenate([placed.min(1), placed.max(1)], 1).astype(np.float32)


def _moves(poses: Floats, frame: FaceFrame) -> tuple[Floats, Floats]:
    """(T, 3, 3) and (T, 3): ``point @ matrix.T + offset``, as of ``head_motion``."""
    yaw, pitch, roll, x, y, z = poses.T
    upright = rotation(0.0, 0.0, frame.lean)
    turns = _rotations(_yaw(yaw, frame.yaw), _soften(pitch, *PITCH), _soften(roll, *ROLL))
    scale = CAMERA_DISTANCE / (CAMERA_DISTANCE - np.clip(z, -2.0, 2.0))
    matrices = scale[:, None, None] * (upright @ turns @ upright.T)
    pivot = pivot_point(frame, upright)
    shift = frame.iod * np.column_stack([x, -y, np.zeros_like(x)])
    return matrices, pivot - matrices @ pivot + shift


def _yaw(yaw: Column, source_yaw: float) -> Column:
    """Degrees that the points are turned by: ``soften_yaw`` times ``yaw_gain``."""
    away = yaw * source_yaw > 0
    share = np.where(away, min(max(MOST_AWAY - abs(source_yaw), LEAST_AWAY) / YAW[1], 1.0), 1.0)
    back = np.where(yaw * source_yaw < 0, 1 + abs(source_yaw) / BACK_GAIN, 1.0)
    return np.asarray(YAW_GAIN * back * _soften(yaw, share * YAW[0], share * YAW[1]))


def _soften(value: Column, kept: Column | float, limit: Column | float) -> Column:
    over = np.maximum(np.abs(value) - kept, 0.0)
    room = limit - kept
    return np.asarray(np.sign(value) * (np.minimum(np.abs(value), kept) + room * np.tanh(over / room)))


def _rotations(yaw: Column, pitch: Column, roll: Column) -> Floats:
    """(T, 3, 3): ``rotation`` of every row."""
    one, nought = np.ones_like(yaw), np.zeros_like(yaw)

    def stacked(*rows: tuple[Column, Column, Column]) -> Floats:
        return np.moveaxis(np.array(rows), 2, 0)

    y, p, r = np.radians((yaw, pitch, roll))
    turn = stacked((np.cos(y), nought, -np.sin(y)), (nought, one, nought), (np.sin(y), nought, np.cos(y)))
    nod = stacked((one, nought, nought), (nought, np.cos(p), np.sin(p)), (nought, -np.sin(p), np.cos(p)))
    tilt = stacked((np.cos(r), -np.sin(r), nought), (np.sin(r), np.cos(r), nought), (nought, nought, one))
    return np.asarray(tilt @ turn @ nod)
