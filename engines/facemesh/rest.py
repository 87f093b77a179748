"""The face at rest: what must change in a photo before it can speak.

A photo may laugh or show teeth. All-zero weights mean relaxed, closed lips, so the lips of an open mouth are
brought together and most of a smile is let go; every shape is then measured from there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engines.facemesh.anatomy import (
    LOWER_INNER_LIP,
    LOWER_LIP_RINGS,
    UPPER_INNER_LIP,
    UPPER_LIP_RINGS,
    FaceFrame,
    Floats,
)
from engines.facemesh.curves import smoothstep

UPPER_SHARE = 0.21
"""Share of an opening that the upper lip takes; the lower lip takes the rest (measured on ten speakers)."""
SHUT_GAP, PARTED_GAP = 0.032, 0.058
"""Gap of the inner lips (iod) up to which a photo counts as closed, and from which on it counts as open."""
RELAXED_CORNER, RELAXED_WIDTH = -0.02, 0.46
"""Mouth corners without a smile (iod): height above the middle of the closed line, and width between them."""
SMILING_WIDTHS = (0.44, 0.54)
"""High corners are a smile only where the mouth is wide too: not at the first width, wholly at the second."""
LIP_ROWS: Floats = np.array(UPPER_LIP_RINGS + LOWER_LIP_RINGS)
"""(8, 11) point numbers: four rows of the upper lip from the opening outwards, then four of the lower lip."""
RING = np.array([0, 1, 2, 3, 0, 1, 2, 3])[:, None] / 3
"""(8, 1): 0 at the opening, 1 at the edge of the red."""
IS_UPPER = np.array([1.0, 1, 1, 1, 0, 0, 0, 0])[:, None]
"""(8, 1): 1 on rows of the upper lip."""
FOLLOW = np.array([1.0, 0.96, 0.9, 0.8, 1.0, 0.99, 0.97, 0.93])[:, None]
"""(8, 1): how much of the opening edge's motion each row takes part in."""


@dataclass(frozen=True)
class RestFace:
    """The measures of one photo's face; local coordinates in iod (see FaceFrame).

    ``points``: (468, 3) as in the photo. ``column``: (11,) where the points of the opening
    lie between its corners, -1 to 1 in picture order; ``place``: (8, 11), the same of all points of LIP_ROWS;
    ``reach``: (8, 11), signed distance from the middle as a share of half the width.
    ``gap``: (11,) opening of the inner lips in the photo. ``slack``: (11,) the part of it that stays at rest,
    because in a photo with closed lips it is the line between them. ``parted``: 0 for a photo with closed lips
    to 1 for an open mouth. ``corner_excess``, ``width_excess``: how far a smile lifts and spreads the corners.
    """

    points: Floats
    column: Floats
    place: Floats
    reach: Floats
    gap: Floats
    slack: Floats
    parted: float
    corner_excess: float
    width_excess: float

    @property
    def half_width(self) -> float:
        """From the middle of the mouth to an inner corner."""
        return float(self.points[UPPER_INNER_LIP[-1], 0] - self.points[UPPER_INNER_LIP[0], 0]) / 2

    @property
    def bulge(self) -> Floats:
        """(8, 11): 1 in the middle of the lips, 0 at the corners: the outline of an opening."""
        return np.asarray(np.maximum(1 - np.abs(self.place) ** 2.0, 0.0) ** 0.8)

    def along(self, column: Floats) -> Floats:
        """(8, 11): a quantity known along the opening, (11,), at all points of the lips."""
        return np.asarray(np.interp(self.place, self.column, column))

    @property
    def lips(self) -> Floats:
        """(8, 11, 3): the points of LIP_ROWS as in the photo."""
        return self.points[LIP_ROWS]

    def smiling_as(self, other: RestFace) -> RestFace:
        """The same face with the smile of ``other``: what a smile is was found out on the mesh's own corners,
        and those of the photo lie further out in any mouth."""
        return replace(self, corner_excess=other.corner_excess, width_excess=other.width_excess)

    def closing(self) -> Floats:
        """(8, 11, 3): how the lips of the photo move until only the slack is open between them."""
        loss = self.along(self.gap - self.slack)
        return lip_motion(UPPER_SHARE * loss, -(1 - UPPER_SHARE) * loss)

    @property
    def closed_lips(self) -> Floats:
        """(8, 11, 3): LIP_ROWS with closed lips."""
        return np.asarray(self.lips + self.closing())


def lip_motion(upper: Floats, lower: Floats) -> Floats:
    """(8, 11, 3): both lips following vertical motions of their opening edges, (8, 11), y down."""
    motion = np.zeros((8, 11, 3))
    motion[..., 1] = FOLLOW * (IS_UPPER * upper + (1 - IS_UPPER) * lower)
    return motion


@dataclass(frozen=True)
class _Along:
    """Where the corners and the middle of the closed line lie, right to left of the person, x in iod.

    The half that a turned head shows foreshortened is shorter; the middle stays below the nose.
    """

    right: float
    middle: float
    left: float

    def place(self, x: Floats) -> Floats:
        """-1 at the right corner, 0 in the middle, 1 at the left corner."""
        return np.interp(x, (self.right, self.middle, self.left), (-1.0, 0.0, 1.0))

    def reach(self, x: Floats) -> Floats:
        """Distance from the middle as a share of half the mouth's width: a foreshortened half has less."""
        away = (np.clip(x, self.right, self.left) - self.middle) / (self.left - self.right) * 2
        return np.asarray(np.clip(away, -1.2, 1.2))


def measure_rest(landmarks: Floats, frame: FaceFrame) -> RestFace:
    """Measure (468, 3) ``landmarks`` in px."""
    points = frame.to_local(landmarks)
    upper, lower = points[list(UPPER_INNER_LIP)], points[list(LOWER_INNER_LIP)]
    gap = np.maximum(lower[:, 1] - upper[:, 1], 0.0)
    parted = float(smoothstep(gap.max(), SHUT_GAP, PARTED_GAP))
    line = upper + UPPER_SHARE * (lower - upper)
    half = (line[-1, 0] - line[0, 0]) / 2
    along = _Along(*line[[0, 5, -1], 0])
    corner = line[5, 1] - (line[0, 1] + line[-1, 1]) / 2
    wide = float(smoothstep(2 * half, *SMILING_WIDTHS))
    return RestFace(
        points=points,
        column=np.maximum.accumulate(along.place(line[:, 0])),
        place=along.place(points[LIP_ROWS][..., 0]),
        reach=along.reach(points[LIP_ROWS][..., 0]),
        gap=gap,
        slack=gap * (1 - parted),
        parted=parted,
        corner_excess=wide * float(np.clip(corner - RELAXED_CORNER, 0.0, 0.12)),
        width_excess=float(np.clip(2 * half - RELAXED_WIDTH, 0.0, 0.2)),
    )
