"""How deep each vertex lies, for turning a face that is known from one side only.

The mesh network's depth is right in front and rises without end where a cheek turns away from the viewer. There
a photo has no pixels to show, so slopes are limited to what the largest turn can still draw, and the surface
that fits the limited slopes best is taken. What still folds, a nostril or the far cheek of a turned face, is
evened out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import FACE_OVAL, POINTS, FaceFrame, Floats
from engines.facemesh.curves import smoothstep
from engines.facemesh.mesh import face_triangles

RELIEF = 1.25
"""Depth of the face against the network's, which reads faces flatter than they are. Chosen together with
``head.YAW_GAIN``: the network then sees a turn of the size that was asked for."""
STEEPEST = 2.2
"""Largest slope of depth; the cosine and sine of the largest turn allow no more."""
FLATTER = 120.0
"""Degrees of turn in the photo at which no slope at all would be left: the far cheek is seen edge on there, and
turning it to the viewer would stretch the few pixels that there are."""
TURNED = (6.0, 20.0)
"""Degrees of turn in the photo from which on, and at which fully, the far cheek lies behind the face's
outline."""
BORDER_ROWS = 3
"""Rows of points along the outline of the mesh that can lie behind the cheek of a turned face."""
_ANCHOR = 0.1
"""Weight of the depth itself against its slopes."""
_SHORTEST = 0.02
"""Edges shorter than this (iod) count no more than one of this length."""
_SLIVER = 1e-4
"""Triangles smaller than this (iod squared) may fold: nobody sees them."""
_SMALLEST = 0.25
"""Share of its area that a triangle keeps in the largest turn."""
_RELAXATIONS = 160

Move = Callable[[Floats], Floats]
"""(N, 3) px -> (N, 3) px: a turn of the head."""


def safe_depth(points: Floats, frame: FaceFrame, turns: tuple[Move, ...]) -> Floats:
    """(468,) px: depth from the eyes of the face's points.

    ``points``: (468, 3) px. ``turns``: the largest turns, none of which folds a triangle.
    """
    face = np.asarray(points, np.float64)
    raw = RELIEF * (face[:, 2] - frame.origin[2]) / frame.iod
    depth = frame.iod * gentle_slopes(face[:, :2] / frame.iod, raw, frame.yaw)
    triangles = face_triangles()
    for _ in range(_RELAXATIONS):
        folding = triangles[_folding(np.column_stack([face[:, :2], depth]), frame.iod, turns)]
        if not len(folding):
            break
        _flatten(depth, folding)
    return depth


def gentle_slopes(places: Floats, depth: Floats, yaw: float) -> Floats:
    """(468,): the depth that comes nearest to ``depth`` along edges that are not too steep, by least squares.

    ``places``: (468, 2) and ``depth``: (468,), both in iod. ``yaw``: degrees that the face is turned in the
    photo.
    """
    edges = face_edges()
    length = np.linalg.norm(places[edges[:, 1]] - places[edges[:, 0]], axis=1)
    hidden = ~_seen_edges(places) * smoothstep(np.array(abs(yaw)), *TURNED)
    limit = STEEPEST * (1 - abs(yaw) / FLATTER) * (1 - hidden) * length
    rise = np.clip(depth[edges[:, 1]] - depth[edges[:, 0]], -limit, limit)
    return _least_squares(edges, rise, 1 / (length + _SHORTEST) ** 2, depth)


def _least_squares(edges: NDArray[np.int32], rise: Floats, weight: Floats, depth: Floats) -> Floats:
    """(468,): depths that rise by ``rise`` (E,) along the ``edges``, each of which counts as its ``weight``,
    and stay near ``depth``: the normal equations, which are the graph's Laplacian, solved."""
    start, end = edges.T
    system = _ANCHOR**2 * np.eye(POINTS)
    for row, column, sign in ((start, start, 1), (end, end, 1), (start, end, -1), (end, start, -1)):
        np.add.at(system, (row, column), sign * weight)
    target = _ANCHOR**2 * depth
    np.add.at(target, end, weight * rise)
    np.add.at(target, start, -weight * rise)
    return np.asarray(np.linalg.solve(system, target))


def _seen_edges(places: Floats) -> NDArray[np.bool_]:
    """(E,) edges but those of the cheek behind the face's own outline in the picture, which stays hidden."""
    triangles, areas = face_triangles(), _areas(places)
    away = areas * np.sign(np.median(areas)) <= 0
    hidden = triangles[away & np.isin(triangles, list(_border())).all(axis=1)]
    keys = np.sort(_edges_of(hidden), axis=1) @ [POINTS, 1]
    return ~np.isin(face_edges() @ [POINTS, 1], keys)


def _edges_of(triangles: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])


@lru_cache(maxsize=1)
def _border() -> frozenset[int]:
    """The points of the mesh's outline and those up to BORDER_ROWS edges inside of it."""
    found = set(FACE_OVAL)
    for _ in range(BORDER_ROWS):
        found |= set(np.unique(face_edges()[np.isin(face_edges(), list(found)).any(axis=1)]).tolist())
    return frozenset(found)


@lru_cache(maxsize=1)
def face_edges() -> NDArray[np.int32]:
    """(E, 2): every edge of the face triangles once."""
    edges: NDArray[np.int32] = np.unique(np.sort(_edges_of(face_triangles()), axis=1), axis=0)
    edges.setflags(write=False)
    return edges


def _flatten(depth: Floats, triangles: NDArray[np.int32]) -> None:
    """Move the corners of ``triangles`` half way to the mean depth of their triangle, in place."""
    mean = depth[triangles].mean(1, keepdims=True)
    total, count = np.zeros_like(depth), np.zeros_like(depth)
    np.add.at(total, triangles, np.broadcast_to(mean, triangles.shape))
    np.add.at(count, triangles, 1.0)
    hit = count > 0
    depth[hit] = (depth[hit] + total[hit] / count[hit]) / 2


def _folding(points: Floats, iod: float, turns: tuple[Move, ...]) -> NDArray[np.bool_]:
    """(852,) which triangles shrink too far or turn over in one of the turns."""
    before = _areas(points)
    solid = np.abs(before) > _SLIVER * iod**2
    after = _areas(np.stack([turn(points) for turn in turns]))
    return np.asarray((solid & (after / np.where(solid, before, 1.0) < _SMALLEST)).any(0))


def _areas(points: Floats) -> Floats:
    """(..., 852): signed areas of the face triangles of ``points`` (..., 468, 2 or more)."""
    corners = np.take(points[..., :2], face_triangles().T, axis=-2)
    ab, ac = (np.moveaxis(corners[..., i, :, :] - corners[..., 0, :, :], -1, 0) for i in (1, 2))
    areas: Floats = (ab[0] * ac[1] - ab[1] * ac[0]) / 2
    return areas
