"""The solver's shapes of skin or tongue, read from their files, and their weights for posed faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.audio2face.folder import Part, SolveConfig
from engines.audio2face.reading import Archive, Unfit, read_json, refusing
from engines.solver import BlendshapeSolver, SolverOptions, pairs_of_ids
from engines.types import Float32

NEUTRAL = "neutral"
MASK = "frontalMask"
MOST = 0.9
"""Of a shape's largest movement: in jawOpen, the chin."""


@dataclass(frozen=True)
class Poses:
    """``names`` (P); ``solver`` finds their weights; ``vertices`` (M,): those of V that it looks at."""

    names: tuple[str, ...]
    solver: BlendshapeSolver
    vertices: NDArray[np.int64]


def read_poses(part: Part, known: tuple[str, ...], vertices: int) -> Poses:
    """The shapes of ``part``, whose names must be among ``known`` and whose V ``vertices``.

    Raises StudioError naming what does not fit.
    """
    config = read_json(part.config, SolveConfig, "blendshape_params")
    with refusing(part.data), Archive(part.data) as archive:
        names = _names(archive, known)
        neutral = archive.points(NEUTRAL, vertices)
        deltas = np.stack([archive.points(name, vertices) for name in names])
        names = tuple(map(_camel, names))
        mask = _mask(archive, vertices)
    with refusing(part.config):
        return Poses(names, _solver(config, neutral, deltas, mask), mask)


def _names(archive: Archive, known: tuple[str, ...]) -> tuple[str, ...]:
    names = archive.words("poseNames")
    if not names or names[0] != NEUTRAL or len(set(names)) != len(names):
        raise Unfit("its poseNames do not begin with 'neutral', or repeat")
    strange = [name for name in names[1:] if _camel(name) not in known]
    if strange or len(names) < 2:
        raise Unfit(f"it has a shape '{strange[0][:40]}' that is not known" if strange else "it has no shapes")
    return names[1:]


def _camel(name: str) -> str:
    """Some rigs write TongueUp for tongueUp."""
    return name[:1].lower() + name[1:]


def _mask(archive: Archive, vertices: int) -> NDArray[np.int64]:
    if MASK not in archive.names:
        return np.arange(vertices)
    mask = archive.counts(MASK)
    if not len(mask) or mask.max() >= vertices:
        raise Unfit(f"its {MASK} names vertices that it does not have")
    return mask


def _solver(
    config: SolveConfig, neutral: Float32, deltas: Float32, mask: NDArray[np.int64]
) -> BlendshapeSolver:
    count = len(deltas)
    if config.count not in (0, count):
        raise Unfit(f"it is for {config.count} shapes and there are {count}")
    for name in ("active", "cancel", "symmetric", "multipliers", "offsets"):
        if len(getattr(config, name)) not in (0, count):
            raise Unfit(f"it has {len(getattr(config, name))} values of a kind for {count} shapes")
    active = [bool(flag) for flag in config.active] or [True] * count
    options = SolverOptions(
        config.l1, config.l2, config.symmetry, config.temporal, config.size,
        multipliers=config.multipliers or None, offsets=config.offsets or None,
    )  # fmt: skip
    try:
        cancel, symmetric = (
            pairs_of_ids(ids, active) if ids else () for ids in (config.cancel, config.symmetric)
        )
        return BlendshapeSolver(neutral, deltas, mask, options, cancel, symmetric, active)
    except ValueError as error:
        raise Unfit(str(error)) from None


def share_of(poses: Poses, part: str, whole: str) -> float:
    """How much of the shape ``part`` there is in the shape ``whole``, 0 to 1, where ``part`` moves most; 0 if
    either is absent."""
    if part not in poses.names or whole not in poses.names:
        return 0.0
    moved, other = (poses.solver.deltas[poses.names.index(name)] for name in (part, whole))
    reach = np.linalg.norm(moved, axis=1)
    most = reach >= MOST * reach.max()
    size = float((moved[most] ** 2).sum())
    return float(np.clip((moved[most] * other[most]).sum() / size, 0.0, 1.0)) if size else 0.0


class PoseTrack:
    """The weights of one stream: each frame's are held to those of the frame before."""

    def __init__(self, poses: Poses) -> None:
        self.names = poses.names
        self._poses, self._raw = poses, np.zeros(len(poses.names))
        self._points = np.array(poses.solver.neutral, np.float32)[None]

    def weights(self, points: Float32) -> Float32:
        """(P,) weights of the next frame, whose ``vertices`` lie at ``points`` (M, 3); not clipped."""
        self._points[0, self._poses.vertices] = points
        self._raw = self._poses.solver.raw(self._points, self._raw)[0]
        return np.asarray(self._poses.solver.scaled(self._raw), np.float32)
