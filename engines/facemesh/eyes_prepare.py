"""What the eyes need to know of a photo: cut out, made whole, and packed as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.facemesh.anatomy import FaceFrame
from engines.facemesh.edges import Window, coverage, outline, smooth_curve
from engines.facemesh.eyes_ball import complete_eyeball, trusted_area
from engines.facemesh.eyes_edges import LidEdges
from engines.facemesh.eyes_fit import LIDS
from engines.facemesh.eyes_iris import Iris, find_irises
from engines.facemesh.eyes_lashes import Lashes, matched
from engines.facemesh.eyes_lid import Lid, measure_lid
from engines.facemesh.mouth_light import Light, measure_light
from engines.types import Arrays, Float32, Portrait

Array = NDArray[Any]

MARGIN = 0.16
"""Photo around an eye that is cut out with it, in iod."""


def prepare_eyes(portrait: Portrait, frame: FaceFrame, hidden: Array | None = None) -> Arrays:
    """Eyeballs and lids of a photo; keys start with "eyes.".

    ``hidden``: (H, W) uint8, 1 where something lies before the face.
    """
    if hidden is None:
        hidden = np.zeros(portrait.rgb.shape[:2], np.uint8)
    light = measure_light(portrait.rgb, portrait.landmarks, frame.iod)
    crops = {side: _cut(portrait, frame, side) for side in LIDS}
    irises = find_irises([(crop.rgb, crop.trusted) for crop in crops.values()], frame.iod)
    arrays: Arrays = {"eyes.down": _down(frame)}
    lids = [_lid(crop, crop.window.view(hidden), light, frame) for crop in crops.values()]
    drawn = zip((lid.skin for lid in lids), matched([lid.lashes for lid in lids], frame.iod), strict=True)
    for (side, crop), iris, lid in zip(crops.items(), irises, drawn, strict=True):
        for name, value in _prepare_eye(crop, iris, lid, frame.iod).items():
            arrays[f"eyes.{side}.{name}"] = value
    return arrays


@dataclass(frozen=True)
class _Crop:
    """One eye cut from the photo.

    ``upper``, ``lower``: (M, 2), lids in photo px; ``mask``: opening between the lids; ``trusted``: what of it
    shows nothing but eyeball.
    """

    rgb: Float32
    window: Window
    upper: Float32
    lower: Float32
    mask: Float32
    trusted: Float32


def _cut(portrait: Portrait, frame: FaceFrame, side: str) -> _Crop:
    points = np.asarray(portrait.landmarks, np.float32)[:, :2]
    upper, lower = (smooth_curve(points[list(row)]) for row in LIDS[side])
    polygon = outline(upper, lower)
    window = Window.around(polygon, MARGIN * frame.iod + 3, portrait.rgb.shape)
    mask = coverage(polygon, window)
    rgb = window.view(portrait.rgb).astype(np.float32)
    return _Crop(rgb, window, upper, lower, mask, trusted_area(mask, _down(frame), frame.iod))


def _down(frame: FaceFrame) -> Array:
    """(2,) unit vector down the face, at right angles to the line of the eyes as the picture shows it."""
    right = np.asarray(frame.axes, np.float64)[0, :2]
    right = right / np.linalg.norm(right)
    return np.array([-right[1], right[0]])


def _lid(crop: _Crop, hidden: Array, light: Light, frame: FaceFrame) -> Lid:
    edges = LidEdges.of(crop.window.inside(crop.upper), crop.window.inside(crop.lower), _down(frame))
    return measure_lid(crop.rgb, hidden, edges, (light, frame.iod))


def _prepare_eye(crop: _Crop, iris: Iris | None, lid: tuple[Float32, Lashes], iod: float) -> Arrays:
    ball = complete_eyeball(crop.rgb, crop.mask, crop.trusted, iris, iod)
    skin, lashes = lid
    return {
        "photo": _bytes(crop.rgb),
        "white": _bytes(ball.white),
        "iris": _bytes(ball.iris),
        "glint": _bytes(ball.glint),
        "skin": _bytes(skin),
        "lashes": _bytes(lashes.cover * 255),
        "tone": np.array([ball.shade, lashes.roots, lashes.left, lashes.top, *lashes.colour], np.float32),
        "origin": np.array([crop.window.left, crop.window.top], np.float64),
        "upper": crop.upper,
        "lower": crop.lower,
    }


def _bytes(values: Array) -> Array:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
