"""Where a photo's lids really are: the mesh's eye points moved to the border of what looks like an eye.

The landmark model places lids as an average face has them; drawn figures, turned heads and narrow eyes differ
by up to a tenth of the distance between the eyes, and then a closing lid would miss the eye it has to cover.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import (
    FACE_OVAL,
    LEFT_EYE_BAG,
    LEFT_EYE_LOWER,
    LEFT_EYE_UPPER,
    LEFT_LID_CREASE,
    LEFT_LID_FOLD,
    LEFT_LOWER_LID_SKIN,
    RIGHT_EYE_BAG,
    RIGHT_EYE_LOWER,
    RIGHT_EYE_UPPER,
    RIGHT_LID_CREASE,
    RIGHT_LID_FOLD,
    RIGHT_LOWER_LID_SKIN,
    FaceFrame,
    Row,
)
from engines.facemesh.edges import Window, coverage, outline, smooth_curve, smoothstep
from engines.facemesh.eyes_corner import to_the_lashes_end
from engines.facemesh.eyes_white import widened
from engines.facemesh.mouth_light import luma
from engines.types import Float32, Image, Portrait

Array = NDArray[Any]

LIDS: dict[str, tuple[Row, Row]] = {
    "right": (RIGHT_EYE_UPPER, RIGHT_EYE_LOWER),
    "left": (LEFT_EYE_UPPER, LEFT_EYE_LOWER),
}
"""Upper and lower lid of each eye."""

WITHIN_FACE = 0.06
"""Lashes end at least this far inside the outline of the face, in iod."""

OUTER = {"right": 0, "left": -1}
"""The outer corner in the lids' rows."""

_ABOVE: dict[str, tuple[Row, Row]] = {
    "right": (RIGHT_LID_CREASE, RIGHT_LID_FOLD),
    "left": (LEFT_LID_CREASE, LEFT_LID_FOLD),
}
_BELOW: dict[str, tuple[Row, Row]] = {
    "right": (RIGHT_LOWER_LID_SKIN, RIGHT_EYE_BAG),
    "left": (LEFT_LOWER_LID_SKIN, LEFT_EYE_BAG),
}
_FOLLOW = (0.75, 0.3)
"""How far the rows of skin next to a lid, and the ones after them, go along with it."""

SURELY_SKIN, LIKELY_EYE, SURELY_EYE = 0.10, 0.020, 0.012
"""Beyond, up to and within these distances from the mesh's opening, in iod, the colours are learned."""

FINEST = 96.0
"""Pixels per iod at which colours are compared: enough for a lid's place."""

STEPS = (0.032, 0.016, 0.008, 0.004)
"""Steps of the search, in iod."""

FARTHEST = 0.13
"""No part of a lid is moved by more than this, in iod."""

STIFFNESS = 0.15
"""Pull back to the mesh: what a lid's move of 0.1 iod must gain, as a share of the mesh's opening."""

CLEARLY_BETTER = 0.1, 0.22
"""Gains, in shares of the mesh's opening, from which on the mesh is doubted and up to which it is mixed in."""

LEAST_GAP, LEAST_MATCH = 0.035, 0.72
"""Eyes less open than this, in iod, are left alone, as are fits that overlap the eye's pixels by less."""

THICKEST_LASHES, USUAL_LASHES = 0.034, 0.012
"""Thickness of the lashes' line, which looks like a part of the eye: at most, and if unclear; in iod."""


def fitted_lids(portrait: Portrait, frame: FaceFrame, hidden: Array | None = None) -> Portrait:
    """The portrait with its eyes' landmarks on the lids of the photo; those of unclear and settled eyes stay.

    ``hidden``: (H, W) uint8, 1 where something lies before the face.
    """
    if hidden is None:
        hidden = np.zeros(portrait.rgb.shape[:2], np.uint8)
    landmarks = np.array(portrait.landmarks, copy=True)
    face = portrait.landmarks[list(FACE_OVAL), :2]
    for side, rows in LIDS.items():
        if side in portrait.settled_eyes:
            continue
        lids = [landmarks[list(row), :2].astype(np.float64) for row in rows]
        pictures = portrait.rgb, hidden
        found = widened(pictures, *_fit(pictures, lids[0], lids[1], frame), frame.iod)
        upper, lower = _with_lashes(portrait.rgb, found, OUTER[side], (face, frame.iod))
        _follow(landmarks, _ABOVE[side], upper - lids[0])
        _follow(landmarks, _BELOW[side], lower - lids[1])
        landmarks[list(rows[0]), :2], landmarks[list(rows[1]), :2] = upper, lower
    return replace(portrait, landmarks=landmarks)


def _with_lashes(
    rgb: Image, lids: tuple[Array, Array], outer: int, face: tuple[Array, float]
) -> tuple[Array, Array]:
    """The lids to the end of their lashes, where that is well within the ``face``: (36, 2) px of its outline,
    and iod in px. Beyond the outer corner of an eye that is turned aside may be something else."""
    oval, iod = face
    longer = to_the_lashes_end(rgb, lids, outer, iod)
    x, y = (float(value) for value in longer[0][outer])
    inside = cv2.pointPolygonTest(oval.astype(np.float32)[:, None], (x, y), True)
    return longer if inside > WITHIN_FACE * iod else lids


def _follow(landmarks: Array, rows: tuple[Row, Row], moved: Array) -> None:
    """Move the skin beside a lid that went by ``moved`` (9, 2) px, in place."""
    for row, share in zip(rows, _FOLLOW, strict=True):
        landmarks[list(row), :2] += share * moved[1:-1]


def _fit(pictures: tuple[Image, Array], upper: Array, lower: Array, frame: FaceFrame) -> tuple[Array, Array]:
    """Both lids on the photo's own, (9, 2) px each; as given where the photo does not show them clearly."""
    gap = float(np.linalg.norm(upper - lower, axis=1).max())
    polygon = outline(smooth_curve(upper), smooth_curve(lower))
    window = Window.around(polygon, 0.16 * frame.iod + 3, pictures[0].shape)
    if window.empty or gap < LEAST_GAP * frame.iod or coverage(polygon, window).sum() < 20:
        return upper, lower
    scale = min(FINEST / frame.iod, 1.0)
    size = (max(round(window.width * scale), 8), max(round(window.height * scale), 8))
    small, hidden = (cv2.resize(window.view(one), size, interpolation=cv2.INTER_AREA) for one in pictures)
    across = upper[-1] - upper[0]
    places = [(window.inside(row) + 0.5) * scale for row in (upper, lower)]
    start = _Lids(places[0], places[1], across, frame.iod * scale)
    found = _search(small, hidden, start)
    if found is None:
        return upper, lower
    upper, lower = (row / scale - 0.5 + (window.left, window.top) for row in found)
    return upper, lower


class _Lids:
    """An eye's opening that can be bent: (9, 2) px ``upper`` and ``lower``; ``across``: (2,) along the eye."""

    def __init__(self, upper: Array, lower: Array, across: Array, iod: float) -> None:
        self.upper, self.lower, self.iod = upper, lower, iod
        right = across / max(float(np.linalg.norm(across)), 1e-6)
        self.axes = np.stack([right, [-right[1], right[0]]])

    def bent(self, bend: Array) -> tuple[Array, Array]:
        """``bend``: (10,) iod: x and y of both corners, then the height of three places of each lid."""
        ends = np.linspace(0, 1, 9)[:, None]
        base = (1 - ends) * bend[:2] + ends * bend[2:4]
        moves = [base + _arch(heights) for heights in (bend[4:7], bend[7:])]
        axes = self.axes * self.iod
        return self.upper + moves[0] @ axes, self.lower + moves[1] @ axes


def _arch(heights: Array) -> Array:
    """(9, 2): moves across a lid that are given at three of its places and nothing at its corners."""
    knots = np.zeros((5, 2))
    knots[1:-1, 1] = heights
    return smooth_curve(knots, 2)


def _filled(lids: tuple[Array, Array], shape: tuple[int, ...]) -> Array:
    """(h, w) uint8: 1 between the lids."""
    mask = np.zeros(shape[:2], np.uint8)
    polygon = outline(smooth_curve(lids[0], 3), smooth_curve(lids[1], 3))
    cv2.fillPoly(mask, [np.round((polygon - 0.5) * 16).astype(np.int32)], 1, cv2.LINE_8, 4)
    return mask


def _search(small: Array, hidden: Array, start: _Lids) -> tuple[Array, Array] | None:
    """The lids that hold the eye's pixels of ``small`` best, by coordinate descent; None if none do."""
    before = _filled((start.upper, start.lower), small.shape)
    eye = _eye_pixels(small, before, start.iod) * (hidden == 0)
    gain = cv2.GaussianBlur(2 * eye - 1, (0, 0), 1.0)
    area = max(float(before.sum()), 1.0)

    def score(bend: Array) -> float:
        mask = _filled(start.bent(bend), small.shape)
        return float(gain[mask > 0].sum()) / area - _strain(bend)

    bend = _climb(score, np.zeros(10))
    mask = _filled(start.bent(bend), small.shape)
    overlap = float((mask * eye).sum()) / max(float(np.maximum(mask, eye).sum()), 1.0)
    better = score(bend) - score(np.zeros(10))
    if overlap < LEAST_MATCH:
        return None
    bend *= float(smoothstep(*CLEARLY_BETTER, better))
    return _below_lashes(small, start.bent(bend), start)


def _strain(bend: Array) -> float:
    """Cost of moving the lids, most of turning them and of bending them unevenly."""
    far = np.square(bend / 0.1)
    uneven = sum(np.square(np.diff(row) / 0.1).sum() for row in (bend[4:7], bend[7:]))
    return float(STIFFNESS * (far.sum() + 15 * (far[1] + far[3]) + 3 * uneven) / 10)


def _climb(score: Callable[[Array], float], place: Array) -> Array:
    """A local maximum of ``score`` near ``place``, along its coordinates."""
    best = score(place)
    for step in STEPS:
        for _ in range(4):
            before = best
            for axis in range(len(place)):
                for sign in (-step, step):
                    trial = place.copy()
                    trial[axis] = np.clip(trial[axis] + sign, -FARTHEST, FARTHEST)
                    value = score(trial)
                    if value > best:
                        place, best = trial, value
            if best <= before:
                break
    return place


def _below_lashes(small: Array, lids: tuple[Array, Array], start: _Lids) -> tuple[Array, Array]:
    """The upper lid at the lower border of its dark line, where the eye begins, but not below the mesh's."""
    upper, lower = lids
    down = start.axes[1]
    raised = np.maximum((start.upper - upper) @ down, 0.0)[:, None]
    return upper + np.minimum(_line_thickness(small, upper, down, start.iod), raised) * down, lower


def _line_thickness(small: Array, upper: Array, down: Array, iod: float) -> float:
    """Thickness (px) of the dark line of lashes below ``upper`` (9, 2)."""
    grey: Array = cv2.GaussianBlur(luma(small).astype(np.float32), (0, 0), 0.8)
    curve = smooth_curve(upper)[6:-6]
    offsets = np.arange(0.0, THICKEST_LASHES * iod, 0.25)
    places = (curve[None] - 0.5 + offsets[:, None, None] * down).astype(np.float32)
    rows: Array = cv2.remap(grey, places[..., 0], places[..., 1], cv2.INTER_LINEAR)
    # Only where it gets bright below does the line's border show: over the iris it stays dark.
    clear = rows[-1] - rows[: len(rows) // 2].min(axis=0) > 25
    if clear.sum() < 6:
        return USUAL_LASHES * iod
    return float(offsets[np.diff(rows, axis=0)[:, clear].mean(axis=1).argmax()])


def _disc(radius: float) -> Array:
    side = 2 * max(round(radius), 1) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))


def _eye_pixels(small: Array, opening: Array, iod: float) -> Float32:
    """(h, w) float32, 1 on the eye: GrabCut (Rother et al. 2004) started from the mesh's ``opening``."""
    labels = np.full(opening.shape, cv2.GC_BGD, np.uint8)
    labels[cv2.dilate(opening, _disc(SURELY_SKIN * iod)) > 0] = cv2.GC_PR_BGD
    labels[cv2.dilate(opening, _disc(LIKELY_EYE * iod)) > 0] = cv2.GC_PR_FGD
    labels[cv2.erode(opening, _disc(SURELY_EYE * iod)) > 0] = cv2.GC_FGD
    if not all((labels == label).any() for label in (cv2.GC_BGD, cv2.GC_FGD)):
        return opening.astype(np.float32)
    cv2.setRNGSeed(0)
    skin_model, eye_model = np.zeros((1, 65)), np.zeros((1, 65))
    # The rectangle is not used with a mask.
    nowhere = (0, 0, 1, 1)
    cv2.grabCut(np.ascontiguousarray(small), labels, nowhere, skin_model, eye_model, 4, cv2.GC_INIT_WITH_MASK)
    eye = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(eye, cv2.MORPH_OPEN, _disc(0.02 * iod)), np.float32)
