"""Where the face lies in every frame, as the network wants to see it: upright, and steady over time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.face_boxes import usable, with_boxes
from engines.faces import Face, face_finder
from engines.types import Float32, Image

SIDE = 512
"""px of the network's picture."""
TEMPLATE = (
    (192.98138, 239.94708),
    (318.90277, 240.1936),
    (256.63416, 314.01935),
    (201.26117, 371.41043),
    (313.08905, 371.15118),
)
"""Where the networks were shown eyes, tip of the nose and corners of the mouth, in px (from GFPGAN)."""
EYES, NOSE, MOUTH = ((33, 133), (362, 263)), 1, (61, 291)
"""The same five in the face mesh: corners of an eye, whose middle no blink moves."""
SMOOTHED = 5
"""Frames over which a place is averaged, the frame itself and those after it."""
STEADY = 0.08
"""Of the face's size: a place that differs by more shows another face, after a cut."""
LEAST_SCORE = 0.5

Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class Place:
    """A similarity from the network's picture to the frame: ``middle`` (x + iy, px) is where its middle lies,
    ``turn`` by what a step in it is multiplied."""

    middle: complex
    turn: complex

    @property
    def scale(self) -> float:
        """px of the frame for one px of the network's picture."""
        return abs(self.turn)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(2, 3) affine from the network's picture to the frame."""
        a, b = self.turn.real, self.turn.imag
        start = self.middle - self.turn * (SIDE / 2) * (1 + 1j)
        return np.array([[a, -b, start.real], [b, a, start.imag]])

    def corners(self) -> NDArray[np.float64]:
        """(4, 2) px: where the corners of the network's picture lie in the frame."""
        ends = np.array([(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)], np.float64)
        return np.asarray(ends @ self.matrix[:, :2].T + self.matrix[:, 2])


def place_of(face: Face) -> Place:
    """The least squares similarity that brings the template to the face's own points."""
    points = face.landmarks[:, :2].astype(np.float64)
    five = [points[list(eye)].mean(0) for eye in EYES] + [points[NOSE], *points[list(MOUTH)]]
    seen, wanted = _complex(np.array(five)), _complex(np.array(TEMPLATE))
    of_wanted, of_seen = wanted - wanted.mean(), seen - seen.mean()
    turn = (of_wanted.conj() * of_seen).sum() / (abs(of_wanted) ** 2).sum()
    middle = seen.mean() + turn * (SIDE / 2 * (1 + 1j) - wanted.mean())
    return Place(complex(middle), complex(turn))


def with_places(frames: Iterable[Image], faces: Float32 | None) -> Iterator[tuple[Image, Place | None]]:
    """Every frame and the place of its face, None where none can be used. ``faces`` as in FrameStream.

    Looks a few frames ahead: what a place is must not depend on frames before it.
    """
    waiting: deque[_Seen] = deque()
    for frame, box in with_boxes(frames, faces):
        waiting.append(_look(frame, box))
        if len(waiting) == SMOOTHED:
            yield _steady(waiting)
    while waiting:
        yield _steady(waiting)


@dataclass(frozen=True)
class _Seen:
    """A frame, the middle (px) and size (px) of its face box, and its place in terms of them."""

    frame: Image
    middle: complex
    size: float
    relative: Complex | None


def _look(frame: Image, box: Float32) -> _Seen:
    if not usable(box, frame.shape):
        return _Seen(frame, 0, 1.0, None)
    middle, size = complex(*(box[:2] + box[2:]) / 2), float(np.sqrt(np.prod(box[2:] - box[:2])))
    face = face_finder().within(np.ascontiguousarray(frame[..., :3]), box)
    if face.score < LEAST_SCORE:
        return _Seen(frame, middle, size, None)
    place = place_of(face)
    relative = np.array([place.middle - middle, place.turn * SIDE], np.complex128) / size
    return _Seen(frame, middle, size, np.asarray(relative, np.complex128))


def _steady(waiting: deque[_Seen]) -> tuple[Image, Place | None]:
    """The first of ``waiting``, its place the mean of all that show the same face. Boxes move with the face and
    are steady: what is averaged is how the face lies in its box, so that the place does not run ahead of it."""
    known = [seen.relative for seen in waiting if seen.relative is not None]
    seen = waiting.popleft()
    own = seen.relative
    if own is None:
        return seen.frame, None
    near = [each for each in known if np.abs(each - own).max() < STEADY]
    middle, turn = np.mean(near, 0) * seen.size
    return seen.frame, Place(complex(middle + seen.middle), complex(turn / SIDE))


def _complex(points: NDArray[np.float64]) -> Complex:
    return np.asarray(points[:, 0] + 1j * points[:, 1])
