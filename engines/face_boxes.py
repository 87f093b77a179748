"""Which face boxes a stream of frames has: those that are known, or else found frame by frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from engines.faces import Face, face_finder
from engines.types import Float32, Image

SMOOTHED = 5
"""Frames over which boxes that were found are averaged, the frame itself and those after it."""
SMALLEST = 24.0
"""px across below which there is nothing to see in a face."""


def smooth_boxes(boxes: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """(N, 4) -> (N, 4) as the official script does it: each box the mean of ``window`` from it on, cut to whole
    px; the last ones share the end's mean, which sees boxes that are smoothed already."""
    smoothed = np.array(boxes)
    for index in range(len(smoothed)):
        start = min(index, max(len(smoothed) - window, 0))
        smoothed[index] = smoothed[start : start + window].mean(0)
    return smoothed


def usable(box: Float32, shape: tuple[int, ...]) -> bool:
    """Whether there is a face in ``box`` (left, top, right, bottom px) that can be seen in a picture of
    ``shape``."""
    if not np.isfinite(box).all() or min(box[2] - box[0], box[3] - box[1]) < SMALLEST:
        return False
    height, width = shape[:2]
    middle = (box[0] + box[2]) / 2, box[1] + 0.75 * (box[3] - box[1])
    return bool(0 <= middle[0] < width and 0 <= middle[1] < height)


def with_boxes(frames: Iterable[Image], faces: Float32 | None) -> Iterator[tuple[Image, Float32]]:
    """Every frame and its face box, NaN where there is none; found here if ``faces`` (N, 4) are not known."""
    return zip(frames, faces, strict=False) if faces is not None else _found(frames)


def _found(frames: Iterable[Image]) -> Iterator[tuple[Image, Float32]]:
    """Look a few frames ahead: what a box is must not depend on frames before it."""
    waiting: deque[tuple[Image, Float32]] = deque()
    for frame in frames:
        waiting.append((frame, find_box(frame)))
        if len(waiting) == SMOOTHED:
            yield _smoothed(waiting)
    while waiting:
        yield _smoothed(waiting)


def _smoothed(waiting: deque[tuple[Image, Float32]]) -> tuple[Image, Float32]:
    boxes = np.stack([box for _, box in waiting])
    frame, own = waiting.popleft()
    if np.isnan(own).any():
        return frame, own
    # A cut within the window shows another face, which this one has nothing to do with.
    near = np.abs(boxes - own).max(1) < 0.25 * (own[2] - own[0])
    return frame, boxes[near].mean(0)


def find_box(frame: Image) -> Float32:
    """(4,) px: the largest face of ``frame``, NaN if there is none."""
    faces = face_finder().find(np.ascontiguousarray(frame[..., :3]))
    return _outline(faces[0]) if faces else np.full(4, np.nan, np.float32)


def _outline(face: Face) -> Float32:
    left, top, width, height = face.box
    return np.array([left, top, left + width, top + height], np.float32)
