"""From what a network says, frame by frame, to the weights of a face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.audio2face.eyes import EyeTrack
from engines.audio2face.geometry import JAW_POINTS, Geometry
from engines.audio2face.poses import PoseTrack
from engines.audio2face.settings import FaceSettings, Offsets
from engines.face_geometry import Skin, lower_face, rigid_motions
from engines.types import BLENDSHAPES, TONGUE_SHAPES, Float32


@dataclass(frozen=True)
class FaceFrames:
    """T frames of a face. ``skin`` (T, 52) and ``tongue`` (T, 16): the solver's weights in the order of
    ``BLENDSHAPES`` and ``TONGUE_SHAPES``, not clipped. ``jaw`` (T, 4, 4): the rigid motion of the lower teeth
    in the unit of the mesh. ``eyes`` (T, 4): degrees of the right eye about x and y, then of the left."""

    skin: Float32
    tongue: Float32
    jaw: Float32
    eyes: Float32

    def __len__(self) -> int:
        return len(self.skin)

    def rows(self, first: int, end: int) -> FaceFrames:
        """The frames from ``first`` to before ``end``."""
        return FaceFrames(*(part[first:end] for part in (self.skin, self.tongue, self.jaw, self.eyes)))


def no_frames() -> FaceFrames:
    """None at all."""
    sides = (len(BLENDSHAPES),), (len(TONGUE_SHAPES),), (4, 4), (4,)
    return FaceFrames(*(np.zeros((0, *side), np.float32) for side in sides))


def joined(pieces: list[FaceFrames]) -> FaceFrames:
    """All of them, one after the other."""
    every = [no_frames(), *pieces]
    names = ("skin", "tongue", "jaw", "eyes")
    return FaceFrames(*(np.concatenate([getattr(piece, name) for piece in every]) for name in names))


class FaceTrack:
    """The face of one stream; what it remembers goes on from frame to frame."""

    def __init__(self, geometry: Geometry, settings: FaceSettings, fps: float) -> None:
        self._geometry, self._settings, self._fps = geometry, settings, fps
        self._skin = skin_of(geometry, settings)
        self._smoothed: Float32 | None = None
        self._eyes = EyeTrack(geometry.saccades, settings.eyes, settings.saccade, 1.0 / fps)
        self._poses = PoseTrack(geometry.skin.poses), PoseTrack(geometry.tongue.poses)
        self._tongue_rest = geometry.tongue.neutral[geometry.tongue.poses.vertices]

    def frames(self, said: Float32) -> FaceFrames:
        """The next B frames; the network says ``said`` (B, R): skin, tongue, jaw (15), eyes (4) in a row."""
        eyes, jaw = said[:, -4:], said[:, -4 - 3 * JAW_POINTS : -4].reshape(-1, JAW_POINTS, 3)
        surfaces, width = said[:, : -4 - 3 * JAW_POINTS], _width(self._geometry)
        deltas = self._geometry.skin.deltas(surfaces[:, :width])
        skin, self._smoothed = self._skin.move(deltas, self._fps, self._smoothed)
        tongue = self._geometry.tongue.deltas(surfaces[:, width:])
        teeth = _moved(self._geometry.jaw, jaw, self._settings.teeth)
        return FaceFrames(
            _in_order(self._poses[0], skin, BLENDSHAPES),
            _in_order(self._poses[1], _moved(self._tongue_rest, tongue, self._settings.tongue), TONGUE_SHAPES),
            rigid_motions(self._geometry.jaw, teeth).astype(np.float32),
            self._eyes.turn(eyes),
        )


def _in_order(track: PoseTrack, points: Float32, names: tuple[str, ...]) -> Float32:
    """(B, N) weights of (B, M, 3) points in the order of ``names``, 0 for shapes that it does not have."""
    out = np.zeros((len(points), len(names)), np.float32)
    columns = [names.index(name) for name in track.names]
    for row, pose in enumerate(points):
        out[row, columns] = track.weights(pose)
    return out


def skin_of(geometry: Geometry, settings: FaceSettings) -> Skin:
    """The skin at the vertices that the solver looks at; the mask is measured on all of them."""
    seen, neutral = geometry.skin.poses.vertices, geometry.skin.neutral
    lower = lower_face(neutral, *settings.mask)[seen]
    return Skin(neutral[seen], lower, geometry.lids[seen], geometry.lips[seen], settings.skin)


def _width(geometry: Geometry) -> int:
    """How many numbers a network says of the skin."""
    basis = geometry.skin.basis
    return geometry.skin.neutral.size if basis is None else len(basis)


def _moved(rest: Float32, deltas: Float32, offsets: Offsets) -> Float32:
    return np.asarray(rest + deltas * np.float32(offsets.strength) + offsets.shift, np.float32)
