"""Pictures from strangers: read safely, look for faces, say what is wrong.

A picture is hostile until Pillow has read it under a list of formats and a limit on bytes and pixels.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from engines.adjust import adjust_landmarks, settled_eyes, settled_mouth
from engines.adjust_place import place_face
from engines.errors import StudioError
from engines.faces import Face, find_faces
from engines.photo_checks import (
    MIN_FACE_PIXELS,
    geometry_problem,
    measure_face,
    notes_of,
    placement_problem,
    problem_of,
)
from engines.types import AvatarRef, Image, Portrait

FORMATS = {"JPEG": "Jpeg", "PNG": "Png", "WEBP": "WebP", "BMP": "Bmp", "TIFF": "Tiff", "GIF": "Gif"}
"""Kinds of pictures that are read, and the beginnings of the names of Pillow's modules for them."""
MAX_BYTES = 60_000_000
MAX_PIXELS = 50_000_000
MAX_ASPECT = 8.0
MIN_OUTPUT_FACE = 32
"""Pixels in the video: below this the mouth is a few pixels and nothing that it does can be seen."""
DEFAULT_LONG_SIDE = 1080
BACKDROP = (255, 255, 255)
"""What shows through a transparent picture: video has no transparency, and white is what viewers show."""


@dataclass(frozen=True)
class FaceBox:
    """Where a face is, in pixels of the picture.

    ``problem`` is a sentence if it cannot be animated, ``notes`` are sentences on what may look wrong.
    """

    x: float
    y: float
    width: float
    height: float
    score: float
    problem: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PhotoReport:
    """What was found in a picture. ``problem``: one sentence if it cannot be used; ``notes``: what to know."""

    width: int
    height: int
    faces: tuple[FaceBox, ...]
    problem: str | None
    notes: tuple[str, ...]


def read_photo(path: Path) -> Image:
    """The picture at ``path`` as (H, W, 3) uint8 RGB, upright, transparency on white.

    Raises StudioError with one sentence for anything that is not a whole, reasonably sized picture.
    """
    _check_file(path)
    # Pillow would load its forty readers where one of these is not there yet.
    for name in FORMATS.values():
        import_module(f"PIL.{name}ImagePlugin")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(path, formats=tuple(FORMATS)) as picture:
                _check_size(*picture.size)
                return _to_rgb(picture)
    except UnidentifiedImageError:
        raise StudioError(_not_a_picture(path)) from None
    except (OSError, SyntaxError, ValueError, EOFError, Pillow.DecompressionBombError):
        raise StudioError(
            "The picture is damaged or cut short; open it in a viewer, save it again as JPEG or PNG and retry."
        ) from None


@dataclass(frozen=True)
class PreparedPhoto:
    """``portrait`` of the chosen one of ``faces`` faces, with ``notes`` on what may look wrong."""

    portrait: Portrait
    faces: int
    notes: tuple[str, ...]


def inspect_photo(rgb: Image) -> PhotoReport:
    """Look for faces and say whether the picture can talk."""
    height, width = rgb.shape[:2]
    boxes = tuple(_face_box(rgb, face) for face in find_faces(rgb))
    return PhotoReport(width, height, boxes, _photo_problem(boxes), _notes(boxes))


def prepare_photo(
    rgb: Image, avatar: AvatarRef, size: int | None, faces: tuple[Face, ...] | None = None
) -> PreparedPhoto:
    """The face that ``avatar`` names, with its corrections, at output size.

    ``faces``: those of ``rgb``, if known. Raises StudioError if it cannot be animated.
    """
    settled: dict[str, Any] = {
        "settled_eyes": settled_eyes(avatar.adjust),
        "settled_mouth": settled_mouth(avatar.adjust),
    }
    if avatar.placed is not None:
        portrait = _at_output_size(rgb, (_placed_face(rgb, avatar),), size)
        return PreparedPhoto(replace(portrait, **settled), 1, ())
    faces = find_faces(rgb) if faces is None else faces
    chosen = _face_box(rgb, _chosen(faces, avatar.face))
    if chosen.problem:
        raise StudioError(chosen.problem)
    face = corrected_face(rgb, avatar, faces)
    others = (*faces[: avatar.face], *faces[avatar.face + 1 :])
    portrait = replace(_at_output_size(rgb, (face, *others), size), **settled)
    return PreparedPhoto(portrait, len(faces), chosen.notes)


def make_portrait(rgb: Image, face: int, size: int | None) -> Portrait:
    """The chosen face (0 is the largest) at output size. Raises StudioError if it cannot be animated."""
    return prepare_photo(rgb, AvatarRef("", face), size).portrait


def corrected_face(rgb: Image, avatar: AvatarRef, faces: tuple[Face, ...] | None = None) -> Face:
    """The face that ``avatar`` names, corrected or placed by hand. ``faces``: those of ``rgb``, if known."""
    if avatar.placed is not None:
        return _placed_face(rgb, avatar)
    face = _chosen(find_faces(rgb) if faces is None else faces, avatar.face)
    return Face(adjust_landmarks(face.landmarks, avatar.adjust), face.score)


NO_FACE = (
    "No face was found in the picture; use one where a face looks towards the camera, uncovered, well lit "
    f"and at least {MIN_FACE_PIXELS} pixels wide."
)


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise StudioError(f"There is no file '{path.name}'; check the path of the picture.")
    if path.stat().st_size == 0:
        raise StudioError(f"The file '{path.name}' is empty; choose another picture.")
    if path.stat().st_size > MAX_BYTES:
        raise StudioError(
            f"The picture file is larger than {MAX_BYTES // 1_000_000} MB; save it smaller as a JPEG and retry."
        )


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise StudioError(
            f"The picture has {width * height / 1e6:.0f} megapixels; the limit is {MAX_PIXELS // 1_000_000}. "
            "Save it smaller, for example 4000 pixels wide."
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise StudioError("The picture is a narrow strip; crop it around the face and retry.")


def _to_rgb(picture: Pillow.Image) -> Image:
    picture.draft("RGB", picture.size)
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in ("I;16", "I;16B", "I", "F"):
        return _from_deep_grey(upright)
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        canvas = Pillow.new("RGBA", layer.size, (*BACKDROP, 255))
        return np.asarray(Pillow.alpha_composite(canvas, layer).convert("RGB"))
    return np.asarray(upright.convert("RGB"))


def _from_deep_grey(picture: Pillow.Image) -> Image:
    """Grey pictures of more than 8 bits: Pillow's own conversion would clip them to white."""
    values = np.asarray(picture, np.float64)
    top = 65535.0 if values.max() > 255 else 255.0
    grey = np.clip(values / top * 255, 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _not_a_picture(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(16)
    if head[4:8] == b"ftyp" and head[8:12] not in (b"heic", b"heix", b"mif1", b"avif"):
        return (
            f"'{path.name}' is a video, not a picture; make a video avatar of it, or save one of its frames as "
            "JPEG or PNG."
        )
    if head[4:8] == b"ftyp":
        return f"'{path.name}' is a HEIC or AVIF picture, which cannot be read here; save it as JPEG or PNG."
    return f"'{path.name}' is not a picture that can be read here; use a JPEG, PNG, WebP, BMP, TIFF or GIF."


def _chosen(faces: tuple[Face, ...], number: int) -> Face:
    if not faces:
        raise StudioError(NO_FACE)
    if number >= len(faces):
        raise StudioError(f"The picture has {len(faces)} face(s); choose one from 1 to {len(faces)}.")
    return faces[number]


def _placed_face(rgb: Image, avatar: AvatarRef) -> Face:
    """A face that a person put there; only its size and its place can be wrong."""
    assert avatar.placed is not None  # noqa: S101 - for the type checker
    face = Face(adjust_landmarks(place_face(rgb.shape, avatar.placed), avatar.adjust), 1.0)
    problem = placement_problem(face, rgb.shape)
    if problem:
        raise StudioError(problem)
    return face


def _face_box(rgb: Image, face: Face) -> FaceBox:
    problem = geometry_problem(face)
    if problem:
        return FaceBox(*face.box, face.score, problem)
    measures = measure_face(rgb, face)
    return FaceBox(*face.box, face.score, problem_of(measures), notes_of(measures))


def _photo_problem(boxes: tuple[FaceBox, ...]) -> str | None:
    if not boxes:
        return NO_FACE
    return boxes[0].problem if all(box.problem for box in boxes) else None


def _notes(boxes: tuple[FaceBox, ...]) -> tuple[str, ...]:
    several = f"{len(boxes)} faces were found; the largest one is used unless another is chosen."
    first = boxes[0].notes if boxes else ()
    return (several, *first) if len(boxes) > 1 else first


def _at_output_size(rgb: Image, faces: tuple[Face, ...], size: int | None) -> Portrait:
    """The picture with the first of ``faces`` as the one that talks."""
    face = faces[0]
    height, width = rgb.shape[:2]
    long_side = size or min(max(height, width), DEFAULT_LONG_SIDE)
    scale = long_side / max(height, width)
    if face.box[2] * scale < MIN_OUTPUT_FACE:
        raise StudioError(
            f"In a video of {long_side} pixels the face is only {face.box[2] * scale:.0f} pixels wide; "
            "choose a larger size or crop the picture closer to the face."
        )
    new_width, new_height = _even(width * scale), _even(height * scale)
    factors = np.array([new_width / width, new_height / height, (new_width / width + new_height / height) / 2])
    own, *others = ((each.landmarks * factors).astype(np.float32) for each in faces)
    source = rgb if new_width < width else None
    return Portrait(_resize(rgb, new_width, new_height), own, tuple(others), source)


def _even(length: float) -> int:
    return max(2 * round(length / 2), 2)


def _resize(rgb: Image, width: int, height: int) -> Image:
    if (width, height) == (rgb.shape[1], rgb.shape[0]):
        return rgb
    shrinking = width < rgb.shape[1]
    return np.asarray(
        cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC)
    )
