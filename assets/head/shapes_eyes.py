"""The shapes of eyes and lids: balls and lids turn about the eyes' centres."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assets.head.form import EYE, Array, step
from assets.head.points import LEFT, RIGHT, Head
from assets.head.skin import EYE_POINTS, eye_outline

EYE_TURN, EYE_TILT = np.radians(30.0), np.radians(24.0)


def eye_shapes() -> dict[str, Callable[[Head], Array]]:
    """Makers of the fourteen shapes by their names."""
    made: dict[str, Callable[[Head], Array]] = {}
    for name, side in (("Left", LEFT), ("Right", RIGHT)):
        made["eyeBlink" + name] = _lids(side, 1.0, 1.0)
        made["eyeSquint" + name] = _lids(side, 0.22, 2.4)
        made["eyeWide" + name] = _lids(side, -0.34, -0.5)
        made["eyeLookUp" + name] = _look(side, 0.0, EYE_TILT, _lids(side, -0.28, -0.9))
        made["eyeLookDown" + name] = _look(side, 0.0, -EYE_TILT, _lids(side, 0.5, -1.6))
        made["eyeLookIn" + name] = _look(side, -side * EYE_TURN, 0.0, None)
        made["eyeLookOut" + name] = _look(side, side * EYE_TURN, 0.0, None)
    return made


def _edge_angles(x: Array) -> tuple[Array, Array]:
    """At ``x`` (mm from the eye's centre) the angles of both lids' edges, radians up from the horizon."""
    rim = eye_outline(0.0) - EYE[:2]
    depth = np.sqrt(np.maximum(17.1**2 - (rim**2).sum(axis=1), 9.0))
    angle = np.arctan2(rim[:, 1], depth)
    half = EYE_POINTS // 2
    upper, lower = np.arange(0, half + 1), np.concatenate([np.arange(half, EYE_POINTS), [0]])
    return (
        np.interp(x, rim[upper[::-1], 0], angle[upper[::-1]]),
        np.interp(x, rim[lower, 0], angle[lower]),
    )


def _lids(side: float, close_upper: float, close_lower: float) -> Callable[[Head], Array]:
    """Lids turn about the eye until they meet at 1 and 1; negative opens them wider."""

    def make(head: Head) -> Array:
        mine = (head.points[:, 0] * side > 0) & (head.eye < 8)
        off = head.points - EYE * np.array([side, 1, 1])
        up, low = _edge_angles(off[:, 0] * side)
        meet = low + 0.14 * (up - low)
        turn = np.where(head.upper > 0.5, (meet - up) * close_upper, (meet - low) * close_lower)
        turn = turn * np.where(
            head.eye >= 0, step(head.eye, 0.86, 0.02) * 0.25 + 0.75 * np.clip(1 - head.eye / 0.8, 0, 1), 1.0
        )
        return _about(off, turn) * mine[:, None]

    return make


def _about(off: Array, turn: Array) -> Array:
    """How far points at ``off`` from an eye's centre move when they turn up about its x axis by ``turn``."""
    y, z = off[:, 1], off[:, 2]
    return np.column_stack(
        [np.zeros(len(off)), y * np.cos(turn) + z * np.sin(turn) - y, z * np.cos(turn) - y * np.sin(turn) - z]
    )


def _look(
    side: float, yaw: float, pitch: float, lids: Callable[[Head], Array] | None
) -> Callable[[Head], Array]:
    """The ball turns to positive x by ``yaw`` and up by ``pitch``; lids go along."""

    def make(head: Head) -> Array:
        mine = head.part == f"eye{side:+.0f}"
        off = head.points - EYE * np.array([side, 1, 1])
        move = _about(off, np.full(len(off), pitch))
        x, z = off[:, 0], off[:, 2]
        move[:, 0] += x * np.cos(yaw) + z * np.sin(yaw) - x
        move[:, 2] += z * np.cos(yaw) - x * np.sin(yaw) - z
        return move * mine[:, None] + (lids(head) if lids else 0.0)

    return make
