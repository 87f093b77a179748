"""The eyes: eyeball, iris with fibres, wet catch-lights, the lid's shadow and the line of the lashes."""

from __future__ import annotations

import numpy as np

from assets.avatars.fields import Colours, Field, bump, linear, mix, noise, step, window
from assets.avatars.form import Eyes, Face, lid_edges


def _fibres(angle: Field, seed: int) -> Field:
    rng = np.random.default_rng(seed)
    table = np.zeros(720, np.float32)
    for waves, strength in ((31, 0.35), (57, 0.5), (97, 0.6), (151, 0.5)):
        table += strength * np.sin(np.linspace(0, 2 * np.pi, 720) * waves + rng.uniform(0, 6)).astype(
            np.float32
        )
    return np.interp(np.mod(angle, 2 * np.pi), np.linspace(0, 2 * np.pi, 720), table).astype(np.float32)


def iris(eyes: Eyes, s: Field, t: Field, seed: int) -> tuple[Colours, Field]:
    """Colour and mask of the iris around (0, 0)."""
    radius = np.hypot(s, t) / eyes.iris
    angle = np.arctan2(t, s)
    fibres = _fibres(angle + 0.05 * np.sin(radius * 7), seed) * step(0.34, 0.55, radius)
    outer, inner = linear(eyes.colour), linear(eyes.inner_colour)
    ring = np.exp(-(((radius - 0.52) / 0.20) ** 2))
    colour = mix(
        np.broadcast_to(outer, (*s.shape, 3)).astype(np.float32),
        inner,
        np.clip(ring * (0.7 + 0.35 * fibres), 0, 1),
    )
    colour *= (1 + 0.28 * fibres * step(1.0, 0.6, radius))[..., None]
    caustic = step(0.35, -0.9, t / eyes.iris + 0.35 * s / eyes.iris) * step(1.0, 0.75, radius)
    colour *= (0.75 + 1.25 * caustic)[..., None]
    colour = mix(colour, outer * 0.12, step(0.80, 1.0, radius) * 0.92)
    colour = mix(colour, np.float32(0.004), step(0.44, 0.38, radius))
    return colour, step(1.04, 0.96, radius)


def _sclera(eyes: Eyes, s: Field, t: Field, density: float) -> Colours:
    white = np.broadcast_to(linear((0.90, 0.885, 0.88)), (*s.shape, 3)).astype(np.float32)
    depth = np.hypot(s / (eyes.half_width * 1.15), t / 1.1)
    white = white * (1.0 - 0.52 * np.clip(depth, 0, 1.2) ** 2)[..., None]
    corner = step(0.55, 1.15, np.abs(s) / eyes.half_width)
    white = mix(white, linear((0.80, 0.52, 0.48)), corner * 0.42)
    veins = np.clip(noise(s.shape, 0.16 * density, 5, 3) - 0.45, 0, 1) * corner
    white = mix(white, linear((0.75, 0.30, 0.28)), veins * 0.35)
    tear = bump(s, t, (-eyes.half_width + 0.16, -eyes.tilt), (0.20, 0.17))
    return mix(white, linear((0.82, 0.50, 0.46)), tear * 0.9)


def _catch_lights(eyes: Eyes, x: Field, t: Field) -> Field:
    main = step(0.155, 0.115, np.hypot((x + 0.24 * eyes.iris / 0.7) / 1.0, (t - 0.30) / 1.15))
    small = 0.55 * step(0.09, 0.04, np.hypot(x - 0.30, t + 0.22))
    sheen = 0.10 * step(0.75, 0.2, np.hypot(x + 0.05, (t - 0.35) / 0.6))
    return np.asarray(np.clip(main + small + sheen, 0, 1), np.float32)


def _opening(face: Face, s: Field, t: Field, density: float) -> tuple[Field, Field, Field]:
    along = s / face.eyes.half_width
    upper, lower = lid_edges(face.eyes, along)
    inside = np.minimum(upper - t, t - lower)
    mask = np.clip(inside * density * 0.7 + 0.5, 0, 1) * (np.abs(along) <= 1.0)
    return np.asarray(mask, np.float32), upper, lower


def paint_eyes(image: Colours, face: Face, x: Field, y: Field, density: float) -> Colours:
    """Both eyes over the lit face (linear light)."""
    image = image.copy()
    for side in (-1, 1):
        part = window(x, y, (side * face.eyes.x, face.eyes.y), 2.3)
        image[part] = _paint_eye(
            image[part], face, (x[part] * side - face.eyes.x, y[part] - face.eyes.y), side, density
        )
    return image


def _paint_eye(image: Colours, face: Face, at: tuple[Field, Field], side: int, density: float) -> Colours:
    eyes, (s, t) = face.eyes, at
    mask, upper, lower = _opening(face, s, t, density)
    turned = -side * 0.55 * np.sin(np.radians(face.pose.turn)) * 1.2
    iris_s, iris_t = s - turned, t - (eyes.upper - eyes.lower) * 0.5 - 0.02
    ball = _sclera(eyes, s, t, density)
    colour, round_mask = iris(eyes, iris_s, iris_t, 11)
    ball = mix(ball, colour, round_mask)
    lit = 0.80 + 0.15 * np.clip(-s * side * 0.5 + t * 0.3, -1, 1)
    shade = (
        1 - 0.72 * np.exp(-np.maximum(upper - t, 0) / 0.17) - 0.35 * np.exp(-np.maximum(t - lower, 0) / 0.07)
    )
    ball = ball * (lit * np.clip(shade, 0.08, 1) * 1.12)[..., None]
    ball = mix(ball, np.float32(1.6), _catch_lights(eyes, iris_s * side, iris_t) * 0.92)
    image = _lid_rims(image, face, (s, t, upper, lower))
    wet = 0.5 * np.exp(-(((t - lower - 0.035) / 0.025) ** 2)) * step(0.95, 0.5, np.abs(s) / eyes.half_width)
    return mix(image, ball + wet[..., None] * 0.6, mask)


def _lid_rims(image: Colours, face: Face, eye: tuple[Field, Field, Field, Field]) -> Colours:
    s, t, upper, lower = eye
    eyes = face.eyes
    along = s / eyes.half_width
    ends = step(1.12, 0.98, np.abs(along))
    pink = linear(face.skin.blush) * 0.75 + linear(face.skin.colour) * 0.35
    below = np.exp(-(((t - lower + 0.05) / 0.055) ** 2)) * ends
    image = mix(image, pink, below * 0.7)
    dark = linear(face.skin.shade) * 0.18
    fine = np.exp(-(((t - lower + 0.10) / 0.05) ** 2)) * ends * step(-0.6, 0.7, along)
    image = mix(image, dark, fine * (0.25 + 0.35 * eyes.liner))
    wing = 0.035 + 0.055 * eyes.liner * step(-1.0, 0.8, along)
    lash = step(wing * 1.7, wing * 0.5, np.abs(t - upper - wing * 0.6)) * ends * step(-1.1, -0.8, along)
    return mix(image, dark * 0.4, lash * (0.65 + 0.35 * eyes.liner))
