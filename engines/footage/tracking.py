"""One face, followed through the frames of a clip: found on small pictures now and then, tracked in between."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from engines.faces import Face, FaceFinder
from engines.types import Float32, Image

LOOK_SIDE = 640
"""Long side in px of the pictures that faces are looked for in."""
LEAST_SEEN = 0.5
"""Presence by the mesh network below which the face is lost."""
LOOK_AGAIN = 5
"""Frames between two looks for a face that is lost: looking costs thirty times what tracking does."""
THUMB = (32, 18)
CUT = 26.0
"""Mean change of a thumbnail's grey levels that can be a cut."""
CUT_RATIO = 6.0
"""And it must be this many times what the frames before it changed by."""


@dataclass(frozen=True)
class Sight:
    """What was seen in one frame: ``landmarks`` (468, 3) px of the face or None; ``cut``: a new shot begins."""

    landmarks: Float32 | None
    cut: bool = False


@dataclass(frozen=True)
class Memory:
    """What tracking knows of the frames before: enough to go on from here in another process.

    ``last``: (468, 3) px of the face when it was last seen, empty before that. ``lost``: frames since then.
    ``thumb``: that frame, tiny. ``change``: usual change between thumbnails. ``age``: frames since the
    detector looked.
    """

    last: Float32
    thumb: Float32
    lost: int = 0
    change: float = 1.0
    age: int = 0

    @staticmethod
    def blank() -> Memory:
        """Before the first frame."""
        return Memory(np.zeros((0, 3), np.float32), np.zeros((0, 0), np.float32))


class FaceTracker:
    """Follows the largest face. ``every``: frames after which the detector must see it, too."""

    def __init__(self, finder: FaceFinder, every: int, memory: Memory | None = None) -> None:
        self._finder, self._every = finder, every
        self.memory = memory or Memory.blank()
        self._thumb: Float32 = self.memory.thumb
        self._frame: tuple[Image, Sight] | None = None

    def step(self, rgb: Image) -> Sight:
        """The face in the next frame, (H, W, 3)."""
        if self._frame is not None and self._frame[0] is rgb:  # a frame that is shown longer than others
            return replace(self._frame[1], cut=False)
        cut = self._is_cut(rgb)
        face = self._follow(rgb, cut)
        cut = cut and face is not None  # what hides the face for a moment is no cut
        if face is None:
            self.memory = replace(self.memory, lost=self.memory.lost + 1)
        else:
            self.memory = replace(self.memory, last=face.landmarks, lost=0, thumb=self._thumb)
        sight = Sight(None if face is None else face.landmarks, cut)
        self._frame = (rgb, sight)
        return sight

    def _is_cut(self, rgb: Image) -> bool:
        """Whether the frame is unlike the last one in which the face was seen."""
        thumb = cv2.cvtColor(cv2.resize(rgb, THUMB, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        now, before = thumb.astype(np.float32), self.memory.thumb
        change = float(np.abs(now - before).mean()) if before.size else 0.0
        cut = change > CUT and change > CUT_RATIO * self.memory.change
        self._thumb = now
        if not (cut or self.memory.lost):
            self.memory = replace(self.memory, change=0.9 * self.memory.change + 0.1 * max(change, 1.0))
        return cut

    def _follow(self, rgb: Image, cut: bool) -> Face | None:
        known = len(self.memory.last) and not self.memory.lost and not cut
        if not known:
            return self._look(rgb, cut)
        face = self._finder.track(rgb, Face(self.memory.last, 1.0))
        self.memory = replace(self.memory, age=self.memory.age + 1)
        due = self.memory.age >= self._every
        if face.score >= LEAST_SEEN and not (due and not self._finder.still_there(rgb, face)):
            if due:
                self.memory = replace(self.memory, age=0)
            return face
        return self._look(rgb, cut)

    def _look(self, rgb: Image, cut: bool) -> Face | None:
        """Look for the face anew: the one that is where it was, else the largest."""
        if self.memory.lost % LOOK_AGAIN:
            return None
        self.memory = replace(self.memory, age=0)
        scale = min(LOOK_SIDE / max(rgb.shape[:2]), 1.0)
        size = (max(round(rgb.shape[1] * scale), 1), max(round(rgb.shape[0] * scale), 1))
        small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        faces = [
            Face((face.landmarks / scale).astype(np.float32), face.score) for face in self._finder.find(small)
        ]
        if not faces:
            return None
        found = faces[0] if cut or not len(self.memory.last) else min(faces, key=self._distance)
        face = self._finder.track(rgb, found)
        return face if face.score >= LEAST_SEEN else None

    def _distance(self, face: Face) -> float:
        """How far from where the face was, in its widths."""
        last = self.memory.last[:, :2]
        away = float(np.linalg.norm(face.landmarks[:, :2].mean(0) - last.mean(0)))
        return away / max(float(np.ptp(last[:, 0])), 1.0)
