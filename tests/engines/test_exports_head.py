"""The neutral head and the motion on it, as readers of glTF find them; other heads, hostile ones among them."""

import copy
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from engines.errors import StudioError
from engines.exports import FORMATS, Performance, write_export
from engines.exports.character import NEUTRAL, arkit_name, read_character
from engines.exports.glb import GlbBuilder, pack_glb, unpack_glb
from engines.types import BLENDSHAPES, Motion

IOD = 0.09
KINDS = {5121: np.uint8, 5123: np.uint16, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


def values_of(document, binary, number):
    """An accessor's values, sparse ones filled in, as the specification says."""
    entry = document["accessors"][number]
    kind, width = KINDS[entry["componentType"]], WIDTHS[entry["type"]]

    def stored(place, kind, count):
        view = document["bufferViews"][place["bufferView"]]
        return np.frombuffer(binary, kind, count, view["byteOffset"])

    values = np.zeros((entry["count"], width), kind)
    if "bufferView" in entry:
        values = stored(entry, kind, entry["count"] * width).reshape(-1, width).copy()
    if "sparse" in entry:
        sparse = entry["sparse"]
        places = stored(sparse["indices"], KINDS[sparse["indices"]["componentType"]], sparse["count"])
        assert (np.diff(places.astype(int)) > 0).all()
        values[places] = stored(sparse["values"], kind, sparse["count"] * width).reshape(-1, width)
    if "min" in entry:
        np.testing.assert_array_equal(values.min(axis=0), np.float32(entry["min"]))
        np.testing.assert_array_equal(values.max(axis=0), np.float32(entry["max"]))
    return values


@pytest.fixture(scope="module")
def head():
    """Points, shapes by name, and the primitives of the neutral head: skin, eyes, mouth."""
    document, binary = unpack_glb(NEUTRAL.read_bytes())
    mesh = document["meshes"][0]
    assert mesh["extras"]["targetNames"] == list(BLENDSHAPES)
    read = []
    for primitive in mesh["primitives"]:
        points = values_of(document, binary, primitive["attributes"]["POSITION"])
        faces = values_of(document, binary, primitive["indices"]).reshape(-1, 3)
        assert faces.max() == len(points) - 1
        moves = [values_of(document, binary, target["POSITION"]) for target in primitive["targets"]]
        read.append((points, faces, dict(zip(BLENDSHAPES, moves, strict=True))))
    return read


def posed(part, **weights):
    points, _, moves = part
    return points + sum(moves[name] * weight for name, weight in weights.items())


def opening(skin, **weights):
    """How far the lips are apart in the middle: between the two points of the seam there."""
    points = skin[0]
    middle = np.flatnonzero((np.abs(points[:, 0]) < 1e-4) & (skin[2]["mouthClose"][:, 1] != 0))
    pairs = [(a, b) for a in middle for b in middle if a < b and np.allclose(points[a], points[b], atol=2e-4)]
    return max(np.linalg.norm(np.subtract(*posed(skin, **weights)[list(pair)])) for pair in pairs)


def test_the_head_is_small_enough_to_send():
    assert NEUTRAL.stat().st_size < 1_500_000


def test_every_shape_moves_something_and_only_so_far(head):
    for name in BLENDSHAPES:
        far = max(np.linalg.norm(moves[name], axis=1).max() for _, _, moves in head)
        assert 0.002 < far < 0.06, name


def test_left_and_right_are_mirror_images(head):
    points = np.concatenate([part[0] for part in head])
    for name in BLENDSHAPES:
        if name.endswith("Left"):
            both = (name, name.removesuffix("Left") + "Right")
            left, right = (np.concatenate([part[2][each] for part in head]) for each in both)
            np.testing.assert_allclose(
                np.abs(left).sum(axis=0), np.abs(right).sum(axis=0), rtol=0.05, atol=0.02
            )
            moved = points[np.linalg.norm(left, axis=1) > 0.002]
            assert moved[:, 0].mean() > (-0.01 if name in ("jawLeft", "mouthLeft") else 0.005), name


def test_the_jaw_opens_the_lips_as_far_as_motion_says(head):
    assert opening(head[0]) < 0.0005, "lips are closed at rest"
    assert opening(head[0], jawOpen=1) == pytest.approx(0.35 * IOD, rel=0.05)
    assert opening(head[0], jawOpen=1, mouthClose=1) < 0.001, "sealed over an open jaw"


def test_a_blink_covers_the_eye_and_a_look_turns_it(head):
    skin, eyes = head[0], head[1]
    pupil = np.argmax(eyes[0][:, 2] + 10 * (eyes[0][:, 0] > 0))
    for name, axis, sign in (("In", 0, -1), ("Out", 0, 1), ("Up", 1, 1), ("Down", 1, -1)):
        moved = posed(eyes, **{f"eyeLook{name}Left": 1})[pupil] - eyes[0][pupil]
        assert moved[axis] * sign > 0.005
    moves = skin[2]["eyeBlinkLeft"][:, 1]
    middle = np.abs(skin[0][:, 0] - eyes[0][pupil, 0]) < 0.003
    upper, lower = middle & (moves < 0.9 * moves[middle].min()), middle & (moves > 0.9 * moves[middle].max())

    def gap(weight):
        lids = posed(skin, eyeBlinkLeft=weight)[:, 1]
        return lids[upper].min() - lids[lower].max()

    assert gap(0) > 0.006
    assert abs(gap(1)) < 0.002, "shut"
    assert gap(0.5) == pytest.approx((gap(0) + gap(1)) / 2, abs=0.001)


def performance(frames=12, character=None):
    rng = np.random.default_rng(8)
    turns = rng.normal(0, 6, (frames, 6)).astype(np.float32)
    return Performance(Motion(25.0, rng.random((frames, 52), np.float32), turns), character=character)


def written(tmp_path, what):
    path = tmp_path / "out.glb"
    write_export(path, what, FORMATS["glb"])
    return unpack_glb(path.read_bytes())


def tracks(document, binary):
    """Times and the values of each path of the one animation, by node name and path."""
    (animation,) = document["animations"]
    found = {}
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        node = document["nodes"][channel["target"]["node"]]["name"]
        found[node, channel["target"]["path"]] = values_of(document, binary, sampler["output"])
        times = values_of(document, binary, sampler["input"]).ravel()
    return times, found


def test_the_animation_is_the_motion(tmp_path):
    what = performance()
    document, binary = written(tmp_path, what)
    times, found = tracks(document, binary)
    np.testing.assert_allclose(times, np.arange(12) / 25, atol=1e-6)
    np.testing.assert_array_equal(found["Head", "weights"].reshape(12, 52), what.motion.blendshapes)
    np.testing.assert_allclose(found["Head", "translation"], what.motion.head[:, 3:] * IOD, atol=1e-6)
    face = Rotation.from_quat(found["Head", "rotation"]).apply([0, 0, 1])
    assert (np.sign(face[:, 0]) == np.sign(what.motion.head[:, 0])).all(), (
        "yaw > 0 turns to the picture's right"
    )
    assert (np.sign(face[:, 1]) == np.sign(what.motion.head[:, 1])).all(), "pitch > 0 looks up"
    top = Rotation.from_quat(found["Head", "rotation"]).apply([0, 1, 0])
    level = np.abs(what.motion.head[:, 2]) > 1
    assert (np.sign(top[level, 0]) == np.sign(what.motion.head[level, 2])).all(), "roll > 0 tilts clockwise"


def other_head(names=("JawOpen", "eyeBlink_L", "elbow"), **changes):
    """A triangle with three targets below a bone called mixamorig:Head that is turned by itself."""
    builder = GlbBuilder({"asset": {"version": "2.0"}, "scenes": [{"nodes": [0]}], "scene": 0})
    corner = np.eye(3, dtype=np.float32)
    position = builder.accessor(corner, bounds=True)
    targets = [
        {"POSITION": builder.accessor(corner * (1 + number), bounds=True)} for number in range(len(names))
    ]
    mesh = {"primitives": [{"attributes": {"POSITION": position}, "targets": targets}], "weights": [0, 0, 0.5]}
    builder.document["meshes"] = [{**mesh, "extras": {"targetNames": list(names)}}]
    builder.document["nodes"] = [
        {"name": "mixamorig:Head", "children": [1], "rotation": [0.0, 0.7071068, 0.0, 0.7071068]},
        {"name": "Face", "mesh": 0},
    ]
    builder.document |= changes
    return builder


def test_a_head_of_ones_own_is_moved_by_its_names(tmp_path):
    path = tmp_path / "own.glb"
    path.write_bytes(other_head().packed())
    what = performance(character=path)
    times, found = tracks(*written(tmp_path, what))
    assert len(times) == 12
    weights = found["Face", "weights"].reshape(12, 3)
    for column, name in enumerate(("jawOpen", "eyeBlinkLeft")):
        np.testing.assert_array_equal(weights[:, column], what.motion.blendshapes[:, BLENDSHAPES.index(name)])
    assert (weights[:, 2] == 0.5).all(), "what is no ARKit shape stays"
    assert ("mixamorig:Head", "rotation") in found
    assert ("mixamorig:Head", "translation") not in found, "its size is not known"
    face = Rotation.from_quat(found["mixamorig:Head", "rotation"]).apply([-1, 0, 0])
    assert (np.sign(face[:, 0]) == np.sign(what.motion.head[:, 0])).all()


@pytest.mark.parametrize(
    ("name", "shape"),
    [("jawOpen", "jawOpen"), ("Face.JawOpen", "jawOpen"), ("mouthSmile_R", "mouthSmileRight"), ("smile", None)],
)
def test_names_of_other_tools_are_known(name, shape):
    assert arkit_name(name) == shape


def broken_heads():
    whole = other_head().packed()
    yield "cut", whole[: len(whole) // 2]
    yield "text", b"solid cube\nendsolid"
    yield "deep", glb_of_text(b'{"asset":' + b"[" * 100_000)
    for name, change in {
        "far view": lambda d: d["bufferViews"][0].update(byteLength=10**6),
        "negative": lambda d: d["bufferViews"][0].update(byteOffset=-4),
        "count": lambda d: d["accessors"][0].update(count=10**9),
        "outside": lambda d: d["buffers"][0].update(uri="http://example.org/x.bin"),
        "picture": lambda d: d.update(images=[{"uri": "file:///etc/passwd"}]),
        "circle": lambda d: d["nodes"][1].update(children=[0]),
        "nowhere": lambda d: d["nodes"][0].update(children=[7]),
        "draco": lambda d: d.update(extensionsRequired=["KHR_draco_mesh_compression"]),
        "strange": lambda d: d["meshes"][0]["extras"].update(targetNames=["a", "b", "c"]),
        "empty": lambda d: d.update(meshes=[]),
        "list": lambda d: d.update(meshes={"0": 1}),
    }.items():
        document, binary = unpack_glb(whole)
        document = copy.deepcopy(document)
        change(document)
        yield name, glb_of_text(json.dumps(document).encode(), binary)


def glb_of_text(text, binary=b""):
    text += b" " * (-len(text) % 4)
    head = struct.pack("<IIIII", 0x46546C67, 2, 28 + len(text) + len(binary), len(text), 0x4E4F534A)
    return head + text + struct.pack("<II", len(binary), 0x004E4942) + binary


@pytest.mark.parametrize(
    ("name", "data"), list(broken_heads()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_hostile_heads_are_refused_in_one_sentence(tmp_path, name, data):
    path = tmp_path / "head.glb"
    path.write_bytes(data)
    with pytest.raises(StudioError, match=r"^This head [^\n]+\.$"):
        read_character(path)


def test_a_head_that_is_too_large_or_absent_is_refused(tmp_path):
    path = Path(tmp_path / "large.glb")
    with path.open("wb") as file:
        file.truncate(65 * 2**20)
    with pytest.raises(StudioError, match="limit is 64 MB"):
        read_character(path)
    with pytest.raises(StudioError, match="no head that can be read"):
        read_character(tmp_path / "none.glb")


def test_packing_keeps_what_was_in_it():
    document, binary = unpack_glb(pack_glb({"asset": {"version": "2.0"}}, b"12345"))
    assert document["buffers"] == [{"byteLength": 8}]
    assert binary[:5] == b"12345"
