"""Binary glTF 2.0 (.glb): the container, and arrays put into it."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Document = dict[str, Any]
MAGIC, VERSION = 0x46546C67, 2
JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942
HEADER, CHUNK_HEADER = 12, 8
KINDS = {
    np.dtype(np.float32): 5126,
    np.dtype(np.uint32): 5125,
    np.dtype(np.uint16): 5123,
    np.dtype(np.uint8): 5121,
}
"""glTF's numbers for the kinds of components."""
SHAPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
VERTICES, INDICES = 34962, 34963
"""glTF's numbers for what a buffer view is used as."""


def pack_glb(document: Document, binary: bytes) -> bytes:
    """A .glb of a glTF ``document`` and its one buffer. Sets the buffer's length."""
    binary += b"\0" * (-len(binary) % 4)
    document = {**document, "buffers": [{"byteLength": len(binary)}]}
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    total = HEADER + 2 * CHUNK_HEADER + len(text) + len(binary)
    head = struct.pack("<III", MAGIC, VERSION, total)
    return b"".join(
        (
            head,
            struct.pack("<II", len(text), JSON_CHUNK),
            text,
            struct.pack("<II", len(binary), BINARY_CHUNK),
            binary,
        )
    )


def unpack_glb(data: bytes) -> tuple[Document, bytes]:
    """The document and the binary chunk of a .glb. Raises ValueError if it is none or cut short."""
    if len(data) < HEADER + CHUNK_HEADER:
        raise ValueError("too short")
    magic, version, total = struct.unpack_from("<III", data)
    if (magic, version) != (MAGIC, VERSION) or total > len(data):
        raise ValueError("no whole glTF 2.0 file")
    length, kind = struct.unpack_from("<II", data, HEADER)
    start = HEADER + CHUNK_HEADER
    if kind != JSON_CHUNK or start + length > total:
        raise ValueError("no document")
    document = json.loads(data[start : start + length].decode("utf-8"))
    if not isinstance(document, dict):
        raise ValueError("no document")
    return document, _binary(data, start + length, total)


def _binary(data: bytes, start: int, total: int) -> bytes:
    """The second chunk, which begins at ``start``; empty where there is none."""
    if start + CHUNK_HEADER > total:
        return b""
    length, kind = struct.unpack_from("<II", data, start)
    start += CHUNK_HEADER
    if kind != BINARY_CHUNK or start + length > total:
        raise ValueError("the binary part is cut short")
    return data[start : start + length]


@dataclass
class GlbBuilder:
    """A document that grows: arrays go in as accessors."""

    document: Document
    binary: bytearray = field(default_factory=bytearray)

    def view(self, data: bytes, target: int | None = None) -> int:
        """Append ``data`` at a multiple of four bytes; returns the number of its buffer view."""
        self.binary += b"\0" * (-len(self.binary) % 4)
        entry: Document = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)}
        self.binary += data
        return self._append("bufferViews", entry | ({"target": target} if target else {}))

    def accessor(self, values: NDArray[Any], target: int | None = None, bounds: bool = False) -> int:
        """Append (N,) or (N, 1 to 4) ``values`` of a kind of KINDS; ``bounds`` notes least and most."""
        entry = self._entry(values) | {"bufferView": self.view(values.tobytes(), target)}
        entry |= {"normalized": True} if values.dtype == np.uint8 else {}
        return self._append("accessors", entry | (_bounds(values) if bounds else {}))

    def sparse(self, values: NDArray[np.float32], moved: NDArray[np.bool_], places: int) -> int:
        """Append (N, 3) ``values`` of which only those in ``moved`` (N,) are stored.

        ``places`` is the buffer view of their indices (uint16).
        """
        entry = self._entry(values) | _bounds(values)
        if moved.any():
            entry["sparse"] = {
                "count": int(moved.sum()),
                "indices": {"bufferView": places, "componentType": KINDS[np.dtype(np.uint16)]},
                "values": {"bufferView": self.view(values[moved].tobytes())},
            }
        return self._append("accessors", entry)

    def packed(self) -> bytes:
        """The .glb."""
        return pack_glb(self.document, bytes(self.binary))

    def _entry(self, values: NDArray[Any]) -> Document:
        width = 1 if values.ndim == 1 else values.shape[1]
        return {"componentType": KINDS[values.dtype], "count": len(values), "type": SHAPES[width]}

    def _append(self, name: str, entry: Document) -> int:
        entries: list[Document] = self.document.setdefault(name, [])
        entries.append(entry)
        return len(entries) - 1


def _bounds(values: NDArray[Any]) -> Document:
    rows = values.reshape(len(values), -1)
    return {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
