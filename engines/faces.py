"""Where the faces are in a picture, and their 468 mesh points.

MediaPipe's two TFLite networks (BlazeFace short range, face mesh; Apache-2.0) read by OpenCV. Their input and
output layouts follow the networks' model cards: the detector sees 128x128 in [-1, 1] and gives 896 boxes
relative to anchors; the mesh network sees a 192x192 crop in [0, 1], turned upright and 1.5 times the box.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.progress import Watch
from engines.types import Float32, Image
from engines.weights import ensure

FACES_VERSION = "1"
"""Of what is found: found faces are kept, and another version looks at every picture anew."""
DETECTOR_SIDE = 128
MESH_SIDE = 192
MESH_MARGIN = 1.5
MIN_SCORE = 0.5
MIN_FACE_SCORE = 0.75  # hands and folds reach 0.65, paintings and statues stay above 0.9
SMALLEST_TILE = 200
TILE_LEVELS = 3
RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263
FOREHEAD, CHIN, RIGHT_CHEEK, LEFT_CHEEK = 10, 152, 234, 454


@dataclass(frozen=True)
class Detection:
    """One box of the detector in pixels: centre, side, eye centres (picture left first), score in [0, 1]."""

    centre: NDArray[np.float64]
    side: float
    eyes: NDArray[np.float64]
    score: float


@dataclass(frozen=True)
class Face:
    """A face: ``landmarks`` (468, 3) float32 in pixels of the picture (z away from the viewer), ``score``."""

    landmarks: Float32
    score: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x, y, width, height in pixels of the mesh's extent."""
        low, high = self.landmarks[:, :2].min(0), self.landmarks[:, :2].max(0)
        return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])

    @property
    def yaw(self) -> float:
        """Degrees that the face is turned away from the viewer, positive to the picture's right."""
        points = self.landmarks
        across = (points[LEFT_EYE_OUTER] - points[RIGHT_EYE_OUTER]) + (points[LEFT_CHEEK] - points[RIGHT_CHEEK])
        return float(np.degrees(np.arctan2(across[2], np.hypot(across[0], across[1]))))

    @property
    def roll(self) -> float:
        """Degrees that the eye line is tilted clockwise in the picture."""
        across = self.landmarks[LEFT_EYE_OUTER] - self.landmarks[RIGHT_EYE_OUTER]
        return float(np.degrees(np.arctan2(across[1], across[0])))


@dataclass(frozen=True)
class Upright:
    """A face turned upright: ``crop`` (MESH_SIDE, MESH_SIDE, 3) uint8, ``points`` (468, 2) px in it."""

    crop: Image
    points: NDArray[np.float64]


class FaceFinder:
    """Both networks, loaded once. OpenCV networks keep state while they run, hence the lock."""

    def __init__(self) -> None:
        self._detector = _read_net("mediapipe.face_detection_short_range")
        self._mesh = _read_net("mediapipe.face_landmark")
        self._lock = threading.Lock()

    def find(self, rgb: Image) -> tuple[Face, ...]:
        """Every face in ``rgb`` (H, W, 3), largest first."""
        with self._lock:
            boxes = _suppress([box for tile in _tiles(rgb.shape) for box in self._detect(rgb, tile)])
            meshes = [self._landmarks(rgb, box) for box in boxes]
        found = [mesh for mesh in meshes if mesh.score >= MIN_FACE_SCORE]
        return tuple(sorted(_distinct(found), key=lambda face: -face.box[2] * face.box[3]))

    def track(self, rgb: Image, last: Face) -> Face:
        """The mesh of a face that was at ``last`` one frame ago."""
        with self._lock:
            return self._fit(rgb, *_upright_box(last.landmarks), score=last.score)

    def within(self, rgb: Image, box: Float32) -> Face:
        """The mesh of the one face in ``box`` (left, top, right, bottom px), hairline to chin; its score is how
        sure it is that there is one."""
        middle, sides = (box[:2] + box[2:]).astype(np.float64) / 2, box[2:] - box[:2]
        with self._lock:
            first = self._fit(rgb, middle, float(sides.max()) * MESH_MARGIN, 0.0, score=1.0)
            return self._fit(rgb, *_upright_box(first.landmarks), score=1.0)

    def still_there(self, rgb: Image, face: Face) -> bool:
        """Whether the detector, too, sees a face where ``face`` was tracked to: one look, there only."""
        centre, width = face.landmarks[:, :2].mean(0), max(face.box[2:])
        left, top = (max(int(value - 1.5 * width), 0) for value in centre)
        with self._lock:
            boxes = self._detect(rgb, (left, top, max(int(3 * width), 1)))
        return any(np.linalg.norm(box.centre - centre) < 0.6 * width for box in boxes)

    def _detect(self, rgb: Image, tile: tuple[int, int, int]) -> list[Detection]:
        left, top, side = tile
        crop = rgb[top : top + side, left : left + side]
        square = np.zeros((side, side, 3), np.uint8)
        square[: crop.shape[0], : crop.shape[1]] = crop
        small = np.asarray(
            cv2.resize(square, (DETECTOR_SIDE, DETECTOR_SIDE), interpolation=cv2.INTER_AREA), np.uint8
        )
        boxes, scores = _forward(self._detector, _blob(small, 1 / 127.5, 127.5))
        return _decode(boxes.reshape(-1, 16), scores.ravel(), np.array([left, top], np.float64), side)

    def _landmarks(self, rgb: Image, box: Detection) -> Face:
        """Fit twice: the second crop follows the first mesh, which is what tracking video would do."""
        first = self._fit(rgb, box.centre, box.side * MESH_MARGIN, _angle(box.eyes), score=box.score)
        return self._fit(rgb, *_upright_box(first.landmarks), score=box.score)

    def upright(self, rgb: Image, face: Face) -> Upright:
        """``face`` as the mesh network sees it, to be looked at again and again."""
        crop, _ = _upright_crop(rgb, *_upright_box(face.landmarks))
        return Upright(crop, self.refit(crop))

    def refit(self, crop: Image) -> NDArray[np.float64]:
        """(468, 2) px: the mesh of a ``crop`` (MESH_SIDE, MESH_SIDE, 3) like that of ``upright``."""
        with self._lock:
            points, _ = _forward(self._mesh, _blob(crop, 1 / 255.0, 0.0))
        return points.reshape(468, 3)[:, :2].astype(np.float64)

    def _fit(self, rgb: Image, centre: NDArray[np.float64], side: float, angle: float, *, score: float) -> Face:
        crop, turn = _upright_crop(rgb, centre, side, angle)
        points, presence = _forward(self._mesh, _blob(crop, 1 / 255.0, 0.0))
        mesh = points.reshape(468, 3)
        back = np.asarray(cv2.invertAffineTransform(turn), np.float64)
        flat = mesh[:, :2] @ back[:, :2].T + back[:, 2]
        seen = min(score, float(_sigmoid(presence.ravel()[0])))
        return Face(np.c_[flat, mesh[:, 2] * side / MESH_SIDE].astype(np.float32), seen)


@lru_cache(maxsize=1)
def face_finder() -> FaceFinder:
    """The process's finder, loaded at first use. Raises StudioError if the networks are not there."""
    return FaceFinder()


def find_faces(rgb: Image) -> tuple[Face, ...]:
    """Every face in ``rgb`` (H, W, 3) uint8, largest first."""
    return face_finder().find(rgb)


def _read_net(name: str) -> Any:
    # OpenCV 5's new engine reports one of the detector's two outputs; the classic one reports both.
    return cv2.dnn.readNetFromTFLite(str(ensure(name, Watch())), cv2.dnn.ENGINE_CLASSIC)


def _forward(net: Any, blob: Float32) -> tuple[Float32, Float32]:
    """The two outputs, larger first."""
    net.setInput(blob)
    first, second = sorted(net.forward(net.getUnconnectedOutLayersNames()), key=lambda out: -out.size)[:2]
    return first, second


def _sigmoid(value: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-np.clip(value, -50, 50)))


def _rotation(centre: NDArray[np.float64], angle: float, scale: float) -> NDArray[np.float64]:
    """(2, 3) affine that turns the picture by ``angle`` degrees about ``centre`` and scales it."""
    pivot = (float(centre[0]), float(centre[1]))
    return np.asarray(cv2.getRotationMatrix2D(pivot, angle, scale), np.float64)


def _blob(picture: Image, scale: float, mean: float) -> Float32:
    """(1, 3, H, W) float32: (picture - mean) * scale."""
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.dnn.blobFromImage(picture, scale, size, (mean, mean, mean)), np.float32)


def _angle(eyes: NDArray[np.float64]) -> float:
    across = eyes[1] - eyes[0]
    return float(np.degrees(np.arctan2(across[1], across[0])))


@lru_cache(maxsize=1)
def _anchors() -> NDArray[np.float64]:
    """(896, 2) anchor centres in [0, 1]: two on each cell of 16x16, six on each of 8x8."""
    layers = []
    for cells, repeats in ((16, 2), (8, 6)):
        line = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
        layers.append(np.repeat(grid, repeats, axis=0))
    return np.concatenate(layers)


def _decode(raw: Float32, logits: Float32, offset: NDArray[np.float64], side: int) -> list[Detection]:
    scores = _sigmoid(logits)
    found = []
    for index in np.flatnonzero(scores > MIN_SCORE):
        points = (raw[index, [0, 1, 4, 5, 6, 7]].reshape(3, 2) / DETECTOR_SIDE + _anchors()[index]) * side
        size = float(raw[index, 2:4].max()) / DETECTOR_SIDE * side
        found.append(Detection(points[0] + offset, size, points[1:] + offset, float(scores[index])))
    return found


def _tiles(shape: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """Left, top, side of squares: the whole picture, then halves and quarters of it, overlapping by half.

    The detector sees 128 pixels only, so a small face in a large picture is found in a small square.
    """
    height, width = shape[:2]
    side = max(height, width)
    for _ in range(TILE_LEVELS):
        step = max(side // 2, 1)
        for top in range(0, max(height - step, 1), step):
            for left in range(0, max(width - step, 1), step):
                yield left, top, side
        side //= 2
        if side < SMALLEST_TILE:
            return


def _suppress(boxes: list[Detection]) -> list[Detection]:
    """Non-maximum suppression: keep the surest box of each heap."""
    kept: list[Detection] = []
    for box in sorted(boxes, key=lambda item: -item.score):
        if all(np.linalg.norm(box.centre - other.centre) > 0.5 * max(box.side, other.side) for other in kept):
            kept.append(box)
    return kept


def _distinct(faces: list[Face]) -> list[Face]:
    """Faces whose meshes lie on each other are one face."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda item: -item.score):
        centre, width = face.landmarks[:, :2].mean(0), face.box[2]
        if all(np.linalg.norm(centre - o.landmarks[:, :2].mean(0)) > 0.4 * max(width, o.box[2]) for o in kept):
            kept.append(face)
    return kept


def _upright_box(landmarks: Float32) -> tuple[NDArray[np.float64], float, float]:
    """Centre, side and angle of the crop around a known mesh."""
    eyes = landmarks[[RIGHT_EYE_OUTER, LEFT_EYE_OUTER], :2].astype(np.float64)
    angle = _angle(eyes)
    turn = _rotation(np.zeros(2), angle, 1.0)[:, :2]
    upright = landmarks[:, :2] @ turn.T
    low, high = upright.min(0), upright.max(0)
    centre = np.linalg.inv(turn) @ ((low + high) / 2)
    return centre, float((high - low).max()) * MESH_MARGIN, angle


def _upright_crop(
    rgb: Image, centre: NDArray[np.float64], side: float, angle: float
) -> tuple[Image, NDArray[np.float64]]:
    """The square around a face, MESH_SIDE wide, and the (2, 3) affine from the picture to it."""
    turn = _rotation(centre, angle, MESH_SIDE / side)
    turn[:, 2] += MESH_SIDE / 2 - centre
    shrink = cv2.INTER_AREA if side > 2 * MESH_SIDE else cv2.INTER_LINEAR
    warped = cv2.warpAffine(_reduced(rgb, side), _for_reduced(turn, side), (MESH_SIDE,) * 2, flags=shrink)
    return np.asarray(warped, np.uint8), turn


def _reduction(side: float) -> int:
    """Whole factor by which a crop is shrunk first, so that the warp does not skip pixels."""
    return max(int(side / (2 * MESH_SIDE)), 1)


def _reduced(rgb: Image, side: float) -> Image:
    factor = _reduction(side)
    if factor == 1:
        return rgb
    size = (max(rgb.shape[1] // factor, 1), max(rgb.shape[0] // factor, 1))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))


def _for_reduced(turn: NDArray[np.float64], side: float) -> NDArray[np.float64]:
    """``turn`` for the picture that ``_reduced`` gives."""
    factor = _reduction(side)
    scaled = turn.copy()
    scaled[:, :2] *= factor
    return scaled
