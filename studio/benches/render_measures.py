"""What a tracker's landmarks say of a clip, against what was planned.

Lengths are in iod: distances of the outer eye corners in the same frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.types import Image

Floats = NDArray[np.floating]

INNER_LIPS = (13, 14)
EYE_CORNERS = (33, 263)
LIDS = ((159, 145), (158, 153), (386, 374), (385, 380))
"""Upper and lower lid, two pairs an eye."""
EYES = ((33, 133), (33, 133), (263, 362), (263, 362))
"""The corners of the eye of each of those pairs."""
LOST = 0.1
"""Share of frames without a face from which on a clip is not measured."""
SMOOTH = 0.03
"""Seconds by which a closure's edges are softened before it is compared with lips: they are not walls."""
WIDEST, STEP = 0.2, 0.005
"""Offsets of picture and sound that are tried, and how finely (s)."""


@dataclass(frozen=True)
class Fit:
    """A tracked curve against the planned one: correlation, slope, and what is tracked where 0 is planned."""

    r: float
    slope: float
    floor: float


def distances(landmarks: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    """(T, P) px between pairs of points of (T, N, 3)."""
    first, second = (landmarks[:, list(side)] for side in zip(*pairs, strict=True))
    return np.asarray(np.linalg.norm(first - second, axis=2))


def opening(landmarks: Floats) -> Floats:
    """(T,) iod between the inner lips; NaN where no face was seen."""
    across = distances(landmarks, (INNER_LIPS, EYE_CORNERS))
    return np.asarray(across[:, 0] / across[:, 1])


def eye_openness(landmarks: Floats) -> Floats:
    """(T,) height of the eyes over their width, both eyes' mean."""
    return np.asarray((distances(landmarks, LIDS) / distances(landmarks, EYES)).mean(axis=1))


def lost_share(landmarks: Floats) -> float:
    """Share of frames of (2, T, N, 3) in which no face was seen."""
    return float(np.isnan(landmarks).any(axis=(0, 2, 3)).mean()) if landmarks.size else 1.0


def fit(planned: Floats, tracked: Floats) -> Fit:
    """Least squares over the frames in which there is a tracked value."""
    seen = np.isfinite(tracked)
    x, y = planned[seen], tracked[seen]
    slope, floor = np.polyfit(x, y, 1)
    return Fit(float(np.corrcoef(x, y)[0, 1]), float(slope), float(floor))


def at_times(curve: Floats, times: Floats, wanted: Floats) -> Floats:
    """A tracked curve, (T,) at ``times``, at other times; frames without a face are bridged."""
    seen = np.isfinite(curve)
    return np.interp(wanted, times[seen], curve[seen])


def shut_curve(spans: Sequence[tuple[float, float]], times: Floats) -> Floats:
    """(T,) 1 while one of the ``spans`` (s) lasts, 0 elsewhere, with soft edges."""
    shut = np.zeros(len(times))
    for start, end in spans:
        rise, fall = (times - start) / SMOOTH, (end - times) / SMOOTH
        shut = np.maximum(shut, np.clip(np.minimum(rise, fall) + 0.5, 0.0, 1.0))
    return shut


def lag(reference: Floats, curve: Floats, rate: float) -> float:
    """Seconds by which ``curve`` comes after ``reference``, both (N,) at ``rate``: the peak of their
    cross-correlation within WIDEST, between samples by a parabola."""
    reach = round(WIDEST * rate)
    shifts = np.arange(-reach, reach + 1)
    inner = reference[reach : len(reference) - reach]
    scores = [np.corrcoef(inner, curve[reach + s : reach + s + len(inner)])[0, 1] for s in shifts]
    best = int(np.clip(np.argmax(scores), 1, len(shifts) - 2))
    low, top, high = scores[best - 1 : best + 2]
    bend = low - 2 * top + high
    return float((shifts[best] + (0.5 * (low - high) / bend if bend < 0 else 0.0)) / rate)


def lips_lag(times: Floats, opened: Floats, spans: Sequence[tuple[float, float]]) -> float:
    """Seconds by which tracked lips, (T,) iod at ``times``, shut after the ``spans`` (s) of their sounds."""
    grid = np.arange(times[0], times[-1], STEP)
    return lag(shut_curve(spans, grid), -at_times(opened, times, grid), 1 / STEP)


def sound_lag(told: Floats, heard: Floats, rate: int) -> float:
    """Seconds by which the sound of a clip comes after the speech that went into it, (N,) at ``rate`` each."""
    length = min(len(told), len(heard))
    size = 2 * length
    spectrum = np.fft.rfft(heard[:length], size) * np.conj(np.fft.rfft(told[:length], size))
    peak = int(np.argmax(np.fft.irfft(spectrum, size)))
    return (peak if peak < length else peak - size) / rate


def face_mask(landmarks: Floats, size: tuple[int, int], grow: float = 1.0) -> NDArray[np.bool_]:
    """(H, W) of a picture of ``size`` (height, width): inside the outline of a face (N, 3) px, grown about its
    middle."""
    points = np.asarray(landmarks, np.float32)[:, :2]
    middle = (points.min(0) + points.max(0)) / 2
    hull = cv2.convexHull((middle + grow * (points - middle)).astype(np.int32))
    mask = np.zeros(size, np.uint8)
    cv2.fillConvexPoly(mask, np.asarray(hull, np.int32), 1)
    return mask.astype(bool)


def likeness(one: Image, other: Image, where: NDArray[np.bool_]) -> float:
    """Peak signal-to-noise ratio in dB of two pictures (H, W, 3) within a mask; 99 where they are the same."""
    error = np.square(one[where].astype(np.float64) - other[where]).mean() if where.any() else 0.0
    return 99.0 if error == 0 else min(float(10 * np.log10(255**2 / error)), 99.0)


def farthest(one: Image, other: Image, where: NDArray[np.bool_]) -> int:
    """The largest difference of any value (0 to 255) of two pictures within a mask."""
    return int(cv2.absdiff(one, other)[where].max(initial=0))
