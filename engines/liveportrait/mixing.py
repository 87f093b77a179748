"""How the motion of a driving clip comes together with the photo's own face and with our speech.

Keypoints are numbered as LivePortrait numbers them; which of them lie about the eyes and the lips, and what is
copied in absolute mode, are its own lists (github.com/KwaiVGI/LivePortrait, MIT).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engines.liveportrait.implicit import Implicit
from engines.liveportrait.keypoints import degrees, rotation
from engines.liveportrait.timing import EYES, LIPS, resampled, smoothed

Floats = NDArray[Any]
Region = Literal["all_but_lips", "all", "head", "expression", "eyes", "lips"]
Mode = Literal["relative", "absolute"]
WHOLE: tuple[Region, ...] = ("all_but_lips", "all")


@dataclass(frozen=True)
class Drive:
    """``region``: what follows the clip; all else is as without it. ``mode``: relative adds what changes in the
    clip since its first frame to the photo, absolute takes over what the clip shows. ``strength``: how far a
    relative motion goes, 1 is as in the clip. ``smooth``: 0 to 1."""

    region: Region = "all_but_lips"
    mode: Mode = "relative"
    strength: float = 1.0
    smooth: float = 0.0


def mixed(own: Implicit, still: Implicit, clip: Implicit, drive: Drive) -> Implicit:
    """(T frames) ``own``, the speech's motion, with what follows ``clip``, of any rate and length.

    ``still``: one frame, the person of the photo at rest, in the photo's pose. Eyes and lips that are driven
    are those of the clip; a mouth that is not keeps speaking.
    """
    steady = resampled(smoothed(clip, drive.smooth), own.fps, len(own))
    moved = _relative(still, steady, drive.strength) if drive.mode == "relative" else _absolute(still, steady)
    taken = keypoints_of(drive.region)
    expression = np.where(taken[None, :, None], moved.expression, own.expression)
    head = drive.region in (*WHOLE, "head")
    posed = moved if head else own
    return Implicit(
        fps=own.fps,
        expression=expression.astype(np.float32),
        scale=moved.scale if drive.region in WHOLE else own.scale,
        rotation=posed.rotation,
        translation=posed.translation,
        eyes=steady.eyes if taken[list(EYES)].any() else own.eyes,
        lips=steady.lips if taken[list(LIPS)].any() else own.lips,
    )


def keypoints_of(region: Region) -> NDArray[np.bool_]:
    """(21,): the keypoints whose expression follows the clip."""
    taken = np.zeros(21, bool)
    if region in ("eyes", "lips"):
        taken[list(EYES if region == "eyes" else LIPS)] = True
    elif region != "head":
        taken[:] = True
        taken[list(LIPS)] = region != "all_but_lips"
    return taken


def _relative(still: Implicit, clip: Implicit, strength: float) -> Implicit:
    """What changed since the first frame of ``clip``, done to ``still``: R = R_i R_0^T R_s, and so on."""
    turns = rotation(*clip.rotation.T)
    since = degrees(turns @ turns[:1].swapaxes(1, 2))
    turned = rotation(*(strength * since).T) @ rotation(*still.rotation.T)
    return Implicit(
        fps=clip.fps,
        expression=still.expression + strength * (clip.expression - clip.expression[:1]),
        scale=(still.scale * (clip.scale / clip.scale[0]) ** strength).astype(np.float32),
        rotation=degrees(turned).astype(np.float32),
        translation=_flat(still.translation + strength * (clip.translation - clip.translation[:1])),
    )


def _absolute(still: Implicit, clip: Implicit) -> Implicit:
    """What ``clip`` shows, but for the axes that tell people apart more than what they do."""
    count = len(clip)
    return Implicit(
        fps=clip.fps,
        expression=np.where(_copied(), clip.expression, still.expression),
        scale=np.repeat(still.scale, count),
        rotation=clip.rotation,
        translation=_flat(clip.translation),
    )


def _copied() -> NDArray[np.bool_]:
    """(21, 3): what is taken over of another person's expression in absolute mode."""
    copied = np.zeros((21, 3), bool)
    copied[[1, 2, 6, *range(11, 21)]] = True
    copied[[3, 4], 1] = True
    copied[[5, 8, 9], 2] = True
    copied[9, 1] = True
    return copied


def _flat(translation: Floats) -> NDArray[np.float32]:
    return (translation * (1.0, 1.0, 0.0)).astype(np.float32)
