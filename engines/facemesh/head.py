"""Head motion: a rotation in depth about the neck, as far as a photo of one side can show it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.facemesh.anatomy import FaceFrame, Floats
from engines.facemesh.relief import Move

YAW = (15.0, 17.0)
PITCH = ROLL = (10.0, 12.0)
"""Degrees up to which a turn is as far as asked, and degrees that it never reaches however much is asked."""
YAW_GAIN = 1.2
"""A photo cannot show the far side of a cheek or an ear, so a turn looks smaller than it is; yaw makes up for
it."""
BACK_GAIN = 70.0
"""Degrees of turn in the photo at which turning back to the viewer takes twice that gain: the far cheek is
flat."""
MOST_AWAY = 44.0
"""Degrees from the viewer that a face, turned already in its photo, is not turned beyond."""
LEAST_AWAY = 5.0
"""Degrees that any face may turn further away."""
CAMERA_DISTANCE = 9.0
"""Viewer to face in iod (about 0.8 m), for growing and shrinking with z."""
PIVOT = (0.0, 1.15, 0.75)
"""The joint the head turns about, from the middle of the eyes: x right, y down, z away, in iod."""
_LARGEST = ((16.0, 0.0), (-16.0, 0.0), (0.0, 11.0), (0.0, -11.0), (14.0, 9.0), (-14.0, -9.0))


def soften(value: float, kept: float, limit: float) -> float:
    """``value`` up to +-``kept``; beyond it bends towards +-``limit`` and never reaches it."""
    over = abs(value) - kept
    if over <= 0:
        return value
    room = limit - kept
    return float(np.sign(value) * (kept + room * np.tanh(over / room)))


def soften_yaw(yaw: float, source_yaw: float) -> float:
    """Degrees to turn a face that ``source_yaw`` degrees of turn are already in: less where it turns away."""
    share = 1.0
    if yaw * source_yaw > 0:
        share = min(max(MOST_AWAY - abs(source_yaw), LEAST_AWAY) / YAW[1], 1.0)
    return soften(yaw, share * YAW[0], share * YAW[1])


def yaw_gain(yaw: float, source_yaw: float) -> float:
    """How much further than asked the points are turned, so that the turn looks as large as asked."""
    back = yaw * source_yaw < 0
    return YAW_GAIN * (1 + abs(source_yaw) / BACK_GAIN if back else 1)


def rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """(3, 3) for points with x right, y down, z away. Degrees; signs as in ``engines.types.Motion``."""
    y, p, r = np.radians((yaw, pitch, roll))
    turn = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(tilt @ turn @ nod)


@dataclass(frozen=True)
class HeadMotion:
    """One frame's rigid motion in px: ``point @ matrix.T + offset``. ``rise``: px upwards that are part of
    it."""

    matrix: Floats
    offset: Floats
    rise: float = 0.0

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
    turned = yaw_gain(yaw, frame.yaw) * soften_yaw(yaw, frame.yaw)
    turn = rotation(turned, soften(pitch, *PITCH), soften(roll, *ROLL))
    upright = rotation(0.0, 0.0, frame.lean)
    scale = CAMERA_DISTANCE / (CAMERA_DISTANCE - np.clip(z, -2.0, 2.0))
    matrix = scale * upright @ turn @ upright.T
    pivot = pivot_point(frame, upright)
    shift = frame.iod * np.array([x, -y, 0.0])
    return HeadMotion(matrix, pivot - matrix @ pivot + shift, y * frame.iod)


def pivot_point(frame: FaceFrame, upright: Floats) -> Floats:
    """(3,) px: the joint of head and neck; depth counts from the eyes."""
    eyes = np.array([frame.origin[0], frame.origin[1], 0.0])
    return np.asarray(eyes + upright @ np.array(PIVOT) * frame.iod)


def largest_turns(frame: FaceFrame) -> tuple[Move, ...]:
    """The turns that must not fold anything."""
    poses = (np.array([yaw, pitch, 0.0, 0.0, 0.0, 0.0]) for yaw, pitch in _LARGEST)
    return tuple(head_motion(pose, frame).apply for pose in poses)
