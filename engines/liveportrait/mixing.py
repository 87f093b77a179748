"""How the motion of a driving clip comes together with the photo's own face and with our speech.

Keypoints are numbered as LivePortrait numbers them; which of them are copied in absolute mode is its own list
(github.com/KwaiVGI/LivePortrait, MIT).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.liveportrait.implicit import Implicit
from engines.liveportrait.keypoints import degrees, rotation
from engines.liveportrait.posing import soften
from engines.liveportrait.regions import EYES, LIPS, Mode, Region
from engines.liveportrait.timing import cut, resampled, smoothed

Floats = NDArray[Any]
AWAY, LARGER = (0.15, 0.3), (1.15, 1.35)
"""Up to where a head goes, in units of the crop, and grows as far as in the clip; and what it never reaches, as
people who walk about would leave the square that is drawn. Talking heads go 0.05 and grow by 1.05."""
WHOLE: tuple[Region, ...] = ("all_but_lips", "all")


@dataclass(frozen=True)
class Drive:
    """``region``: what follows the clip; all else is as without it. ``mode``: relative adds what changes in the
    clip since its first frame to the photo, absolute takes over what the clip shows. ``strength``: how far a
    relative motion goes, 1 is as in the clip."""

    region: Region = "all_but_lips"
    mode: Mode = "relative"
    strength: float = 1.0


def fitting(clip: Implicit, fps: float, count: int, smooth: float) -> Implicit:
    """``clip`` calmed, at the rate and of the length of what is to be driven: ``count`` frames at ``fps``."""
    return resampled(smoothed(clip, smooth), fps, count)


def mixed(own: Implicit, still: Implicit, clip: Implicit, drive: Drive, first: int = 0) -> Implicit:
    """(T frames) ``own``, the speech's motion, with what follows ``clip``, which ``fitting`` made as long as
    the whole. ``first``: which frame of the whole ``own`` begins with.

    ``still``: the person at rest, in the photo's pose, one frame; or a frame for each of ``own``. Eyes and lips
    that are driven are those of the clip; a mouth that is not keeps speaking.
    """
    steady = cut(clip, first, first + len(own))
    if drive.mode == "relative":
        moved = _relative(still, steady, cut(clip, 0, 1), drive.strength)
    else:
        moved = _absolute(still, steady)
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


def _relative(still: Implicit, clip: Implicit, start: Implicit, strength: float) -> Implicit:
    """What changed from ``start``, one frame, to ``clip``, done to ``still``: R = R_i R_0^T R_s, and so on."""
    since = degrees(rotation(*clip.rotation.T) @ rotation(*start.rotation.T).swapaxes(1, 2))
    turned = rotation(*(strength * since).T) @ rotation(*still.rotation.T)
    away = soften(strength * (clip.translation - start.translation), *AWAY)
    larger = np.exp(soften(strength * np.log(clip.scale / start.scale), *np.log(LARGER)))
    return Implicit(
        fps=clip.fps,
        expression=still.expression + strength * (clip.expression - start.expression),
        scale=(still.scale * larger).astype(np.float32),
        rotation=degrees(turned).astype(np.float32),
        translation=_flat(still.translation + away),
    )


def _absolute(still: Implicit, clip: Implicit) -> Implicit:
    """What ``clip`` shows, but for the axes that tell people apart more than what they do."""
    count = len(clip)
    return Implicit(
        fps=clip.fps,
        expression=np.where(_copied(), clip.expression, still.expression),
        scale=np.broadcast_to(still.scale, count),
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
