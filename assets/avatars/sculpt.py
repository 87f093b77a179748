"""The head as a relief: one height per point of the plane, built from an outline and soft hills."""

from __future__ import annotations

import numpy as np

from assets.avatars.fields import Field, bump, closed_curve, curve, smooth_max, step, stroke
from assets.avatars.form import Face, Head, Lips, Nose, lid_edges, lip_edges

MIDDLE = 1.0
"""Height of the head's middle, from which the outline is measured (cm)."""
OUTSIDE = np.float32(-9.0)
"""Height of nothing."""


def outline(head: Head, x: Field, y: Field) -> Field:
    """Squared distance from the head's middle, 1 on the outline."""
    right = np.array([
        (head.cheekbone, MIDDLE), (head.temple * 0.99, 6.0), (head.temple * 0.80, 9.6), (0.0, head.crown),
        (0.0, head.chin), (head.chin_width, head.chin + 0.48), (head.jaw * 0.76, head.chin + 1.95),
        (head.jaw, head.chin + 3.9),
        (head.cheekbone * 0.95, -1.7),
    ])  # fmt: skip
    marks = np.vstack([right, right[right[:, 0] > 0] * (-1, 1)])
    angles = np.mod(np.arctan2(marks[:, 1] - MIDDLE, marks[:, 0]), 2 * np.pi)
    radii = np.hypot(marks[:, 0], marks[:, 1] - MIDDLE)
    order = np.argsort(angles)
    radius = closed_curve(np.arctan2(y - MIDDLE, x), angles[order], radii[order])
    return np.asarray((x**2 + (y - MIDDLE) ** 2) / radius**2, np.float32)


def skull(head: Head, x: Field, y: Field) -> Field:
    """The bare egg with brow, cheekbones, jaw and chin."""
    q = outline(head, x, y)
    fullness = curve(y, [-9, -6, -2, 3, 9], [3.0, 2.3, 1.5, 1.15, 1.2])
    z = -2.6 + 8.2 * np.sqrt(np.maximum(1 - np.minimum(q, 1) ** fullness, 0))
    z += 1.05 * head.chin_boss * bump(x, y, (0, head.chin + 1.0), (2.1, 1.5))
    z -= 0.22 * bump(x, y, (0, head.chin + 2.35), (1.8, 0.5))
    z += 0.5 * bump(x, y, (0, -4.1), (3.2, 2.0))
    a = np.sqrt(x**2 + 0.5).astype(np.float32)
    z += 0.55 * head.cheeks * bump(a, y, (4.1, -0.9), (2.1, 1.8))
    z -= 0.25 * bump(a, y, (5.0, -4.0), (1.6, 1.8))
    z += head.brow_ridge * bump(a, y, (2.9, 4.15), (2.6, 0.75))
    z -= 0.85 * bump(a, y, (2.7, 2.7), (1.8, 1.25))
    z -= 0.20 * bump(a, y, (6.2, 5.0), (1.2, 2.0))
    return np.where(q < 1, z, OUTSIDE).astype(np.float32)


def _dome(x: Field, y: Field, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Field:
    """A paraboloid cap: unlike a sphere's it has a height everywhere, which smooth_max needs."""
    q = ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2
    return np.asarray(centre[2] + radii[2] * (1 - q), np.float32)


def add_nose(z: Field, nose: Nose, x: Field, y: Field) -> Field:
    """Bridge, tip, wings and nostril hollows on the relief ``z``."""
    a, lift = np.abs(x), nose.length - 2.0
    crest = curve(y, [nose.tip - 1.2, nose.tip, nose.tip + 1.2, 2.2, 4.6], [5.2, 6.95, 6.55, 5.55, 5.75])
    crest += lift * bump(0 * x, y, (0, nose.tip), (1, 2.2))
    half = curve(
        y, [nose.tip, nose.tip + 1.6, 2.4, 4.6], [nose.ball * 0.90, nose.bridge * 0.88, nose.bridge * 0.85, 2.4]
    )
    ridge = crest - (a / half) ** 2 * 0.7
    ridge -= 5 * step(3.0, 6.0, y) + 9 * step(nose.tip - 0.1, nose.tip - 1.2, y)
    ridge = np.where((y > nose.tip - 1.4) & (y < 6.5), ridge, np.float32(-9)).astype(np.float32)
    z = smooth_max(z, ridge, 1.1)
    wing = _dome(a, y, (nose.width * 0.80, nose.tip - 0.32, 5.30 + 0.6 * lift), (0.62, 0.60, 0.85))
    z = smooth_max(z, wing, 0.30)
    tip = _dome(x, y, (0, nose.tip + 0.05, 6.40 + lift), (nose.ball * 1.02, nose.ball * 0.86, 1.05))
    z = smooth_max(z, tip, 0.55)
    z = smooth_max(z, _dome(x, y, (0, nose.tip - 0.60, 5.85 + lift), (0.46, 0.44, 0.8)), 0.35)
    return z - 1.1 * bump(a, y, (nose.width * 0.46, nose.tip - 0.70), (0.36, 0.16))


def add_lips(z: Field, lips: Lips, x: Field, y: Field) -> Field:
    """Two cushions, the groove where they meet, philtrum and the soft rim around them."""
    upper, line, lower = lip_edges(lips, x)
    k = np.clip(np.abs(x) / lips.half_width, 0, 1)
    fade = np.power(1 - k**2.2, 0.6)
    rise = np.clip((y - line) / np.maximum(upper - line, 0.05), 0, 1.35)
    fall = np.clip((line - y) / np.maximum(line - lower, 0.05), 0, 1.35)
    inside = np.abs(x) < lips.half_width
    cushion = np.where(y > line, np.sin(np.pi * np.minimum(rise * 0.66 + 0.22, 1)) * 0.34, 0)
    cushion = np.where(y <= line, np.sin(np.pi * np.minimum(fall * 0.70 + 0.20, 1)) * 0.52, cushion)
    z = z + np.where(inside, cushion * fade, 0)
    z -= 0.30 * np.where(inside, np.exp(-(((y - line) / 0.085) ** 2)), 0) * (0.4 + 0.6 * fade)
    z -= 0.22 * bump(np.abs(x), y, (lips.half_width + 0.1, float(line.max())), (0.45, 0.4))
    top = lips.y + lips.upper
    z -= 0.16 * bump(x, y, (0, top + 0.55), (0.34, 0.75))
    return np.asarray(z + 0.08 * bump(np.abs(x), y, (0.5, top + 0.4), (0.22, 0.8)), np.float32)


def add_lids(z: Field, face: Face, x: Field, y: Field) -> Field:
    """The lids over the eyeballs with the crease above; the opening itself is painted later."""
    eyes = face.eyes
    a = np.abs(x)
    ball = _dome(a, y, (eyes.x, eyes.y, 4.1), (1.75, 1.45, 0.85))
    z = smooth_max(z, ball, 0.35)
    along = (a - eyes.x) / eyes.half_width
    upper, lower = lid_edges(eyes, along)
    near = step(1.25, 0.8, np.abs(along))
    crease = eyes.y + upper + eyes.lid * (1 - 0.35 * along**2)
    z -= 0.16 * np.exp(-(((y - crease) / 0.11) ** 2)) * near
    pouch = eyes.y + lower - 0.42
    z -= (0.05 + 0.10 * face.head.age) * np.exp(-(((y - pouch) / 0.16) ** 2)) * step(1.1, 0.4, np.abs(along))
    return np.asarray(z, np.float32)


def _wrinkle(
    z: Field, x: Field, y: Field, points: list[tuple[float, float]], size: tuple[float, float]
) -> Field:
    distance, along = stroke(np.abs(x), y, points)
    width, depth = size
    taper = np.sin(np.pi * np.clip(along, 0.02, 0.98)) ** 0.6
    return np.asarray(z - depth * taper * np.exp(-((distance / width) ** 2)), np.float32)


def add_lines(z: Field, face: Face, x: Field, y: Field) -> Field:
    """The smile folds that everybody has a little of, and the lines of age."""
    age, width = face.head.age, face.lips.half_width
    fold = [(face.nose.width + 0.25, -1.0), (width * 0.98, -2.4), (width + 0.65, -4.0)]
    z = _wrinkle(z, x, y, fold, (0.22 + 0.05 * age, 0.07 + 0.24 * age))
    if age <= 0:
        return z
    for i, height in enumerate((6.3, 7.2, 8.0)):
        wave = [(0.0, height - 0.1), (2.0, height + 0.12), (4.6 - 0.5 * i, height - 0.15)]
        z = _wrinkle(z, x, y, wave, (0.12, 0.10 * age))
    for end in (3.3, 2.6, 1.9):
        foot = [(4.75, 2.55 + (end - 2.6) * 0.25), (5.4, (end + 2.55) / 2), (6.1, end)]
        z = _wrinkle(z, x, y, foot, (0.08, 0.09 * age))
    z = _wrinkle(z, x, y, [(0.45, 4.0), (0.55, 4.6), (0.5, 5.2)], (0.12, 0.12 * age))
    z = _wrinkle(z, x, y, [(2.0, 1.6), (3.1, 1.15), (4.3, 1.5)], (0.15, 0.12 * age))
    return _wrinkle(z, x, y, [(width + 0.5, -4.9), (width + 0.7, -5.8), (width + 0.4, -6.8)], (0.2, 0.12 * age))


def relief(face: Face, x: Field, y: Field) -> Field:
    """Height of the face at every point (cm); far below zero outside the head."""
    z = skull(face.head, x, y)
    inside = z > OUTSIDE
    for_parts = np.where(inside, z, np.float32(-3))
    for_parts = add_lids(for_parts, face, x, y)
    for_parts = add_nose(for_parts, face.nose, x, y)
    for_parts = add_lips(for_parts, face.lips, x, y)
    for_parts = add_lines(for_parts, face, x, y)
    return np.where(inside, for_parts, OUTSIDE).astype(np.float32)


def ear(head: Head, x: Field, y: Field) -> tuple[Field, Field]:
    """Both ears: height (cm) and mask."""
    size = head.ear_size
    a = np.abs(x) - head.cheekbone
    lean = (a - 0.12 - 0.10 * (y - 0.6)) / (0.95 * size)
    tall = (y - 0.5) / (2.75 * size)
    q = lean**2 + tall**2 * (1 + 0.35 * np.clip(-tall, 0, 1))
    rim = np.exp(-(((q - 0.72) / 0.22) ** 2)) * 0.32
    bowl = -0.5 * np.exp(-(((lean + 0.15) / 0.45) ** 2 + ((tall + 0.12) / 0.42) ** 2))
    z = -1.6 + 0.9 * np.sqrt(np.maximum(1 - q, 0)) + rim + bowl
    return z.astype(np.float32), step(1.0, 0.94, q)
