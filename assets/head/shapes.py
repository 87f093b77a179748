"""The 52 ARKit shapes as displacements in millimetres of every point of the head."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assets.head.form import JAW, MOUTH_HALF, MOUTH_Y, Array, step
from assets.head.points import LEFT, RIGHT, Head
from assets.head.shapes_eyes import eye_shapes

JAW_TURN = np.radians(16.4)
"""Opens the inner lips by 0.35 distances between the outer eye corners, as ``Motion`` defines jawOpen 1."""
SEALED = 0.2
"""How far of the way down the lips meet where mouthClose keeps them shut over an open jaw."""


def make_shapes(head: Head) -> dict[str, Array]:
    """Every shape by its ARKit name: (N, 3) mm."""
    makers: dict[str, Callable[[Head], Array]] = {**_middle_shapes(), **eye_shapes(), **_lip_shapes()}
    return {name: make(head) for name, make in makers.items()}


def _at(head: Head, centre: tuple[float, float], radii: tuple[float, float], side: float = LEFT) -> Array:
    """A soft spot on the front of the face around (x, y); 1 in its middle."""
    off = (head.points[:, :2] - np.array([centre[0] * side, centre[1]])) / np.array(radii)
    front = step(head.points[:, 2], -60.0, -25.0)
    return np.exp(-(off**2).sum(axis=1)) * front * head.skin * (head.mouth > -2.5)


def _push(weight: Array, move: tuple[float, float, float], side: float = LEFT) -> Array:
    return weight[:, None] * np.array(move) * np.array([side, 1.0, 1.0])


# ---- the jaw


def _corner(head: Head) -> Array:
    """0 in the middle of the mouth, 1 at its corners."""
    return np.clip(np.abs(head.points[:, 0]) / MOUTH_HALF, 0, 1) ** 3


def jaw_weight(head: Head) -> Array:
    """How much each point goes with the jaw, in [0, 1]."""
    _, y, z = head.points.T
    general = step(y, -50.0, -80.0) * step(z, -74.0, -28.0) * step(y, -138.0, -108.0)
    lip = np.where(head.upper > 0.5, 0.5 * _corner(head), 1 - 0.5 * _corner(head))
    near = np.where(head.mouth < 8, step(head.mouth, 2.4, 0.6), 0.0)
    deep = head.mouth <= -3.0
    weight = general + (lip - general) * near
    weight = np.where(deep, np.where(head.upper > 0.5, 0.0, 0.9) * step(z, -40.0, -5.0), weight)
    fixed = {"lower teeth": 1.0, "tongue": 0.85}
    for part, value in fixed.items():
        weight = np.where(
            head.part == part, value * (step(z, -36.0, -6.0) if part == "tongue" else 1.0), weight
        )
    return np.where(np.isin(head.part, ("skin", "brow", *fixed)), weight, 0.0)


def _jaw_open(head: Head) -> Array:
    return _turned(head.points, JAW, JAW_TURN) * jaw_weight(head)[:, None]


def _turned(points: Array, hinge: Array, angle: float) -> Array:
    """How far points move when they turn about the x axis through ``hinge``; positive lowers the front."""
    y, z = (points - hinge)[:, 1:].T
    turned = np.column_stack([y * np.cos(angle) - z * np.sin(angle), y * np.sin(angle) + z * np.cos(angle)])
    return np.column_stack([np.zeros(len(points)), turned - np.column_stack([y, z])])


def _mouth_close(head: Head) -> Array:
    """Lower lip up and upper lip down, to where they meet on an open jaw."""
    fade = np.where(head.mouth < 8, step(head.mouth, 2.3, 0.7), 0.0) * (head.mouth > -3.5)
    full = _turned(head.points, JAW, JAW_TURN)
    return full * ((SEALED - jaw_weight(head)) * fade)[:, None]


def _jaw_moved(move: tuple[float, float, float]) -> Callable[[Head], Array]:
    def make(head: Head) -> Array:
        x, _, z = head.points.T
        return _push(jaw_weight(head) * step(z, -55.0, -8.0) * np.exp(-((x / 40.0) ** 4)), move)

    return make


def _tongue_out(head: Head) -> Array:
    z = head.points[:, 2]
    along = step(z, -26.0, 12.0) * (head.part == "tongue")
    tip = step(z, -2.0, 12.0) * (head.part == "tongue")
    return _push(along, (0, 3.5, 27)) + _push(tip, (0, -7.0, 2))


# ---- brows, cheeks and nose


def _middle_shapes() -> dict[str, Callable[[Head], Array]]:
    made: dict[str, Callable[[Head], Array]] = {
        "jawOpen": _jaw_open,
        "mouthClose": _mouth_close,
        "jawForward": _jaw_moved((0, 0, 7)),
        "jawLeft": _jaw_moved((8.5, 0, 0)),
        "jawRight": _jaw_moved((-8.5, 0, 0)),
        "tongueOut": _tongue_out,
        "browInnerUp": lambda head: sum(
            (_push(_at(head, (13, 21), (14, 13), side), (0.5, 8, 0.5), side) for side in (LEFT, RIGHT)),
            np.zeros_like(head.points),
        ),
        "cheekPuff": lambda head: sum(
            (_push(_at(head, (36, -55), (18, 20), side), (11, 0, 9), side) for side in (LEFT, RIGHT)),
            np.zeros_like(head.points),
        ),
    }
    for name, side in (("Left", LEFT), ("Right", RIGHT)):
        made["browDown" + name] = _spot((22, 18), (19, 11), (-3.0, -7.0, 1.0), side)
        made["browOuterUp" + name] = _spot((40, 21), (15, 12), (0.5, 8.0, -0.5), side)
        made["cheekSquint" + name] = _spot((35, -21), (16, 11), (0.0, 6.0, 3.5), side)
        made["noseSneer" + name] = _sneer(side)
    return made


def _spot(
    centre: tuple[float, float], radii: tuple[float, float], move: tuple[float, float, float], side: float
) -> Callable[[Head], Array]:
    return lambda head: _push(_at(head, centre, radii, side), move, side)


def _sneer(side: float) -> Callable[[Head], Array]:
    def make(head: Head) -> Array:
        wing = _push(_at(head, (11, -38), (8, 11), side), (1.5, 6.5, 0.5), side)
        return wing + _push(_at(head, (13, -54), (11, 9), side), (0.5, 3.5, 0.5), side)

    return make


# ---- lips


def _lip(head: Head, upper: bool) -> Array:
    """1 on one lip and what is behind it, fading out around it and to the corners."""
    ring = step(head.mouth, 2.4, 0.8) * (head.mouth > -2.5) * (head.mouth < 8)
    return ring * ((head.upper > 0.5) == upper) * np.sqrt(np.clip(1 - (head.points[:, 0] / 26.0) ** 2, 0, 1))


def _lips(head: Head) -> Array:
    """1 on both lips and their corners, fading out around them."""
    return step(head.mouth, 2.4, 1.0) * (head.mouth > -3.5) * (head.mouth < 8)


def _half(head: Head, side: float) -> Array:
    return step(head.points[:, 0] * side, -9.0, 9.0)


def _lip_shapes() -> dict[str, Callable[[Head], Array]]:
    made: dict[str, Callable[[Head], Array]] = {
        "mouthFunnel": lambda head: (
            _rounded(head, 0.30, 8.0)
            + _push(_lip(head, True), (0, 5.0, 1.0))
            + _push(_lip(head, False), (0, -6.0, 1.0))
        ),
        "mouthPucker": lambda head: _rounded(head, 0.46, 8.5),
        "mouthLeft": lambda head: _push(_around(head), (8.5, 0, -0.5)),
        "mouthRight": lambda head: _push(_around(head), (-8.5, 0, -0.5)),
        "mouthRollLower": lambda head: _rolled(head, False),
        "mouthRollUpper": lambda head: _rolled(head, True),
        "mouthShrugLower": lambda head: (
            _push(_lip(head, False), (0, 4.5, 3.0))
            + _push(_at(head, (0, -88), (17, 12)), (0, 5.0, 1.5))
            + _push(_lip(head, True), (0, 3.0, 1.0))
        ),
        "mouthShrugUpper": lambda head: (
            _push(_lip(head, True), (0, 4.0, 3.0)) + _push(_lip(head, False), (0, 2.5, 1.0))
        ),
    }
    for name, side in (("Left", LEFT), ("Right", RIGHT)):
        made["mouthSmile" + name] = _smile(side)
        made["mouthFrown" + name] = _pulled((24, -66), (15, 15), (1.5, -8.5, -1.0), side)
        made["mouthDimple" + name] = _pulled((26, -65), (11, 12), (5.5, 1.0, -5.0), side)
        made["mouthStretch" + name] = _pulled((24, -68), (17, 16), (8.5, -3.5, -4.0), side)
        made["mouthPress" + name] = _press(side)
        made["mouthLowerDown" + name] = _drawn(False, (1.0, -9.0, 1.0), side)
        made["mouthUpperUp" + name] = _drawn(True, (1.0, 8.5, 1.0), side)
    return made


def _around(head: Head) -> Array:
    return np.maximum(_at(head, (0, MOUTH_Y), (30, 17)), 0) + 0.0


def _rounded(head: Head, narrow: float, forward: float) -> Array:
    """Corners come in by the share ``narrow`` of where they are, lips go forward."""
    near = np.maximum(_lips(head), _at(head, (0, MOUTH_Y), (33, 19)) * 0.9)
    middle = 1 - 0.35 * (np.abs(head.points[:, 0]) / MOUTH_HALF).clip(0, 1) ** 2
    inwards = -head.points[:, 0] * narrow * near
    return np.column_stack([inwards, np.zeros(len(near)), forward * near * middle])


def _rolled(head: Head, upper: bool) -> Array:
    """A lip turns in over its teeth."""
    sign = -1.0 if upper else 1.0
    full = _lip(head, upper)
    edge = np.interp(head.mouth, (-2, 0, 0.3, 0.65, 1.0, 1.5), (0.5, 1, 1, 0.75, 0.4, 0.0)) * full
    fold = np.interp(head.mouth, (-2, 0, 0.5, 1.0, 1.6), (0.0, 0.0, 0.8, 1.0, 0.2)) * full
    return _push(edge, (0, 0.0, -4.2)) + _push(fold, (0, sign * 4.5, -1.5))


def _smile(side: float) -> Callable[[Head], Array]:
    def make(head: Head) -> Array:
        corner = np.maximum(_at(head, (25, -65), (19, 14), side), _pull_along(head, side))
        cheek = _at(head, (36, -36), (15, 13), side)
        return _push(corner, (8.0, 8.5, -4.5), side) + _push(cheek, (1.5, 3.5, 3.0), side)

    return make


def _pull_along(head: Head, side: float) -> Array:
    """Lips go with their corner, the less the further they are from it."""
    share = np.clip(head.points[:, 0] * side / MOUTH_HALF, 0, 1.1) ** 2
    return _lips(head) * np.minimum(share, 1.0)


def _pulled(
    centre: tuple[float, float], radii: tuple[float, float], move: tuple[float, float, float], side: float
) -> Callable[[Head], Array]:
    def make(head: Head) -> Array:
        return _push(np.maximum(_at(head, centre, radii, side), _pull_along(head, side)), move, side)

    return make


def _press(side: float) -> Callable[[Head], Array]:
    def make(head: Head) -> Array:
        upper, lower = (_lip(head, each) * _half(head, side) for each in (True, False))
        flat = np.clip(head.mouth, 0, 1.2) / 1.2
        thin = _push(upper * flat, (0, -3.0, -1.5)) + _push(lower * flat, (0, 3.2, -1.5))
        return thin + _push(_at(head, (27, -66), (9, 10), side), (1.5, 0.5, -2.0), side)

    return make


def _drawn(upper: bool, move: tuple[float, float, float], side: float) -> Callable[[Head], Array]:
    return lambda head: _push(_lip(head, upper) * _half(head, side), move, side)
