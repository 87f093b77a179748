"""Pictures small enough to travel inside the page, so that no file of anyone's lies at a guessable address.

What reads photos brings OpenCV along, so it is imported with the first picture, not when the page starts.
"""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from engines.types import Image

CARD_SIDE = 220
PHOTO_SIDE = 640
SEARCH_SIDE = 640
"""Faces are looked for at this size first: that is several times faster and finds all but tiny ones."""
FACE_AIR = 2.4
"""Side of a close-up in lengths of the face: hair, chin and some shoulder are in it."""


def data_uri(rgb: Image, quality: int = 86) -> str:
    """``rgb`` (H, W, 3) as a JPEG data URI."""
    return _uri(Pillow.fromarray(rgb), quality)


def thumbnail(path: Path, side: int = CARD_SIDE) -> str:
    """The picture at ``path`` with its long side at most ``side`` pixels, as a data URI."""
    return _thumbnail(path, path.stat().st_mtime_ns, side)


def poster(path: Path, side: int = CARD_SIDE) -> str:
    """The first frame of the video at ``path`` as a data URI."""
    return _poster(path, path.stat().st_mtime_ns, side)


def portrait(path: Path, face: int, side: int = CARD_SIDE) -> str:
    """Face number ``face`` of the picture at ``path`` with air around it, square, as a data URI."""
    return _portrait(path, path.stat().st_mtime_ns, face, side)


def close_up(rgb: Image, path: Path, face: int) -> Image:
    """The square of ``rgb`` (any size of the picture at ``path``) that shows face number ``face`` well."""
    left, top, side = _face_square(path, path.stat().st_mtime_ns, face)
    short = min(rgb.shape[:2])
    x, y, length = round(left * short), round(top * short), max(round(side * short), 1)
    return rgb[y : y + length, x : x + length]


@lru_cache(maxsize=256)
def _face_square(path: Path, _changed: int, face: int) -> tuple[float, float, float]:
    """Left, top and side of a square around the face, in units of the picture's short side."""
    from engines.photos import read_photo

    picture = Pillow.fromarray(read_photo(path))
    small = picture.copy()
    small.thumbnail((SEARCH_SIDE, SEARCH_SIDE))
    return _square_in(small, face) or _square_in(picture, face) or (0.0, 0.0, 1.0)


def _square_in(picture: Pillow.Image, face: int) -> tuple[float, float, float] | None:
    from engines.photos import inspect_photo

    faces = inspect_photo(np.asarray(picture)).faces
    if face >= len(faces):
        return None
    box, short = faces[face], min(picture.size)
    side = min(max(box.width, box.height) * FACE_AIR, short)
    left = min(max(box.x + box.width / 2 - side / 2, 0.0), picture.width - side)
    top = min(max(box.y + box.height * 0.45 - side / 2, 0.0), picture.height - side)
    return left / short, top / short, side / short


@lru_cache(maxsize=256)
def _portrait(path: Path, _changed: int, face: int, side: int) -> str:
    from engines.photos import read_photo

    picture = Pillow.fromarray(close_up(read_photo(path), path, face))
    picture.thumbnail((side, side))
    return _uri(picture, 84)


@lru_cache(maxsize=256)
def _thumbnail(path: Path, _changed: int, side: int) -> str:
    from engines.photos import read_photo

    picture = Pillow.fromarray(read_photo(path))
    picture.thumbnail((side, side))
    return _uri(picture, 84)


@lru_cache(maxsize=256)
def _poster(path: Path, _changed: int, side: int) -> str:
    import av

    with av.open(str(path)) as video:
        frame = next(video.decode(video=0)).to_ndarray(format="rgb24")
    picture = ImageOps.contain(Pillow.fromarray(np.asarray(frame)), (side, side))
    return _uri(picture, 80)


def _uri(picture: Pillow.Image, quality: int) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
