"""From a Motion to Implicit: the table for the face, turns for the head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engines.liveportrait.implicit import Implicit
from engines.liveportrait.keypoints import degrees, rotation
from engines.liveportrait.mapping import Part, offsets
from engines.liveportrait.source import Source
from engines.types import Float32, Motion

if TYPE_CHECKING:
    from engines.liveportrait import LivePortraitOptions

Floats = NDArray[Any]
YAW = (20.0, 30.0)
PITCH = ROLL = (12.0, 18.0)
"""Degrees up to which a turn is as far as asked, and that it never reaches: a little more than the official
editor allows to be asked for (25, 15 and 15)."""
CAMERA_DISTANCE = 9.0
"""Viewer to face in iod, for growing and shrinking with z."""
NECK = 0.9
"""How far below the middle of the keypoints the neck bends, in iod: a tilt moves the head to the side."""
OPEN_LIPS = 0.03
"""Height over width from which lips count as open in a photo (LivePortrait's flag_normalize_lip)."""


def implicit_of(motion: Motion, source: Source, options: LivePortraitOptions, spoken: float = 1.0) -> Implicit:
    """``motion`` of the person of ``source``. ``spoken``: how much of the mouth's own motion is drawn, 0 to 1.

    All curves at 0 are the photo with closed lips.
    """
    strengths: dict[Part, float] = {
        "blink": options.blink,
        "gaze": options.gaze,
        "mouth": options.mouth * spoken,
        "feeling": options.feeling,
    }
    shapes = np.clip(motion.blendshapes, 0.0, 1.0)
    rest = source.expression + source.closing / source.scale
    head = options.head * motion.head.astype(np.float64)
    return Implicit(
        fps=motion.fps,
        expression=(rest + offsets(shapes, strengths, source.eyes)).astype(np.float32),
        scale=(source.scale * CAMERA_DISTANCE / (CAMERA_DISTANCE - np.clip(head[:, 5], -2, 2))).astype(
            np.float32
        ),
        rotation=turned(source, head[:, :3]),
        translation=moved(source, head),
    )


def at_rest(fps: float) -> Motion:
    """One frame in which nothing moves."""
    return Motion(fps, np.zeros((1, 52), np.float32), np.zeros((1, 6), np.float32))


def turned(source: Source, head: Floats) -> Float32:
    """(T, 3) pitch, yaw, roll for (T, 3) yaw, pitch, roll of a Motion, on top of the pose in the photo.

    The network's pitch counts downwards and its yaw to the picture's left.
    """
    yaw, pitch, roll = softened(head).T
    turns = rotation(-pitch, -yaw, roll) @ source.turn
    return degrees(turns).astype(np.float32)


def softened(head: Floats) -> Floats:
    """(T, 3) yaw, pitch, roll that no photo is turned too far by."""
    limits = (YAW, PITCH, ROLL)
    return np.stack([soften(head[:, axis], *limits[axis]) for axis in range(3)], 1)


def soften(value: Floats, kept: float, limit: float) -> Floats:
    """``value`` up to +-``kept``; beyond it bends towards +-``limit`` and never reaches it."""
    over = np.maximum(np.abs(value) - kept, 0.0)
    room = limit - kept
    return np.asarray(np.sign(value) * (np.minimum(np.abs(value), kept) + room * np.tanh(over / room)))


def moved(source: Source, head: Floats) -> Float32:
    """(T, 3): where the head is: shifted, and carried along by the neck that bends below it."""
    iod = float(source.iod[0])
    roll = np.radians(softened(head[:, :3])[:, 2])
    shift = np.zeros((len(head), 3))
    shift[:, 0] = iod * (head[:, 3] + NECK * np.sin(roll))
    shift[:, 1] = iod * (-head[:, 4] + NECK * (1 - np.cos(roll)))
    return (source.translation + shift).astype(np.float32)


def face_boxes(implicit: Implicit, source: Source) -> Float32:
    """(T, 4) units of the crop: left, top, right, bottom of the resting face, moved as the keypoints are."""
    flat = source.translation * (1.0, 1.0, 0.0)
    own = (source.outline - flat) / source.scale @ source.turn.T
    turns = rotation(*implicit.rotation.T)
    shift = implicit.translation[:, None, :2]
    placed = implicit.scale[:, None, None] * (own @ turns)[..., :2] + shift
    return np.concatenate([placed.min(1), placed.max(1)], 1).astype(np.float32)
