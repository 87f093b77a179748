"""Skin and lip paint: the colour of the face before light falls on it."""

from __future__ import annotations

import numpy as np

from assets.avatars.fields import Colours, Field, blur, bump, linear, mix, noise, step
from assets.avatars.form import Face, brow_along, brow_shape, lid_edges, lip_edges


def lip_mask(face: Face, x: Field, y: Field) -> Field:
    """1 on the lips, soft at their border."""
    lips = face.lips
    upper, line, lower = lip_edges(lips, x)
    soft = 0.07 + 0.05 * face.head.age
    above = step(soft, -soft, y - upper)
    below = step(-soft * 1.6, soft * 1.2, y - lower)
    ends = step(lips.half_width + 0.02, lips.half_width - 0.25, np.abs(x))
    return np.asarray(above * below * ends * (np.abs(y - line) < 2), np.float32)


def _flush(face: Face, x: Field, y: Field) -> Field:
    a = np.abs(x)
    flush = 1.0 * bump(a, y, (4.5, -0.9), (2.0, 1.6)) + 0.8 * bump(x, y, (0, face.nose.tip), (1.3, 0.9))
    flush += 0.45 * bump(x, y, (0, -7.8), (1.6, 1.0)) + 0.8 * step(
        face.head.cheekbone - 0.2, face.head.cheekbone + 0.5, a
    )
    flush += 0.35 * bump(a, y, (3.1, 1.45), (1.5, 0.5)) + 0.3 * bump(a, y, (2.9, 3.6), (1.5, 0.5))
    return np.asarray(flush, np.float32)


def _freckles(face: Face, x: Field, y: Field, seed: int) -> Field:
    rng = np.random.default_rng(seed)
    marks = np.zeros_like(x)
    count = int(130 * face.skin.freckles)
    spots = rng.normal((0, -0.2), (3.4, 1.25), (count, 2))
    for (cx, cy), size, depth in zip(
        spots, rng.uniform(0.035, 0.10, count), rng.uniform(0.3, 0.9, count), strict=True
    ):
        if abs(cx) > 6.2 or (abs(abs(cx) - face.eyes.x) < 1.7 and cy > 1.3) or cy < lip_top(face) + 0.4:
            continue
        inside = np.maximum(np.abs(x - cx), np.abs(y - cy)) < 0.3
        marks[inside] = np.maximum(
            marks[inside], depth * bump(x[inside], y[inside], (cx, cy), (size, size * 0.85))
        )
    return marks


def lip_top(face: Face) -> float:
    """Height of the upper lip's border (cm)."""
    return face.lips.y + face.lips.upper


def _beard_zone(x: Field, y: Field) -> Field:
    a = np.abs(x)
    zone = step(-1.9, -3.6, y - 0.32 * np.maximum(a - 2.2, 0) ** 1.25) * (
        1 - 0.75 * bump(a, y, (4.2, -2.6), (1.6, 1.3))
    )
    return np.asarray(zone, np.float32)


def complexion(face: Face, x: Field, y: Field, density: float, seed: int) -> Colours:
    """Linear RGB of skin and lips (H, W, 3)."""
    skin = face.skin
    blotches = noise(x.shape, 1.6 * density, seed, 5) * skin.mottle
    colour = np.broadcast_to(linear(skin.colour), (*x.shape, 3)).astype(np.float32)
    colour = mix(colour, linear(skin.shade), np.clip(0.06 + 0.09 * blotches, 0, 1))
    colour = mix(
        colour,
        linear(skin.blush),
        np.clip(_flush(face, x, y) * (1 + 0.5 * blotches), 0, 1.2) * skin.blush_strength,
    )
    around = bump(np.abs(x), y, (face.eyes.x, face.eyes.y), (1.9, 1.15)) * (0.20 + 0.15 * face.head.age)
    colour = mix(colour, linear(skin.shade), around)
    if skin.stubble > 0:
        grain = np.clip(0.75 + 0.6 * noise(x.shape, 0.10 * density, seed + 3, 2), 0, 1.4)
        colour = mix(
            colour, linear(skin.stubble_colour), np.clip(_beard_zone(x, y) * grain * skin.stubble, 0, 0.9)
        )
    if skin.freckles > 0:
        colour = mix(colour, linear(skin.shade) * 0.8, 0.55 * _freckles(face, x, y, seed + 1))
    colour = _nose_shade(colour, face, x, y)
    return paint_lips(colour, face, x, y, density)


def _nose_shade(colour: Colours, face: Face, x: Field, y: Field) -> Colours:
    """Nostrils, the crease round each wing and the soft shade under the tip."""
    nose, dark = face.nose, linear(face.skin.shade)
    a = np.abs(x)
    lean = y - nose.tip + 0.70 - 0.18 * (a - nose.width * 0.46)
    hole = np.exp(-(((a - nose.width * 0.46) / 0.33) ** 2) - (lean / 0.13) ** 2)
    ring = np.hypot((a - nose.width * 0.80) / 0.70, (y - nose.tip + 0.34) / 0.66)
    outer = step(0.15, 0.75, (a - nose.width * 0.80) / 0.70 - 0.75 * (y - nose.tip + 0.30))
    crease = np.exp(-(((ring - 1.0) / 0.16) ** 2)) * outer * (y > nose.tip - 1.3)
    under = bump(x, y, (0, nose.tip - 1.02), (nose.width, 0.30))
    colour = mix(colour, dark, np.clip(0.34 * crease + 0.30 * under, 0, 1))
    return mix(colour, dark * 0.16, np.clip(1.15 * hole, 0, 0.94))


def paint_lips(colour: Colours, face: Face, x: Field, y: Field, density: float) -> Colours:
    """Lips with a darker upper half, fine vertical creases and the line between them."""
    lips = face.lips
    _, line, _ = lip_edges(lips, x)
    mask = lip_mask(face, x, y)
    creases = np.sin(x * 17 + 1.7 * noise(x.shape, 0.5 * density, 77, 2)) * 0.5 + 0.5
    tone = np.where(y > line, 0.86, 1.0) - 0.10 * creases * step(0.0, 0.3, np.abs(y - line))
    soft = blur(tone.astype(np.float32), 0.05 * density)
    colour = mix(colour, linear(lips.colour) * soft[..., None], mask * 0.9)
    k = np.clip(np.abs(x) / lips.half_width, 0, 1.2)
    width = 0.046 + 0.03 * bump(k, 0 * k, (0.97, 0), (0.12, 1)) + 0.02 * step(0.5, 0, k)
    crack = np.exp(-(((y - line) / width) ** 2)) * step(1.06, 0.96, k)
    return mix(colour, linear(lips.colour) * linear(face.skin.shade) * 0.25, crack * 0.93)


def lid_tint(colour: Colours, face: Face, x: Field, y: Field) -> Colours:
    """The crease above each eye and the shade it throws."""
    eyes = face.eyes
    along = (np.abs(x) - eyes.x) / eyes.half_width
    upper, _ = lid_edges(eyes, along)
    crease = eyes.y + upper + eyes.lid * (1 - 0.35 * along**2)
    line = np.exp(-(((y - crease) / 0.075) ** 2)) * step(1.2, 0.75, np.abs(along))
    under = np.exp(-(((y - crease + 0.16) / 0.20) ** 2)) * step(1.15, 0.6, np.abs(along))
    colour = mix(colour, linear(face.skin.shade) * 0.75, np.clip(0.62 * line + 0.22 * under, 0, 1))
    on_brow = brow_along(face, x)
    arch, half = brow_shape(face, on_brow)
    across = np.abs(y - arch) / half
    ends = step(-0.04, 0.14, on_brow) * step(1.06, 0.9, on_brow)
    if not face.brows.hairs:
        return mix(
            colour, linear(face.brows.colour), step(1.15, 0.85, across) * step(0.0, 0.05, on_brow) * ends
        )
    brow = np.exp(-((across / 0.95) ** 2)) * ends
    return mix(colour, linear(face.brows.colour), 0.42 * np.clip(face.brows.density, 0, 1.2) * brow)
