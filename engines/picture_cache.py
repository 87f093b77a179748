"""What is kept of pictures: the faces found in them, and pictures themselves."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np

from engines.cache import Cache, make_key, pack_arrays, unpack_arrays
from engines.digests import file_digest
from engines.faces import FACES_VERSION, Face, find_faces
from engines.photos import PreparedPhoto, prepare_photo, read_photo
from engines.requests import source_digest
from engines.types import Arrays, AvatarRef, Float32, Image

FACE_COUNT, PHOTO_NOTES = "pipeline.faces", "pipeline.notes"
"""What is kept with a prepared picture besides the engine's own arrays."""
FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]


def find_photo(cache: Cache, avatar: AvatarRef, size: int | None) -> PreparedPhoto:
    """As ``prepare_photo`` does it; a picture is searched for faces once, whatever is then made of it."""
    rgb = read_photo(Path(avatar.source))
    faces = None if avatar.placed is not None else kept_faces(cache, file_digest(avatar.source), rgb)
    return prepare_photo(rgb, avatar, size, faces)


def kept_faces(cache: Cache, digest: str, rgb: Image) -> tuple[Face, ...]:
    """The faces in ``rgb``, the picture of the file with this SHA-256, largest first."""

    def make() -> bytes:
        faces = find_faces(rgb)
        landmarks = np.array([face.landmarks for face in faces], np.float32).reshape(-1, 468, 3)
        return pack_arrays({"landmarks": landmarks, "scores": np.array([face.score for face in faces])})

    key = make_key(FACES_VERSION, digest)
    found = unpack_arrays(cache.get_or_make("detection", key, f"faces-{FACES_VERSION}", make)[0])
    pairs = zip(cast("Float32", found["landmarks"]), found["scores"], strict=True)
    return tuple(Face(landmarks, float(score)) for landmarks, score in pairs)


def photo_notes(prepared: Arrays, avatar: AvatarRef) -> list[str]:
    """What is to be known of a picture that was prepared, as sentences."""
    notes, count = prepared[PHOTO_NOTES].tobytes().decode().splitlines(), int(prepared[FACE_COUNT])
    if count > 1:
        which = "the largest" if avatar.face == 0 else f"number {avatar.face + 1} by size"
        notes.append(f"The picture shows {count} faces; {which} is talking.")
    return notes


def photo_key(avatar: AvatarRef, *others: Any) -> str:
    """Names what is made of a face by the picture's or film's content, the corrections and ``others``."""
    return make_key(asdict(replace(avatar, source=source_digest(avatar.source))), *others)


def pack_picture(rgb: Image) -> bytes:
    """(H, W, 3) uint8 RGB as bytes, without loss."""
    return cv2.imencode(".png", np.ascontiguousarray(rgb[..., ::-1]), FAST)[1].tobytes()


def unpack_picture(data: bytes) -> Image:
    """What ``pack_picture`` packed."""
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return np.ascontiguousarray(cast("Image", bgr)[..., ::-1])
