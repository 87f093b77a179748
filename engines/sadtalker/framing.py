"""What each mode cuts out of the photo for the networks, and what the clip shows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engines.errors import StudioError
from engines.sadtalker import Mode
from engines.sadtalker.crop import Floats, crop_box
from engines.types import Image

CROP_REFERENCE = 512
"""Side (px) that large faces are shrunk towards before their box is found, as the official code has it."""
SMALLEST_FACE = 24.0
"""px between the eyes and the mouth, in what the networks see, below which nothing can be seen."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in px."""


@dataclass(frozen=True)
class Framing:
    """``seen``: the part of the photo that the networks see, stretched to a square. ``shown``: width and height
    of the clip. ``pasted``: whether what they draw goes back into the photo."""

    seen: Box
    shown: tuple[int, int]
    pasted: bool


def face_boxes(points: Floats, width: int, height: int) -> tuple[Box, Box]:
    """The box about the face of 68 ``points`` and the wider one that ext modes take, in px of the photo."""
    found = crop_box(points, width, height, CROP_REFERENCE, exact=False)
    scale = width / found.resized[0]
    left, top = found.crop[:2]
    quad = [found.quad[0] + left, found.quad[1] + top, found.quad[2] + left, found.quad[3] + top]
    return _whole(quad, scale, width, height), _whole(list(found.crop), scale, width, height)


def _whole(box: list[float], scale: float, width: int, height: int) -> Box:
    left, top, right, bottom = (int(edge * scale) for edge in box)
    return max(left, 0), max(top, 0), min(right, width), min(bottom, height)


def frame_mode(mode: Mode, boxes: tuple[Box, Box], photo: tuple[int, int], side: int) -> Framing:
    """How ``mode`` frames a ``photo`` (width, height) whose face lies in ``boxes``, drawn ``side`` px wide."""
    width, height = photo
    inner, outer = boxes
    if mode in ("full", "extfull"):
        return Framing(outer if mode == "extfull" else inner, photo, pasted=True)
    seen = {"crop": inner, "extcrop": outer}.get(mode, (0, 0, width, height))
    across, down = seen[2] - seen[0], seen[3] - seen[1]
    scale = min(side, max(photo)) / max(across, down)
    return Framing(seen, (_even(across * scale), _even(down * scale)), pasted=False)


def cut_seen(picture: Image, box: Floats, side: int) -> Image:
    """(side, side, 3): what is in ``box`` of ``picture``, stretched."""
    left, top, right, bottom = (round(float(edge)) for edge in box)
    part = picture[top:bottom, left:right]
    shrinks = min(part.shape[:2]) > side
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (side, side), interpolation=how), np.uint8)


def points_in(points: Floats, box: Box, side: int) -> Floats:
    """``points`` px of the photo in px of the square that ``box`` is stretched to.

    Raises StudioError if the face is too small in it.
    """
    left, top, right, bottom = box
    moved: Floats = (points - (left, top)) * (side / (right - left), side / (bottom - top))
    eyes, mouth = moved[36:48].mean(0), moved[[48, 54]].mean(0)
    if np.linalg.norm(mouth - eyes) < SMALLEST_FACE:
        raise StudioError(
            "SadTalker would draw the photo so small that the face is lost in it; choose the mode full or crop."
        )
    return moved


def _even(length: float) -> int:
    return max(2 * round(length / 2), 2)
