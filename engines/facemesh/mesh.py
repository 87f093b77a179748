"""The mesh that is bent: face triangles, rings around the face, and strips that fill the eyes and the mouth.

Vertices, in this order: the 468 face points; RINGS rings of 36 points around the face, each the outline of the
face scaled about its middle; then the fill points, two per inner column of the mouth and of each eye (one that
belongs to the upper edge and one that belongs to the lower edge, at the same place).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import (
    FACE_OVAL,
    LEFT_EYE_LOWER,
    LEFT_EYE_UPPER,
    LOWER_INNER_LIP,
    POINTS,
    RIGHT_EYE_LOWER,
    RIGHT_EYE_UPPER,
    UPPER_INNER_LIP,
    FaceFrame,
    Floats,
    Row,
)
from engines.facemesh.curves import smoothstep

Indices = NDArray[np.int32]

RING_SCALES: tuple[float, ...] = (1.08, 1.2, 1.36, 1.56, 1.82, 2.12, 2.45)
"""Rings as multiples of the face outline. Hair and neck lie within 1.7, and nothing moves on the last one."""
CUT_OUT_SCALES: tuple[float, ...] = (1.08, 1.22, 1.42, 1.7, 2.1, 2.6, 3.2)
"""The same where the person is a layer of its own: all hair follows the head, and what is behind need not
bend."""
RINGS = len(RING_SCALES)
EXPRESSION_ENDS = CUT_OUT_SCALES[2]
"""The ring that no expression moves any more: neck, clothes and background stand still with the head."""
SHOULDERS = 0.6
"""Share of the head's rising and sinking that goes to the shoulders."""
OPENINGS: tuple[tuple[Row, Row], ...] = (
    (UPPER_INNER_LIP, LOWER_INNER_LIP),
    (RIGHT_EYE_UPPER, RIGHT_EYE_LOWER),
    (LEFT_EYE_UPPER, LEFT_EYE_LOWER),
)
"""Upper and lower edges of the holes of the face mesh: mouth, right eye, left eye."""


@lru_cache(maxsize=1)
def face_triangles() -> Indices:
    """(852, 3) int32: the triangles of the face, with holes at the eyes and inside the lips."""
    path = Path(__file__).with_name("face_triangles.csv")
    triangles = np.loadtxt(path, dtype=np.int32, delimiter=",", comments="#")
    triangles.setflags(write=False)
    return triangles


def _ring_triangles() -> list[tuple[int, int, int]]:
    """Two triangles per segment between the face outline and the first ring, and between neighbouring rings."""
    count = len(FACE_OVAL)
    rows = [list(FACE_OVAL)]
    rows += [[POINTS + ring * count + i for i in range(count)] for ring in range(RINGS)]
    found = []
    for inner, outer in pairwise(rows):
        for i in range(count):
            j = (i + 1) % count
            found += [(inner[i], outer[i], inner[j]), (inner[j], outer[i], outer[j])]
    return found


def _strip(edge: Row, middle: list[int]) -> list[tuple[int, int, int]]:
    """Triangles between an edge (corner to corner) and the middle row, which has no corners of its own."""
    row = [edge[0], *middle, edge[-1]]
    found = []
    for i in range(len(edge) - 1):
        quads = ((edge[i], row[i], edge[i + 1]), (edge[i + 1], row[i], row[i + 1]))
        found += [triangle for triangle in quads if len(set(triangle)) == 3]
    return found


def _fill_triangles() -> list[tuple[int, int, int]]:
    first = POINTS + RINGS * len(FACE_OVAL)
    found = []
    for edges in OPENINGS:
        for edge in edges:
            count = len(edge) - 2
            found += _strip(edge, list(range(first, first + count)))
            first += count
    return found


@dataclass(frozen=True)
class Mesh:
    """One photo's mesh.

    ``triangles``: (T, 3) int32. ``source``: (V, 2) px, where each vertex lies in the photo. ``head_weight``:
    (V,) how far a vertex follows the head. ``expression_weight``: (RINGS,) how far a ring follows the outline
    of the face when the expression moves it. ``rise_weight``: (V,) the least share of the head's rising and
    sinking that a vertex takes part in.
    """

    triangles: Indices
    source: Floats
    head_weight: Floats
    expression_weight: Floats
    rise_weight: Floats

    @property
    def fill_slice(self) -> slice:
        """The fill vertices."""
        return slice(POINTS + RINGS * len(FACE_OVAL), len(self.source))


def ring_points(landmarks: Floats, scales: tuple[float, ...] = RING_SCALES) -> Floats:
    """(RINGS * 36, 3) px: the outline scaled about its middle; outer rings grow round."""
    outline = np.asarray(landmarks, np.float64)[list(FACE_OVAL)]
    centre = (outline.max(0) + outline.min(0)) / 2
    arms = outline - centre
    length = np.linalg.norm(arms[:, :2], axis=1, keepdims=True)
    rings = []
    for scale in scales:
        even = np.clip((scale - 1.0) / 1.45, 0.0, 1.0) * 0.6
        factor = scale * ((1 - even) + even * length.mean() / length)
        ring = centre + arms * factor
        ring[:, 2] = outline[:, 2]
        rings.append(ring)
    return np.concatenate(rings)


def _downwards(points: Floats, frame: FaceFrame) -> Floats:
    """(RINGS * 36,): 1 straight below the middle of the face, 0 beside and above it."""
    local = frame.to_local(points)
    arm = local - local.reshape(RINGS, -1, 3).mean((0, 1))
    return np.asarray(np.clip(arm[:, 1] / np.linalg.norm(arm[:, :2], axis=1), 0.0, 1.0) ** 2)


def _head_weights(scales: tuple[float, ...], down: Floats) -> Floats:
    """(RINGS * 36,): hair follows the head fully, the neck less and less, the outermost ring not at all."""
    scale = np.repeat(scales, len(FACE_OVAL))
    whole = 1.3 if scales is RING_SCALES else scales[4]
    free = 1 - smoothstep(scale, whole, scales[-1])
    held = 1 - smoothstep(scale, 0.95, RING_SCALES[-2])
    return np.asarray(free * (1 - down) + held * down)


def _rise_weights(scales: tuple[float, ...], down: Floats) -> Floats:
    """(RINGS * 36,): how far the shoulders rise and sink with the head, as they do in breathing."""
    scale = np.repeat(scales, len(FACE_OVAL))
    return np.asarray(SHOULDERS * down * (1 - smoothstep(scale, RING_SCALES[3], scales[-1])))


@lru_cache(maxsize=1)
def _across_openings() -> tuple[Indices, Indices]:
    """(F,) and (F,): the points of the upper and of the lower edge that each fill point lies between."""
    pairs = [(upper[1:-1], lower[1:-1]) for upper, lower in OPENINGS for _ in range(2)]
    upper, lower = (np.concatenate([pair[i] for pair in pairs]).astype(np.int32) for i in range(2))
    return upper, lower


def fill_middles(face: Floats) -> Floats:
    """(F, C) from (468, C): for each opening its middle points, once for the upper, once for the lower edge."""
    upper, lower = _across_openings()
    return np.asarray((face.take(upper, axis=0) + face.take(lower, axis=0)) / 2)


def build_mesh(landmarks: Floats, frame: FaceFrame, scales: tuple[float, ...] = RING_SCALES) -> Mesh:
    """The mesh of a photo with its (468, 3) ``landmarks`` in px; ``scales`` of the rings as RING_SCALES."""
    rings = ring_points(landmarks, scales)
    down = _downwards(rings, frame)
    face = np.asarray(landmarks, np.float64)
    fill = fill_middles(face)
    whole = (np.ones(POINTS), np.ones(len(fill)))
    return Mesh(
        triangles=np.concatenate(
            [face_triangles(), np.array(_fill_triangles(), np.int32), np.array(_ring_triangles(), np.int32)]
        ),
        source=np.concatenate([face, rings, fill])[:, :2],
        head_weight=np.concatenate([whole[0], _head_weights(scales, down), whole[1]]),
        expression_weight=1 - smoothstep(np.array(scales), 1.0, EXPRESSION_ENDS),
        rise_weight=np.concatenate([whole[0], _rise_weights(scales, down), whole[1]]),
    )
