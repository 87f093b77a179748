"""One frame's geometry: weights and head pose to vertices in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.facemesh.anatomy import FACE_OVAL, LOWER_INNER_LIP, POINTS, UPPER_INNER_LIP, FaceFrame, Floats
from engines.facemesh.curves import smoothstep
from engines.facemesh.head import HeadMotion, head_motion, largest_turns
from engines.facemesh.mesh import OPENINGS, RING_SCALES, RINGS, Mesh, build_mesh, fill_middles, ring_points
from engines.facemesh.relief import safe_depth
from engines.facemesh.rest import FOLLOW, IS_UPPER, LIP_ROWS, RestFace, measure_rest
from engines.facemesh.shapes import Shapes
from engines.facemesh.shapes_jaw import OPEN_AT_ONE, TONGUE_PARTS
from engines.matte import own_share
from engines.types import BLENDSHAPE_INDEX as INDEX
from engines.types import Arrays, Float32

_STILL = 1e-3
"""Motions below this (px) are none: they would only disturb pixels that should stay as they are."""
_EDGE_BACK = 0.03
"""Where an opening must not show the photo's own inside, the skin this far (iod) outside its edge goes on."""
_DARKEST = -0.10
"""Creases of several shapes in one place do not add up beyond this change of brightness."""
OVAL_DROP, OVAL_RISE = 0.17, 0.10
"""How far the corners of rounded lips sink and their middle rises, of the opening, beyond what the jaw does."""
FUNNEL_OPENS, FUNNEL_PARTS = 0.09, (0.6, 1.0)
"""A full funnel parts the lips by this much (iod) without the jaw; in speech, below the first weight, it leaves
that to the jaw."""
_UNSMILING = {"mouthFrownLeft": 0.6, "mouthFrownRight": 0.6, "mouthPucker": 1.0, "mouthFunnel": 0.8,
              "browDownLeft": 0.3, "browDownRight": 0.3}  # fmt: skip
"""Shapes that take the rest of a photo's smile away, and how strongly."""


@dataclass(frozen=True)
class Deformed:
    """``face``: (468, 3) px, expression only. ``vertices``: (V, 3) px, with head motion, z away.
    ``values``: (V, 3): way to the source in x and y (px), shade. ``opening``: (11,) iod between the inner lips
    beyond what is open at rest. ``head``: the rigid motion."""

    face: Floats
    vertices: Float32
    values: Float32
    opening: Floats
    head: HeadMotion


class Deformer:
    """Everything about one photo's geometry that stays the same from frame to frame."""

    def __init__(
        self,
        landmarks: Floats,
        frame: FaceFrame,
        shapes: Shapes,
        scales: tuple[float, ...] = RING_SCALES,
        others: Floats | None = None,
        depth: Floats | None = None,
    ) -> None:
        """``others``: (K, 468, 3) px, faces of the picture that must not move with this one. ``depth``: (468,)
        px, what ``face_depth`` gives, if it is known already."""
        self.frame = frame
        self.landmarks = np.asarray(landmarks, np.float64)
        self.rest: RestFace = measure_rest(self.landmarks, frame)
        self.mesh: Mesh = build_mesh(self.landmarks, frame, scales)
        self.shapes = shapes
        self._axes = frame.axes * frame.iod
        rings = ring_points(self.landmarks, scales)
        self._still = np.concatenate([self.landmarks, rings])
        self._own = np.ones(len(self.mesh.source))
        if others is not None and len(others):
            ring = slice(POINTS, len(self._still))
            self._own[ring] = own_share(landmarks, list(others), *self._still[ring, :2].T)
        face = face_depth(self.landmarks, frame) if depth is None else np.asarray(depth, np.float64)
        self._depth = np.concatenate([face, np.tile(face[list(FACE_OVAL)], RINGS)])
        self._solid = np.column_stack([self._still[:, :2], self._depth])
        self._follow = self._own * self.mesh.head_weight
        self._rise = np.maximum(self._own * self.mesh.rise_weight - self._follow, 0.0)
        self._mirrored = self._mirrored_fill()
        self._moves = shapes.moves.reshape(len(shapes.moves), -1)

    def depth_at(self, points: tuple[int, ...]) -> float:
        """Mean depth (px) of some face points in the photo."""
        return float(self._depth[list(points)].mean())

    @property
    def solid(self) -> Floats:
        """(468, 3) px: the photo's face with the depth that it turns with."""
        return self._solid[:POINTS].copy()

    def _mirrored_fill(self) -> Floats:
        """(F, 2) px: for each fill point a place in the skin just outside its own edge."""
        from_edges = []
        back = self.frame.axes[1, :2] * self.frame.iod * _EDGE_BACK
        for upper, lower in OPENINGS:
            from_edges += [
                self.landmarks[list(upper[1:-1]), :2] - back,
                self.landmarks[list(lower[1:-1]), :2] + back,
            ]
        return np.concatenate(from_edges)

    def _settle(self, weights: Floats) -> Floats:
        """Weights that can be added up: a closing eye does not squint, look down or widen as well, and a mouth
        that is open already need not part its lips for the tongue."""
        settled = weights.copy()
        parted = OPEN_AT_ONE * (weights[INDEX["jawOpen"]] - weights[INDEX["mouthClose"]])
        settled[INDEX["tongueOut"]] -= np.clip(parted / TONGUE_PARTS, 0.0, settled[INDEX["tongueOut"]])
        for side in ("Left", "Right"):
            open_share = 1 - settled[INDEX[f"eyeBlink{side}"]]
            for name in ("eyeSquint", "eyeLookDown", "eyeLookUp", "eyeWide"):
                settled[INDEX[f"{name}{side}"]] *= open_share
        return settled

    def _neutral(self, weights: Floats, keep_smile: float) -> Floats:
        """(468, 3): from the photo to rest, without its smile as far as the expression speaks against it."""
        against = sum(weights[INDEX[name]] * share for name, share in _UNSMILING.items())
        kept = keep_smile * (1 - min(float(against), 1.0))
        return self.shapes.closing + (1 - kept) * self.shapes.unsmile

    def _round(self, local: Floats, weights: Floats) -> None:
        """Rounded lips open to an oval instead of a lens, in place: they part further towards the corners,
        which sink to half its height. A full funnel opens by itself."""
        funnel = float(weights[INDEX["mouthFunnel"]])
        rounded = min(funnel + float(weights[INDEX["mouthPucker"]]), 1.0)
        if rounded <= 0:
            return
        centre = LIP_ROWS[[0, 4], 5]
        opening = float(local[centre[1], 1] - local[centre[0], 1] - self.rest.slack[5])
        by_itself = max(FUNNEL_OPENS * float(smoothstep(np.array(funnel), *FUNNEL_PARTS)) - opening, 0.0)
        if opening + by_itself <= 0:
            return
        oval = np.maximum(1 - np.abs(self.rest.place) ** 2.1, 0.0) ** 0.5
        wider = rounded * max(opening, 0.0) * np.maximum(oval - self.rest.bulge, 0.0) + by_itself * oval
        sunk = OVAL_DROP * rounded * max(opening + by_itself, 0.0) * self.rest.place**2
        motion = FOLLOW * ((1 - IS_UPPER) * 0.5 - IS_UPPER * 0.5) * wider
        raised = OVAL_RISE * rounded * max(opening, 0.0) * FOLLOW * self.rest.bulge
        local[LIP_ROWS[:, 1:-1], 1] += (motion + sunk - raised)[:, 1:-1]
        local[LIP_ROWS[:4, [0, -1]], 1] += sunk[:4, [0, -1]]

    def _seal(self, local: Floats) -> Floats:
        """Lips never pass through each other: push crossing lips apart, in place. Returns the opening (11,)."""
        upper, lower = list(UPPER_INNER_LIP), list(LOWER_INNER_LIP)
        opening: Floats = local[lower, 1] - local[upper, 1] - self.rest.slack
        crossing = np.minimum(opening, 0.0)
        if np.any(crossing < -1e-6):
            push = FOLLOW * self.rest.along(crossing) / 2
            rows = LIP_ROWS[:, 1:-1]
            local[rows, 1] += (push * IS_UPPER - push * (1 - IS_UPPER))[:, 1:-1]
        return np.maximum(opening, 0.0)

    def deform(self, weights: Floats, pose: Floats, keep_smile: float) -> Deformed:
        """``weights``: (52,) in [0, 1]; ``pose``: (6,) as a row of ``Motion.head``."""
        settled = self._settle(np.asarray(weights, np.float64))
        motion = _weighed(settled, self._moves).reshape(POINTS, 3)
        moved = self.rest.points + self._neutral(settled, keep_smile) + motion
        self._round(moved, settled)
        opening = self._seal(moved)
        change = (moved - self.rest.points).dot(self._axes)
        head = head_motion(pose, self.frame)
        vertices = self._place(change, head)
        values = self._values(vertices, settled)
        return Deformed(self.landmarks + change, vertices, values, opening, head)

    def _place(self, change: Floats, head: HeadMotion) -> Float32:
        """(V, 3) px: all vertices after the expression's ``change`` (468, 3) px and the head's motion."""
        outline = change.take(FACE_OVAL, axis=0)
        points = np.empty((len(self._own), 3))
        rings, fill = slice(POINTS, len(self._still)), self.mesh.fill_slice
        points[:POINTS] = self._solid[:POINTS] + change
        spread = (self.mesh.expression_weight[:, None, None] * outline).reshape(-1, 3)
        points[rings] = self._solid[rings] + spread
        points[fill] = fill_middles(points[:POINTS])
        points[fill, 2] += 0.02 * self.frame.iod
        if not head.still:
            moved = head.apply(points)
            points[:, :2] += (moved[:, :2] - points[:, :2]) * self._follow[:, None]
            points[:, 1] -= head.rise * self._rise
            points[:, 2] = moved[:, 2]
        return points.astype(np.float32)

    def _values(self, vertices: Float32, weights: Floats) -> Float32:
        """(V, 3): way to the source and shade."""
        share = self._mirror_share(weights)[:, None]
        fill = self.mesh.fill_slice
        way = self.mesh.source - vertices[:, :2]
        way[fill] += share * (self._mirrored - self.mesh.source[fill])
        values = np.zeros((len(vertices), 3), np.float32)
        values[:, :2] = np.where(np.abs(way) < _STILL, 0.0, way)
        np.maximum(_weighed(weights, self.shapes.shades), _DARKEST, out=values[:POINTS, 2])
        return values

    def _mirror_share(self, weights: Floats) -> Floats:
        """(F,): how far the fill shows skin instead of what the photo has there: teeth, or a closing eye."""
        mouth, eye = 2 * (len(UPPER_INNER_LIP) - 2), 14
        right = smoothstep(weights[INDEX["eyeBlinkRight"]], 0.1, 0.5)
        left = smoothstep(weights[INDEX["eyeBlinkLeft"]], 0.1, 0.5)
        return np.repeat([self.rest.parted, right, left], [mouth, eye, eye])


def _weighed(weights: Floats, parts: Float32) -> Float32:
    """(N,): the sum of ``parts`` (52, N), each as much as ``weights`` (52,) say.

    Not by BLAS, whose threads would go on spinning for longer than a frame takes.
    """
    return np.asarray(np.einsum("i,ij->j", weights.astype(np.float32), parts))


def face_depth(landmarks: Floats, frame: FaceFrame) -> Floats:
    """(468,) px: depth from the eyes that no turn of the head folds a triangle with."""
    return safe_depth(landmarks, frame, largest_turns(frame))


def deformer_arrays(landmarks: Floats, frame: FaceFrame, shapes: Shapes) -> Arrays:
    """What ``deformer_from_arrays`` needs, as plain arrays."""
    return {
        "body.landmarks": np.asarray(landmarks, np.float32),
        "body.depth": face_depth(landmarks, frame),
        "body.moves": shapes.moves,
        "body.shades": shapes.shades,
        "body.closing": shapes.closing,
        "body.unsmile": shapes.unsmile,
        **frame.as_arrays("body.frame."),
    }


def deformer_from_arrays(arrays: Arrays, scales: tuple[float, ...] = RING_SCALES) -> Deformer:
    """The deformer that ``deformer_arrays`` described, with rings at ``scales``."""
    shapes = Shapes(
        moves=arrays["body.moves"],
        shades=arrays["body.shades"],
        closing=arrays["body.closing"],
        unsmile=arrays["body.unsmile"],
    )
    return Deformer(
        arrays["body.landmarks"],
        FaceFrame.from_arrays(arrays, "body.frame."),
        shapes,
        scales,
        arrays["body.others"],
        arrays["body.depth"],
    )
