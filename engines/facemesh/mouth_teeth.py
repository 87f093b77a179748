"""Drawn teeth: a curved row of single teeth with gums, for photos that show none.

Proportions are those of adult permanent teeth (Wheeler's Dental Anatomy) with 1 mm = 0.011 iod.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import smoothstep
from engines.facemesh.mouth_harvest import Harvest
from engines.facemesh.mouth_light import REFERENCE_LIPS, Light, chroma, luma
from engines.facemesh.mouth_plane import MouthPlane
from engines.types import Float32

Array = NDArray[Any]

GUM = np.array([196.0, 108.0, 104.0], np.float32)

LOWER_EDGE = 0.009
"""Half the width of the lower teeth's translucent edge, in iod: they lie deeper, out of focus and in shade."""

IN_FLESH_LIGHT = np.array([1.06, 0.96, 0.90], np.float32)
"""The lower teeth are lit by what the lips and the tongue around them throw back."""


@dataclass(frozen=True)
class Row:
    """One row of teeth, from the middle outwards: widths along the arch, heights and edge offsets, in iod.

    ``half_width``, ``depth``: of the elliptic arch. ``setback``: distance behind the upper row.
    ``upwards``: the crowns point down (upper row, -1) or up (lower row, 1). ``brightness``: of its enamel.
    ``seen``: how far from the middle the lips ever bare it.
    """

    widths: tuple[float, ...]
    heights: tuple[float, ...]
    offsets: tuple[float, ...]
    half_width: float
    depth: float
    setback: float
    upwards: int
    brightness: float
    seen: float


UPPER_ROW = Row(
    (0.094, 0.073, 0.083, 0.078, 0.076, 0.110),
    (0.117, 0.102, 0.113, 0.095, 0.088, 0.085),
    (0.0, 0.009, 0.001, 0.010, 0.014, 0.018),
    0.30, 0.40, 0.0, -1, 1.0, 0.42,
)  # fmt: skip
LOWER_ROW = Row(
    (0.058, 0.064, 0.075, 0.078, 0.078, 0.115),
    (0.092, 0.092, 0.105, 0.092, 0.088, 0.085),
    (0.0, 0.002, -0.002, 0.006, 0.010, 0.014),
    0.275, 0.38, 0.025, 1, 0.66, 0.22,
)  # fmt: skip


def tooth_colour(light: Light) -> Float32:
    """Enamel in the photo's light, (3,) sRGB.

    Its cast follows the whites of the eyes, as far as they can be seen, and the skin, always a little warmer.
    """
    skin, white = float(luma(light.skin)), float(luma(light.white))
    trust = float(smoothstep(0.40, 0.85, white / max(skin, 1.0)))
    cast = chroma(light.white) ** (0.4 * trust) * chroma(light.skin) ** (0.46 - 0.10 * trust)
    warmer = np.array([0.02, 0.0, -0.06], np.float32) * light.redness
    cast = chroma(cast * (1 + warmer) * 128)
    level = 0.98 * max(0.72 * skin + 0.28 * max(white, 0.85 * skin), 0.85 * white)
    return np.asarray(np.clip(cast * level, 0, 245), np.float32)


def tissue_colour(light: Light, reference: Array) -> Float32:
    """A soft tissue, given as it looks beside ``REFERENCE_SKIN``, in the photo's light: (3,) sRGB.

    It takes its cast from the lips, the more so the paler they are: stone stays stone, paint stays within its
    palette, and a photo without colour stays without.
    """
    own, red = chroma(reference), light.redness
    seen = chroma(light.lips) * (own / chroma(REFERENCE_LIPS)) ** red
    cast = chroma(own ** (0.5 * red) * seen ** (1 - 0.5 * red) * 128)
    return np.asarray(np.clip(cast * luma(reference) * light.gain, 0, 255), np.float32)


@dataclass(frozen=True)
class _Places:
    """Where on a row each sprite pixel lies, (h, w) each.

    ``tooth``: index from the middle; ``along``: 0 at the tooth's near side to 1 at its far side; ``up``: iod
    from the row's edge towards the gum; ``facing``: cosine between the surface and the viewer; ``visible``: on
    the row at all; ``side``: 0 on the picture's left, 1 on the right.
    """

    tooth: Array
    along: Array
    up: Array
    facing: Array
    visible: Array
    side: Array


def _arch(plane: MouthPlane, row: Row, curve: Array | None) -> tuple[Array, Array, Array, Array]:
    """The part of the arch that can be seen, left to right: right, down, arc length (iod) and facing."""
    angle = np.linspace(-1.45, 1.45, 721)
    x, z = row.half_width * np.sin(angle), row.depth * (1 - np.cos(angle)) + row.setback
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    # A tilt of the face measured from a flat photo is unsure; too much of it would bend the row.
    sink = float(np.clip(plane.inwards[1], -0.2, 0.2))
    right, down = x * plane.across[0] + z * plane.inwards[0], z * sink - 0.30 * x**2
    if curve is not None:
        down = np.polyval([*curve[:-1], 0.0], right)
    step = np.gradient(right, arc)
    seen = step > 0.06
    first, last = np.flatnonzero(seen)[[0, -1]]
    part = slice(first, last + 1)
    return right[part], down[part], (arc - arc[360])[part], np.clip(step, 0, 1)[part]


def _places(plane: MouthPlane, row: Row, curve: Array | None) -> _Places:
    u, v = plane.grid()
    right, down, arc, facing = _arch(plane, row, curve)
    s = np.interp(u, right, arc)
    edges = np.concatenate([[0.0], np.cumsum(row.widths)])
    tooth = np.clip(np.searchsorted(edges, np.abs(s), side="right") - 1, 0, len(row.widths) - 1)
    along = np.clip((np.abs(s) - edges[tooth]) / np.asarray(row.widths)[tooth], 0, 1)
    lowered = (v - np.interp(u, right, down)) / max(float(plane.down[1]), 0.5)
    up = row.upwards * lowered
    visible = smoothstep(0, 0.01, u - right[0]) * smoothstep(0, 0.01, right[-1] - u)
    visible *= smoothstep(row.seen, row.seen - 0.08, np.abs(u))
    return _Places(tooth, along, up, np.interp(u, right, facing), visible, (s > 0).astype(int))


def _variation(row: Row, spread: float, seed: int) -> Array:
    """(2, teeth): small differences between the teeth, so that a row is never too even."""
    return np.random.default_rng(seed).normal(0.0, spread, (2, len(row.widths)))


def _incisal_edge(row: Row, places: _Places) -> Array:
    """How far the biting edge lies above the row's lowest line, in iod."""
    uneven = _variation(row, 0.0016, 3)
    # The two front teeth stand side by side: there, a difference shows at once.
    uneven[:, 0] *= 0.3
    offset = np.asarray(row.offsets)[places.tooth] + uneven[places.side, places.tooth]
    bow = np.abs(2 * places.along - 1)
    rounding = np.where(places.along > 0.5, 0.013, 0.008) * bow**4
    point = np.where(places.tooth == 2, 0.012 * bow**1.5, 0.0)
    return np.asarray(offset + rounding + point)


def _enamel_shade(row: Row, places: _Places, height: Array) -> Array:
    """Brightness of the enamel: rounded teeth, dark gaps, thin edges, deeper towards the gum and the back."""
    bow = np.abs(2 * places.along - 1)
    width = np.asarray(row.widths)[places.tooth]
    gap = np.exp(-((np.minimum(places.along, 1 - places.along) * width / 0.0042) ** 2))
    rise = np.clip(places.up / height, 0, 1)
    shade = (1 - 0.13 * bow**3) * (1 - 0.30 * gap * (0.55 + 0.45 * rise)) * (1 - 0.16 * rise**2)
    shade *= 1 - 0.18 * np.exp(-((places.up / 0.015) ** 2))
    shade *= 0.30 + 0.70 * places.facing**0.8
    shade *= 1 + _variation(row, 0.022, 5)[places.side, places.tooth] - 0.035 * (places.tooth == 2)
    return np.asarray(shade * (1 - 0.02 * places.tooth))


def _highlight(places: _Places, height: Array) -> Array:
    """The soft reflection of the light on wet enamel, 0..1."""
    across = np.exp(-(((places.along - 0.40) / 0.17) ** 2))
    rise = np.exp(-(((places.up / height - 0.42) / 0.22) ** 2))
    return np.asarray(across * rise * np.array([1.0, 0.8, 0.6, 0.3, 0.1, 0.0])[places.tooth])


def paint_row(plane: MouthPlane, row: Row, light: Light, curve: Array | None = None) -> Float32:
    """(h, w, 4) float32: premultiplied RGB in [0, 255] and cover in [0, 1] of a row of teeth with its gum.

    ``curve``: (3,) polynomial of the line of the biting edges where it is known, as in ``Harvest.edge``.
    """
    places = _places(plane, row, curve)
    edge = _incisal_edge(row, places)
    height = np.asarray(row.heights)[places.tooth]
    height = height * (1 - 0.20 * np.abs(2 * places.along - 1) ** 2.4)
    warm = 1 + _variation(row, 0.010, 9)[places.side, places.tooth] + 0.012 * (places.tooth == 2)
    enamel = (tooth_colour(light) * row.brightness) * _enamel_shade(row, places, height)[..., None]
    enamel += (0.14 * 255 * light.gain * row.brightness) * _highlight(places, height)[..., None]
    enamel *= np.stack([warm, np.ones_like(warm), 2 - warm], axis=-1)
    gum = tissue_colour(light, GUM) * ((0.40 + 0.45 * places.facing) * row.brightness)[..., None]
    into_gum = smoothstep(-0.006, 0.006, places.up - height)[..., None]
    if row.upwards > 0:
        enamel *= 1 + (IN_FLESH_LIGHT - 1) * light.redness
    colour = enamel + (gum - enamel) * into_gum
    soft = 0.004 if row.upwards < 0 else LOWER_EDGE
    cover = smoothstep(-soft, soft, places.up - edge) * places.visible
    sprite = np.dstack([np.clip(colour, 0, 255) * cover[..., None], cover])
    return sprite.astype(np.float32)


def match_photo(sprite: Float32, plane: MouthPlane, light: Light) -> Float32:
    """``sprite`` as sharp and as grainy as the photo; side light included."""
    u, _ = plane.grid()
    ratio = plane.pixels_per_still()
    lit = sprite.copy()
    lit[..., :3] *= np.clip(1 + light.side * u, 0.6, 1.4)[..., None]
    soft: Array = cv2.GaussianBlur(lit, (0, 0), max(0.6 * light.blur, 0.5) * ratio)
    size = (max(round(plane.width / ratio), 1), max(round(plane.height / ratio), 1))
    noise = np.random.default_rng(1).normal(0, light.grain, size[::-1]).astype(np.float32)
    fine: Array = cv2.resize(noise, (plane.width, plane.height), interpolation=cv2.INTER_LINEAR)
    soft[..., :3] += (fine * soft[..., 3])[..., None]
    return np.clip(soft, 0, 255).astype(np.float32)


def both_rows(plane: MouthPlane, light: Light, harvest: Harvest | None) -> tuple[Float32, Float32]:
    """Upper and lower row; the drawn rows take the colour of the photo's own teeth where it shows them."""
    if harvest is None:
        rows = paint_row(plane, UPPER_ROW, light), paint_row(plane, LOWER_ROW, light)
        return match_photo(rows[0], plane, light), match_photo(rows[1], plane, light)
    even = replace(light, side=0.0)
    drawn = match_photo(paint_row(plane, UPPER_ROW, even, harvest.edge), plane, even)
    lower = match_photo(paint_row(plane, LOWER_ROW, light), plane, light)
    seen = (harvest.cover > 0.8) & (drawn[..., 3] > 0.8)
    if not seen.any():
        return drawn, lower
    tint = harvest.median_colour() / np.maximum(np.median(drawn[seen][:, :3], axis=0), 1.0)
    for row in (drawn, lower):
        row[..., :3] = np.clip(row[..., :3] * tint, 0, 255)
    own = np.dstack([harvest.colour * harvest.cover[..., None], harvest.cover])
    return (own + drawn * (1 - harvest.cover[..., None])).astype(np.float32), lower
