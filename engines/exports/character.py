"""A head to be moved: ours, or a .glb that somebody brought, which is looked through as hostile.

Nothing in such a file is decoded here. It has to be whole, to hold everything itself, to stay within limits,
and to name its morph targets as ARKit does (``jawOpen``; ``JawOpen``, ``eyeBlink_L``, ``face.jawOpen`` pass).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.errors import StudioError
from engines.exports.glb import Document, unpack_glb
from engines.types import BLENDSHAPES

NEUTRAL = Path(__file__).resolve().parents[2] / "assets" / "head" / "head.glb"
MAX_BYTES = 64 * 2**20
MAX_VERTICES, MAX_TARGETS, MAX_ENTRIES = 2_000_000, 300, 20_000
"""Vertices of all meshes, morph targets of one mesh, and entries of any list in the document."""
READABLE = frozenset(
    (
        "KHR_materials_clearcoat", "KHR_materials_emissive_strength", "KHR_materials_ior",
        "KHR_materials_pbrSpecularGlossiness", "KHR_materials_sheen", "KHR_materials_specular",
        "KHR_materials_transmission", "KHR_materials_unlit", "KHR_mesh_quantization", "KHR_texture_transform",
    )
)  # fmt: skip
"""Extensions that a file may require: none of them changes where its data lies."""
SIZES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_ARKIT = {name.lower(): name for name in BLENDSHAPES}


@dataclass(frozen=True)
class Character:
    """A glTF ``document`` with its ``binary`` part. ``ours``: whether it is the neutral head."""

    document: Document
    binary: bytes
    ours: bool = False


def read_character(path: Path | None) -> Character:
    """The head at ``path``, or the neutral one. Raises StudioError for a file that cannot be used."""
    if path is None:
        return Character(*unpack_glb(NEUTRAL.read_bytes()), ours=True)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise StudioError(
                f"This head has {size / 2**20:.0f} MB; the limit is {MAX_BYTES // 2**20} MB: shrink it."
            )
        document, binary = unpack_glb(path.read_bytes())
        _check_extensions(document)
        _check(document, len(binary))
    except OSError:
        raise StudioError(f"There is no head that can be read at {path.name}; check the file.") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise StudioError("This head is damaged or no .glb; export it as glTF binary (.glb) again.") from None
    _check_names(document)
    return Character(document, binary)


def arkit_name(name: Any) -> str | None:
    """The ARKit shape that a morph target of this ``name`` is, None if it is another."""
    plain = str(name)[-80:].rpartition(".")[2].lower()
    plain = re.sub(r"_(l|r)$", lambda side: {"l": "left", "r": "right"}[side[1]], plain)
    return _ARKIT.get(re.sub(r"[^a-z]", "", plain))


def target_names(mesh: Document) -> list[Any]:
    """The names of a mesh's morph targets, where it has any."""
    extras = mesh.get("extras")
    names = extras.get("targetNames", []) if isinstance(extras, dict) else []
    count = len(mesh["primitives"][0].get("targets", []))
    return list(names[:count]) if isinstance(names, list) and len(names) >= count else []


def _check_names(document: Document) -> None:
    known = {arkit_name(name) for mesh in document["meshes"] for name in target_names(mesh)}
    if "jawOpen" not in known:
        raise StudioError(
            "This head has no morph targets named as in ARKit; give it shapes such as jawOpen and eyeBlinkLeft."
        )


def _check_extensions(document: Document) -> None:
    for name in map(str, document.get("extensionsRequired", [])):
        if name not in READABLE:
            raise StudioError(f"This head needs the extension {name[:40]}; export it without compression.")


def _check(document: Document, size: int) -> None:
    """Raises ValueError and the like for what does not hold together."""
    _ensure(str(document["asset"]["version"]).startswith("2."))
    for entries in document.values():
        _ensure(not isinstance(entries, list) or len(entries) <= MAX_ENTRIES)
    buffers = document.get("buffers", [])
    _ensure(len(buffers) == 1 and "uri" not in buffers[0] and 0 <= buffers[0]["byteLength"] <= size)
    _ensure(all("uri" not in image for image in document.get("images", [])))
    for view in document.get("bufferViews", []):
        _check_view(view, size)
    for accessor in document.get("accessors", []):
        _check_accessor(accessor, document["bufferViews"])
    _check_meshes(document)
    _check_nodes(document)


def _ensure(holds: bool) -> None:
    if not holds:
        raise ValueError("does not hold together")


def _whole(value: Any, least: int = 0) -> int:
    _ensure(type(value) is int and value >= least)
    return int(value)


def _check_view(view: Document, size: int) -> None:
    start, length = _whole(view.get("byteOffset", 0)), _whole(view["byteLength"], 1)
    _ensure(view["buffer"] == 0 and start + length <= size and 0 <= view.get("byteStride", 4) <= 252)


def _check_accessor(accessor: Document, views: list[Document]) -> None:
    count, width = _whole(accessor["count"], 1), WIDTHS[accessor["type"]]
    if "bufferView" in accessor:
        _check_span(accessor, views, count, SIZES[accessor["componentType"]] * width)
    sparse = accessor.get("sparse")
    if sparse is not None:
        stored = _whole(sparse["count"], 1)
        _ensure(stored <= count)
        _check_span(sparse["indices"], views, stored, SIZES[sparse["indices"]["componentType"]])
        _check_span(sparse["values"], views, stored, SIZES[accessor["componentType"]] * width)


def _check_span(place: Document, views: list[Document], count: int, item: int) -> None:
    """``count`` items of ``item`` bytes have to lie in their buffer view."""
    view = views[_whole(place["bufferView"])]
    stride = view.get("byteStride", item)
    _ensure(stride >= item)
    _ensure(_whole(place.get("byteOffset", 0)) + stride * (count - 1) + item <= view["byteLength"])


def _check_meshes(document: Document) -> None:
    accessors, vertices = document["accessors"], 0
    for mesh in document["meshes"]:
        for primitive in mesh["primitives"]:
            count = accessors[_whole(primitive["attributes"]["POSITION"])]["count"]
            targets = primitive.get("targets", [])
            _ensure(
                len(targets) <= MAX_TARGETS and len(targets) == len(mesh["primitives"][0].get("targets", []))
            )
            used = [
                *primitive["attributes"].values(),
                *(item for target in targets for item in target.values()),
            ]
            _ensure(all(accessors[_whole(item)]["count"] == count for item in used))
            vertices += count
    _ensure(vertices <= MAX_VERTICES)


def _check_nodes(document: Document) -> None:
    """Every node has at most one parent and none is its own ancestor."""
    nodes, parents = document["nodes"], parents_of(document)
    children = [child for node in nodes for child in node.get("children", [])]
    _ensure(len(children) == len(set(children)) and all(_whole(child) < len(nodes) for child in children))
    for start in range(len(nodes)):
        seen, at = 0, start
        while at in parents:
            at, seen = parents[at], seen + 1
            _ensure(seen <= len(nodes) and seen <= 500)
    _ensure(all(_whole(node["mesh"]) < len(document["meshes"]) for node in nodes if "mesh" in node))


def parents_of(document: Document) -> dict[int, int]:
    """Child to parent, by the numbers of nodes."""
    return {
        child: number for number, node in enumerate(document["nodes"]) for child in node.get("children", [])
    }
