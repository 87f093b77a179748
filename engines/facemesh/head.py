"""Head motion: a rotation in depth about the neck, made safe for a flat photo.

A photo knows nothing of what lies behind the edge of a cheek, and the depth of the mesh rises steeply there.
Depth behind the eyes is therefore compressed, and wherever a triangle of this face would still fold over at a
large pose (a nostril, the far cheek of a turned face) the depth is evened out until it does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import POINTS, FaceFrame, Floats
from engines.facemesh.mesh import face_triangles

MAX_YAW, MAX_PITCH, MAX_ROLL = 14.0, 10.0, 14.0
"""Degrees that a pose approaches but never passes, however far the motion asks to turn."""
_SOFT_START = 0.7
CAMERA_DISTANCE = 9.0
"""Viewer to face in iod (about 0.8 m), for growing and shrinking with z."""
PIVOT = (0.0, 1.15, 0.6)
"""The joint the head turns about, from the middle of the eyes: x right, y down, z away, in iod."""
DEPTH_LIMIT = 0.22
"""Depth behind the eyes (iod) that is never reached."""
_TEST_POSES = ((12.0, 0.0, 0.0), (-12.0, 0.0, 0.0), (0.0, 8.0, 0.0), (0.0, -8.0, 0.0))
_SMALLEST = 0.3
_RELAXATIONS = 80


def soften(value: float, limit: float) -> float:
    """``value`` while small; bends towards +-``limit`` and never reaches it."""
    start = _SOFT_START * limit
    over = abs(value) - start
    if over <= 0:
        return value
    room = limit - start
    return float(np.sign(value) * (start + room * np.tanh(over / room)))


def rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """(3, 3) for points with x right, y down, z away. Degrees; signs as in ``engines.types.Motion``."""
    y, p, r = np.radians((yaw, pitch, roll))
    turn = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(tilt @ turn @ nod)


def compress_depth(depth: Floats, limit: float) -> Floats:
    """Depth in iod from the eyes: kept in front of them, flattened towards ``limit`` behind them."""
    return np.where(depth > 0, limit * np.tanh(np.maximum(depth, 0) / limit), depth)


@dataclass(frozen=True)
class HeadMotion:
    """One frame's rigid motion in px: ``point @ matrix.T + offset``."""

    matrix: Floats
    offset: Floats

    @property
    def still(self) -> bool:
        """Whether nothing moves."""
        return bool(np.all(self.matrix == np.eye(3)) and np.all(self.offset == 0))

    def apply(self, points: Floats) -> Floats:
        """(N, 3) px -> (N, 3) px."""
        return points @ self.matrix.T + self.offset

    def affine(self, depth: float) -> Floats:
        """(2, 3): where the points of the photo at one ``depth`` (px) go in the picture."""
        shift = self.matrix[:2, 2] * depth + self.offset[:2]
        return np.concatenate([self.matrix[:2, :2], shift[:, None]], 1)


def head_motion(pose: Floats, frame: FaceFrame) -> HeadMotion:
    """The motion for one row of ``Motion.head``: degrees and iod, relative to the photo."""
    yaw, pitch, roll, x, y, z = (float(value) for value in pose)
    if not any((yaw, pitch, roll, x, y, z)):
        return HeadMotion(np.eye(3), np.zeros(3))
    turn = rotation(soften(yaw, MAX_YAW), soften(pitch, MAX_PITCH), soften(roll, MAX_ROLL))
    lean = np.arctan2(frame.axes[0, 1], frame.axes[0, 0])
    upright = rotation(0.0, 0.0, float(np.degrees(lean)))
    scale = CAMERA_DISTANCE / (CAMERA_DISTANCE - np.clip(z, -2.0, 2.0))
    matrix = scale * upright @ turn @ upright.T
    pivot = pivot_point(frame, upright)
    shift = frame.iod * np.array([x, -y, 0.0])
    return HeadMotion(matrix, pivot - matrix @ pivot + shift)


def pivot_point(frame: FaceFrame, upright: Floats) -> Floats:
    """(3,) px: the joint of head and neck; depth counts from the eyes."""
    eyes = np.array([frame.origin[0], frame.origin[1], 0.0])
    return np.asarray(eyes + upright @ np.array(PIVOT) * frame.iod)


def safe_depth(points: Floats, frame: FaceFrame) -> Floats:
    """(N,) px: depth from the eyes of (N, 3) px, made safe to turn; face points come first."""
    raw = (np.asarray(points, np.float64)[:, 2] - frame.origin[2]) / frame.iod
    depth = compress_depth(raw, DEPTH_LIMIT) * frame.iod
    triangles = face_triangles()
    for _ in range(_RELAXATIONS):
        folding = triangles[_folding(np.column_stack([points[:POINTS, :2], depth[:POINTS]]), frame)]
        if not len(folding):
            break
        _flatten(depth, folding)
    return depth


def _flatten(depth: Floats, triangles: NDArray[np.int32]) -> None:
    """Move the corners of ``triangles`` half way to the mean depth of their triangle, in place."""
    mean = depth[triangles].mean(1, keepdims=True)
    total, count = np.zeros_like(depth), np.zeros_like(depth)
    np.add.at(total, triangles, np.broadcast_to(mean, triangles.shape))
    np.add.at(count, triangles, 1.0)
    hit = count > 0
    depth[hit] = (depth[hit] + total[hit] / count[hit]) / 2


def _folding(points: Floats, frame: FaceFrame) -> NDArray[np.bool_]:
    """(852,) which triangles shrink too far or turn over at one of the test poses."""
    before = _areas(points)
    solid = np.abs(before) > 1e-4 * frame.iod**2
    found = np.zeros(len(before), bool)
    for pose in _TEST_POSES:
        after = _areas(head_motion(np.array([*pose, 0.0, 0.0, 0.0]), frame).apply(points))
        found |= solid & (after / np.where(solid, before, 1.0) < _SMALLEST)
    return found


def _areas(points: Floats) -> Floats:
    """Signed areas of the face triangles."""
    a, b, c = (points[face_triangles()[:, i], :2] for i in range(3))
    ab, ac = b - a, c - a
    areas: Floats = (ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]) / 2
    return areas
