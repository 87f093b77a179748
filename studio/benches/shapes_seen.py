"""What a face tracker must see of each ARKit shape: which points move where, and how far at least, in iod."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engines.facemesh.anatomy import Floats, Row

RIGID: Row = (168, 6, 197, 195, 5, 4, 33, 133, 362, 263, 127, 356, 10, 109, 338, 234, 454)
"""Points that no shape moves: nose ridge, eye corners, temples, hairline."""
ACROSS, DOWN = 0, 1


@dataclass(frozen=True)
class Sight:
    """``points`` move along ``axis`` against ``reference`` (none: against the head), ``sign`` 1 to the person's
    left or down, -1 to the right or up; at least by ``least`` iod."""

    points: Row
    axis: int
    sign: int
    least: float
    reference: Row = ()

    def measure(self, motion: Floats) -> float:
        """How far the points went their way in a ``motion`` (468, 3) iod."""
        moved = motion[list(self.points), self.axis].mean()
        against = motion[list(self.reference), self.axis].mean() if self.reference else 0.0
        return float(self.sign * (moved - against))


def mirrored(sight: Sight) -> Sight:
    """The same of the other half of the face; what moves apart stays apart."""
    swapped = replace(sight, points=_mirror_row(sight.points), reference=_mirror_row(sight.reference))
    return replace(swapped, sign=-sight.sign) if sight.axis == ACROSS else swapped


def _mirror_row(row: Row) -> Row:
    return tuple(_MIRROR.get(point, point) for point in row)


_PAIRS: tuple[tuple[int, int], ...] = (
    (291, 61), (308, 78), (270, 40), (269, 39), (405, 181), (321, 91), (314, 84), (267, 37), (402, 178),
    (311, 81), (386, 159), (385, 160), (374, 145), (380, 153), (282, 52), (295, 65), (285, 55),
    (283, 53), (276, 46), (336, 107), (296, 66), (334, 105), (300, 70), (293, 63), (358, 129), (279, 49),
    (278, 48), (425, 205),
    (330, 101), (347, 118), (280, 50), (411, 187), (427, 207), (434, 214), (416, 192), (397, 172), (365, 136),
    (364, 135), (394, 169), (257, 27), (258, 28), (259, 29), (287, 57), (410, 186), (318, 88), (310, 80),
)  # fmt: skip
_MIRROR = {**dict(_PAIRS), **{right: left for left, right in _PAIRS}}

_LEFT: dict[str, Sight] = {
    "eyeSquint": Sight((386, 385), DOWN, 1, 0.012, (374, 380)),
    "eyeWide": Sight((257, 258, 259), DOWN, -1, 0.006),
    "eyeLookDown": Sight((386, 385), DOWN, 1, 0.015),
    "eyeLookUp": Sight((257, 258, 259), DOWN, -1, 0.004),
    "mouthSmile": Sight((291, 308), DOWN, -1, 0.06),
    "mouthFrown": Sight((291, 308), DOWN, 1, 0.06),
    "mouthDimple": Sight((291, 308), ACROSS, 1, 0.025),
    "mouthStretch": Sight((291, 308), ACROSS, 1, 0.06),
    "mouthPress": Sight((269, 270), DOWN, 1, 0.012, (405, 321)),
    "mouthLowerDown": Sight((405, 402), DOWN, 1, 0.03),
    "mouthUpperUp": Sight((269, 311), DOWN, -1, 0.02),
    "browDown": Sight((295, 285, 282), DOWN, 1, 0.03),
    "browOuterUp": Sight((300, 293, 276), DOWN, -1, 0.03),
    "cheekSquint": Sight((330, 347, 280), DOWN, -1, 0.025),
    "noseSneer": Sight((358, 279), DOWN, -1, 0.025),
}
_WHOLE: dict[str, Sight] = {
    "jawForward": Sight((152,), DOWN, 1, 0.03),
    "jawLeft": Sight((152, 148, 377), ACROSS, 1, 0.05),
    "jawRight": Sight((152, 148, 377), ACROSS, -1, 0.05),
    "mouthFunnel": Sight((291,), ACROSS, -1, 0.05, (61,)),
    "mouthPucker": Sight((291,), ACROSS, -1, 0.11, (61,)),
    "mouthLeft": Sight((291, 61, 0, 17), ACROSS, 1, 0.05),
    "mouthRight": Sight((291, 61, 0, 17), ACROSS, -1, 0.05),
    "mouthRollLower": Sight((17, 84, 314), DOWN, -1, 0.025, (14,)),
    "mouthRollUpper": Sight((0, 37, 267), DOWN, 1, 0.006, (13,)),
    "mouthShrugLower": Sight((17, 199), DOWN, -1, 0.03),
    "mouthShrugUpper": Sight((0, 37, 267), DOWN, -1, 0.012, (13,)),
    "browInnerUp": Sight((107, 336, 55, 285), DOWN, -1, 0.035),
    "cheekPuff": Sight((397, 365, 364), ACROSS, 1, 0.015, (172, 136, 135)),
}
_MESH_WHOLE: dict[str, Sight] = {
    "jawOpen": Sight((14,), DOWN, 1, 0.14, (13,)),
    "mouthClose": Sight((14,), DOWN, -1, 0.14, (13,)),
    **{name: replace(_WHOLE[name], least=least) for name, least in (
        ("jawForward", 0.006), ("jawLeft", 0.004), ("jawRight", 0.004), ("mouthFunnel", 0.035),
        ("mouthPucker", 0.04), ("mouthLeft", 0.008), ("mouthRight", 0.008), ("mouthShrugLower", 0.013),
        ("browInnerUp", 0.012), ("cheekPuff", 0.005),
    )},
}  # fmt: skip
_MESH_LEFT: dict[str, Sight] = {
    "eyeBlink": Sight((386, 385), DOWN, 1, 0.006, (374, 380)),
    **{name: replace(_LEFT[name], least=least) for name, least in (
        ("eyeSquint", 0.002), ("eyeLookDown", 0.003), ("mouthSmile", 0.010), ("mouthFrown", 0.015),
        ("mouthDimple", 0.008), ("mouthStretch", 0.012), ("mouthLowerDown", 0.02), ("mouthUpperUp", 0.002),
        ("browDown", 0.004),
    )},
}  # fmt: skip


def _both_sides(whole: dict[str, Sight], left: dict[str, Sight]) -> dict[str, Sight]:
    return (
        whole
        | {f"{name}Left": sight for name, sight in left.items()}
        | {f"{name}Right": mirrored(sight) for name, sight in left.items()}
    )


BY_PIXELS = _both_sides(_WHOLE, _LEFT)
"""By ARKit name, what optical flow must see. It cannot follow what opens or shuts (jaw, blink)."""
BY_MESH = _both_sides(_MESH_WHOLE, _MESH_LEFT)
"""By ARKit name, what the face network must see: less, since it smooths faces and makes them even."""
