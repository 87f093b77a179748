"""Which pixels of a photo belong to the person with the chosen face, and how much of each.

MediaPipe's selfie segmentation (TFLite, Apache-2.0; 256x256 RGB in [0, 1] to the probability of a person), read
by OpenCV, finds the person roughly; a guided filter with the photo as guide (He, Sun, Tang 2013, "Guided image
filtering", in its subsampled form of He, Sun 2015) brings the edge to where the picture has it, hair included.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.faces import CHIN, FOREHEAD, LEFT_EYE_OUTER, RIGHT_EYE_OUTER
from engines.progress import Watch
from engines.types import Float32, Image, Portrait
from engines.weights import ensure

NET_SIDE = 256
CROP = 8.0
"""Side (iod) of the square around the face in which the network looks a second time, closer."""
CROP_DROP = 1.2
"""How far (iod) the middle of that square lies below the eyes: shoulders count, sky does not."""
CROP_FEATHER = 0.06
"""Share of the square over which the closer look takes over from the first."""
SOLID = 0.5
CERTAIN = (0.25, 0.75)
"""Probabilities of the network that are taken for certain."""
SHAVED = 0.1
"""Alpha this close to 0 or 1 is 0 or 1: what the guided filter leaves of texture."""
REACH = 0.09
"""Radius (iod) of the guided filter: about two pixels of the network in the closer look."""
FLATNESS = 2e-4
"""The guided filter's epsilon, for colours in [0, 1]: weaker edges than its root are not followed."""
GUIDE_RADIUS = 4
"""The same in pixels of the reduced picture in which the filter works."""
STRAY = 2
"""How far outside of the network's own doubt, in pixels of that picture, hair may reach: further out, what
looks like hair is more often a line of the background."""
TRUNK = 3.0
"""Length (iod) of the line below a face that stands for its body where people touch."""
PARTING = 0.15
"""Width (in iod of the nearer face) over which one person gives way to the next."""
FACE_COVER = 0.97
"""Least mean matte inside a face for a matte that can be trusted."""
WIDEST_DOUBT = 0.16
"""Widest mean band (iod) of doubt along the edge of a head for a matte that can be trusted."""


@dataclass(frozen=True)
class Matte:
    """``alpha``: (H, W) float32, 0 background to 1 person. ``cover``: its mean over the face. ``doubt``: width
    (iod) of the band along the head's edge where it is neither. ``open``: share of background around the
    head."""

    alpha: Float32
    cover: float
    doubt: float
    open: float

    @property
    def trusted(self) -> bool:
        """Whether a head that is cut out by it will look whole and clean."""
        return self.found and self.doubt <= WIDEST_DOUBT

    @property
    def found(self) -> bool:
        """Whether there is a person at the face at all."""
        return self.cover >= FACE_COVER


class Segmenter:
    """The network, loaded once. OpenCV networks keep state while they run, hence the lock."""

    def __init__(self) -> None:
        path = ensure("mediapipe.selfie_segmentation", Watch())
        self._net: Any = cv2.dnn.readNetFromTFLite(str(path), cv2.dnn.ENGINE_CLASSIC)
        self._lock = threading.Lock()

    def segment(self, rgb: Image) -> Float32:
        """(256, 256) float32 in [0, 1]: how likely each place of (H, W, 3) ``rgb``, squeezed, is a person."""
        small = cv2.resize(rgb, (NET_SIDE, NET_SIDE), interpolation=cv2.INTER_AREA)
        with self._lock:
            self._net.setInput(cv2.dnn.blobFromImage(small, 1 / 255.0))
            found = self._net.forward().reshape(NET_SIDE, NET_SIDE)
        return np.clip(np.asarray(found, np.float32), 0, 1)


@lru_cache(maxsize=1)
def segmenter() -> Segmenter:
    """The process's segmenter, loaded at first use. Raises StudioError if the network is not there."""
    return Segmenter()


def person_matte(portrait: Portrait) -> Matte:
    """The matte of the person whose face ``portrait`` has, without other people that touch them."""
    small = _reduced(portrait, GUIDE_RADIUS / (REACH * _iod(portrait.landmarks)))
    y, x = (line.astype(np.float32) for line in np.ogrid[: small.rgb.shape[0], : small.rgb.shape[1]])
    own = own_share(small.landmarks, small.others, x, y)
    rough = _certain(_look_twice(portrait, small.rgb.shape)) * own
    rough = (rough * _own_component(rough, small.landmarks)).astype(np.float32)
    alpha = refine(portrait.rgb, small.rgb, rough)
    size = (rough.shape[1], rough.shape[0])
    measures = _measures(_resized(alpha, size, cv2.INTER_AREA), small.landmarks)
    return Matte(alpha, *measures)


def _reduced(portrait: Portrait, scale: float) -> Portrait:
    """``portrait`` at ``scale``, never larger than it is."""
    scale = min(scale, 1.0)
    height, width = portrait.rgb.shape[:2]
    size = (max(round(width * scale), 8), max(round(height * scale), 8))
    rgb = np.asarray(cv2.resize(portrait.rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    others = tuple((other * scale).astype(np.float32) for other in portrait.others)
    return Portrait(rgb, (portrait.landmarks * scale).astype(np.float32), others)


def _resized(plane: Float32, size: tuple[int, int], how: int = cv2.INTER_LINEAR) -> Float32:
    """``plane``, one or more channels, at ``size`` (width, height)."""
    return np.asarray(cv2.resize(plane, size, interpolation=how), np.float32)


def refine(rgb: Image, small: Image, rough: Float32) -> Float32:
    """(H, W) float32: ``rough`` with its edges where ``rgb`` has edges nearby; away from edges 0 or 1.

    ``rgb``: (H, W, 3). ``small``: (h, w, 3), the same picture reduced; ``rough``: (h, w).
    """
    size = (rgb.shape[1], rgb.shape[0])
    unsure = cv2.dilate(((rough > 0.02) & (rough < 0.98)).astype(np.float32), _disc(STRAY))
    share = _resized(np.asarray(unsure, np.float32), size)
    near = share > 0
    alpha = _resized(np.round(rough), size)
    slope, offset = _guided(small.astype(np.float32) / np.float32(255), rough)
    slopes, offsets = (_resized(part, size)[near] for part in (slope, offset))
    fine = np.clip((offsets + (slopes * rgb[near]).sum(1) / 255 - SHAVED) / (1 - 2 * SHAVED), 0, 1)
    alpha[near] += share[near] * (fine - alpha[near])
    return alpha


def _guided(guide: Float32, rough: Float32) -> tuple[Float32, Float32]:
    """The guided filter's mean slope (h, w, 3) and offset (h, w) for a colour guide."""

    def mean(plane: Float32) -> Float32:
        side = (2 * GUIDE_RADIUS + 1,) * 2
        return np.asarray(cv2.boxFilter(plane, -1, side, borderType=cv2.BORDER_REFLECT), np.float32)

    middle, level = mean(guide), mean(rough)
    together = mean(guide * rough[..., None]) - middle * level[..., None]
    squares = np.stack([mean(guide[..., i] * guide[..., j]) for i in range(3) for j in range(3)], -1)
    covariance = squares.reshape(*rough.shape, 3, 3) - middle[..., :, None] * middle[..., None, :]
    covariance += FLATNESS * np.eye(3, dtype=np.float32)
    slope = np.linalg.solve(covariance, together[..., None])[..., 0].astype(np.float32)
    offset = level - np.einsum("hwc,hwc->hw", slope, middle)
    return mean(slope), mean(offset.astype(np.float32))


def _look_twice(portrait: Portrait, shape: tuple[int, ...]) -> Float32:
    """(h, w) of ``shape``: what the network says of the whole picture, and of the face from closer."""
    height, width = portrait.rgb.shape[:2]
    rough = _resized(segmenter().segment(portrait.rgb), (shape[1], shape[0]))
    side = CROP * _iod(portrait.landmarks)
    if side > 0.85 * max(height, width):
        return rough
    x, y = portrait.landmarks[[RIGHT_EYE_OUTER, LEFT_EYE_OUTER], :2].mean(0)
    y += CROP_DROP / CROP * side
    box = (max(x - side / 2, 0), max(y - side / 2, 0), min(x + side / 2, width), min(y + side / 2, height))
    left, top, right, bottom = (round(edge) for edge in box)
    closer = segmenter().segment(np.ascontiguousarray(portrait.rgb[top:bottom, left:right]))
    scale = shape[1] / width
    corner = (round(left * scale), round(top * scale))
    inside = rough[corner[1] : round(bottom * scale), corner[0] : round(right * scale)]
    share = _feather(inside.shape, shape, corner, CROP_FEATHER * side * scale)
    inside += share * (_resized(closer, (inside.shape[1], inside.shape[0])) - inside)
    return rough


def _certain(rough: Float32) -> Float32:
    """``rough`` with what is nearly sure made sure."""
    low, high = CERTAIN
    share = np.clip((rough - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _feather(shape: tuple[int, ...], whole: tuple[int, ...], at: tuple[int, int], width: float) -> Float32:
    """(h, w): 1 inside a part, falling to 0 over ``width`` px at borders that are not the picture's own."""
    rows, columns = np.arange(shape[0]) + 0.5, np.arange(shape[1]) + 0.5
    ramps = []
    for place, length, start, full in ((rows, shape[0], at[1], whole[0]), (columns, shape[1], at[0], whole[1])):
        before = place / width if start > 0 else np.ones(length)
        after = (length - place) / width if start + length < full else np.ones(length)
        ramps.append(np.clip(np.minimum(before, after), 0, 1))
    return np.asarray(np.minimum(ramps[0][:, None], ramps[1][None]), np.float32)


def _own_component(rough: Float32, landmarks: Float32) -> Float32:
    """(H, W): 1 on the connected part of ``rough`` that the face lies in and close around it, else 0."""
    count, labels = cv2.connectedComponents((rough > SOLID).astype(np.uint8))
    if count <= 2:
        return np.ones_like(rough)
    face = _face_mask(landmarks, rough.shape) & (labels > 0)
    own = np.bincount(labels[face], minlength=2)[1:].argmax() + 1 if face.any() else 1
    near = cv2.dilate((labels == own).astype(np.uint8), _disc(2 * REACH * _iod(landmarks)))
    others = (labels > 0) & (labels != own)
    return np.asarray(near * ~others, np.float32)


def own_share(landmarks: Float32, others: Sequence[Float32], x: Float32, y: Float32) -> Float32:
    """In [0, 1], shaped as ``x`` and ``y`` (px) together: 0 where another face is nearer, bodies taken as lines
    that go down from the faces."""
    own = _distance(landmarks, x, y)
    if not others:
        return np.ones_like(own)
    rest = np.min([_distance(other, x, y) for other in others], axis=0)
    return np.asarray(np.clip((rest - own) / PARTING + 0.5, 0, 1), np.float32)


def _distance(landmarks: Float32, x: Float32, y: Float32) -> Float32:
    """Distance in iod from the line that starts at a face's middle and goes down its body."""
    middle, iod = landmarks[:, :2].mean(0), _iod(landmarks)
    over = np.minimum(y - middle[1], 0.0)
    beyond = np.maximum(y - middle[1] - TRUNK * iod, 0.0)
    return np.asarray(np.sqrt((x - middle[0]) ** 2 + over**2 + beyond**2) / iod, np.float32)


def _measures(alpha: Float32, landmarks: Float32) -> tuple[float, float, float]:
    """``cover``, ``doubt`` and ``open`` of a Matte."""
    face = _face_mask(landmarks, alpha.shape)
    head = _head_mask(landmarks, alpha.shape) & ~face
    if not face.any() or not head.any():
        return float(face.any()), 0.0, 0.0
    around = alpha[head]
    edge = cv2.morphologyEx((alpha > SOLID).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    length = max(float(np.asarray(edge)[head].sum()) / 2, 1.0)
    unsure = float(((around > 0.1) & (around < 0.9)).sum())
    return float(alpha[face].mean()), unsure / length / _iod(landmarks), float((around < SOLID).mean())


def _face_mask(landmarks: Float32, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape[:2], np.uint8)
    hull = cv2.convexHull(landmarks[:, :2].astype(np.float32))
    cv2.fillConvexPoly(mask, np.round(hull).astype(np.int32), 1)
    return mask.astype(bool)


def _head_mask(landmarks: Float32, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The head above the chin with what is around it, twice the size of the face."""
    mask = np.zeros(shape[:2], np.uint8)
    middle = landmarks[:, :2].mean(0)
    hull = cv2.convexHull((middle + 2.0 * (landmarks[:, :2] - middle)).astype(np.float32))
    cv2.fillConvexPoly(mask, np.round(hull).astype(np.int32), 1)
    down = landmarks[CHIN, :2] - landmarks[FOREHEAD, :2]
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    below = (columns - landmarks[CHIN, 0]) * down[0] + (rows - landmarks[CHIN, 1]) * down[1] > 0
    return np.asarray(mask.astype(bool) & ~below)


def _iod(landmarks: Float32) -> float:
    return float(np.linalg.norm(landmarks[LEFT_EYE_OUTER] - landmarks[RIGHT_EYE_OUTER]))


def _disc(radius: float) -> NDArray[np.uint8]:
    side = 2 * max(round(radius), 1) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
