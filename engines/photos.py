"""Pictures from strangers: read safely, look for faces, say what is wrong.

A picture is hostile until Pillow has read it under a list of formats and a limit on bytes and pixels.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from engines.errors import StudioError
from engines.faces import Face, find_faces
from engines.types import Image, Portrait

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
MAX_BYTES = 60_000_000
MAX_PIXELS = 50_000_000
MAX_ASPECT = 8.0
MIN_FACE_PIXELS = 90
MIN_OUTPUT_FACE = 32
"""Pixels in the video: below this the mouth is a few pixels and nothing that it does can be seen."""
MAX_YAW = 38.0
MAX_ROLL = 50.0
DEFAULT_LONG_SIDE = 1080
BACKDROP = (255, 255, 255)
"""What shows through a transparent picture: video has no transparency, and white is what viewers show."""


@dataclass(frozen=True)
class FaceBox:
    """Where a face is, in pixels of the picture; ``problem`` is a sentence if it cannot be animated."""

    x: float
    y: float
    width: float
    height: float
    score: float
    problem: str | None = None


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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(path, formats=FORMATS) as picture:
                _check_size(*picture.size)
                return _to_rgb(picture)
    except UnidentifiedImageError:
        raise StudioError(_not_a_picture(path)) from None
    except (OSError, SyntaxError, ValueError, EOFError, Pillow.DecompressionBombError):
        raise StudioError(
            "The picture is damaged or cut short; open it in a viewer, save it again as JPEG or PNG and retry."
        ) from None


def inspect_photo(rgb: Image) -> PhotoReport:
    """Look for faces and say whether the picture can talk."""
    height, width = rgb.shape[:2]
    boxes = tuple(FaceBox(*face.box, face.score, _face_problem(face)) for face in find_faces(rgb))
    return PhotoReport(width, height, boxes, _photo_problem(boxes), _notes(boxes))


def make_portrait(rgb: Image, face: int, size: int | None) -> Portrait:
    """The chosen face (0 is the largest) at output size. Raises StudioError if it cannot be animated."""
    faces = find_faces(rgb)
    if not faces:
        raise StudioError(NO_FACE)
    if face >= len(faces):
        raise StudioError(f"The picture has {len(faces)} face(s); choose one from 1 to {len(faces)}.")
    problem = _face_problem(faces[face])
    if problem:
        raise StudioError(problem)
    return _at_output_size(rgb, faces[face], size)


NO_FACE = (
    "No face was found in the picture; use one where a face looks towards the camera, is well lit "
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
        return f"'{path.name}' is a video, not a picture; save one of its frames as JPEG or PNG and use that."
    if head[4:8] == b"ftyp":
        return f"'{path.name}' is a HEIC or AVIF picture, which cannot be read here; save it as JPEG or PNG."
    return f"'{path.name}' is not a picture that can be read here; use a JPEG, PNG, WebP, BMP, TIFF or GIF."


def _face_problem(face: Face) -> str | None:
    width = face.box[2]
    if abs(face.yaw) > MAX_YAW:
        return (
            f"The face is turned {abs(face.yaw):.0f} degrees to the side; "
            f"use a picture where it turns at most {MAX_YAW - 3:.0f} degrees."
        )
    if width < MIN_FACE_PIXELS:
        return (
            f"The face is only {width:.0f} pixels wide; "
            f"use a larger picture or a closer crop, at least {MIN_FACE_PIXELS} pixels."
        )
    if abs(face.roll) > MAX_ROLL:
        return "The face lies on its side; rotate the picture so that the head is upright."
    return None


def _photo_problem(boxes: tuple[FaceBox, ...]) -> str | None:
    if not boxes:
        return NO_FACE
    return boxes[0].problem if all(box.problem for box in boxes) else None


def _notes(boxes: tuple[FaceBox, ...]) -> tuple[str, ...]:
    if len(boxes) < 2:
        return ()
    return (f"{len(boxes)} faces were found; the largest one is used unless another is chosen.",)


def _at_output_size(rgb: Image, face: Face, size: int | None) -> Portrait:
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
    return Portrait(_resize(rgb, new_width, new_height), (face.landmarks * factors).astype(np.float32))


def _even(length: float) -> int:
    return max(2 * round(length / 2), 2)


def _resize(rgb: Image, width: int, height: int) -> Image:
    if (width, height) == (rgb.shape[1], rgb.shape[0]):
        return rgb
    shrinking = width < rgb.shape[1]
    return np.asarray(
        cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC)
    )
