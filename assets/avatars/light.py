"""Light on a relief: normals, occlusion, cast shadows, light under the skin, highlights."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from assets.avatars.fields import Colour, Colours, Field, blur, linear


@dataclass(frozen=True)
class Lamp:
    """A distant lamp: direction towards it (x, y, z), colour (sRGB) and strength."""

    direction: tuple[float, float, float]
    colour: Colour
    strength: float


@dataclass(frozen=True)
class Lighting:
    """One studio: a key that casts shadows, a fill, two rims from behind, sky and ground."""

    key: Lamp = field(default_factory=lambda: Lamp((-0.48, 0.58, 0.72), (1.0, 0.965, 0.925), 2.0))
    fill: Lamp = field(default_factory=lambda: Lamp((0.7, 0.05, 0.7), (0.88, 0.90, 1.0), 0.55))
    rims: tuple[Lamp, ...] = (
        Lamp((0.92, 0.25, -0.18), (1.0, 0.86, 0.70), 1.6),
        Lamp((-0.95, 0.15, -0.22), (0.72, 0.84, 1.0), 0.8),
    )
    sky: Colour = (0.62, 0.66, 0.74)
    ground: Colour = (0.66, 0.53, 0.47)
    ambient: float = 0.55


@dataclass(frozen=True)
class Surface:
    """What is lit: heights ``z`` (cm), ``normal`` (H, W, 3), ``occlusion`` and ``shadow`` 0..1 (1 is lit)."""

    z: Field
    normal: Colours
    occlusion: Field
    shadow: Field


def unit(vector: tuple[float, float, float]) -> Field:
    """The vector at length 1."""
    array = np.asarray(vector, np.float32)
    return np.asarray(array / np.linalg.norm(array), np.float32)


def normals(z: Field, density: float) -> Colours:
    """Unit normals of a relief whose heights are in cm at ``density`` pixels per cm."""
    slope_x = cv2.Sobel(z, cv2.CV_32F, 1, 0, ksize=3, scale=density / 8)
    slope_y = -cv2.Sobel(z, cv2.CV_32F, 0, 1, ksize=3, scale=density / 8)
    normal = np.dstack([-slope_x, -slope_y, np.ones_like(z)])
    return np.asarray(normal / np.linalg.norm(normal, axis=2, keepdims=True), np.float32)


def occlusion(z: Field, density: float) -> Field:
    """How open to the sky each point is: hollows at three scales darken (a blur-difference estimate)."""
    open_sky = np.ones_like(z)
    for radius, strength in ((0.18, 0.55), (0.6, 0.45), (1.8, 0.30)):
        hollow = np.clip((blur(z, radius * density) - z) / radius, 0, 1.6)
        open_sky *= 1 - strength * hollow / (1 + 0.45 * hollow)
    return np.clip(open_sky, 0.12, 1)


def cast_shadow(z: Field, lamp: Lamp, density: float, reach: float = 7.0) -> Field:
    """1 where the lamp is seen, 0 in full shadow; soft with distance. March over the relief."""
    towards = unit(lamp.direction)
    shrink = 2
    small = cv2.resize(z, (z.shape[1] // shrink, z.shape[0] // shrink), interpolation=cv2.INTER_AREA)
    blocked = np.zeros_like(small)
    for distance in np.geomspace(0.10, reach, 30):
        shift = -towards[:2] * distance * density / shrink * (1, -1)
        matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float64)
        other = cv2.warpAffine(small, matrix, small.shape[::-1], flags=cv2.INTER_LINEAR, borderValue=-9)
        over = other - (small + towards[2] * distance)
        blocked = np.maximum(blocked, np.clip(over / (0.10 + 0.28 * distance) + 0.15, 0, 1))
    shadow = 1 - cv2.resize(blocked, z.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return blur(shadow.astype(np.float32), 0.09 * density)


def survey(z: Field, normal: Colours, lighting: Lighting, density: float) -> Surface:
    """Everything about the relief that lighting needs."""
    return Surface(z, normal, occlusion(z, density), cast_shadow(z, lighting.key, density))


def _lambert(normal: Colours, lamp: Lamp, wrap: float) -> Field:
    facing = normal @ unit(lamp.direction)
    return np.asarray(np.clip((facing + wrap) / (1 + wrap), 0, None) ** (1 + wrap), np.float32)


def irradiance(surface: Surface, lighting: Lighting, wrap: float = 0.15) -> Colours:
    """Light falling on every point (H, W, 3)."""
    normal = surface.normal
    key = _lambert(normal, lighting.key, wrap) * surface.shadow * lighting.key.strength
    light = key[..., None] * linear(lighting.key.colour)
    fill = _lambert(normal, lighting.fill, 0.3) * lighting.fill.strength * surface.occlusion
    light += fill[..., None] * linear(lighting.fill.colour)
    up = np.clip(0.5 + 0.5 * normal[..., 1], 0, 1)[..., None]
    ambient = up * linear(lighting.sky) + (1 - up) * linear(lighting.ground)
    return np.asarray(light + ambient * (lighting.ambient * surface.occlusion)[..., None] * 2.0, np.float32)


def rim(surface: Surface, lighting: Lighting) -> Colours:
    """Light from behind that catches the edges."""
    edge = np.clip(1 - surface.normal[..., 2], 0, 1) ** 1.6 * surface.occlusion
    total = np.zeros_like(surface.normal)
    for lamp in lighting.rims:
        amount = _lambert(surface.normal, lamp, 0.0) * edge * lamp.strength
        total += amount[..., None] * linear(lamp.colour)
    return total


def half_way(lamp: Lamp) -> Field:
    """Unit direction half way between the lamp and the viewer."""
    x, y, z = (float(value) for value in unit(lamp.direction))
    return unit((x, y, z + 1))


def highlight(surface: Surface, lamp: Lamp, sharpness: float) -> Field:
    """Blinn-Phong highlight, 0..1."""
    half = half_way(lamp)
    return np.asarray(np.clip(surface.normal @ half, 0, 1) ** sharpness, np.float32)


def under_skin(light: Colours, mask: Field, amount: float, density: float) -> Colours:
    """Light that spreads in skin, red furthest (radii after the usual three-Gaussian skin profiles)."""
    spread = light.copy()
    weight_floor = np.float32(1e-3)
    for channel, radius in enumerate((0.34, 0.13, 0.07)):
        sigma = max(radius * density * amount, 0.3)
        weight = blur(mask, sigma) + weight_floor
        soft = blur(light[..., channel] * mask, sigma) / weight
        spread[..., channel] = np.where(mask > 0.02, soft, light[..., channel])
    return np.asarray(light + (spread - light) * mask[..., None] * 0.85, np.float32)


def fresnel(surface: Surface) -> Field:
    """Rises towards grazing angles (Schlick)."""
    return np.asarray(0.04 + 0.96 * (1 - np.clip(surface.normal[..., 2], 0, 1)) ** 5, np.float32)
