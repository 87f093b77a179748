"""Lips that the mesh holds for closed and between which the photo shows teeth."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.mouth_strip import MouthStrip
from engines.facemesh.rest import PARTED_GAP

Array = NDArray[Any]

REDDEST_LEAST = 0.16
"""Lips less red than this, (R - G) / brightness, cannot be told from teeth by their colour."""

LESS_RED, PALE = 0.3, 0.6
"""Teeth are less red than the lips above and below them by at least the first share of the lips' red; from the
second on they need no shade around them."""

SHADED, DIM, DARK = 0.74, 0.45, 0.42
"""Of the lower lip's light: what is above and below teeth has less than the first, or it may be a reflection on
a lip; teeth have more than the second, and the gap beside them less than the third."""

TALLEST_TOOTH = 0.055
"""Higher than this, in iod, teeth cannot be seen between lips that the mesh holds for closed."""

OFF_LINE = 0.014
"""The gap between the lips holds the line or, where teeth hang into it, ends this near to it, in iod: a
reflection on a lip lies further off."""

LIP_BESIDE = 0.012
"""A gap ends where there is lip for at least this far, in iod."""

LEAST_HIGH, MOST_HIGH, LEAST_WIDE = 0.012, 0.10, 0.10
"""Gaps are at least and at most so high, and the teeth in them together at least so wide, in iod."""

MARGIN = 0.006
"""The photo's softness mixes teeth into the lips this far, in iod."""


def parted_edges(strip: MouthStrip, columns: Array) -> tuple[Array, Array] | None:
    """(11,) rows of both inner lips around the teeth at ``columns`` (11,); None where the photo shows none."""
    found = _gaps(strip)
    if found is None:
        return None
    top, bottom, good = found
    ends = np.interp(columns[[0, -1]], strip.columns, strip.line)
    margin = strip.rows_of(MARGIN)
    places = np.concatenate([columns[:1], strip.columns[good], columns[-1:]])
    edges = [
        np.interp(strip.columns, places, np.concatenate([ends[:1], row[good], ends[1:]]))
        for row in (top - margin, bottom + margin)
    ]
    smooth = [cv2.GaussianBlur(row[None], (0, 0), strip.rows_of(0.02))[0] for row in edges]
    upper, lower = (np.interp(columns, strip.columns, row) for row in smooth)
    upper[[0, -1]] = lower[[0, -1]] = ends
    # Too small a gap would pass for the line between closed lips, and its teeth would stay.
    gap = np.maximum(lower - upper, 0.0)
    wider = max(strip.rows_of(1.02 * PARTED_GAP) / max(float(gap.max()), 1e-6), 1.0)
    middle = (upper + lower) / 2
    return middle - wider * gap / 2, middle + wider * gap / 2


def _gaps(strip: MouthStrip) -> tuple[Array, Array, Array] | None:
    """(columns,) each: first and last row between the lips, and where this is known; None without teeth."""
    brightness = strip.grey
    lip = _lower_lip(strip)
    redness = _redness(strip)
    light = float(np.median(brightness[lip]))
    if float(np.median(redness[lip])) < REDDEST_LEAST:
        return None
    tall = np.ones((max(round(strip.rows_of(TALLEST_TOOTH)), 3), 1), np.uint8)
    lips_red = cv2.morphologyEx(redness, cv2.MORPH_CLOSE, tall)
    around = cv2.morphologyEx(brightness, cv2.MORPH_OPEN, tall)
    less = (lips_red - redness) / np.maximum(lips_red, 1e-3)
    teeth = (less > LESS_RED) & (brightness > DIM * light) & ((around < SHADED * light) | (less > PALE))
    inside = (teeth | (brightness < DARK * light)).astype(np.uint8)
    top, bottom, good = _runs(strip, cv2.morphologyEx(inside, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)))
    rows = np.arange(len(inside))[:, None]
    within = teeth & (rows >= top) & (rows <= bottom) & good
    wide = (within.sum(axis=0) >= strip.rows_of(LEAST_HIGH)).sum()
    return (top, bottom, good) if wide >= strip.rows_of(LEAST_WIDE) else None


def _redness(strip: MouthStrip) -> Array:
    """(rows, columns): how red, 0 for grey."""
    soft: Array = cv2.GaussianBlur(strip.colours, (0, 0), 0.8)
    return np.asarray((soft[..., 0] - soft[..., 1]) / np.maximum(strip.grey, 8.0), np.float32)


def _lower_lip(strip: MouthStrip) -> Array:
    """(rows, columns) bool: places that are surely on the lower lip."""
    rows = np.arange(strip.colours.shape[0])[:, None]
    first, last = strip.upper[0, 0], strip.upper[-1, 0]
    below = rows - np.interp(strip.columns, strip.lower[:, 0], strip.lower[:, 1])
    middle = np.abs(strip.columns - (first + last) / 2) < 0.25 * (last - first)
    return np.asarray((below > strip.rows_of(0.02)) & (below < strip.rows_of(0.055)) & middle)


def _runs(strip: MouthStrip, inside: Array) -> tuple[Array, Array, Array]:
    """(columns,) each: first and last row of what lies between the lips next to the line, and where lips of
    full red end it above and below."""
    count = inside.shape[1]
    top, bottom, good = np.zeros(count), np.zeros(count), np.zeros(count, bool)
    reach, lip = strip.rows_of(OFF_LINE), max(round(strip.rows_of(LIP_BESIDE)), 2)
    low, high = strip.rows_of(LEAST_HIGH), strip.rows_of(MOST_HIGH)
    for column in range(int(strip.upper[0, 0]) + 1, int(strip.upper[-1, 0])):
        edges = np.flatnonzero(np.diff(np.pad(inside[:, column], 1).astype(int)))
        starts, ends = edges[::2], edges[1::2]
        at = strip.line[column]
        near = (starts < at) & (ends > at - reach) & (ends - starts > low) & (ends - starts < high)
        if not near.any():
            continue
        pick = np.flatnonzero(near)[(ends - starts)[near].argmax()]
        start, end = int(starts[pick]), int(ends[pick])
        lips = inside[max(start - lip, 0) : start, column], inside[end : end + lip, column]
        top[column], bottom[column] = start, end - 1
        good[column] = all(len(part) == lip and not part.any() for part in lips)
    return top, bottom, good
