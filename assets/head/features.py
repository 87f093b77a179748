"""What is not skin: eyeballs, teeth and gums, tongue, ears and brows, each a small mesh of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.head.form import EYE, EYE_RADIUS, MOUTH_Y, Array, from_front

IRIS, PUPIL = 0.40, 0.17
"""Half angles of iris and pupil at the eye's centre, in radians."""
WHITE, IRIS_EDGE, IRIS_INNER, BLACK = (
    (0.93, 0.92, 0.9),
    (0.14, 0.2, 0.22),
    (0.32, 0.44, 0.46),
    (0.02, 0.02, 0.025),
)
TOOTH, GUM, TONGUE, BROW = (0.93, 0.9, 0.84), (0.66, 0.3, 0.3), (0.74, 0.36, 0.36), (0.3, 0.22, 0.18)


@dataclass(frozen=True)
class Piece:
    """A mesh: points (N, 3), triangles (M, 3), sRGB colours (N, 3), which part of the head it is."""

    points: Array
    faces: Array
    colours: Array
    part: str


def grid(rows: int, columns: int, closed: bool = False) -> Array:
    """Triangles over points in ``rows`` by ``columns``; ``closed`` joins the last column to the first."""
    across = np.arange(columns if closed else columns - 1)
    down = np.arange(rows - 1)[:, None]
    a, b = down * columns + across, down * columns + (across + 1) % columns
    c, d = a + columns, b + columns
    quads = (np.stack([a, c, b], -1), np.stack([b, c, d], -1))
    return np.concatenate([each.reshape(-1, 3) for each in quads])


def eyeball(side: float) -> Piece:
    """A ball with iris and pupil; colours change between two rings at the same place."""
    angles = [0.0, PUPIL * 0.7, PUPIL, PUPIL, 0.3, IRIS, IRIS, 0.6, 0.85, 1.1, 1.4, 1.75]
    tints = [BLACK, BLACK, BLACK, IRIS_INNER, IRIS_INNER, IRIS_EDGE, *([WHITE] * 6)]
    columns = 28
    turn = np.arange(columns) * 2 * np.pi / columns
    rings = [
        np.column_stack(
            [
                np.sin(a) * np.cos(turn),
                np.sin(a) * np.sin(turn),
                np.full(columns, np.cos(a) * (1 + 0.02 * (a < IRIS))),
            ]
        )
        for a in angles
    ]
    points = np.concatenate(rings) * EYE_RADIUS + EYE * np.array([side, 1, 1])
    return Piece(
        points, grid(len(angles), columns, closed=True), np.repeat(tints, columns, axis=0), f"eye{side:+.0f}"
    )


def teeth(upper: bool) -> Piece:
    """A row of teeth with its gum, bent like an arch."""
    columns, sign = 81, 1.0 if upper else -1.0
    turn = np.linspace(-1.32, 1.32, columns)
    wide, front = (22.5, 19.0) if upper else (21.0, 16.5)
    edge = MOUTH_Y + (-3.2 if upper else -1.8)
    tooth = np.abs(np.sin(turn * 10.0))
    rows = []
    for height, out, notch in (
        (16, -9, 0),
        (14, -4.0, 0),
        (9.5, -0.6, 0),
        (8.5, -0.1, 0),
        (4, 1.0, 0.2),
        (0.6, 0.6, 1),
        (0, -0.8, 1),
        (0.6, -2.4, 1),
        (9, -4.5, 0),
    ):
        deep = out - 0.7 * (1 - tooth**0.5) * (0 < height < 9)
        x = (wide + deep) * np.sin(turn)
        z = front - 20.0 * (1 - np.cos(turn)) + deep * np.cos(turn)
        y = edge + sign * (height + 0.7 * notch * (1 - tooth**0.5))
        rows.append(np.column_stack([x, y, z]))
    tints = [GUM, GUM, GUM, TOOTH, TOOTH, TOOTH, TOOTH, TOOTH, GUM]
    faces = grid(len(rows), columns)
    light = (0.55 + 0.45 * np.cos(turn * 0.9) ** 0.7) * (0.86 + 0.14 * tooth**0.5)
    colours = np.repeat(tints, columns, axis=0) * np.tile(light, len(rows))[:, None]
    return Piece(
        np.concatenate(rows),
        faces if upper else faces[:, ::-1],
        colours,
        "upper teeth" if upper else "lower teeth",
    )


def tongue() -> Piece:
    """A flat tongue, from its root to its tip just behind the lower teeth."""
    rows, columns = 14, 18
    along = np.linspace(0, 1, rows)[:, None]
    turn = np.arange(columns) * 2 * np.pi / columns
    narrow = np.sqrt(np.clip(1 - np.clip((along - 0.45) / 0.551, 0, 1) ** 2, 0.0, 1))
    x = 14.5 * narrow * np.cos(turn) + 0 * along
    groove = 1.2 * np.exp(-((np.cos(turn) / 0.3) ** 2)) * (np.sin(turn) > 0)
    y = (
        MOUTH_Y
        - 10
        + (5.0 * np.sin(turn) - groove) * (0.25 + 0.75 * narrow)
        - 3 * along**2
        + 2.5 * np.sin(along * np.pi)
    )
    z = -32 + 44 * along + 0 * turn
    points = np.stack([x, y, z], -1).reshape(-1, 3)
    shade = np.repeat(0.6 + 0.4 * along, columns, axis=0)
    faces = grid(rows, columns, closed=True)
    return Piece(points, faces[:, ::-1], np.tile(TONGUE, (len(points), 1)) * shade, "tongue")


def ear(side: float) -> Piece:
    """A shell with a rolled rim and a hollow."""
    rows, columns = 9, 30
    out = np.linspace(1.0, 0.0, rows)[:, None]
    turn = np.arange(columns) * 2 * np.pi / columns
    lobe = 1 - 0.22 * np.clip(-np.sin(turn), 0, 1)
    up, back = 28.0 * out * np.sin(turn), 16.0 * out * np.cos(turn) * lobe
    lift = np.interp(out, (0, 0.3, 0.62, 0.82, 0.93, 1.0), (3.0, 3.5, 5.5, 9.0, 9.0, -3.0))
    lift = (
        lift
        + 5.5 * (back / 17) * (out > 0.2)
        + 4.0 * np.exp(-(((out * np.cos(turn) + 0.42) / 0.16) ** 2) - ((out * np.sin(turn) + 0.15) / 0.25) ** 2)
    )
    points = np.stack([66.5 + lift + 0 * up, -16.0 + up - 0.0 * back, -76.0 - back - 0.22 * up], -1).reshape(
        -1, 3
    )
    points[:, 0] *= side
    faces = grid(rows, columns, closed=True)
    return Piece(points, faces if side > 0 else faces[:, ::-1], np.zeros((len(points), 3)), "ear")


def brow(side: float) -> Piece:
    """A tapering arc that stands a little out of the skin."""
    columns = 18
    along = np.linspace(0, 1, columns)
    x = 10.5 + 36.0 * along
    middle = 19.5 + 5.0 * np.sin(np.clip(along * 1.25, 0, 1.6) ** 1.1 * np.pi * 0.62) - 3.0 * along**2
    half = 3.1 * np.sqrt(np.clip(along / 0.1, 0.15, 1)) * (1 - along**1.6 * 0.85)
    rows = []
    for height, out in ((1.0, -0.8), (0.75, 0.9), (0.0, 1.5), (-0.75, 0.9), (-1.0, -0.8)):
        points = from_front(np.column_stack([x, middle + half * height]))
        points[:, 2] += out
        rows.append(points)
    points = np.concatenate(rows) * np.array([side, 1, 1])
    faces = grid(len(rows), columns)
    return Piece(points, faces if side > 0 else faces[:, ::-1], np.tile(BROW, (len(points), 1)), "brow")
