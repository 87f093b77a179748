"""The contact sheet: one labelled picture for each shape."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from engines.errors import StudioError
from engines.files import whole_file
from engines.types import Float32, Image
from studio.benches.shapes_gallery import TOGETHER, Gallery

COLUMNS = 9
TILE = (300, 360)
"""Width and height in px of the face in one tile."""
LABEL = 30
MARGIN = 0.10
"""Shown around the face, as a share of its size."""
FORMATS = (".png", ".jpg", ".jpeg", ".webp")


def write_sheet(path: Path, gallery: Gallery) -> None:
    """Write all pictures, cut to the face, with their names below. StudioError for a name without a format."""
    if path.suffix.lower() not in FORMATS:
        raise StudioError(f"A sheet is a picture: end its name with one of {', '.join(FORMATS)}.")
    place = face_to_tile(gallery.landmarks)
    tiles = [_tile(picture, _label(name), place) for name, picture in gallery.pictures.items()]
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    done, data = cv2.imencode(path.suffix.lower(), np.vstack(rows)[..., ::-1])
    if not done:
        raise StudioError(f"The sheet could not be made as {path.suffix}; choose a name that ends with .png.")
    with whole_file(path) as part:
        part.write_bytes(data.tobytes())


def face_to_tile(landmarks: Float32) -> Float32:
    """(2, 3): photo px -> tile px, upright, the whole face in it."""
    low, high = landmarks[:, :2].min(0), landmarks[:, :2].max(0)
    size = (high - low) * (1 + 2 * MARGIN)
    scale = float(np.min(np.array(TILE) / size))
    shift = np.array(TILE) / 2 - (low + high) / 2 * scale
    return np.column_stack([np.eye(2) * scale, shift]).astype(np.float32)


def _label(name: str) -> str:
    return f"{name} + {TOGETHER[name]}" if name in TOGETHER else name


def _tile(picture: Image, name: str, place: Float32) -> Image:
    """One picture with its name below."""
    scale = float(place[0, 0])
    # A strong reduction needs the mean of many pixels, which warpAffine does not take.
    soft = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale) if scale < 0.7 else picture
    face = cv2.warpAffine(soft, place, TILE, flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))
    tile = cv2.copyMakeBorder(face, 0, LABEL, 0, 4, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    cv2.putText(tile, name, (6, TILE[1] + 21), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
    return np.asarray(tile, np.uint8)
