"""The mouth of a filmed face: every frame's own mouth is brought to rest and then moved as planned.

The frame itself is bent, so that light, beard and focus stay its own; only the inside of the mouth is painted.
"""

from __future__ import annotations

import numpy as np

from engines.facemesh.anatomy import (
    CHIN,
    FACE_OVAL,
    LOWER_INNER_LIP,
    POINTS,
    UPPER_INNER_LIP,
    Floats,
    face_frame,
)
from engines.facemesh.animator import JAW_SHARE, OPENS_FULLY
from engines.facemesh.curves import smoothstep
from engines.facemesh.deform import Deformed, Deformer, deformer_from_arrays
from engines.facemesh.mesh import RING_SCALES, fill_middles, ring_points
from engines.facemesh.mouth import MouthLayer, MouthPose
from engines.facemesh.rest import PARTED_GAP, SHUT_GAP
from engines.facemesh.seam import draw_parting
from engines.facemesh.shapes_jaw import OPEN_AT_ONE
from engines.facemesh.warp import make_canvas
from engines.footage.neutral import MOUTH_SHAPES
from engines.footage.patch import MouthPatch
from engines.types import BLENDSHAPE_INDEX as INDEX
from engines.types import TONGUE_SHAPES, Arrays, Float32, Image

UNMOVED = np.zeros(6)
_INNER = (list(UPPER_INNER_LIP), list(LOWER_INNER_LIP))
_MOUTH = [INDEX[name] for name in MOUTH_SHAPES]
_BACK = 0.03
"""Lips whose own opening must not show are filled from this far (iod) outside of it."""


class FilmedFace:
    """Puts a planned mouth onto frames of one film. Not shared between threads."""

    def __init__(self, prepared: Arrays) -> None:
        self._deformer: Deformer = deformer_from_arrays(prepared)
        self._mouth = MouthLayer(prepared, self._deformer.frame)
        self._views, self._own = prepared["film.views"], prepared["film.own"]
        self._reach = prepared["film.reach"].astype(np.float64)[:, None]
        self._to_rest = prepared["film.mouth_to_rest"]
        self._depth = self._deformer.depth_at(UPPER_INNER_LIP)
        own = prepared["film.rest_landmarks"].astype(np.float64)
        source = np.concatenate([own, ring_points(own, RING_SCALES), self._filling(own)])[:, :2]
        mesh = self._deformer.mesh
        self._patch = MouthPatch(prepared["film.rest"], source, mesh.triangles, face_frame(own))

    def speak(
        self, rgb: Image, number: int, landmarks: Float32, weights: Floats, tongue: Floats | None
    ) -> Image:
        """Frame ``number`` of the film, (H, W, 3), its ``landmarks`` (468, 3) px, saying ``weights`` (52,)."""
        shape = self._deformer.deform(_of_mouth(weights), UNMOVED, 1.0)
        view = self._views[number].astype(np.float64)
        target = self._target(shape, view, landmarks, float(self._own[number]))
        vertices = self._vertices(landmarks, target)
        frame = self._bent(rgb, landmarks, vertices, shape)
        strength = float(self._own[number])
        if strength > 0.004:
            self._patch.lay(frame, vertices, self._outline(shape, view), strength)
        mouth = self._pose(shape, view, target, weights, tongue)
        iod = face_frame(landmarks).iod
        draw_parting(frame, mouth.upper, mouth.lower, iod, self._parted(landmarks))
        self._mouth.paint(frame, mouth)
        return frame

    def _target(self, shape: Deformed, view: Floats, landmarks: Float32, own: float) -> Floats:
        """(468, 3) px: where the points of the face go. ``own``: how far its own talk must be taken back."""
        rest = self._deformer.landmarks
        change = (shape.face - rest) * 1.0
        placed = landmarks.astype(np.float64)
        seen = rest @ view[:, :3].T + view[:, 3]
        placed[:, :2] += own * self._reach * (seen - placed[:, :2])
        placed[:, :2] += self._reach * (change @ view[:, :3].T)
        return placed

    def _vertices(self, landmarks: Float32, target: Floats) -> Float32:
        """(V, 3) px: where all of the mesh goes."""
        own = landmarks.astype(np.float64)
        moved = (target - own)[list(FACE_OVAL)]
        rings = ring_points(own, RING_SCALES)
        bent = rings + (self._deformer.mesh.expression_weight[:, None, None] * moved).reshape(-1, 3)
        return np.concatenate([target, bent, fill_middles(target)]).astype(np.float32)

    def _bent(self, rgb: Image, landmarks: Float32, vertices: Float32, shape: Deformed) -> Image:
        """The frame with its own skin where the points go."""
        own = landmarks.astype(np.float64)
        source = np.concatenate([own, ring_points(own, RING_SCALES), self._filling(own)])
        values = np.zeros((len(vertices), 3), np.float32)
        values[:, :2] = (source - vertices)[:, :2]
        values[:POINTS, 2] = shape.values[:POINTS, 2]
        return make_canvas(rgb, self._deformer.mesh.triangles).warp(vertices, values)

    def _outline(self, shape: Deformed, view: Floats) -> Floats:
        """(N, 2) px: where the outline of the patch goes; below the mouth it sinks with the chin."""
        outline = self._patch.outline
        rest, frame = self._deformer.landmarks, self._deformer.frame
        sunk = float((shape.face - rest)[CHIN] @ frame.axes[1])
        down = (outline - rest[UPPER_INNER_LIP[5], :2]) @ frame.axes[1, :2] / frame.iod
        moved = outline + np.outer(smoothstep(down, 0.0, 0.3) * sunk, frame.axes[1, :2])
        return np.asarray(moved @ view[:, :2].T + view[:, 2] * self._depth + view[:, 3])

    def _filling(self, own: Floats) -> Floats:
        """(F, 3): what is seen between the lips before anything is painted there."""
        middles = fill_middles(own)
        frame = face_frame(own)
        back = frame.axes[1] * frame.iod * _BACK
        inner = len(UPPER_INNER_LIP) - 2
        edges = np.concatenate([own[_INNER[0]][1:-1] - back, own[_INNER[1]][1:-1] + back])
        middles[: 2 * inner] += self._parted(own) * (edges - middles[: 2 * inner])
        return middles

    @staticmethod
    def _parted(own: Floats) -> float:
        """0 for closed lips to 1 for lips that are open in the frame itself."""
        gap = np.linalg.norm((own[_INNER[1]] - own[_INNER[0]])[:, :2], axis=1).max() / face_frame(own).iod
        return float(smoothstep(gap, SHUT_GAP, PARTED_GAP))

    def _pose(
        self, shape: Deformed, view: Floats, target: Floats, weights: Floats, tongue: Floats | None
    ) -> MouthPose:
        upper, lower = (target[row, :2] for row in _INNER)
        slack = self._deformer.rest.slack
        shown = float(np.clip(shape.opening.max() / OPENS_FULLY, 0.0, 1.0))
        total = shape.opening + slack
        share = (total - slack * (1 - shown)) / np.maximum(total, 1e-6)
        middle, half = (upper + lower) / 2, (lower - upper) / 2 * share[:, None]
        head = np.c_[view[:, :2], view[:, 2] * self._depth + view[:, 3]]
        raised, out = _tongue(weights, tongue)
        return MouthPose(
            upper=(middle - half).astype(np.float32),
            lower=(middle + half).astype(np.float32),
            head=_after(head, self._to_rest).astype(np.float32),
            jaw=JAW_SHARE * OPEN_AT_ONE * float(weights[INDEX["jawOpen"]]),
            tongue_up=raised,
            tongue_out=out,
            bared=max(float(weights[INDEX[f"mouthLowerDown{side}"]]) for side in ("Left", "Right")),
        )


def _of_mouth(weights: Floats) -> Floats:
    """``weights`` (52,) without what is not the mouth's."""
    kept = np.zeros(len(weights))
    kept[_MOUTH] = weights[_MOUTH]
    return kept


def _after(second: Floats, first: Floats) -> Floats:
    """(2, 3) affine: ``first``, then ``second``."""
    return np.asarray(np.c_[second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]])


def _tongue(weights: Floats, tongue: Floats | None) -> tuple[float, float]:
    """How far the tongue's tip is raised and how far it is out, 0 to 1."""
    out = float(weights[INDEX["tongueOut"]])
    if tongue is None:
        return 0.0, out
    names = ("tongueTipUp", "tongueUp", "tongueRollUp")
    raised = max(float(tongue[TONGUE_SHAPES.index(name)]) for name in names)
    return float(smoothstep(np.array(raised), 0.1, 0.65)), out
