"""What is wrong with a face in a photo, by measurement.

Thresholds were set on 18 photos, paintings, drawings and a statue, each as it is and with 14 harmless changes
(beards, light, noise, blur), against 16 ways of covering the mouth (hands, microphones, masks, scarves, a cup).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import (
    FACE_OVAL,
    LEFT_EYE_LOWER,
    LEFT_EYE_OUTER,
    LEFT_EYE_UPPER,
    LOWER_LIP_RINGS,
    RIGHT_EYE_LOWER,
    RIGHT_EYE_OUTER,
    RIGHT_EYE_UPPER,
    UPPER_LIP_RINGS,
    Row,
)
from engines.faces import MESH_SIDE, Face, Upright, face_finder
from engines.types import Image

MIN_FACE_PIXELS = 90
MIN_PLACED_PIXELS = 75
"""The mean face is narrower than many: a face of MIN_FACE_PIXELS that is found again by hand may have this."""
MAX_YAW, NOTED_YAW = 35.0, 25.0
MAX_ROLL = 50.0
COVERED, MAYBE_COVERED = -3.7, -4.3
"""``FaceMeasures.covered``: mouths in sight stay below -4.3, 95 % of the hidden ones are above -3.7."""
BLURRED, SOFT = 0.27, 0.38
"""``FaceMeasures.detail``: faces enlarged from 32 pixels have 0.26, from 64 pixels 0.4, sharp ones 0.6."""
DARK, DIM = 45.0, 80.0
FAINT = 26.0
EYES_HIDDEN = 0.12
COVERED_MOUTH = (
    "The mouth seems to be covered (a hand, a microphone, a mask?); "
    "use a picture in which the whole mouth can be seen."
)
_JITTERS = (
    (-12.0, 0.94, 6, -5),
    (9.0, 1.1, -7, 3),
    (4.0, 0.9, 2, 8),
    (-6.0, 1.06, -4, -7),
    (12.0, 1.0, 7, 4),
    (-2.0, 0.88, -8, 1),
)
"""Turn in degrees, scale, shift in px: six other ways to cut the same face out."""
_NUDGE = 0.1
"""iod by which the mouth is shifted to see whether the mesh goes with it."""
_DETAIL_SIDE, _FINE, _COARSE = 192, 64, 24

Points = NDArray[Any]


def _ring(upper: Row, lower: Row) -> list[int]:
    return [*upper, *lower[1:-1]]


_LIPS = _ring(UPPER_LIP_RINGS[3], LOWER_LIP_RINGS[3]) + _ring(UPPER_LIP_RINGS[0], LOWER_LIP_RINGS[0])
_EYES = (_ring(RIGHT_EYE_UPPER, RIGHT_EYE_LOWER), _ring(LEFT_EYE_UPPER, LEFT_EYE_LOWER))


@dataclass(frozen=True)
class FaceMeasures:
    """``yaw`` in degrees. ``covered``: how much the place of the lips is a guess (see ``_covered``).

    ``detail``: strength of the face's fine detail over that of its coarse detail, 0 to 1. ``light``,
    ``contrast``: grey levels of its brightest parts, and between these and its darkest. ``eyes``: contrast
    inside the eyes in units of the skin's brightness.
    """

    yaw: float
    covered: float
    detail: float
    light: float
    contrast: float
    eyes: float


def geometry_problem(face: Face) -> str | None:
    """Why ``face`` cannot be animated, by its size and how it is turned alone."""
    width = face.box[2]
    if abs(face.yaw) > MAX_YAW:
        return (
            f"The face is turned {abs(face.yaw):.0f} degrees to the side; "
            f"use a picture where it turns at most {MAX_YAW:.0f} degrees."
        )
    if width < MIN_FACE_PIXELS:
        return (
            f"The face is only {width:.0f} pixels wide; "
            f"use a larger picture or a closer crop, at least {MIN_FACE_PIXELS} pixels."
        )
    if abs(face.roll) > MAX_ROLL:
        return "The face lies on its side; rotate the picture so that the head is upright."
    return None


def placement_problem(face: Face, shape: tuple[int, ...]) -> str | None:
    """Why a face that was placed by hand in a picture of ``shape`` (H, W, ...) cannot be animated."""
    x, y, width, height = face.box
    if width < MIN_PLACED_PIXELS:
        return f"The face is placed only {width:.0f} pixels wide; at least {MIN_PLACED_PIXELS} are needed."
    outside = min(x, y, shape[1] - x - width, shape[0] - y - height)
    if outside < -0.35 * width:
        return "The face is placed outside of the picture; move its points onto the face."
    return None


def measure_face(rgb: Image, face: Face) -> FaceMeasures:
    """Look closely at ``face`` in ``rgb`` (H, W, 3)."""
    upright = face_finder().upright(rgb, face)
    light, contrast = _light(upright)
    detail = _detail(rgb, face)
    covered, eyes = _covered(upright), _eye_contrast(upright)
    return FaceMeasures(face.yaw, covered, detail, light, contrast, eyes)


def problem_of(measures: FaceMeasures) -> str | None:
    """Why the face cannot be animated: one sentence, or None."""
    if measures.light < DARK:
        return "The face is too dark to be seen; use a picture in which light falls on it."
    if measures.contrast < FAINT:
        return "The face is too pale or hazy to be seen; use a picture with more contrast."
    if measures.detail < BLURRED:
        return "The face is blurred or enlarged from a tiny picture; use a sharper one."
    if measures.covered > COVERED:
        return COVERED_MOUTH
    return None


def notes_of(measures: FaceMeasures) -> tuple[str, ...]:
    """What may look wrong though the face can be animated: a sentence each."""
    doubts = (
        (
            abs(measures.yaw) > NOTED_YAW,
            f"The face is turned {abs(measures.yaw):.0f} degrees to the side; its far half may look wrong.",
        ),
        (
            measures.covered > MAYBE_COVERED,
            "Something may hide a part of the mouth; it would move along with the lips.",
        ),
        (measures.detail < SOFT, "The face is not sharp; a sharper picture gives a better video."),
        (measures.light < DIM, "The face is dark; a picture with more light on it gives a better video."),
        (measures.eyes < EYES_HIDDEN, "The eyes are covered or shut; blinks and looks may look wrong."),
    )
    return tuple(sentence for doubtful, sentence in doubts if doubtful)


def _covered(upright: Upright) -> float:
    """How much the mesh guesses where the lips are: it guesses where it cannot see them.

    Lips that are seen stay in place when the face is cut out a little differently, and the mesh follows them
    when their part of the picture is shifted; the place of hidden lips wanders, and the shift goes unnoticed.
    ln(wander of the lips squared / wander of the eyes) - 4 x the share of the shift that is followed.
    """
    iod = _iod(upright.points)
    wander = _wander(upright) / iod
    lips, eyes = wander[_LIPS].mean(), wander[_EYES[0] + _EYES[1]].mean()
    return float(np.log(lips**2 / max(eyes, 1e-4)) - 4 * _following(upright, _NUDGE * iod))


def _wander(upright: Upright) -> Points:
    """(468,) px: how far each point scatters over six other cuts of the face."""
    finder, middle = face_finder(), (MESH_SIDE / 2, MESH_SIDE / 2)
    fits = []
    for angle, scale, right, down in _JITTERS:
        cut = np.asarray(cv2.getRotationMatrix2D(middle, angle, scale), np.float64)
        cut[:, 2] += right, down
        other = cv2.warpAffine(upright.crop, cut, (MESH_SIDE, MESH_SIDE), borderMode=cv2.BORDER_REPLICATE)
        back = np.asarray(cv2.invertAffineTransform(cut), np.float64)
        fits.append(finder.refit(np.asarray(other, np.uint8)) @ back[:, :2].T + back[:, 2])
    return np.asarray(np.linalg.norm(np.std(fits, axis=0), axis=1))


def _following(upright: Upright, nudge: float) -> float:
    """The share of a shift of the mouth, across or along the face, that the mesh follows: the smaller one."""
    shares = []
    for axis in (0, 1):
        there, back = (_lips_after(upright, axis, way * nudge)[axis] for way in (1, -1))
        shares.append((there - back) / (2 * nudge))
    return float(min(shares))


def _lips_after(upright: Upright, axis: int, shift: float) -> Points:
    """(2,) px: the middle of the lips after their surroundings are shifted."""
    lips, side = upright.points[_LIPS], np.arange(MESH_SIDE, dtype=np.float32)
    centre, extent = lips.mean(0), np.ptp(lips, axis=0) / 2
    radius = np.maximum(extent * (1.5, 1.7), (0.0, 0.22 * _iod(upright.points)))
    x, y = np.meshgrid(side, side)
    weight = np.exp(-(((x - centre[0]) / radius[0]) ** 4 + ((y - centre[1]) / radius[1]) ** 4))
    maps = [x, y]
    maps[axis] = maps[axis] - weight * shift
    x, y = (item.astype(np.float32) for item in maps)
    shifted = cv2.remap(upright.crop, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(face_finder().refit(np.asarray(shifted, np.uint8))[_LIPS].mean(0))


def _iod(points: Points) -> float:
    return float(np.linalg.norm(points[LEFT_EYE_OUTER] - points[RIGHT_EYE_OUTER]))


def _light(upright: Upright) -> tuple[float, float]:
    """Grey levels of the bright parts of the face, and from its dark to its bright parts."""
    grey = cv2.cvtColor(upright.crop, cv2.COLOR_RGB2GRAY)
    low, high = np.percentile(grey[_inside(upright.points[list(FACE_OVAL)])], [5, 95])
    return float(high), float(high - low)


def _eye_contrast(upright: Upright) -> float:
    """Between the bright and the dark parts inside the eyes, in units of the skin's brightness."""
    light = _lightness(upright.crop)
    skin = np.percentile(light[_inside(upright.points[list(FACE_OVAL)])], 75)
    inside = np.concatenate([light[_inside(_grown(upright.points[eye]))] for eye in _EYES])
    low, high = np.percentile(inside, [20, 80])
    return float((high - low) / max(skin, 1.0))


def _lightness(rgb: Image) -> NDArray[np.float64]:
    """(H, W) in [0, 255]: CIE 1976 L* of sRGB. OpenCV's own spends a tenth of a second on tables first."""
    level = np.arange(256) / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4).astype(np.float32)
    luminance = cv2.transform(linear[rgb], np.array([[0.2126, 0.7152, 0.0722]], np.float32))
    dark, bright = 903.3 * luminance, 116 * np.cbrt(luminance) - 16
    return np.asarray(2.55 * np.where(luminance > 0.008856, bright, dark), np.float64)


def _grown(points: Points) -> Points:
    """An eye with a little of its lids, so that narrow eyes have an inside."""
    middle = points.mean(0)
    return np.asarray(cv2.convexHull((middle + (points - middle) * (1.1, 1.5)).astype(np.float32))[:, 0])


def _inside(outline: Points) -> NDArray[np.bool_]:
    mask = np.zeros((MESH_SIDE, MESH_SIDE), np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
    return np.asarray(mask > 0)


def _detail(rgb: Image, face: Face) -> float:
    """Strongest detail finer than 64 to a face's width over that finer than 24: independent of contrast."""
    grey = _face_in_grey(rgb, face)
    fine, coarse = (np.percentile(np.abs(grey - _coarsened(grey, width)), 99) for width in (_FINE, _COARSE))
    return float(fine / max(coarse, 1e-3))


def _coarsened(grey: Points, width: int) -> Points:
    side = len(grey)
    soft = cv2.GaussianBlur(grey, (0, 0), 0.5 * side / width)
    small = cv2.resize(soft, (width, width), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC))


def _face_in_grey(rgb: Image, face: Face) -> Points:
    """(S, S) float32: the face's box, squared, at its own size, at most _DETAIL_SIDE."""
    x, y, width, height = face.box
    top, left = max(int(y), 0), max(int(x), 0)
    part = np.ascontiguousarray(rgb[top : int(y + height) + 1, left : int(x + width) + 1])
    side = min(int(width), _DETAIL_SIDE)
    grey = cv2.resize(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.float32)
