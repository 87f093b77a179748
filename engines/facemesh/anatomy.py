"""Where things are on a face: names for the 468 points of the MediaPipe face mesh, and a face's own axes.

Point numbers are those of MediaPipe's face mesh (Apache-2.0). "Right" and "left" are the person's own, so the
right eye is on the left of the picture. Every row of points runs from the picture's left to its right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.types import Arrays

Floats = NDArray[Any]
"""Real numbers, float64 unless said otherwise."""
Row = tuple[int, ...]

POINTS = 468

# Lips. Eleven points a row, corner to corner; upper and lower rows of a pair share their corners.
UPPER_INNER_LIP: Row = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER_LIP: Row = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
UPPER_LIP_RINGS: tuple[Row, ...] = (
    UPPER_INNER_LIP,
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292),
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306),
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
)
"""From the opening outwards to the edge of the red of the upper lip."""
LOWER_LIP_RINGS: tuple[Row, ...] = (
    LOWER_INNER_LIP,
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),
    (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306),
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
)
"""From the opening outwards to the edge of the red of the lower lip."""
UPPER_OUTER_LIP: Row = UPPER_LIP_RINGS[3]
LOWER_OUTER_LIP: Row = LOWER_LIP_RINGS[3]
RIGHT_MOUTH_CORNER, LEFT_MOUTH_CORNER = 61, 291
ABOVE_LIP: Row = (57, 186, 92, 165, 167, 164, 393, 391, 322, 410, 287)
"""Skin one row above the upper lip."""
BELOW_LIP: Row = (43, 106, 182, 83, 18, 313, 406, 335, 273)
"""Skin one row below the lower lip, without the corners."""

# Eyes. Nine points a lid, corner to corner; both lids of an eye share the corners.
RIGHT_EYE_UPPER: Row = (33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_EYE_LOWER: Row = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_EYE_UPPER: Row = (362, 398, 384, 385, 386, 387, 388, 466, 263)
LEFT_EYE_LOWER: Row = (362, 382, 381, 380, 374, 373, 390, 249, 263)
RIGHT_EYE_OUTER, RIGHT_EYE_INNER, LEFT_EYE_INNER, LEFT_EYE_OUTER = 33, 133, 362, 263
# Skin rows above the upper lid, parallel to its seven inner points: the crease, and half way to the brow.
RIGHT_LID_CREASE: Row = (247, 30, 29, 27, 28, 56, 190)
LEFT_LID_CREASE: Row = (414, 286, 258, 257, 259, 260, 467)
RIGHT_LID_FOLD: Row = (113, 225, 224, 223, 222, 221, 189)
LEFT_LID_FOLD: Row = (413, 441, 442, 443, 444, 445, 342)
# Skin rows below the lower lid: close to it, and over the bone.
RIGHT_LOWER_LID_SKIN: Row = (25, 110, 24, 23, 22, 26, 112)
LEFT_LOWER_LID_SKIN: Row = (341, 256, 252, 253, 254, 339, 255)
RIGHT_EYE_BAG: Row = (31, 228, 229, 230, 231, 232, 233)
LEFT_EYE_BAG: Row = (453, 452, 451, 450, 449, 448, 261)

# Brows: upper and lower edge, five points each.
RIGHT_BROW_UPPER: Row = (70, 63, 105, 66, 107)
RIGHT_BROW_LOWER: Row = (46, 53, 52, 65, 55)
LEFT_BROW_UPPER: Row = (336, 296, 334, 293, 300)
LEFT_BROW_LOWER: Row = (285, 295, 282, 283, 276)
FOREHEAD: Row = (68, 104, 69, 108, 151, 337, 299, 333, 298)
HAIRLINE: Row = (54, 103, 67, 109, 10, 338, 297, 332, 284)
BROW_BRIDGE: Row = (9, 8, 168)

# Nose and cheeks.
NOSE_RIDGE: Row = (168, 6, 197, 195, 5, 4, 1, 2)
RIGHT_NOSTRIL: Row = (98, 97, 64, 48, 102, 49, 129)
LEFT_NOSTRIL: Row = (327, 326, 294, 278, 331, 279, 358)
RIGHT_CHEEK: Row = (50, 101, 118, 117, 205, 36, 187, 123)
LEFT_CHEEK: Row = (280, 330, 347, 346, 425, 266, 411, 352)

CHIN = 152
FOREHEAD_TOP = 10
JAW_LINE: Row = (58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288)
FACE_OVAL: Row = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The outline of the face, 36 points, from the top of the forehead clockwise in the picture."""


@dataclass(frozen=True)
class FaceFrame:
    """Coordinates that belong to one face: units of inter-ocular distance (iod), axes along the face.

    ``origin``: (3,) px, midpoint of the outer eye corners. ``axes``: (3, 3), unit rows: x along the eyes to the
    picture's right, y down the face, z away from the viewer. ``iod``: px between the outer eye corners in 3-D.
    """

    origin: Floats
    axes: Floats
    iod: float

    @property
    def lean(self) -> float:
        """Degrees that the eye line is tilted clockwise in the picture."""
        return float(np.degrees(np.arctan2(self.axes[0, 1], self.axes[0, 0])))

    @property
    def yaw(self) -> float:
        """Degrees that the face is turned away from the viewer, positive to the picture's right."""
        return float(np.degrees(np.arctan2(self.axes[0, 2], np.hypot(*self.axes[0, :2]))))

    def to_local(self, points: Floats) -> Floats:
        """(N, 3) px -> (N, 3) iod."""
        return (np.asarray(points, np.float64) - self.origin) @ self.axes.T / self.iod

    def to_picture(self, points: Floats) -> Floats:
        """(N, 3) iod -> (N, 3) px."""
        return np.asarray(points, np.float64) @ self.axes * self.iod + self.origin

    def as_arrays(self, prefix: str) -> Arrays:
        """What ``from_arrays`` needs to make this again."""
        return {
            f"{prefix}origin": np.asarray(self.origin, np.float64),
            f"{prefix}axes": np.asarray(self.axes, np.float64),
            f"{prefix}iod": np.array(self.iod, np.float64),
        }

    @staticmethod
    def from_arrays(arrays: Arrays, prefix: str) -> FaceFrame:
        """The frame that ``as_arrays`` described."""
        return FaceFrame(arrays[f"{prefix}origin"], arrays[f"{prefix}axes"], float(arrays[f"{prefix}iod"]))


def face_frame(landmarks: Floats) -> FaceFrame:
    """The frame of a face from its (468, 3) landmarks in px."""
    points = np.asarray(landmarks, np.float64)
    right, left = points[RIGHT_EYE_OUTER], points[LEFT_EYE_OUTER]
    iod = float(np.linalg.norm(left - right))
    x = (left - right) / iod
    down = points[CHIN] - points[FOREHEAD_TOP]
    y = down - x * (x @ down)
    y /= np.linalg.norm(y)
    return FaceFrame((right + left) / 2, np.stack([x, y, np.cross(x, y)]), iod)
