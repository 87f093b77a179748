"""From what a network says, frame by frame, to the weights of a face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.audio2face.eyes import EyeTrack
from engines.audio2face.geometry import JAW_POINTS, Geometry
from engines.audio2face.jaw import rigid_motion
from engines.audio2face.poses import PoseTrack
from engines.audio2face.settings import FaceSettings, Offsets
from engines.audio2face.skin import SkinRest, SkinTrack, lower_face
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

    def __init__(self, geometry: Geometry, settings: FaceSettings, step: float) -> None:
        """``step``: seconds between frames."""
        self._geometry, self._settings = geometry, settings
        self._skin = SkinTrack(skin_rest(geometry, settings.mask), settings.skin, step)
        self._eyes = EyeTrack(geometry.saccades, settings.eyes, step)
        self._skin_poses, self._tongue_poses = (
            PoseTrack(geometry.skin.poses),
            PoseTrack(geometry.tongue.poses),
        )
        self._columns = (
            [BLENDSHAPES.index(name) for name in geometry.skin.poses.names],
            [TONGUE_SHAPES.index(name) for name in geometry.tongue.poses.names],
        )
        self._tongue_rest = geometry.tongue.neutral[geometry.tongue.poses.vertices]

    def frames(self, said: Float32) -> FaceFrames:
        """The next B frames; the network says ``said`` (B, R): skin, tongue, jaw (15), eyes (4) in a row."""
        eyes, jaw = said[:, -4:], said[:, -4 - 3 * JAW_POINTS : -4].reshape(-1, JAW_POINTS, 3)
        surfaces = said[:, : -4 - 3 * JAW_POINTS]
        width = _width(self._geometry)
        skin = self._geometry.skin.deltas(surfaces[:, :width])
        tongue = _moved(
            self._tongue_rest, self._geometry.tongue.deltas(surfaces[:, width:]), self._settings.tongue
        )
        teeth = _moved(self._geometry.jaw, jaw, self._settings.teeth)
        return FaceFrames(
            self._weights(self._skin_poses, [self._skin.pose(delta) for delta in skin], 0),
            self._weights(self._tongue_poses, list(tongue), 1),
            np.stack([rigid_motion(self._geometry.jaw, pose) for pose in teeth]),
            np.stack([self._eyes.turn(row) for row in eyes]),
        )

    def _weights(self, track: PoseTrack, points: list[Float32], which: int) -> Float32:
        width = len(BLENDSHAPES) if which == 0 else len(TONGUE_SHAPES)
        out = np.zeros((len(points), width), np.float32)
        for row, pose in enumerate(points):
            out[row, self._columns[which]] = track.weights(pose)
        return out


def skin_rest(geometry: Geometry, mask: tuple[float, float]) -> SkinRest:
    """The skin at the vertices that the solver looks at; the mask is measured on all of them."""
    seen, skin = geometry.skin.poses.vertices, geometry.skin.neutral
    lower = lower_face(skin[:, 1], *mask)[seen, None]
    return SkinRest(skin[seen], geometry.lids[seen], geometry.lips[seen], lower)


def _width(geometry: Geometry) -> int:
    """How many numbers a network says of the skin."""
    basis = geometry.skin.basis
    return geometry.skin.neutral.size if basis is None else len(basis)


def _moved(rest: Float32, deltas: Float32, offsets: Offsets) -> Float32:
    return np.asarray(rest + deltas * np.float32(offsets.strength) + offsets.shift, np.float32)
