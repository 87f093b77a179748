"""The soft parts of the mouth: the cavity with its depth, and the tongue."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.facemesh.edges import smoothstep
from engines.facemesh.mouth_light import Light
from engines.facemesh.mouth_plane import MouthPlane
from engines.facemesh.mouth_teeth import tissue_colour
from engines.types import Float32

Array = NDArray[Any]

# Colours as they look beside evenly lit light skin.
PALATE = np.array([88.0, 38.0, 35.0])
THROAT = np.array([30.0, 12.0, 11.0])
CHEEK = np.array([80.0, 33.0, 31.0])
FLOOR = np.array([70.0, 29.0, 28.0])
TONGUE = np.array([184.0, 92.0, 86.0])

CAVITY_SIZE = (48, 64)
"""Rows and columns of the cavity: it has no detail, only depth."""


def paint_cavity(light: Light) -> Float32:
    """(48, 64, 3) float32 RGB: roof of the mouth, throat, floor and insides of the cheeks, top to bottom."""
    rows, columns = CAVITY_SIZE
    across, down = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(0, 1, rows))
    palate, throat, cheek, floor = (tissue_colour(light, part) for part in (PALATE, THROAT, CHEEK, FLOOR))
    below = smoothstep(0.45, 1.0, down)[..., None]
    wall = palate + (floor - palate) * below
    wall = wall + (cheek - wall) * smoothstep(0.45, 1.0, np.abs(across))[..., None]
    depth = np.exp(-((across / 0.62) ** 2) - ((down - 0.52) / 0.27) ** 2)[..., None]
    return np.asarray(wall + (throat - wall) * depth, np.float32)


def _tongue_texture(plane: MouthPlane) -> Array:
    """(h, w): the fine unevenness of the tongue's back, around 1."""
    noise = np.random.default_rng(2).normal(0, 1, (plane.height, plane.width)).astype(np.float32)
    grain: Array = cv2.GaussianBlur(noise, (0, 0), 0.007 * plane.density)
    return 1 + 0.030 * grain / max(float(grain.std()), 1e-6)


def _premultiplied(colour: Array, cover: Array) -> Float32:
    return np.asarray(np.dstack([np.clip(colour, 0, 255) * cover[..., None], cover]), np.float32)


def paint_tongue(plane: MouthPlane, light: Light) -> Float32:
    """(h, w, 4) premultiplied: the back of the tongue, a mound whose top lies at the plane's middle row."""
    u, v = plane.grid()
    top = 1.15 * u**2 + 6.0 * np.abs(u) ** 4 + 0.010 * np.exp(-((u / 0.022) ** 2))
    rise = v - top
    # The top of the mound is the back of the tongue: it lies deepest and gets least light.
    shade = 0.34 + 0.46 * smoothstep(-0.01, 0.11, rise)
    shade *= 1 - 0.20 * np.exp(-((u / 0.013) ** 2)) * smoothstep(-0.01, 0.03, rise)
    shade *= (1 - 0.45 * smoothstep(0.08, 0.24, np.abs(u))) * _tongue_texture(plane)
    wet = np.exp(-(((np.abs(u - 0.008) - 0.062) / 0.026) ** 2) - ((rise - 0.045) / 0.014) ** 2)
    colour = tissue_colour(light, TONGUE) * shade[..., None] + (20 * light.gain * wet)[..., None]
    return _premultiplied(colour, smoothstep(-0.016, 0.026, rise))


def paint_tongue_tip(plane: MouthPlane, light: Light) -> Float32:
    """(h, w, 4) premultiplied: the tip as it comes forward over the lower teeth; it ends at the middle row."""
    u, v = plane.grid()
    end = -2.4 * u**2 - 90.0 * np.abs(u) ** 4
    rise = end - v
    shade = 0.74 + 0.26 * smoothstep(0.0, 0.035, rise) - 0.22 * smoothstep(0.035, 0.14, rise)
    shade *= (1 - 0.09 * np.exp(-((u / 0.014) ** 2))) * _tongue_texture(plane)
    wet = np.exp(-(((u - 0.03) / 0.035) ** 2) - ((rise - 0.022) / 0.008) ** 2)
    colour = tissue_colour(light, TONGUE * 1.06) * shade[..., None] + (24 * light.gain * wet)[..., None]
    return _premultiplied(colour, smoothstep(-0.008, 0.008, rise))
