"""Things on and around heads: glasses, a headscarf, a robot's shell and seams, earrings, headphones."""

from __future__ import annotations

import numpy as np

from assets.avatars.fields import Colour, Colours, Field, blur, curve, linear, mix, noise, step, stroke
from assets.avatars.form import Eyes, Head
from assets.avatars.sculpt import MIDDLE, outline


def _ring(x: Field, y: Field, eyes: Eyes) -> Field:
    """Distance to the wire of round glasses (cm)."""
    lens = np.abs(np.hypot((np.abs(x) - eyes.x - 0.12) / 1.06, y - eyes.y + 0.25) - 2.35)
    bridge, _ = stroke(np.abs(x), y, [(0.0, 2.95), (0.35, 2.9), (0.82, 2.55)])
    side, _ = stroke(np.abs(x), y, [(5.65, 3.05), (6.3, 3.15), (7.4, 3.0)])
    return np.asarray(np.minimum(np.minimum(lens, bridge), side), np.float32)


def glasses(image: Colours, at: tuple[Field, Field], eyes: Eyes, density: float, colour: Colour) -> Colours:
    """Wire-rimmed glasses with their shadow and a breath of reflection (linear light)."""
    x, y = at
    wire = 0.085
    distance = _ring(x, y, eyes)
    below = np.roll(distance, (int(0.32 * density), int(0.22 * density)), axis=(0, 1))
    shadow = blur(step(wire * 1.6, 0, below), 0.09 * density)
    image = image * (1 - 0.42 * shadow)[..., None]
    inside = step(2.35, 2.30, np.hypot((np.abs(x) - eyes.x - 0.12) / 1.06, y - eyes.y + 0.25))
    streak = step(0.25, 0.0, np.abs(np.mod(x + 0.75 * y + 1.35, 6.2) - 1.2) - 0.55)
    image = image + (inside * (0.012 + 0.045 * streak * step(eyes.y - 1.5, eyes.y + 1.8, y)))[..., None]
    round_wire = np.sqrt(np.maximum(1 - (distance / wire) ** 2, 0))
    gleam = np.clip(0.35 + 0.65 * np.sin(x * 1.7 + y * 2.3 + 0.6), 0, 1) ** 3
    metal = linear(colour) * (0.35 + 0.8 * round_wire)[..., None] + (gleam * round_wire**3)[..., None] * 0.8
    return mix(image, metal, np.clip((wire - distance) * density + 0.5, 0, 1))


def _opening(angle: Field) -> Field:
    """Edge of the scarf round the face, in head outlines: wide at the cheeks, low under the chin."""
    up, under = np.clip(np.sin(angle), 0, 1), np.clip(-np.sin(angle), 0, 1)
    return np.asarray(0.95 - 0.275 * up**1.6 + 0.055 * under**4, np.float32)


def under_scarf(head: Head, x: Field, y: Field, density: float) -> tuple[Field, Field]:
    """The plain cap that shows as a band under the scarf's edge: height (cm) and mask."""
    angle = np.arctan2(y - MIDDLE, x)
    q = np.sqrt(outline(head, x, y))
    edge = _opening(angle) - 0.045 * np.clip(np.sin(angle) + 0.15, 0, 1)
    z = -2.4 + 8.2 * np.sqrt(np.clip(1 - np.minimum(q, 1) ** 2.4, 0, 1)) + 0.12
    return z.astype(np.float32), (np.clip((q - edge) * 7 * density, 0, 1) * (q < 1)).astype(np.float32)


def _crimped(phase: Field) -> Field:
    """Folds with soft valleys and narrow ridges, 0..1."""
    wave = 0.5 + 0.5 * np.sin(phase)
    return np.asarray(0.65 * wave**1.8 + 0.35 * (0.5 + 0.5 * np.sin(phase * 2.3 + 1.1)) ** 1.5, np.float32)


def scarf(head: Head, x: Field, y: Field, density: float, seed: int) -> tuple[Field, Field, Field]:
    """A headscarf round the face: height (cm), mask and how deep in a fold each point lies (0..1)."""
    angle = np.arctan2(y - MIDDLE, x)
    q = np.sqrt(outline(head, x, y))
    opening = _opening(angle)
    under = np.clip(-np.sin(angle), 0, 1)
    outer = 1.19 + 0.05 * np.sin(angle * 2 + 0.5) + 0.03 * np.sin(angle * 5) + 0.24 * under**2
    t = np.clip((q - opening) / (outer - opening), 0, 1)
    warp = noise(x.shape, 3.5 * density, seed, 3)
    folds = _crimped(t * 11 + 2.6 * np.sin(angle + 0.9) + 0.9 * warp)
    rise = np.power(np.clip(t / 0.08, 0, 1), 0.5)
    z = (
        -3.6
        + 8.6 * np.power(np.clip(1 - (q / 1.27) ** 2.8, 0, 1), 0.5)
        + 0.65 * rise
        + 0.45 * folds * step(0.02, 0.3, t)
    )
    mask = np.clip((q - opening) * 7 * density, 0, 1) * np.clip((outer - q) * 7 * density, 0, 1)
    return z.astype(np.float32), mask.astype(np.float32), (1 - folds).astype(np.float32)


def drape(body: Field, x: Field, y: Field, density: float, seed: int) -> tuple[Field, Field, Field]:
    """The scarf's ends over neck and shoulders: height, mask, fold depth."""
    a = x + 1.2
    warp = noise(x.shape, 4.0 * density, seed, 3)
    folds = _crimped(np.hypot(a * 0.62, (y + 2.0) * 0.85) * 2.2 + 0.25 * a + 0.9 * warp)
    width = curve(y, [-23, -17, -13, -10, -6], [19.0, 15.5, 11.0, 8.6, 7.4])
    low = -21.8 + 0.030 * (x - 2.5) ** 2
    inside = np.minimum(np.minimum(-5.0 - y, y - low), (width - np.abs(x)) * 0.8)
    round_z = -3.2 + 3.6 * np.sqrt(np.clip(1 - (x / width) ** 2, 0, 1))
    z = np.maximum(body + 0.45, round_z) + 0.55 * folds
    return (
        z.astype(np.float32),
        np.clip(inside * density, 0, 1).astype(np.float32),
        (1 - folds).astype(np.float32),
    )


def shell(x: Field, y: Field) -> tuple[Field, Field]:
    """A robot's cap: extra height (cm) and mask, from the forehead's seam up and down the temples."""
    a = np.abs(x)
    seam = curve(a, [0, 1.6, 3.2, 5.2, 6.2, 6.8, 7.4], [6.9, 7.1, 7.5, 6.6, 4.6, 1.2, -3.4])
    above = y - seam
    ridge = 0.22 * step(0.55, 0.35, a) - 0.12 * np.exp(-(((a - 2.9 - 0.05 * above) / 0.07) ** 2))
    return np.asarray((0.28 + ridge) * step(0, 0.25, above), np.float32), step(0, 0.06, above)


def seams(x: Field, y: Field) -> Field:
    """Fine joints of the robot's face: 1 in a joint."""
    a = np.abs(x)
    cheek, _ = stroke(a, y, [(6.9, -0.6), (5.1, -2.4), (3.9, -5.4), (3.1, -8.2)])
    brow, _ = stroke(a, y, [(0.0, 5.9), (2.4, 6.1), (4.9, 5.7), (6.6, 3.9)])
    middle = np.where((y > 5.95) & (y < 7), a, 9)
    return np.exp(-((np.minimum(np.minimum(cheek, brow), middle) / 0.045) ** 2)).astype(np.float32)


def disc(x: Field, y: Field, centre: tuple[float, float], radii: tuple[float, float]) -> tuple[Field, Field]:
    """An ear cup or lamp: height over its rim (0..1) and mask."""
    q = ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2
    groove = 0.25 * np.exp(-(((np.sqrt(q) - 0.62) / 0.06) ** 2))
    return (np.sqrt(np.maximum(1 - q, 0)) - groove).astype(np.float32), step(1.0, 0.93, q)


def hoops(image: Colours, at: tuple[Field, Field], head: Head, density: float, colour: Colour) -> Colours:
    """Hoop earrings (linear light)."""
    x, y = at
    ring = np.abs(np.hypot((np.abs(x) - head.cheekbone - 0.55) / 0.85, y + 4.1) - 1.75)
    tube = np.sqrt(np.maximum(1 - (ring / 0.17) ** 2, 0))
    gleam = np.clip(np.sin(np.arctan2(y + 4.1, np.abs(x) - 7.4) * 2 + 0.8), 0, 1) ** 2
    metal = linear(colour) * (0.3 + 0.8 * tube)[..., None] + (0.7 * gleam * tube**4)[..., None]
    return mix(image, metal, np.clip((0.17 - ring) * density + 0.5, 0, 1))
