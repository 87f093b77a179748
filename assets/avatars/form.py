"""What a person's head is like: measures, colours and clothes, and the points that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assets.avatars.fields import Colour, Field


@dataclass(frozen=True)
class Head:
    """Bones. Half-widths and heights in cm; strengths are 1 for an average adult."""

    temple: float = 7.0
    cheekbone: float = 7.25
    jaw: float = 5.9
    chin_width: float = 3.0
    chin: float = -8.7
    crown: float = 12.2
    brow_ridge: float = 0.5
    cheeks: float = 1.0
    chin_boss: float = 1.0
    ears: bool = True
    ear_size: float = 1.0
    age: float = 0.0
    """0 smooth .. 1 deeply lined."""


@dataclass(frozen=True)
class Eyes:
    """The two eyes, mirrored. Lengths in cm."""

    x: float = 3.12
    y: float = 2.55
    half_width: float = 1.42
    upper: float = 0.66
    lower: float = 0.46
    tilt: float = 0.10
    lid: float = 0.36
    iris: float = 0.74
    colour: Colour = (0.35, 0.22, 0.12)
    inner_colour: Colour = (0.62, 0.42, 0.20)
    lashes: float = 0.6
    liner: float = 0.5


@dataclass(frozen=True)
class Brows:
    """Eyebrows: height of the arch and thickness in cm."""

    height: float = 4.75
    arch: float = 0.45
    thickness: float = 0.38
    density: float = 1.0
    colour: Colour = (0.13, 0.09, 0.07)
    drop: float = 0.25
    hairs: bool = True
    """Grown hair by hair, or painted on."""


@dataclass(frozen=True)
class Nose:
    """Lengths in cm."""

    tip: float = -0.95
    width: float = 1.45
    bridge: float = 0.8
    length: float = 2.0
    ball: float = 0.95


@dataclass(frozen=True)
class Lips:
    """Lengths in cm; ``smile`` lifts the corners."""

    y: float = -4.1
    half_width: float = 2.4
    upper: float = 0.68
    lower: float = 0.95
    smile: float = 0.22
    bow: float = 0.16
    colour: Colour = (0.72, 0.36, 0.34)
    gloss: float = 0.6


@dataclass(frozen=True)
class Skin:
    """Skin paint."""

    colour: Colour = (0.86, 0.66, 0.54)
    blush: Colour = (0.85, 0.42, 0.36)
    blush_strength: float = 0.35
    shade: Colour = (0.55, 0.28, 0.22)
    freckles: float = 0.0
    stubble: float = 0.0
    stubble_colour: Colour = (0.35, 0.30, 0.30)
    mottle: float = 1.0
    shine: float = 0.5
    translucency: float = 1.0


@dataclass(frozen=True)
class Pose:
    """How the head is held, in degrees: ``turn`` to the picture's right, ``roll`` clockwise."""

    turn: float = 0.0
    roll: float = 0.0


@dataclass(frozen=True)
class Face:
    """Everything that the face painters need."""

    head: Head = field(default_factory=Head)
    eyes: Eyes = field(default_factory=Eyes)
    brows: Brows = field(default_factory=Brows)
    nose: Nose = field(default_factory=Nose)
    lips: Lips = field(default_factory=Lips)
    skin: Skin = field(default_factory=Skin)
    pose: Pose = field(default_factory=Pose)


def lid_edges(eyes: Eyes, along: Field) -> tuple[Field, Field]:
    """Heights of upper and lower lid over the eye's centre; ``along`` runs -1 (inner) to 1 (outer corner)."""
    k = np.clip(along, -1, 1)
    axis = eyes.tilt * k
    upper_k, lower_k = k + 0.16 * (1 - k * k), k - 0.22 * (1 - k * k)
    upper = axis + eyes.upper * np.power(np.maximum(1 - np.abs(upper_k) ** 2.1, 0), 0.82)
    lower = axis - eyes.lower * np.power(np.maximum(1 - np.abs(lower_k) ** 2.2, 0), 0.9)
    return upper.astype(np.float32), lower.astype(np.float32)


def lip_edges(lips: Lips, x: Field) -> tuple[Field, Field, Field]:
    """Heights of the upper lip's border, the closed line between the lips and the lower lip's border."""
    k = np.clip(x / lips.half_width, -1, 1)
    a = np.abs(k)
    line = (
        lips.y
        + lips.smile * a**2.2
        - 0.055 * np.exp(-((k / 0.22) ** 2))
        + 0.03 * np.exp(-(((a - 0.45) / 0.22) ** 2))
    )
    taper = np.power(np.maximum(1 - a**1.55, 0), 0.9)
    bow = lips.bow * (np.exp(-(((a - 0.20) / 0.15) ** 2)) * 0.55 - np.exp(-((k / 0.13) ** 2)))
    upper = line + lips.upper * taper + bow * (1 - a)
    lower = line - lips.lower * np.power(np.maximum(1 - a**2.3, 0), 1.05)
    return upper.astype(np.float32), line.astype(np.float32), lower.astype(np.float32)


def brow_shape(face: Face, along: Field) -> tuple[Field, Field]:
    """Height of a brow's middle and its half thickness (cm); ``along`` runs 0 (inner end) to 1 (tail)."""
    brows, u = face.brows, np.clip(along, 0, 1)
    arch = brows.height + brows.arch * np.sin(np.pi * np.clip(u * 0.80 + 0.02, 0, 1)) - brows.drop * u**3
    half = (
        brows.thickness
        * (0.62 + 0.38 * np.sin(np.pi * np.clip(u * 1.2, 0, 1)))
        * np.clip((1.06 - u) * 2.2, 0.12, 1)
    )
    return arch.astype(np.float32), half.astype(np.float32)


def brow_along(face: Face, x: Field) -> Field:
    """Where along the brow a point at ``x`` cm lies, 0..1 on the brow."""
    return np.asarray((np.abs(x) - face.eyes.x + 1.75) / 3.75, np.float32)


def landmarks(face: Face) -> dict[str, NDArray[np.float64]]:
    """Known feature points in head cm (x, y), by the picture's side."""
    eyes, lips = face.eyes, face.lips
    mouth = np.array([-lips.half_width, 0.0, lips.half_width])
    _, line, _ = lip_edges(lips, mouth.astype(np.float32))
    points = {
        "mouth_left": (mouth[0], line[0]),
        "mouth_middle": (0.0, line[1]),
        "mouth_right": (mouth[2], line[2]),
        "chin": (0.0, face.head.chin + 0.5),
    }
    for side, sign in (("left", -1), ("right", 1)):
        points[f"eye_{side}_outer"] = (sign * (eyes.x + eyes.half_width), eyes.y + eyes.tilt)
        points[f"eye_{side}_inner"] = (sign * (eyes.x - eyes.half_width), eyes.y - eyes.tilt)
        points[f"brow_{side}"] = (sign * (eyes.x + 0.4), face.brows.height + face.brows.arch)
    return {name: np.asarray(point, np.float64) for name, point in points.items()}
