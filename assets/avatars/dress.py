"""Neck, shoulders and what people wear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.avatars.fields import Colour, Colours, Field, bump, curve, linear, mix, noise, smooth_max, step


@dataclass(frozen=True)
class Dress:
    """Shoulders and clothes. ``neckline``: crew, scoop, v, turtle, hood, shirt. Lengths in cm."""

    neck: float = 4.7
    shoulders: float = -14.6
    slope: float = 0.22
    neckline: str = "crew"
    colour: Colour = (0.20, 0.36, 0.42)
    second: Colour = (0.85, 0.80, 0.70)
    pattern: str = "plain"
    weave: float = 0.6
    seed: int = 5


def shoulders(dress: Dress, x: Field, y: Field) -> tuple[Field, Field]:
    """Height (cm) and mask of neck and shoulders without clothes."""
    a = np.abs(x)
    flare = dress.neck + 7.5 * step(-8.5, -16.2, y) ** 1.7
    tube = 1 - np.minimum((x / flare) ** 2, 1)
    neck = -7.0 + 5.2 * np.sqrt(tube)
    neck -= 0.5 * bump(x, y, (0, -13.4), (0.9, 0.9))
    cord_x = 0.9 + (-13.0 - y) * -0.33
    neck += 0.35 * np.exp(-(((a - cord_x) / 0.75) ** 2)) * step(-8, -11.5, y) * step(-14.5, -13.0, y)
    edge = dress.shoulders - dress.slope * np.maximum(a - 4.5, 0) - 0.012 * np.maximum(a - 8, 0) ** 2
    depth = np.maximum(edge - y, 0)
    chest = -6.0 + 5.2 * np.sqrt(1 - np.exp(-depth / 2.0)) + 0.10 * depth - 0.006 * a**2
    chest += 0.40 * np.exp(-(((y + 14.9 + 0.05 * a) / 0.45) ** 2)) * step(0.8, 2.5, a) * step(10.5, 7, a)
    body = smooth_max(
        np.where(tube > 0, neck, -9).astype(np.float32), np.where(depth > 0, chest, -9).astype(np.float32), 0.8
    )
    return body, np.clip(((tube > 0) & (y < 0)) | (depth > 0), 0, 1).astype(np.float32)


def _neckline(dress: Dress, x: Field) -> Field:
    a = np.abs(x)
    if dress.neckline == "turtle":
        return np.asarray(-9.6 + 0.05 * a**2, np.float32)
    if dress.neckline == "v":
        return np.asarray(-19.0 + 1.15 * a, np.float32)
    if dress.neckline == "scoop":
        return np.asarray(-17.2 + 0.075 * a**2, np.float32)
    if dress.neckline == "shirt":
        return np.asarray(-14.9 + 0.85 * a, np.float32)
    return np.asarray(-14.7 + 0.07 * a**2, np.float32)


def clothe(dress: Dress, body: Field, x: Field, y: Field, density: float) -> tuple[Field, Field, Colours]:
    """Height (cm), mask and linear colour of the garment over ``body``."""
    edge = _neckline(dress, x) - y
    mask = np.clip(edge * density + 0.5, 0, 1) * (body > -8.5)
    folds = noise(x.shape, 4.5 * density, dress.seed, 3) * 0.22 + 0.10 * np.sin((x * 0.55 + y * 0.25) * 2.0)
    thick = 0.35 * step(0, 0.35, edge) + folds * step(0.5, 3.5, edge) + _trim(dress, x, y, edge)
    thread = 2 * np.pi * 9.0
    weave = np.sin(x * thread + 0.6 * np.sin(y * thread * 0.5)) * np.sin(y * thread)
    z = body + thick + 0.006 * dress.weave * weave
    colour = np.broadcast_to(linear(dress.colour), (*x.shape, 3)).astype(np.float32)
    colour = (
        colour
        * (1 + 0.10 * noise(x.shape, 1.0 * density, dress.seed + 1, 4) + 0.10 * dress.weave * weave)[..., None]
    )
    return z.astype(np.float32), mask.astype(np.float32), _pattern(dress, colour, x, y, edge)


def _trim(dress: Dress, x: Field, y: Field, edge: Field) -> Field:
    """Collar, rib or hood."""
    if dress.neckline == "turtle":
        ribs = 0.07 * np.sin(np.arcsin(np.clip(x / 6.0, -1, 1)) * 55) * step(4.6, 4.2, edge)
        roll = 0.55 * np.exp(-(((edge - 2.0) / 1.9) ** 2))
        return np.asarray(ribs + roll, np.float32)
    if dress.neckline == "shirt":
        lapel = step(2.6, 2.5, edge * 0.75) * 0.45
        return np.asarray(lapel - 0.3 * np.exp(-((x / 0.06) ** 2)) * step(-14, -16, y), np.float32)
    band = 0.22 * step(1.05, 0.95, edge)
    return np.asarray(band + 0.02 * np.sin(x * 26) * step(1.0, 0.9, edge), np.float32)


def _pattern(dress: Dress, colour: Colours, x: Field, y: Field, edge: Field) -> Colours:
    second = linear(dress.second)
    if dress.pattern == "stripes":
        wave = y + 0.02 * x**2
        return mix(colour, second, step(0.30, 0.42, np.abs(np.mod(wave, 2.2) - 1.1)) * step(1.0, 1.1, edge))
    if dress.pattern == "collar":
        return mix(colour, second, step(1.05, 0.95, edge))
    if dress.pattern == "beads":
        chain = curve(np.abs(x), [0, 3, 5.5, 6.5], [-17.6, -16.9, -14.8, -13.4])
        near = np.abs(y - chain) < 0.45
        return mix(colour, second, near.astype(np.float32))
    return colour


HOOD_MIDDLE = -11.9


def hood(dress: Dress, x: Field, y: Field) -> tuple[Field, Field, Colours]:
    """The front roll of a hood with its two strings: height (cm), mask, linear colour."""
    q = ((np.hypot(x / 7.9, (y - HOOD_MIDDLE) / 4.1) - 1) * 4.6 / (1.5 + 0.1 * np.sin(x * 1.3 + 0.4))) ** 2
    creases = 0.14 * np.sin(x * 2.1 + y * 0.9) * (1 - np.minimum(q, 1))
    z = -1.2 + 2.4 * np.sqrt(np.maximum(1 - q, 0)) - 0.035 * x**2 + creases
    mask = step(1.0, 0.94, q) * (y < HOOD_MIDDLE + 0.6 - 0.02 * x)
    colour = np.broadcast_to(linear(dress.colour) * 1.06, (*x.shape, 3)).astype(np.float32)
    string = np.abs(np.abs(x) - 2.7 - 0.10 * np.sin(y * 0.9)) - 0.22
    on_string = step(0.03, -0.03, string) * step(-16.4, -16.7, y)
    z = np.where(on_string > 0.5, np.maximum(z, 1.4), z)
    return (
        z.astype(np.float32),
        np.maximum(mask, on_string).astype(np.float32),
        mix(colour, linear(dress.second), on_string),
    )


def hood_back(dress: Dress, x: Field, y: Field) -> tuple[Field, Field, Colours]:
    """The hood's back, behind the neck: height (cm), mask, linear colour."""
    ring = np.hypot(x / 7.9, (y - HOOD_MIDDLE) / 4.1)
    q = ((ring - 1) * 4.6 / 1.6) ** 2
    inner = ring < 1
    z = -6.5 + 1.6 * np.sqrt(np.maximum(1 - q, 0))
    shade = np.where(inner & (q > 0.4), 0.45, 0.95).astype(np.float32)
    colour = linear(dress.colour) * shade[..., None]
    return (
        z.astype(np.float32),
        np.maximum(step(1.0, 0.94, q), inner).astype(np.float32),
        colour.astype(np.float32),
    )
