"""A photo with the points of its face: what is shown of it, and what moved points mean."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engines.adjust import HANDLES, handle_points
from engines.adjust_place import place_face, placement_of, start_place
from engines.errors import StudioError
from engines.facemesh.anatomy import face_frame
from engines.faces import Face, find_faces
from engines.photos import corrected_face, read_photo
from engines.pipeline import Pipeline
from engines.registry import get_recipe
from engines.types import BLENDSHAPE_INDEX, BLENDSHAPES, MAX_SHIFT, AvatarRef, Float32, HandleShift, Image

DEFAULT_RECIPE = "instant"
SHOWN_SIDE = 900
AIR = 1.3
"""Side of the shown square in lengths of the face."""
EFFECT_SIDE, EFFECT_AIR = 300, 1.15
NEGLIGIBLE = 2e-4
"""iod; what the page's rounding may shift."""
POSES: tuple[tuple[str, dict[str, float]], ...] = (
    ("At rest", {}),
    ("Mouth open", {"jawOpen": 0.45, "mouthLowerDownLeft": 0.2, "mouthLowerDownRight": 0.2}),
    ("Eyes closed", {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}),
)
BAD_POINTS = "The points could not be read; reload the page and move them again."
Shares = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class AdjustScene:
    """``ref``: whose points. ``shape``: (H, W) of the photo. ``base``: (468, 3) px, the points uncorrected.

    ``rect``: left, top, width, height in px of what is shown of the photo, as ``shown``.
    """

    ref: AvatarRef
    shape: tuple[int, int]
    base: Float32
    rect: tuple[float, float, float, float]
    shown: Image

    @property
    def aspect(self) -> float:
        """Width over height of what is shown."""
        return self.rect[2] / self.rect[3]

    @property
    def by_hand(self) -> bool:
        """Whether the face was, or is to be, placed by hand."""
        return self.ref.placed is not None

    @property
    def reach(self) -> tuple[float, float] | None:
        """How far a handle may be moved, in shares of what is shown; None for anywhere."""
        if self.by_hand:
            return None
        far = MAX_SHIFT * face_frame(self.base).iod
        return far / self.rect[2], far / self.rect[3]

    def handles(self, ref: AvatarRef | None = None) -> Shares:
        """Where the handles are shown: uncorrected, or with the corrections of ``ref``."""
        left, top, width, height = self.rect
        iod = face_frame(self.base).iod
        moves = {shift.handle: shift for shift in (ref.adjust if ref else ())}
        found: Shares = {}
        for name, (x, y) in handle_points(self.base).items():
            shift = moves.get(name, HandleShift(name))
            found[name] = (x + shift.dx * iod - left) / width, (y + shift.dy * iod - top) / height
        return found

    def corrected(self, points: Any) -> AvatarRef:
        """``ref`` with the handles at ``points`` (handle -> shares of what is shown), which may be anything.

        Raises StudioError if they are not points, or not those of a face.
        """
        left, top, width, height = self.rect
        placed = {name: (left + x * width, top + y * height) for name, (x, y) in _read(points).items()}
        if self.by_hand:
            place, rest = placement_of(self.shape, placed)
            return replace(self.ref, placed=place, adjust=rest)
        iod, found = face_frame(self.base).iod, handle_points(self.base)
        moves = [_shift(name, placed[name], found[name], iod) for name in HANDLES]
        return replace(self.ref, adjust=tuple(move for move in moves if move))


def open_scene(ref: AvatarRef) -> AdjustScene:
    """The face of ``ref`` in its photo.

    Raises StudioError if the photo cannot be read or has no face of that number.
    """
    path = Path(ref.source)
    rgb = read_photo(path)
    shape = (rgb.shape[0], rgb.shape[1])
    if ref.placed is not None:
        rect = (0.0, 0.0, float(shape[1]), float(shape[0]))
        return AdjustScene(ref, shape, place_face(shape, ref.placed), rect, _cut(rgb, rect, SHOWN_SIDE))
    face = corrected_face(rgb, replace(ref, adjust=()), found_faces(path, path.stat().st_mtime_ns))
    rect = _square_around(face, shape, AIR)
    return AdjustScene(ref, shape, face.landmarks, rect, _cut(rgb, rect, SHOWN_SIDE))


def placed_by_hand(photo: str, face: int) -> AvatarRef:
    """A face to be put onto ``photo`` by hand: on face number ``face`` if there is one, else in the middle."""
    path = Path(photo)
    shape = read_photo(path).shape
    faces = found_faces(path, path.stat().st_mtime_ns)
    if face >= len(faces):
        return AvatarRef(photo, placed=start_place(shape))
    place, rest = placement_of(shape, handle_points(faces[face].landmarks))
    return AvatarRef(photo, face, rest, place)


def posed_close_ups(pipeline: Pipeline, ref: AvatarRef) -> list[tuple[str, Image]]:
    """The face in POSES with the corrections of ``ref``: (title, picture) each."""
    rows = np.zeros((len(POSES), len(BLENDSHAPES)), np.float32)
    for row, (_, weights) in zip(rows, POSES, strict=True):
        for name, weight in weights.items():
            row[BLENDSHAPE_INDEX[name]] = weight
    path = Path(ref.source)
    rgb = read_photo(path)
    face = corrected_face(rgb, ref, found_faces(path, path.stat().st_mtime_ns))
    frames = pipeline.posed(ref, rows, None, get_recipe(DEFAULT_RECIPE))
    left, top, side, _ = _square_around(face, (rgb.shape[0], rgb.shape[1]), EFFECT_AIR)
    scale = frames[0].shape[1] / rgb.shape[1]
    rect = (left * scale, top * scale, side * scale, side * scale)
    return [(title, _cut(frame, rect, EFFECT_SIDE)) for (title, _), frame in zip(POSES, frames, strict=True)]


@lru_cache(maxsize=32)
def found_faces(path: Path, _changed: int) -> tuple[Face, ...]:
    """The faces in the photo at ``path``."""
    return find_faces(read_photo(path))


def _read(points: Any) -> Shares:
    if not isinstance(points, Mapping) or set(points) != set(HANDLES):
        raise StudioError(BAD_POINTS)
    found: Shares = {}
    for name, place in points.items():
        if not isinstance(place, list | tuple) or len(place) != 2 or not all(map(_is_share, place)):
            raise StudioError(BAD_POINTS)
        found[name] = (float(place[0]), float(place[1]))
    return found


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and -1.0 <= value <= 2.0


def _shift(name: str, to: tuple[float, float], start: tuple[float, float], iod: float) -> HandleShift | None:
    across, down = (to[0] - start[0]) / iod, (to[1] - start[1]) / iod
    if max(abs(across), abs(down)) < NEGLIGIBLE:
        return None
    limited = [round(min(max(value, -MAX_SHIFT), MAX_SHIFT), 4) for value in (across, down)]
    return HandleShift(name, *limited)


def _square_around(face: Face, shape: tuple[int, int], air: float) -> tuple[float, float, float, float]:
    x, y, width, height = face.box
    side = min(max(width, height) * air, *shape)
    left = min(max(x + width / 2 - side / 2, 0.0), shape[1] - side)
    top = min(max(y + height / 2 - side / 2, 0.0), shape[0] - side)
    return left, top, side, side


def _cut(rgb: Image, rect: tuple[float, float, float, float], side: int) -> Image:
    """What lies in ``rect``, its long side at most ``side`` px; small ones are enlarged to be seen well."""
    left, top, width, height = (round(value) for value in rect)
    part = np.ascontiguousarray(rgb[top : top + height, left : left + width])
    scale = side / max(part.shape[:2])
    size = (max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, size, interpolation=way), np.uint8)
