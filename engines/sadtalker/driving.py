"""From coefficients over time to the keypoints that the renderer is driven by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.sadtalker.audio import FPS
from engines.sadtalker.coefficients import (
    RADIUS,
    bins_to_degrees,
    rotation,
    semantic_window,
    transform_keypoints,
)
from engines.sadtalker.networks import Networks
from engines.sadtalker.stand import Stand
from engines.types import Float32

Floats = NDArray[Any]
CHUNK = 64
AXES = ("yaw", "pitch", "roll")


def source_keypoints(networks: Networks, canonical: Floats, coefficients: Floats) -> Float32:
    """(15, 3): ``canonical`` (15, 3) in the pose of the photo's own ``coefficients`` (C,)."""
    window = np.repeat(coefficients[None, :, None], 2 * RADIUS + 1, 2)
    found: Float32 = _placed(networks.map(window), canonical, {})[0]
    return found


def driving_keypoints(
    networks: Networks, canonical: Floats, coefficients: Floats, angles: Mapping[str, Floats], stand: Stand
) -> Float32:
    """(T, 15, 3): where ``canonical`` keypoints are at each of ``coefficients`` (T, C).

    ``angles``: degrees (T,) of the head by axis, where they are not what the network says.
    """
    found = []
    for start in range(0, len(coefficients), CHUNK):
        stand.report(0.8 + 0.2 * start / len(coefficients))
        rows = range(start, min(start + CHUNK, len(coefficients)))
        windows = np.stack([semantic_window(coefficients, row) for row in rows])
        given = {name: degrees[rows.start : rows.stop] for name, degrees in angles.items()}
        found.append(_placed(networks.map(windows), canonical, given))
    return np.concatenate(found)


def _placed(heads: Mapping[str, Floats], canonical: Floats, given: Mapping[str, Floats]) -> Float32:
    degrees = {axis: given.get(axis, bins_to_degrees(heads[axis])) for axis in AXES}
    many = np.broadcast_to(canonical, (len(heads["t"]), *canonical.shape))
    return np.asarray(transform_keypoints(many, rotation(**degrees), heads["t"], heads["exp"]), np.float32)


def at_rate(keypoints: Float32, first: int, count: int, fps: float) -> Float32:
    """(count, 15, 3): keypoints (T, 15, 3) of 25 frames a second at the frames from ``first`` on of ``fps``."""
    places = np.clip(np.arange(first, first + count) * (FPS / fps), 0, len(keypoints) - 1)
    before = np.floor(places).astype(np.intp)
    share = (places - before)[:, None, None].astype(np.float32)
    after = np.minimum(before + 1, len(keypoints) - 1)
    return np.asarray((1 - share) * keypoints[before] + share * keypoints[after], np.float32)
