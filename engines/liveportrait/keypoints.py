"""LivePortrait's keypoint maths: logits to angles, angles to rotations, both to places in the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]

DEGREES_PER_BIN = 3.0
LOWEST_DEGREES = -97.5


def bins_to_degrees(logits: Floats) -> Floats:
    """(B, 66) logits -> (B,) degrees."""
    return DEGREES_PER_BIN * expected_bin(logits) + LOWEST_DEGREES


def expected_bin(logits: Floats) -> Floats:
    """(B, N) logits -> (B,): the mean of the bins' numbers under the softmax."""
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    mean: Floats = shares @ np.arange(logits.shape[-1], dtype=shares.dtype)
    return mean


def rotation(pitch: Floats, yaw: Floats, roll: Floats) -> Floats:
    """Degrees (B,) -> (B, 3, 3), to be applied from the right: ``keypoints @ R``.

    The transpose of Rz(roll) Ry(yaw) Rx(pitch), each right-handed.
    """
    x, y, z = (np.radians(np.asarray(angle, np.float64)) for angle in (pitch, yaw, roll))
    return np.swapaxes(about(z, 2) @ about(y, 1) @ about(x, 0), 1, 2)


def degrees(turn: Floats) -> Floats:
    """(B, 3, 3) of ``rotation`` -> (B, 3) pitch, yaw, roll, with a yaw within +-90 degrees."""
    matrix = np.swapaxes(np.asarray(turn, np.float64), 1, 2)
    pitch = np.arctan2(matrix[:, 2, 1], matrix[:, 2, 2])
    yaw = np.arcsin(np.clip(-matrix[:, 2, 0], -1.0, 1.0))
    roll = np.arctan2(matrix[:, 1, 0], matrix[:, 0, 0])
    found: Floats = np.degrees(np.stack([pitch, yaw, roll], 1))
    return found


def about(angle: Floats, axis: int) -> Floats:
    """(B, 3, 3): right-handed rotation by ``angle`` (B,) radians about a coordinate axis."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.broadcast_to(np.eye(3), (len(angle), 3, 3)).copy()
    matrix[:, first, first] = matrix[:, second, second] = np.cos(angle)
    matrix[:, second, first] = np.sin(angle)
    matrix[:, first, second] = -np.sin(angle)
    return matrix


def placed(keypoints: Floats, turn: Floats, exp: Floats, scale: Floats, shift: Floats) -> Floats:
    """(B, K, 3) keypoints in the picture: scale * (keypoints @ ``turn`` (B, 3, 3) + ``exp``) + ``shift``.

    ``scale`` (B,) or (B, 1); ``shift`` (B, 3), whose z does not count. The expression is not turned.
    """
    flat = np.asarray(shift, np.float64).reshape(-1, 1, 3) * (1.0, 1.0, 0.0)
    moved: Floats = np.asarray(scale).reshape(-1, 1, 1) * (keypoints @ turn + exp) + flat
    return moved


def motion_multiplier(source: Floats, driving: Floats) -> Floats:
    """(1,): how much larger ``source`` (K, 3) is than ``driving``: roots of their hulls' volumes, divided."""
    from scipy.spatial import ConvexHull

    volumes = (ConvexHull(np.asarray(points, np.float64)).volume for points in (source, driving))
    return np.array([np.divide(*np.sqrt(list(volumes)))])
