"""Puts the head together and writes it as .glb: one mesh with three materials and 52 morph targets."""

from __future__ import annotations

import numpy as np

from assets.head.features import Piece, brow, ear, eyeball, teeth, tongue
from assets.head.form import EYE, MOUTH_Y, Array, step
from assets.head.points import Head
from assets.head.shapes import make_shapes
from assets.head.skin import Skin, make_skin
from engines.exports.glb import INDICES, VERTICES, GlbBuilder
from engines.types import BLENDSHAPES

PIVOT = np.array([0.0, -58.0, -84.0])
"""Where the head turns on the neck: the origin of the file."""
LEAST, LEAST_TURN = 0.02, 0.03
"""mm of places and length of normals: what moves less does not move."""
SKIN, LIP, INSIDE, LASH = (0.80, 0.66, 0.58), (0.70, 0.45, 0.42), (0.30, 0.10, 0.10), (0.16, 0.11, 0.10)
MATERIALS = (
    ("Skin", 0.62, ("skin", "brow", "ear")),
    ("Eyes", 0.08, ("eye+1", "eye-1")),
    ("Mouth", 0.28, ("upper teeth", "lower teeth", "tongue")),
)


def build_head() -> bytes:
    """The .glb."""
    skin = make_skin()
    pieces = [
        eyeball(1.0),
        eyeball(-1.0),
        teeth(True),
        teeth(False),
        tongue(),
        ear(1.0),
        ear(-1.0),
        brow(1.0),
        brow(-1.0),
    ]
    head, faces, colours = _together(skin, pieces)
    return _written(head, faces, colours, make_shapes(head))


def _together(skin: Skin, pieces: list[Piece]) -> tuple[Head, Array, Array]:
    points, faces = [np.concatenate(skin.points)], [np.concatenate(skin.faces)]
    parts = [np.full(skin.count, "skin", "U12")]
    tints = [_skin_colours(points[0], skin)]
    count = skin.count
    for piece in pieces:
        points.append(piece.points)
        faces.append(piece.faces + count)
        parts.append(np.full(len(piece.points), piece.part, "U12"))
        tints.append(_ear_colours(piece.points) if piece.part == "ear" else piece.colours)
        count += len(piece.points)
    rings = [
        np.concatenate([np.concatenate(each), np.full(count - skin.count, 9.0)])
        for each in (skin.eye, skin.mouth)
    ]
    upper = np.concatenate([np.concatenate(skin.upper), np.zeros(count - skin.count)])
    head = Head(np.concatenate(points), np.concatenate(parts), rings[0], rings[1], upper)
    return head, np.concatenate(faces), np.concatenate(tints)


def _skin_colours(points: Array, skin: Skin) -> Array:
    """Skin, lips, lashes and the inside of the mouth, darker where little light comes."""
    eye, mouth, upper = (np.concatenate(each) for each in (skin.eye, skin.mouth, skin.upper))
    x, y, z = points.T
    colours = np.tile(SKIN, (len(points), 1))
    lip = step(mouth, 1.2, 0.9) * (mouth >= 0)
    colours = _mixed(colours, LIP, lip)
    colours = _mixed(colours, INSIDE, (mouth < 0) * np.clip(0.25 - mouth / 4, 0, 1))
    blush = np.exp(-(((np.abs(x) - 36) / 16) ** 2) - ((y + 34) / 15) ** 2) * (z > -40)
    colours = _mixed(colours, (0.80, 0.52, 0.46), 0.28 * blush)
    shade = 1 - 0.17 * np.exp(-(((eye - 0.42) / 0.3) ** 2)) * (upper > 0.5) - 0.1 * (np.abs(eye) < 0.8)
    nostril = np.exp(-(((np.abs(x) - 5.5) / 2.6) ** 2) - ((y + 46.5) / 2.2) ** 2) * (z > 10)
    shade = (shade - 0.75 * nostril) * (1 - 0.35 * step(y, -96, -118) * step(z, -95, -10))
    colours *= np.clip(shade, 0.1, 1)[:, None]
    colours = _mixed(colours, LASH, ((eye <= 0.0) & (eye > -1.5)) * np.where(upper > 0.5, 0.95, 0.45))
    return _mixed(colours, INSIDE, (mouth == 0) * 0.45 * (np.abs(x) < 25))


def _mixed(colours: Array, tint: tuple[float, float, float], share: Array) -> Array:
    weight = np.clip(np.asarray(share, float), 0, 1)[:, None]
    return colours * (1 - weight) + np.array(tint) * weight


def _ear_colours(points: Array) -> Array:
    deep = np.abs(points[:, 0]) < 71.5
    middle = np.exp(-(((points[:, 1] + 16) / 17) ** 2) - ((points[:, 2] + 76) / 10) ** 2)
    return np.tile(SKIN, (len(points), 1)) * (1 - 0.45 * middle * deep)[:, None]


def _linear(colours: Array) -> Array:
    """sRGB to linear light, as glTF has its colours (IEC 61966-2-1)."""
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)


def _normals(points: Array, faces: Array, seams: Array) -> Array:
    """(N, 3) unit normals; points at one place share theirs."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    each = np.cross(b - a, c - a)
    total = np.zeros_like(points)
    for k in range(3):
        np.add.at(total, faces[:, k], each)
    shared = np.zeros((seams.max() + 1, 3))
    np.add.at(shared, seams, total)
    total = shared[seams]
    return total / (np.linalg.norm(total, axis=1, keepdims=True) + 1e-12)


def _written(head: Head, faces: Array, colours: Array, shapes: dict[str, Array]) -> bytes:
    seams = np.unique(np.round(head.points, 3), axis=0, return_inverse=True)[1].ravel()
    normals = _normals(head.points, faces, seams)
    turned = {name: _normals(head.points + move, faces, seams) - normals for name, move in shapes.items()}
    builder = GlbBuilder(
        {
            "asset": {"version": "2.0", "generator": "Visema Studio", "copyright": "MIT licence"},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"name": "Head", "mesh": 0, "extras": {"neutral": True}}],
        }
    )
    primitives = []
    for number, (name, rough, parts) in enumerate(MATERIALS):
        material = {"baseColorFactor": [1, 1, 1, 1], "metallicFactor": 0, "roughnessFactor": rough}
        builder.document.setdefault("materials", []).append(
            {"name": name, "pbrMetallicRoughness": material, "doubleSided": name != "Eyes"}
        )
        mine = np.flatnonzero(np.isin(head.part, parts))
        primitives.append(_primitive(builder, number, mine, (head, faces, colours, normals), (shapes, turned)))
    builder.document["meshes"] = [
        {
            "name": "Head",
            "primitives": primitives,
            "weights": [0.0] * 52,
            "extras": {"targetNames": list(BLENDSHAPES)},
        }
    ]
    return builder.packed()


def _primitive(
    builder: GlbBuilder,
    material: int,
    mine: Array,
    made: tuple[Head, Array, Array, Array],
    moves: tuple[dict[str, Array], dict[str, Array]],
) -> dict[str, object]:
    (head, faces, colours, normals), (shapes, turned) = made, moves
    place = np.full(len(head.points), -1)
    place[mine] = np.arange(len(mine))
    own = place[faces[np.isin(faces, mine).all(axis=1)]].astype(np.uint16)
    metres = ((head.points[mine] - PIVOT) / 1000).astype(np.float32)
    tint = np.column_stack([_linear(np.clip(colours[mine], 0, 1)), np.ones(len(mine))])
    return {
        "material": material,
        "indices": builder.accessor(own.reshape(-1), INDICES),
        "attributes": {
            "POSITION": builder.accessor(metres, VERTICES, bounds=True),
            "NORMAL": builder.accessor(normals[mine].astype(np.float32), VERTICES),
            "COLOR_0": builder.accessor(np.round(tint * 255).astype(np.uint8), VERTICES),
        },
        "targets": [_target(builder, shapes[name][mine], turned[name][mine]) for name in BLENDSHAPES],
    }


def _target(builder: GlbBuilder, move: Array, turn: Array) -> dict[str, int]:
    moved = (np.linalg.norm(move, axis=1) > LEAST) | (np.linalg.norm(turn, axis=1) > LEAST_TURN)
    places = builder.view(np.flatnonzero(moved).astype(np.uint16).tobytes()) if moved.any() else 0
    values = (np.where(moved[:, None], each, 0.0).astype(np.float32) for each in (move / 1000, turn))
    return {
        name: builder.sparse(each, moved, places)
        for name, each in zip(("POSITION", "NORMAL"), values, strict=True)
    }


__all__ = ["EYE", "MOUTH_Y", "build_head"]
