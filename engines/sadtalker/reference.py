"""The head's pose and the lids of a person in a video, for the photo to do the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.clips import ClipLimits, inspect_clip, read_clip
from engines.errors import StudioError
from engines.faces import Face, face_finder
from engines.sadtalker.audio import FPS
from engines.sadtalker.coefficients import smooth_pose
from engines.sadtalker.framing import cut_seen, face_boxes, points_in
from engines.sadtalker.points import as_68
from engines.sadtalker.reconstruct import POSE, coefficients_of
from engines.sadtalker.stand import Stand
from engines.types import Image

Floats = NDArray[Any]
LIMITS = ClipLimits(max_seconds=60.0)
"""Of a reference video; a clip that is longer than it repeats it."""
SIDE = 256
"""px of the square about the face in which its pose is told."""
SHALLOWEST = 0.25
"""Lids that never close by this share of their opening do not blink."""
FULLY = 0.7
"""Share of the opening by which the mesh's lids come together when the eye is shut."""


def looped(values: Floats, count: int) -> Floats:
    """(count, ...): ``values`` (N, ...) from the beginning again and again."""
    return np.asarray(values[np.arange(count) % len(values)])


def video_pose(stand: Stand, path: Path) -> Floats:
    """(N, 6) head motion of the person in the video at ``path`` relative to its first frame, 25 times a second.

    Raises StudioError for a video that cannot be read or has no face in it.
    """
    poses, box = [], None
    for frame, points in _faces(stand, path):
        box = box or face_boxes(points, frame.shape[1], frame.shape[0])[0]
        face = cut_seen(frame, np.array(box), SIDE)
        poses.append(coefficients_of(stand.networks(), face, points_in(points, box, SIDE))[POSE])
    motion = np.stack(poses)
    return smooth_pose(motion - motion[0])


def video_lids(stand: Stand, path: Path) -> Floats:
    """(N,) how far the person in the video closes the eyes, 0 to 1, 25 times a second.

    Only the lids are taken: nothing else of that person's expression. Raises as ``video_pose``.
    """
    return closing(np.array([opening(points) for _, points in _faces(stand, path)]))


def opening(points: Floats) -> float:
    """Height over width of both eyes of 68 ``points``, their mean."""
    heights = [np.linalg.norm(points[upper] - points[lower]) for upper, lower in _LIDS]
    widths = [np.linalg.norm(points[left] - points[right]) for left, right in ((36, 39), (42, 45))]
    return float(np.sum(heights) / (2 * np.sum(widths)))


_LIDS = ((37, 41), (38, 40), (43, 47), (44, 46))


def closing(openings: Floats) -> Floats:
    """(N,) 0 for eyes as open as they usually are in ``openings`` (N,), 1 for shut ones."""
    usual = float(np.percentile(openings, 75))
    shut = (usual - openings) / max(FULLY * usual, 1e-6)
    return np.clip(shut, 0.0, 1.0) if FULLY * shut.max() >= SHALLOWEST else np.zeros(len(openings))


def _faces(stand: Stand, path: Path) -> Iterator[tuple[Image, Floats]]:
    """Every frame with the 68 points of its largest face; where that is lost, those of the frame before."""
    info = replace(inspect_clip(path, LIMITS), fps=float(FPS))
    last: Face | None = None
    for number, frame in read_clip(path, info, limits=LIMITS):
        stand.report(0.2 + 0.1 * min(number / info.count, 1.0))
        last = _followed(frame, last)
        if last is None:
            raise StudioError(
                f"There is no face at the start of {path.name}; choose a video in which one person looks "
                "towards the camera from its first frame on."
            )
        yield frame, as_68(last.landmarks)


def _followed(frame: Image, last: Face | None) -> Face | None:
    finder = face_finder()
    face = finder.track(frame, last) if last else None
    if face is not None and face.score >= 0.5:
        return face
    found = finder.find(frame)
    return found[0] if found else last
