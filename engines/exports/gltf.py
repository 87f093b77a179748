"""Motion as the animation of a head in binary glTF, for Blender, Unity, Godot, web viewers and our own preview.

The animation "Speech" has the weights of the morph targets, frame by frame, and the turns of the head. The file
has no place for the sound. Weights that are no ARKit shapes stay as the head has them.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from engines.exports.character import Character, arkit_name, parents_of, read_character, target_names
from engines.exports.glb import Document, GlbBuilder
from engines.exports.performance import Performance
from engines.types import BLENDSHAPE_INDEX, Float32, Motion

NAME = "Speech"
EYE_DISTANCE = 0.09
"""Metres between the outer eye corners of the neutral head: what ``Motion`` counts shifts in."""
_HEAD = re.compile(r"(^|[^a-z])head$", re.IGNORECASE)


def write_gltf(path: Path, performance: Performance) -> None:
    """Write ``performance`` on its character at ``path``. Raises StudioError for a head that cannot be used."""
    path.write_bytes(animated(read_character(performance.character), performance.motion))


def animated(character: Character, motion: Motion) -> bytes:
    """The .glb of ``character`` with ``motion`` as its only animation."""
    builder = GlbBuilder(copy.deepcopy(character.document), bytearray(character.binary))
    times = (np.arange(len(motion)) / motion.fps).astype(np.float32)
    track = _Tracks(builder, builder.accessor(times, bounds=True))
    for number, node in enumerate(builder.document["nodes"]):
        if "mesh" in node:
            weights = _weights(builder.document["meshes"][node["mesh"]], motion)
            if weights is not None:
                track.add(number, "weights", weights.reshape(-1))
    _turn_head(track, character, motion)
    builder.document["animations"] = [{"name": NAME, "channels": track.channels, "samplers": track.samplers}]
    return builder.packed()


class _Tracks:
    """Channels of one animation that share their ``times``."""

    def __init__(self, builder: GlbBuilder, times: int) -> None:
        self._builder, self._times = builder, times
        self.channels: list[Document] = []
        self.samplers: list[Document] = []

    def add(self, node: int, path: str, values: Float32) -> None:
        """Move what ``path`` says of a node."""
        output = self._builder.accessor(np.ascontiguousarray(values, np.float32))
        self.samplers.append({"input": self._times, "output": output, "interpolation": "LINEAR"})
        self.channels.append({"sampler": len(self.samplers) - 1, "target": {"node": node, "path": path}})


def _weights(mesh: Document, motion: Motion) -> Float32 | None:
    """(T, targets) weights of a mesh; None where it has no ARKit shape."""
    names = [arkit_name(name) for name in target_names(mesh)]
    if not any(names):
        return None
    rest = mesh.get("weights", [0.0] * len(names))
    values = np.tile(np.asarray(rest, np.float32)[: len(names)], (len(motion), 1))
    for column, name in enumerate(names):
        if name is not None:
            values[:, column] = motion.blendshapes[:, BLENDSHAPE_INDEX[name]]
    return values


def _turn_head(track: _Tracks, character: Character, motion: Motion) -> None:
    """Turn the node of the head, where one is named so; shift it where its size is known."""
    nodes = character.document["nodes"]
    head = next((number for number, node in enumerate(nodes) if _HEAD.search(str(node.get("name", "")))), None)
    if head is None or "matrix" in nodes[head]:
        return
    above = _above(character.document, head)
    turns = above.inv() * _turns(motion) * above * _own(nodes[head])
    track.add(head, "rotation", _continuous(turns.as_quat().astype(np.float32)))
    if character.ours:
        track.add(head, "translation", motion.head[:, 3:] * EYE_DISTANCE)


def _turns(motion: Motion) -> Rotation:
    """Yaw about y, pitch about x, roll about z; glTF's right-handed z axis points out of the face."""
    yaw, pitch, roll = motion.head[:, :3].T.astype(np.float64)
    return Rotation.from_euler("YXZ", np.column_stack([yaw, -pitch, -roll]), degrees=True)


def _continuous(quaternions: Float32) -> Float32:
    """The same turns, none the long way round from the one before it."""
    flips = np.sum(quaternions[1:] * quaternions[:-1], axis=1) < 0
    signs = np.concatenate([[1.0], np.where(np.cumsum(flips) % 2, -1.0, 1.0)])
    return np.asarray(quaternions * signs[:, None], np.float32)


def _own(node: Document) -> Rotation:
    """The rotation of a node in its parent."""
    if "matrix" in node:
        matrix = np.asarray(node["matrix"], np.float64).reshape(4, 4).T[:3, :3]
        return Rotation.from_matrix(matrix / np.cbrt(np.linalg.det(matrix)))
    value: Any = node.get("rotation", (0.0, 0.0, 0.0, 1.0))
    return Rotation.from_quat(value)


def _above(document: Document, node: int) -> Rotation:
    """The rotation of a node's parent in the scene."""
    parents, turn = parents_of(document), Rotation.identity()
    while node in parents:
        node = parents[node]
        turn = _own(document["nodes"][node]) * turn
    return turn
