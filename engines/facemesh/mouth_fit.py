"""Where a photo's lips really meet: the mesh's inner lips moved to the line that the photo shows.

The landmark model places lips as an average face has them. Where it misses, the photo's own dark line between
the lips, its corners or its teeth lie outside the opening, and stay in sight, stretched, whatever the lips do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import LOWER_INNER_LIP, UPPER_INNER_LIP, FaceFrame
from engines.facemesh.mouth_open import open_edges
from engines.facemesh.mouth_parted import parted_edges
from engines.facemesh.mouth_plane import UPPER_SHARE
from engines.facemesh.mouth_strip import MouthStrip
from engines.facemesh.rest import LIP_ROWS, PARTED_GAP, RING, SHUT_GAP
from engines.types import Portrait

Array = NDArray[Any]

GOES_ON = 0.42
"""A line has ended where it is less than this share as dark as at its own end of the mouth."""

LEAST_CONTRAST = 13.0
"""And where it is less dark than this, in grey levels."""

FARTHEST_CORNER = 0.075
"""No corner is moved outwards by more than this, in iod."""

FARTHEST_LINE = 0.035
"""No part of the line is moved across by more than this, in iod."""

MOSTLY_SHUT = (SHUT_GAP + PARTED_GAP) / 2
"""Between lips further apart than this, in iod, there is no line."""

SKIN_FOLLOWS = 0.085
"""How far around a moved corner the skin goes along, in iod (standard deviation)."""


def fitted_lips(portrait: Portrait, frame: FaceFrame) -> Portrait:
    """The portrait with its inner lips where the photo shows them; unclear and settled mouths stay."""
    if portrait.settled_mouth:
        return portrait
    upper, lower = (
        portrait.landmarks[list(row), :2].astype(np.float64) for row in (UPPER_INNER_LIP, LOWER_INNER_LIP)
    )
    across = float(np.linalg.norm(frame.axes[0][:2])) * frame.iod
    gap = float(np.linalg.norm(lower - upper, axis=1).max()) / across
    if float(np.linalg.norm(upper[-1] - upper[0])) < 8:
        return portrait
    strip = MouthStrip.of(portrait.rgb, upper, lower, across)
    lips = open_edges(strip) if gap > MOSTLY_SHUT else _seen(strip)
    if lips is None:
        return portrait
    return replace(portrait, landmarks=_moved(portrait.landmarks, strip, lips, frame.iod))


def _seen(strip: MouthStrip) -> tuple[Array, Array] | None:
    """Inner lips on the strip, (11, 2) column and row each, sharing their corners: around the teeth that show,
    or else along the line, as far apart as the mesh has them; None where no line is clear."""
    trust = strip.clear()
    if trust <= 0:
        return None
    ends = [trust * _corner(strip, side) for side in (-1, 1)]
    share = _share(strip.upper)
    columns = strip.upper[:, 0] + ends[0] * (1 - share) ** 2 + ends[1] * share**2
    rows = parted_edges(strip, columns) or _along_line(strip, columns, trust)
    return np.column_stack([columns, rows[0]]), np.column_stack([columns, rows[1]])


def _along_line(strip: MouthStrip, columns: Array, trust: float) -> tuple[Array, Array]:
    """(11,) rows of both lips at ``columns`` (11,), moved to the line as far as it is to be trusted."""
    line = np.interp(columns, strip.columns, strip.line)
    mesh = np.interp(columns, strip.columns, strip.expected)
    most = strip.rows_of(FARTHEST_LINE)
    row = mesh + trust * np.clip(line - mesh, -most, most)
    gap = np.maximum(strip.lower[:, 1] - strip.upper[:, 1], 0.0)
    gap[[0, -1]] = 0.0
    return row - UPPER_SHARE * gap, row + (1 - UPPER_SHARE) * gap


def _share(row: Array) -> Array:
    """(11,): place along a row of points, 0 at its first corner to 1 at its last."""
    return np.asarray(np.clip((row[:, 0] - row[0, 0]) / max(row[-1, 0] - row[0, 0], 1e-6), 0, 1))


def _corner(strip: MouthStrip, side: int) -> float:
    """Columns from the mesh's corner to the end of the photo's line, outwards; ``side``: -1 left, 1 right."""
    first, last = strip.upper[0, 0], strip.upper[-1, 0]
    end = first if side < 0 else last
    quarter = np.abs(strip.columns - end) < 0.25 * (last - first)
    inner = quarter & ((strip.columns - end) * side < 0)
    usual = float(np.median(strip.contrast[inner])) if inner.any() else 0.0
    least = max(GOES_ON * usual, LEAST_CONTRAST)
    place = round(float(end))
    while abs(place - end) < strip.rows_of(FARTHEST_CORNER):
        ahead = place + side * np.arange(1, 3)
        if ahead.min() < 0 or ahead.max() >= len(strip.contrast) or strip.contrast[ahead].max() < least:
            break
        place += side
    return float(max((place - end) * side, 0.0)) * side


def _moved(landmarks: Array, strip: MouthStrip, lips: tuple[Array, Array], iod: float) -> Array:
    """(468, 3): the lips' rows between their new opening and their outer edge, and the skin at the corners."""
    points = np.array(landmarks, copy=True)
    new = [strip.back(row) for row in lips]
    old = points[list(UPPER_INNER_LIP), :2], points[list(LOWER_INNER_LIP), :2]
    share = _share(strip.upper)[:, None]
    ends = [new[0][end] - old[0][end] for end in (0, -1)]
    outer = ends[0] * (1 - share) ** 4 + ends[1] * share**4
    rows = np.concatenate([np.repeat([one - other], 4, axis=0) for one, other in zip(new, old, strict=True)])
    moves = (1 - RING[..., None]) * rows + RING[..., None] * outer
    skin = np.ones(len(points), bool)
    skin[LIP_ROWS.ravel()] = False
    for end, move in ((61, ends[0]), (291, ends[1])):
        away = np.linalg.norm(points[:, :2] - landmarks[end, :2], axis=1) / iod
        points[skin, :2] += (np.exp(-((away / SKIN_FOLLOWS) ** 2) / 2)[:, None] * move)[skin]
    points[LIP_ROWS, :2] = np.asarray(landmarks)[LIP_ROWS, :2] + moves
    return points
