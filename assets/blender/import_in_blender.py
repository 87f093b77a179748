"""Brings the motion beside this file into Blender: shape keys as an action, the head's turns, and the sound.

Blender's Scripting tab: open this file from its folder and run it, or: blender --python import_in_blender.py
With a mesh selected that has ARKit shape keys, that one is moved; without, head.glb is brought in and moved.
"""

from __future__ import annotations

import json
import re
from math import radians
from pathlib import Path
from typing import Any

import bpy
from mathutils import Euler

DELAY = 0.0
"""Seconds before the motion and the sound begin."""
TAKE_RATE = True
"""Set the scene to the motion's frames per second. If False, keys are put between the scene's own frames."""
EYE_DISTANCE = 0.09
"""Metres between the outer eye corners of the neutral head, in which its shifts are counted."""


def folder() -> Path:
    """Where this file lies, whether Blender runs it from the disk or from its text editor."""
    text = getattr(bpy.context, "space_data", None)
    opened = getattr(getattr(text, "text", None), "filepath", "")
    places = [Path(__file__).parent] if "__file__" in globals() else []
    places += [Path(bpy.path.abspath(opened)).parent] if opened else []
    for place in places:
        if (place / "motion.json").is_file():
            return place
    raise SystemExit(
        "motion.json is not beside this script: unpack the whole archive and open the script from there."
    )


def plain(name: str) -> str:
    """A shape's name without what tools put around it: jawOpen, JawOpen and face.jaw_open are one."""
    name = re.sub(
        r"_(l|r)$", lambda side: {"l": "left", "r": "right"}[side[1]], name.rpartition(".")[2].lower()
    )
    return re.sub(r"[^a-z]", "", name)


def moved_by(objects: list[Any], names: set[str]) -> list[Any]:
    """The meshes among ``objects`` that have at least one shape key of ``names``."""
    keyed = [each for each in objects if each.type == "MESH" and each.data.shape_keys]
    return [each for each in keyed if {plain(key.name) for key in each.data.shape_keys.key_blocks} & names]


def bring_head(path: Path) -> list[Any]:
    """Import the head; returns its objects."""
    before = set(bpy.data.objects)
    bpy.ops.import_scene.gltf(filepath=str(path))
    return [each for each in bpy.data.objects if each not in before]


def frames_of(motion: dict[str, Any], scene: Any) -> list[float]:
    """When each row happens, in frames of the scene."""
    if TAKE_RATE:
        scene.render.fps = max(1, round(motion["exportFps"]))
        scene.render.fps_base = scene.render.fps / motion["exportFps"]
    rate = scene.render.fps / scene.render.fps_base
    first = scene.frame_start + DELAY * rate
    return [first + row * rate / motion["exportFps"] for row in range(motion["numFrames"])]


def curves_of(owner: Any) -> Any:
    """The curves of the action on ``owner``: by slot from Blender 4.4 on, in one list before."""
    action = owner.animation_data.action
    if hasattr(action, "layers") and action.layers:
        return action.layers[0].strips[0].channelbag(owner.animation_data.action_slot).fcurves
    return action.fcurves


def bake(owner: Any, path: str, index: int, frames: list[float], values: list[float]) -> None:
    """Put ``values`` at ``frames`` onto the property at ``path`` of ``owner``."""
    owner.keyframe_insert(path, index=index, frame=frames[0])
    curve = curves_of(owner).find(path, index=max(index, 0))
    curve.keyframe_points.clear()
    curve.keyframe_points.add(len(frames))
    curve.keyframe_points.foreach_set(
        "co", [part for pair in zip(frames, values, strict=True) for part in pair]
    )
    for point in curve.keyframe_points:
        point.interpolation = "LINEAR"
    curve.update()


def bake_shapes(mesh: Any, motion: dict[str, Any], frames: list[float]) -> None:
    """Every shape key that the motion knows."""
    columns = {plain(name): column for column, name in enumerate(motion["facsNames"])}
    keys = mesh.data.shape_keys
    keys.animation_data_clear()
    for key in keys.key_blocks:
        column = columns.get(plain(key.name))
        if column is not None:
            path = f'key_blocks["{bpy.utils.escape_identifier(key.name)}"].value'
            bake(keys, path, -1, frames, [row[column] for row in motion["weightMat"]])
    if keys.animation_data and keys.animation_data.action:
        keys.animation_data.action.name = "Speech"


def bake_head(head: Any, motion: dict[str, Any], frames: list[float]) -> None:
    """The turns and shifts of the neutral head. Blender's y points into the picture, its z up."""
    joint = motion["joints"].index("head")
    head.rotation_mode = "QUATERNION"
    turns = []
    for row in motion["rotations"]:
        yaw, pitch, roll = map(radians, row[joint])
        turn = Euler((-pitch, roll, yaw), "YXZ").to_quaternion()
        if turns and turn.dot(turns[-1]) < 0:
            turn.negate()
        turns.append(turn)
    for part in range(4):
        bake(head, "rotation_quaternion", part, frames, [turn[part] for turn in turns])
    shifts = [row[joint] for row in motion["translations"]]
    for part, (axis, sign) in enumerate(((0, 1), (2, -1), (1, 1))):
        bake(head, "location", part, frames, [sign * EYE_DISTANCE * shift[axis] for shift in shifts])


def add_sound(path: Path, scene: Any, frame: float) -> None:
    """The speech as a strip of the sequencer, heard while playing and scrubbing."""
    editor = scene.sequence_editor or scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    taken = {strip.channel for strip in strips}
    channel = next(number for number in range(1, 128) if number not in taken)
    try:
        strips.new_sound("Speech", str(path), channel, round(frame))
    except RuntimeError as error:  # a Blender that was built without sound
        print(f"The sound was left out: {error}")
        return
    scene.use_audio_scrub = True
    scene.sync_mode = "AUDIO_SYNC"


def main() -> None:
    """Everything."""
    here, scene = folder(), bpy.context.scene
    motion = json.loads((here / "motion.json").read_text(encoding="utf-8"))
    names = {plain(name) for name in motion["facsNames"]}
    meshes = moved_by(bpy.context.selected_objects, names)
    brought = [] if meshes else bring_head(here / "head.glb")
    meshes = meshes or moved_by(brought, names)
    frames = frames_of(motion, scene)
    for mesh in meshes:
        bake_shapes(mesh, motion, frames)
    for mesh in meshes:
        if mesh in brought and mesh.name.startswith("Head") and mesh.get("neutral"):
            bake_head(mesh, motion, frames)
    last = round(frames[-1]) + 1
    scene.frame_end = last if brought else max(scene.frame_end, last)
    if (here / "speech.wav").is_file():
        add_sound(here / "speech.wav", scene, frames[0])
    print(f"{len(frames)} frames of speech on {', '.join(mesh.name for mesh in meshes) or 'nothing'}")


main()
