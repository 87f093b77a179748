"""What gets in the way of a face, drawn over a photo; and a photo whose face is turned aside."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import LEFT_EYE_LOWER, LEFT_EYE_UPPER, RIGHT_EYE_LOWER, RIGHT_EYE_UPPER
from engines.facemesh.mesh import OPENINGS, face_triangles
from engines.faces import Face, find_faces
from engines.types import Image

JAW = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361)
MOUSTACHE = (
    164,
    167,
    165,
    92,
    186,
    57,
    61,
    185,
    40,
    39,
    37,
    0,
    267,
    269,
    270,
    409,
    291,
    287,
    410,
    322,
    391,
    393,
)


class Easel:
    """A photo to paint on, in units of the distance between the outer eye corners around the mouth."""

    def __init__(self, photo: Image) -> None:
        self.face: Face = find_faces(photo)[0]
        self.points = self.face.landmarks[:, :2].astype(float)
        self.across = self.points[263] - self.points[33]
        self.iod = float(np.linalg.norm(self.across))
        self.across /= self.iod
        self.down = np.array([-self.across[1], self.across[0]])
        self.mouth = (self.points[13] + self.points[14]) / 2
        self.picture = photo.astype(float)
        self._noise = np.random.default_rng(3).normal(0, 5, photo.shape[:2])[..., None]

    def at(self, right: float, down: float) -> tuple[int, int]:
        """A place ``right`` and ``down`` of the mouth's middle."""
        x, y = self.mouth + self.iod * (right * self.across + down * self.down)
        return round(x), round(y)

    def skin(self) -> NDArray[Any]:
        """The colour of the cheeks."""
        return np.median(
            [self.picture[int(self.points[i][1]), int(self.points[i][0])] for i in (50, 280, 101, 330)], 0
        )

    def paint(self, mask: Image, colour: Any, shade: Any = 1.0) -> None:
        """Lay ``colour`` over where ``mask`` is 255."""
        weight = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 1.0)[..., None]
        layer = (np.asarray(colour, float) + self._noise) * shade
        self.picture = self.picture * (1 - weight) + layer * weight

    def blank(self) -> Image:
        """An empty mask."""
        return np.zeros(self.picture.shape[:2], np.uint8)

    def done(self) -> Image:
        """The painted photo."""
        return np.clip(self.picture, 0, 255).astype(np.uint8)


def with_mask(photo: Image) -> Image:
    """A surgical mask from the bridge of the nose to under the chin."""
    easel = Easel(photo)
    jaw = easel.points[list(JAW)]
    outline = np.vstack([jaw.mean(0) + (jaw - jaw.mean(0)) * 1.12, easel.points[[5]]])
    easel.paint(cv2.fillPoly(easel.blank(), [outline.astype(np.int32)], 255), (150, 190, 215))
    return easel.done()


def with_hand(photo: Image) -> Image:
    """Four fingers across the mouth, skin on skin."""
    easel = Easel(photo)
    for finger in range(4):
        down = (finger - 1.5) * 0.16
        line = cv2.line(
            easel.blank(), easel.at(0.45, down), easel.at(-0.9, down + 0.1), 255, round(0.16 * easel.iod)
        )
        edge = cv2.distanceTransform((line > 127).astype(np.uint8), cv2.DIST_L2, 3)[..., None]
        easel.paint(line, easel.skin(), 0.7 + 0.3 * np.minimum(edge / (0.08 * easel.iod), 1))
    return easel.done()


def with_microphone(photo: Image) -> Image:
    """A dark ball with a grid before the mouth."""
    easel = Easel(photo)
    easel.paint(
        cv2.line(easel.blank(), easel.at(0, 0), easel.at(0.4, 1.6), 255, round(0.26 * easel.iod)), (25, 25, 28)
    )
    grid = 70 + 40.0 * (np.indices(photo.shape[:2]).sum(0) // 3 % 2)[..., None]
    easel.paint(cv2.circle(easel.blank(), easel.at(0, 0.05), round(0.3 * easel.iod), 255, -1), grid)
    return easel.done()


def with_moustache_and_beard(photo: Image) -> Image:
    """Hair around the lips, which stay in sight."""
    easel = Easel(photo)
    lips = cv2.fillPoly(easel.blank(), [easel.points[list(MOUSTACHE)].astype(np.int32)], 255)
    beard = cv2.line(lips, easel.at(-0.25, 0.33), easel.at(0.25, 0.33), 255, round(0.16 * easel.iod))
    easel.paint(beard, (60, 44, 34), 0.9)
    return easel.done()


def with_sunglasses(photo: Image) -> Image:
    """Opaque dark glasses."""
    easel = Easel(photo)
    mask = easel.blank()
    for rows in ((RIGHT_EYE_UPPER, RIGHT_EYE_LOWER), (LEFT_EYE_UPPER, LEFT_EYE_LOWER)):
        middle = easel.points[[*rows[0], *rows[1]]].mean(0)
        size = (round(0.26 * easel.iod), round(0.2 * easel.iod))
        cv2.ellipse(mask, (round(middle[0]), round(middle[1])), size, 0, 0, 360, 255, -1)
    easel.paint(mask, (16, 16, 20))
    return easel.done()


def turned(photo: Image, degrees: float) -> Image:
    """The photo's face turned about a vertical axis, over a blurred background."""
    points = find_faces(photo)[0].landmarks.astype(np.float64)
    middle, angle = points.mean(0), np.radians(degrees)
    turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
    target = (points - middle) @ turn.T + middle
    fill = [(u, v, w) for pair in OPENINGS for u, v, w in zip(pair[0], pair[1], pair[0][1:], strict=False)]
    fill += [(v, w, x) for pair in OPENINGS for v, w, x in zip(pair[1], pair[0][1:], pair[1][1:], strict=False)]
    triangles = [t for t in [*map(tuple, face_triangles()), *fill] if len(set(t)) == 3]
    canvas = cv2.GaussianBlur(photo, (0, 0), 25)
    for triangle in sorted(triangles, key=lambda t: -target[list(t), 2].mean()):
        _paste(photo, canvas, points[list(triangle), :2], target[list(triangle), :2])
    return np.asarray(canvas, np.uint8)


def _paste(photo: Image, canvas: Image, source: NDArray[Any], target: NDArray[Any]) -> None:
    low, high = np.floor(target.min(0)).astype(int) - 1, np.ceil(target.max(0)).astype(int) + 2
    affine = cv2.getAffineTransform(source.astype(np.float32), (target - low).astype(np.float32))
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    part = cv2.warpAffine(photo, affine, size, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.fillConvexPoly(np.zeros(size[::-1], np.uint8), np.round(target - low).astype(np.int32), 1)
    canvas[low[1] : high[1], low[0] : high[0]][mask > 0] = part[mask > 0]
