"""Where the iris is: the mesh has no points for it, so it is looked for between the lids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.mouth_light import luma
from engines.types import Float32

Array = NDArray[Any]

RADII = np.linspace(0.050, 0.138, 12)
"""Radii looked for, in iod. An adult iris has 5.9 mm (0.065 iod); drawn eyes are larger."""

LEAST_CONTRAST = 12.0
"""Grey levels that the white must be brighter than the iris; stone and closed eyes have less."""

ANGLES = np.deg2rad(np.arange(0, 360, 10))
"""Directions looked into, clockwise from right in the picture."""

USUAL_RADIUS = 0.068
IRIS_SHARE = 0.52
"""Radius of the iris relative to the height of the opening in big drawn eyes."""
DARKER = 0.75
"""The iris is at most this bright, relative to the white of the eye."""

REGION_WEIGHT = 60.0
"""Grey levels of contrast that outweigh all dark pixels between the lids lying outside the circle."""

SIZE_WEIGHT = 3.0
"""Grey levels of contrast that outweigh a radius 0.02 iod away from the usual one."""

LEVEL_WEIGHT = 30.0
"""Grey levels of contrast that outweigh a middle one radius above or below the middle of the opening."""


@dataclass(frozen=True)
class Iris:
    """A circle in px of the picture it was found in."""

    x: float
    y: float
    radius: float


def _candidates(mask: Float32, iod: float) -> Array:
    """(N, 3): x, y and radius of circles to try: centres between the lids, away from the corners."""
    rows, columns = np.nonzero(mask > 0.5)
    step = max(iod / 110.0, 0.5)
    left, right = np.quantile(columns, (0.08, 0.92))
    x, y, radius = np.meshgrid(
        np.arange(left, right + step, step),
        np.arange(rows.min(), rows.max() + step, step),
        RADII * iod,
        indexing="ij",
    )
    return np.stack([x.ravel(), y.ravel(), radius.ravel()], axis=1)


def _on_circles(image: Float32, circles: Array, reach: float) -> Array:
    """(N, angles): samples on circles of ``reach`` times the radius."""
    x = circles[:, :1] + reach * circles[:, 2:] * np.cos(ANGLES)
    y = circles[:, 1:2] + reach * circles[:, 2:] * np.sin(ANGLES)
    return np.asarray(cv2.remap(image, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR))


def _contrast(grey: Float32, mask: Float32, circles: Array) -> Array:
    """(N,): mean step from dark inside to bright outside, over the directions that are not behind a lid.

    A coarse form of Daugman's integro-differential operator (1993).
    """
    outside, inside = _on_circles(grey, circles, 1.2), _on_circles(grey, circles, 0.84)
    seen = _on_circles(mask, circles, 1.2) * _on_circles(mask, circles, 0.84)
    weight = seen.sum(axis=1)
    # Reflections in the iris and red corners make single steps negative; no step may count for more than 80.
    step = (np.clip(outside - inside, -20, 80) * seen).sum(axis=1) / np.maximum(weight, 1e-3)
    # A few lucky directions must not outvote a circle that is confirmed on both sides.
    return np.asarray(step * np.minimum(weight / 12.0, 1.0) ** 0.5)


def _off_level(mask: Float32, circles: Array) -> Array:
    """(N,): how far circles lie above or below the middle of the opening in their column, in radii."""
    rows = np.arange(len(mask))[:, None]
    middle = (mask * rows).sum(axis=0) / np.maximum(mask.sum(axis=0), 1e-3)
    columns = np.clip(circles[:, 0].round().astype(int), 0, mask.shape[1] - 1)
    return np.asarray((circles[:, 1] - middle[columns]) / circles[:, 2])


def _held(grey: Float32, mask: Float32, circles: Array) -> Array:
    """(N,): dark minus bright pixels within circles, as a share of all dark ones: what an iris has to hold."""
    seen = mask > 0.9
    if not seen.any():
        return np.zeros(len(circles))
    white = float(np.quantile(grey[seen], 0.9))
    gain = np.where(grey < DARKER * white, 1.0, -1.0).astype(np.float32) * mask
    total = np.zeros(len(circles))
    columns, rows = (np.round(circles[:, axis]).astype(int) for axis in (0, 1))
    for radius in np.unique(circles[:, 2]):
        half = int(np.ceil(radius))
        y, x = np.mgrid[-half : half + 1, -half : half + 1]
        disc = (np.hypot(x, y) <= radius).astype(np.float32)
        sums: Array = cv2.filter2D(gain, -1, disc, borderType=cv2.BORDER_CONSTANT)
        same = circles[:, 2] == radius
        total[same] = sums[np.clip(rows[same], 0, len(grey) - 1), np.clip(columns[same], 0, grey.shape[1] - 1)]
    return total / max(float(np.maximum(gain, 0).sum()), 1.0)


def _scores(crop: Float32, mask: Float32, iod: float) -> tuple[Array, Array, Array]:
    """Circles (N, 3), their contrast (N,) and how well they look like an iris (N,)."""
    # The darkest channel is dark in brown and in blue irises alike, and bright only in the white; only a pale
    # blue may be brighter than a white in the shade.
    grey = 0.15 * luma(crop) + 0.85 * crop.min(axis=2) - 0.8 * np.maximum(crop[..., 2] - crop[..., 0], 0)
    smooth: Array = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), max(0.010 * iod, 0.6))
    circles = _candidates(mask, iod)
    contrast = _contrast(smooth, mask, circles)
    # The pupil and iris are the darkest thing between the lids.
    darkness = [np.minimum(_on_circles(smooth, circles, reach), 160).mean(axis=1) for reach in (0.2, 0.55)]
    score = contrast - 0.35 * np.mean(darkness, axis=0) + REGION_WEIGHT * _held(smooth, mask, circles)
    score -= LEVEL_WEIGHT * _off_level(mask, circles) ** 2
    usual = max(USUAL_RADIUS, IRIS_SHARE * float((mask > 0.5).sum(axis=0).max()) / iod)
    return circles, contrast, score - SIZE_WEIGHT * ((circles[:, 2] / iod - usual) / 0.02) ** 2


def find_irises(eyes: list[tuple[Float32, Float32]], iod: float) -> list[Iris | None]:
    """The irises of a face; None where none stands out.

    ``eyes``: per eye its crop (h, w, 3) and the opening between the lids (h, w), 1 inside. Both irises of a
    face are equally large: the radius is the one that suits both.
    """
    found = [_scores(*eye, iod) if (eye[1] > 0.5).sum() >= 12 else None for eye in eyes]
    votes = np.zeros(len(RADII))
    for circles, _, score in filter(None, found):
        for index, radius in enumerate(RADII):
            votes[index] += score[np.isclose(circles[:, 2], radius * iod)].max()
    radius = RADII[int(np.argmax(votes))] * iod
    return [_best(*scores, radius) if scores else None for scores in found]


def _best(circles: Array, contrast: Array, score: Array, radius: float) -> Iris | None:
    best = int(np.argmax(np.where(np.isclose(circles[:, 2], radius), score, -np.inf)))
    if contrast[best] < LEAST_CONTRAST:
        return None
    return Iris(*(float(value) for value in circles[best]))
