"""The rigid motion of the lower jaw from points on it (Kabsch 1976, "A solution for the best rotation")."""

from __future__ import annotations

import numpy as np

from engines.types import Float32


def rigid_motion(rest: Float32, posed: Float32) -> Float32:
    """(4, 4) float32, the rotation and shift that best take ``rest`` (N, 3) to ``posed`` (N, 3).

    The SDK writes the same matrix column by column: ``rigid_motion(...).T.reshape(16)``.
    """
    middle, moved = rest.mean(axis=0), posed.mean(axis=0)
    u, _, v_transposed = np.linalg.svd((rest - middle).T @ (posed - moved))
    v = v_transposed.T
    mirror = np.diag([1.0, 1.0, np.sign(np.linalg.det(v @ u.T)) or 1.0])
    turn = v @ mirror @ u.T
    out = np.eye(4, dtype=np.float32)
    out[:3, :3], out[:3, 3] = turn, moved - turn @ middle
    return out
