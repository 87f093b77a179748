"""The geometry of one face: what model_data.npz holds, at the vertices that the solver looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.audio2face.folder import DiffusionInfo, ModelFolder, RegressionInfo
from engines.audio2face.poses import Poses, read_poses, share_of
from engines.audio2face.reading import Archive, refusing
from engines.face_geometry import mix_shapes
from engines.types import BLENDSHAPES, TONGUE_SHAPES, Float32

JAW_POINTS = 5


@dataclass(frozen=True)
class Surface:
    """Skin or tongue: ``neutral`` (V, 3); ``poses`` to solve for, which look at M vertices; ``basis`` (K, M, 3)
    where the network speaks in K principal components, None where it gives all 3V coordinates."""

    neutral: Float32
    poses: Poses
    basis: Float32 | None

    def deltas(self, said: Float32) -> Float32:
        """(B, M, 3) from what the network says, (B, K) or (B, 3V)."""
        if self.basis is not None:
            return np.asarray(mix_shapes(said, self.basis))
        return np.asarray(said.reshape(len(said), -1, 3)[:, self.poses.vertices])


@dataclass(frozen=True)
class Geometry:
    """A face at rest and how it can move. ``lids`` and ``lips`` (V, 3) are deltas of the skin; ``jaw`` (5, 3);
    ``saccades`` (N, 2) degrees about x and y. ``open_in_close``: how much of jawOpen is in mouthClose, see
    ``LiveFace.moving``."""

    skin: Surface
    tongue: Surface
    lids: Float32
    lips: Float32
    jaw: Float32
    saccades: Float32
    open_in_close: float


def read_geometry(folder: ModelFolder) -> Geometry:
    """The face of a model folder. Raises StudioError naming what does not fit."""
    with refusing(folder.data), Archive(folder.data) as archive:
        names = _names(folder.info)
        rests = [archive.points(name, _expected(folder.info, name)) for name in names]
        lids, lips = (
            archive.points(name, len(rests[0])) for name in ("eye_close_pose_delta", "lip_open_pose_delta")
        )
        jaw = archive.points("neutral_jaw", JAW_POINTS)
        saccades = archive.numbers("saccade_rot_matrix", (None, 2))
    skin, tongue = (
        read_poses(part, known, len(rest))
        for part, known, rest in zip(
            (folder.skin, folder.tongue), (BLENDSHAPES, TONGUE_SHAPES), rests, strict=True
        )
    )
    bases = _bases(folder, (skin, tongue), rests)
    surfaces = Surface(rests[0], skin, bases[0]), Surface(rests[1], tongue, bases[1])
    return Geometry(*surfaces, lids, lips, jaw, saccades, share_of(skin, "jawOpen", "mouthClose"))


def _names(info: RegressionInfo | DiffusionInfo) -> tuple[str, str]:
    if isinstance(info, RegressionInfo):
        return "shapes_mean_skin", "shapes_mean_tongue"
    return "neutral_skin", "neutral_tongue"


def _expected(info: RegressionInfo | DiffusionInfo, name: str) -> int | None:
    """How many vertices there must be, where network_info.json says it."""
    if isinstance(info, RegressionInfo):
        return None
    return (info.sizes.skin if name.endswith("skin") else info.sizes.tongue) // 3


def _bases(
    folder: ModelFolder, poses: tuple[Poses, ...], rests: list[Float32]
) -> tuple[Float32 | None, Float32 | None]:
    if isinstance(folder.info, DiffusionInfo):
        return None, None
    sizes = folder.info.sizes
    with refusing(folder.data), Archive(folder.data) as archive:
        shapes = (sizes.skin, len(rests[0]), 3), (sizes.tongue, len(rests[1]), 3)
        skin = _basis(archive, "shapes_matrix_skin", shapes[0], poses[0].vertices)
        return skin, _basis(archive, "shapes_matrix_tongue", shapes[1], poses[1].vertices)


def _basis(archive: Archive, name: str, shape: tuple[int, int, int], vertices: NDArray[np.int64]) -> Float32:
    """(K, M, 3), row by row: the skin's has 0.2 GB, of which the solver needs a sixth."""
    basis = np.empty((shape[0], len(vertices), 3), np.float32)
    for row, values in enumerate(archive.rows(name, shape)):
        basis[row] = values[vertices]
    return basis
