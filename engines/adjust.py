"""Points of a face that a person corrects by hand, and how the rest of the face follows them.

A correction is small and local: the handle goes where it was put, its surroundings follow along a thin-plate
spline (see engines.facemesh.spread), the other handles and the frame of the face stay where they were found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from engines.errors import StudioError
from engines.facemesh.anatomy import POINTS, FaceFrame, Row, face_frame
from engines.facemesh.mesh import face_triangles
from engines.facemesh.spread import make_spread
from engines.types import MAX_SHIFT, EyeSide, Float32, HandleShift

HANDLES: Mapping[str, Row] = {
    "mouth_right": (61,),
    "mouth_left": (291,),
    "lip_top": (0,),
    "lip_line": (13, 14),
    "lip_bottom": (17,),
    "eye_right_outer": (33,),
    "eye_right_inner": (133,),
    "eye_right_upper": (159,),
    "eye_right_lower": (145,),
    "eye_left_inner": (362,),
    "eye_left_outer": (263,),
    "eye_left_upper": (386,),
    "eye_left_lower": (374,),
    "chin": (152,),
}
"""Name -> point numbers that move as one. Right and left are the person's own, as everywhere."""
STILL: Row = (
    10, 109, 338, 54, 284, 127, 356, 234, 454, 93, 323, 58, 288,  # the face's frame, down to the jaw's angles
    70, 105, 107, 336, 334, 300, 168, 1, 2, 98, 327, 50, 280,  # brows, nose, cheeks
)  # fmt: skip
FOLDED = 1.2e-3
"""Area in iod squared that may turn over: slivers in thin lips do without harm, crossed lips take more."""


def handle_points(landmarks: Float32) -> dict[str, tuple[float, float]]:
    """Where the handles of a face with ``landmarks`` (468, 3) px lie: name -> x, y in px."""
    middles = {name: landmarks[list(row), :2].mean(0) for name, row in HANDLES.items()}
    return {name: (float(x), float(y)) for name, (x, y) in middles.items()}


def adjust_landmarks(landmarks: Float32, shifts: Iterable[HandleShift]) -> Float32:
    """``landmarks`` (468, 3) px after ``shifts``, which count from where the handles are in ``landmarks``.

    Raises StudioError for an unknown handle, a shift beyond MAX_SHIFT and one that folds the face over itself.
    """
    wanted = check_shifts(shifts)
    if not wanted:
        return landmarks
    frame = face_frame(landmarks)
    moved = np.asarray(landmarks, np.float64) + _spread_moves(landmarks, frame, wanted) * frame.iod
    _check_unfolded(np.asarray(landmarks, np.float64) / frame.iod, moved / frame.iod)
    return moved.astype(np.float32)


def check_shifts(shifts: Iterable[HandleShift]) -> tuple[HandleShift, ...]:
    """The last of ``shifts`` of each handle, if it does something; raises StudioError if one cannot be."""
    last = {shift.handle: shift for shift in shifts}
    for shift in last.values():
        if shift.handle not in HANDLES:
            raise StudioError(f"There is no handle '{shift.handle[:40]}'; choose from: {', '.join(HANDLES)}.")
        if not max(abs(shift.dx), abs(shift.dy)) <= MAX_SHIFT:
            raise StudioError(
                f"The point '{shift.handle}' is moved too far; at most {MAX_SHIFT:g} of the distance between "
                "the outer eye corners is possible."
            )
    return tuple(last[name] for name in HANDLES if name in last and (last[name].dx or last[name].dy))


def settled_eyes(shifts: Iterable[HandleShift]) -> frozenset[EyeSide]:
    """The eyes of which ``shifts`` move a point."""
    moved = [shift.handle for shift in check_shifts(shifts)]
    sides = get_args(EyeSide)
    return frozenset(side for side in sides if any(name.startswith(f"eye_{side}_") for name in moved))


def settled_mouth(shifts: Iterable[HandleShift]) -> bool:
    """Whether ``shifts`` move a corner of the mouth or the line between the lips."""
    return any(shift.handle in ("mouth_right", "mouth_left", "lip_line") for shift in check_shifts(shifts))


def _spread_moves(landmarks: Float32, frame: FaceFrame, shifts: tuple[HandleShift, ...]) -> NDArray[Any]:
    """(468, 3) displacements in iod along the picture's axes."""
    moves = np.zeros((POINTS, 3))
    for shift in shifts:
        moves[list(HANDLES[shift.handle]), :2] = shift.dx, shift.dy
    controls = {point for row in HANDLES.values() for point in row} | set(STILL)
    spread = make_spread(frame.to_local(landmarks), controls, np.ones(POINTS))
    return spread(moves)


def _check_unfolded(before: NDArray[Any], after: NDArray[Any]) -> None:
    was, now = _areas(before), _areas(after)
    turned = was * now < 0
    if np.abs(now[turned]).sum() > FOLDED:
        raise StudioError("The points are moved across each other and fold the face; move them less.")


def _areas(points: NDArray[Any]) -> NDArray[Any]:
    """(T,) signed areas of the face's triangles in the picture plane."""
    a, b, c = np.moveaxis(points[face_triangles()][..., :2], 1, 0)
    one, two = b - a, c - a
    return np.asarray((one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]) / 2)
