"""What a face does in a clip, as LivePortrait's motion extractor sees it.

The clip is decoded twice, as a stream: first the face is followed, then it is cut out of every frame for the
network. Where it stays in its place, the cut does too, as LivePortrait has it (scale 2.2, 0.1 up); where a
person walks about, the cut goes along smoothly, and what it went is added to what the network sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.clips import ClipInfo, ClipLimits, inspect_clip, read_clip
from engines.errors import StudioError
from engines.faces import face_finder
from engines.footage.series import blurred
from engines.footage.tracking import FaceTracker
from engines.liveportrait.crop import face_axes, face_square
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.keypoints import bins_to_degrees
from engines.liveportrait.preparing import EYE_GAIN, LIDS, LIP_GAIN, LIPS, SEEN_BY_106, ratios
from engines.progress import Watch
from engines.types import Float32, Image

Floats = NDArray[Any]
Extract = Callable[[NDArray[np.uint8]], Mapping[str, Floats]]
"""The motion extractor: (B, SIDE, SIDE, 3) RGB -> what engines.liveportrait.network.MotionExtractor gives."""

DRIVING_VERSION = "1"
"""Changes whenever the motion of the same clip comes out differently."""
SIDE, SHARP_SIDE = 256, 512
"""Pixels that the network sees; pixels that are cut out and shrunk to them."""
SCALE, UP = 2.2, -0.1
LIMITS = ClipLimits(max_bytes=1 << 30, max_seconds=300.0, min_seconds=0.2)
BATCH = 8
LOOK_EVERY = 16
"""Frames between two looks of the detector."""
BRIDGED, SEARCHED = 0.5, 10.0
"""Seconds for which the face may be out of sight, and after which none is expected."""
LEAST_WIDTH = 64
"""Pixels of a face: the network sees faces of about 110."""
AWAY, LARGER = 0.15, 1.3
"""How far, in sides of the cut, and how much larger or smaller a face may be for a cut that stands still."""
CALM = 0.5
"""Seconds; standard deviation of the mean that a moving cut follows."""
FOLLOWED = 0.1
"""Share of the work that following the face is."""


@dataclass(frozen=True)
class _Path:
    """The face in the frames from ``first`` on: ``cuts`` (N, 3) px, centre and side of the square about it;
    ``ratios`` (N, 3): how far both eyes (the picture's left first) and the lips are open."""

    first: int
    cuts: Floats
    ratios: Floats


def read_motion(clip: Path, extract: Extract, watch: Watch) -> Implicit:
    """The motion of the one face in ``clip``, at the clip's rate. Reports the stage "rehearse".

    Raises StudioError for clips that cannot drive a face, Cancelled if cancelled.
    """
    info = inspect_clip(clip, LIMITS)
    followed = _follow(clip, info, watch)
    cuts = _cuts(followed.cuts, info.fps)
    seen = _extracted(_squares(clip, info, followed.first, cuts), len(cuts), extract, watch)
    return _as_implicit(seen, cuts, followed.ratios, info.fps)


def _follow(clip: Path, info: ClipInfo, watch: Watch) -> _Path:
    tracker = FaceTracker(face_finder(), LOOK_EVERY)
    rows: list[Floats] = []
    found = False
    for number, rgb in read_clip(clip, info, limits=LIMITS):
        watch.report("rehearse", FOLLOWED * min(number / info.count, 1.0))
        sight = tracker.step(rgb)
        if sight.cut:
            raise StudioError(f"The driving clip begins another shot {_at(number, info)}; cut it there.")
        found = found or sight.landmarks is not None
        if not found and number > SEARCHED * info.fps:
            break
        rows.append(np.full(6, np.nan) if sight.landmarks is None else _measured(sight.landmarks))
    return _whole(np.array(rows).reshape(-1, 6), info)


def _whole(rows: Floats, info: ClipInfo) -> _Path:
    """(N, 6) rows from the first to the last in which the face is seen, short gaps bridged."""
    seen = np.flatnonzero(np.isfinite(rows).all(1))
    if not len(seen):
        raise StudioError(
            f"No face was found in the driving clip; take one in which a face, at least {LEAST_WIDTH} pixels "
            "wide, looks towards the camera."
        )
    gaps = np.diff(seen)
    if len(gaps) and gaps.max() > BRIDGED * info.fps + 1:
        lost = int(seen[gaps.argmax()]) + 1
        raise StudioError(
            f"The face in the driving clip is out of sight {_at(lost, info)}; cut the clip there."
        )
    if len(seen) < 2:
        raise StudioError(
            "The face is in one frame of the driving clip only; take a clip that shows it for longer."
        )
    steps = np.arange(seen[0], seen[-1] + 1)
    known = np.stack([np.interp(steps, seen, rows[seen, column]) for column in range(rows.shape[1])], 1)
    if np.median(known[:, 2]) / SCALE < LEAST_WIDTH:
        raise StudioError(
            f"The face in the driving clip is smaller than {LEAST_WIDTH} pixels; crop the clip closer to "
            "it, or take a larger one."
        )
    return _Path(int(seen[0]), known[:, :3], known[:, 3:])


def _measured(landmarks: Float32) -> Floats:
    """(6,): centre and side of the square about the face, and how far eyes and lips are open."""
    points = landmarks[:, :2].astype(np.float64)
    centre, side = face_square(points[list(SEEN_BY_106)], face_axes(points), SCALE, UP)
    eyes = [EYE_GAIN * ratios(points, lids) for lids in LIDS]
    return np.array([*centre, side, *eyes, LIP_GAIN * ratios(points, LIPS)])


def _cuts(faces: Floats, fps: float) -> Floats:
    """(N, 3) centre and side of what is cut out: always the same, or along with ``faces`` (N, 3)."""
    mean = faces.mean(0)
    away = np.linalg.norm(faces[:, :2] - mean[:2], axis=1).max() / mean[2]
    larger = max((faces[:, 2] / mean[2]).max(), (mean[2] / faces[:, 2]).max())
    if away <= AWAY and larger <= LARGER:
        return np.repeat(mean[None], len(faces), 0)
    return blurred(faces, CALM * fps)


def _squares(clip: Path, info: ClipInfo, first: int, cuts: Floats) -> Iterator[Image]:
    """(SIDE, SIDE, 3) for each of ``cuts``. A clip whose end is not decoded the same way twice ends earlier."""
    for number, rgb in read_clip(clip, info, first, LIMITS):
        if number - first >= len(cuts):
            return
        yield _square(rgb, *cuts[number - first].tolist())


def _square(rgb: Image, x: float, y: float, side: float) -> Image:
    """The square of ``side`` px about (``x``, ``y``), black where there is no picture."""
    scale = SHARP_SIDE / side
    matrix = np.array([[scale, 0.0, SHARP_SIDE / 2 - scale * x], [0.0, scale, SHARP_SIDE / 2 - scale * y]])
    sharp = cv2.warpAffine(rgb, matrix, (SHARP_SIDE, SHARP_SIDE), flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(sharp, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _extracted(squares: Iterator[Image], count: int, extract: Extract, watch: Watch) -> dict[str, Floats]:
    """What the network says of every square, by name."""
    found: list[Mapping[str, Floats]] = []
    done, batch = 0, []
    for square in squares:
        batch.append(square)
        if len(batch) == BATCH:
            found.append(extract(np.stack(batch)))
            done, batch = done + len(batch), []
            watch.report("rehearse", FOLLOWED + (1 - FOLLOWED) * done / count)
    if batch:
        found.append(extract(np.stack(batch)))
    if not found:
        raise StudioError("The driving clip could not be read a second time; save it again as MP4 and retry.")
    return {name: np.concatenate([np.asarray(part[name], np.float64) for part in found]) for name in found[0]}


def _as_implicit(seen: Mapping[str, Floats], cuts: Floats, ratios: Floats, fps: float) -> Implicit:
    """Everything as seen from one cut that stands still: the mean of ``cuts``."""
    count = len(seen["exp"])
    mean = cuts.mean(0)
    larger = cuts[:count, 2] / mean[2]
    moved = (cuts[:count, :2] - mean[:2]) / (mean[2] / 2)
    shift = seen["t"].reshape(count, 3) * larger[:, None]
    shift[:, :2] += moved
    turns = [bins_to_degrees(seen[name]) for name in ("pitch", "yaw", "roll")]
    return Implicit(
        fps=fps,
        expression=seen["exp"].reshape(count, 21, 3).astype(np.float32),
        scale=(seen["scale"].reshape(count) * larger).astype(np.float32),
        rotation=np.stack(turns, 1).astype(np.float32),
        translation=shift.astype(np.float32),
        eyes=ratios[:count, :2].astype(np.float32),
        lips=ratios[:count, 2].astype(np.float32),
    )


def _at(number: int, info: ClipInfo) -> str:
    return f"after {number / info.fps:.1f} s"
