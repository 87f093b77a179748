"""Pictures small enough to travel inside the page, so that no file of anyone's lies at a guessable address.

What reads photos brings OpenCV along, so it is imported with the first picture, not when the page starts.
"""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from engines.types import AvatarRef, Image

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


def portrait(avatar: AvatarRef, side: int = CARD_SIDE) -> str:
    """The face of ``avatar`` with air around it, square, as a data URI."""
    plain = replace(avatar, adjust=())
    return _portrait(plain, Path(avatar.source).stat().st_mtime_ns, side)


def close_up(rgb: Image, avatar: AvatarRef) -> Image:
    """The square of ``rgb`` (any size of the picture of ``avatar``) that shows its face well."""
    plain = replace(avatar, adjust=())
    left, top, side = _face_square(plain, Path(avatar.source).stat().st_mtime_ns)
    short = min(rgb.shape[:2])
    x, y, length = round(left * short), round(top * short), max(round(side * short), 1)
    return rgb[y : y + length, x : x + length]


@lru_cache(maxsize=256)
def _face_square(avatar: AvatarRef, _changed: int) -> tuple[float, float, float]:
    """Left, top and side of a square around the face, in units of the picture's short side."""
    picture = Pillow.fromarray(_pixels(Path(avatar.source)))
    small = picture.copy()
    small.thumbnail((SEARCH_SIDE, SEARCH_SIDE))
    return _square_in(small, avatar) or _square_in(picture, avatar) or (0.0, 0.0, 1.0)


def _square_in(picture: Pillow.Image, avatar: AvatarRef) -> tuple[float, float, float] | None:
    box = _box_in(np.asarray(picture), avatar)
    if box is None:
        return None
    x, y, width, height = box
    short = min(picture.size)
    side = min(max(width, height) * FACE_AIR, short)
    left = min(max(x + width / 2 - side / 2, 0.0), picture.width - side)
    top = min(max(y + height * 0.45 - side / 2, 0.0), picture.height - side)
    return left / short, top / short, side / short


def _box_in(rgb: Image, avatar: AvatarRef) -> tuple[float, float, float, float] | None:
    """x, y, width and height of the face in px of ``rgb``, None if it is not found."""
    from engines.adjust_place import place_face
    from engines.faces import Face, find_faces

    if avatar.placed is not None:
        return Face(place_face(rgb.shape, avatar.placed), 1.0).box
    faces = find_faces(rgb)
    return faces[avatar.face].box if avatar.face < len(faces) else None


@lru_cache(maxsize=256)
def _portrait(avatar: AvatarRef, _changed: int, side: int) -> str:
    picture = Pillow.fromarray(close_up(_pixels(Path(avatar.source)), avatar))
    picture.thumbnail((side, side))
    return _uri(picture, 84)


@lru_cache(maxsize=256)
def _thumbnail(path: Path, _changed: int, side: int) -> str:
    picture = Pillow.fromarray(_pixels(path))
    picture.thumbnail((side, side))
    return _uri(picture, 84)


@lru_cache(maxsize=256)
def _poster(path: Path, _changed: int, side: int) -> str:
    import av

    with av.open(str(path)) as video:
        frame = next(video.decode(video=0)).to_ndarray(format="rgb24")
    picture = ImageOps.contain(Pillow.fromarray(np.asarray(frame)), (side, side))
    return _uri(picture, 80)


def _pixels(path: Path) -> Image:
    """A picture, or the first frame of a video, as (H, W, 3) RGB."""
    from engines.clips import inspect_clip, read_clip
    from engines.photos import read_photo
    from engines.sniff import is_video

    if not is_video(path):
        return read_photo(path)
    return next(read_clip(path, inspect_clip(path)))[1]


def _uri(picture: Pillow.Image, quality: int) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
