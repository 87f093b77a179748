"""What is kept of a photo before any option is known."""

from __future__ import annotations

import cv2
import numpy as np

from engines.sadtalker import SadTalkerOptions
from engines.sadtalker.crop import Floats
from engines.sadtalker.framing import Box, Framing, cut_seen, face_boxes, frame_mode
from engines.sadtalker.points import as_68
from engines.types import Arrays, Image, Portrait

SIDES = {"256": 256, "512": 512}
"""px of the square that the networks see and draw, by the choice."""
NEAR_SIDE = 1024
"""Longer side (px) up to which the surroundings of the face are kept as sharp as the photo was."""


def photo_arrays(portrait: Portrait) -> Arrays:
    """Of "rgb", the photo: where the face is in it, "points" (68, 2), "boxes" (2, 4) as in ``face_boxes``, and
    "face" (4,). "near": the wider box, as sharp as it can be had."""
    height, width = portrait.rgb.shape[:2]
    points = as_68(portrait.landmarks)
    boxes = face_boxes(points, width, height)
    flat = portrait.landmarks[:, :2]
    return {
        "rgb": portrait.rgb,
        "points": points,
        "boxes": np.array(boxes),
        "face": np.concatenate([flat.min(0), flat.max(0)]),
        "near": _near(portrait, boxes[1]),
    }


def _near(portrait: Portrait, box: Box) -> Image:
    whole = portrait.rgb if portrait.source is None else portrait.source
    scale = np.array(whole.shape[1::-1]) / portrait.rgb.shape[1::-1]
    left, top, right, bottom = np.round(np.array(box) * np.tile(scale, 2)).astype(int)
    part = whole[top:bottom, left:right]
    shrink = NEAR_SIDE / max(part.shape[:2])
    if shrink >= 1:
        return np.ascontiguousarray(part)
    return np.asarray(cv2.resize(part, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)


def framing_of(prepared: Arrays, options: SadTalkerOptions) -> Framing:
    """How ``options`` frame the photo."""
    height, width = prepared["rgb"].shape[:2]
    return frame_mode(options.mode, _boxes(prepared), (width, height), SIDES[options.size])


def seen_picture(prepared: Arrays, framing: Framing, side: int) -> Image:
    """(side, side, 3): what the networks see of the photo."""
    whole, near = prepared["rgb"], prepared["near"]
    if framing.seen == (0, 0, *whole.shape[1::-1]):
        return cut_seen(whole, np.array(framing.seen), side)
    left, top, right, bottom = _boxes(prepared)[1]
    scale = np.tile(np.array(near.shape[1::-1]) / (right - left, bottom - top), 2)
    inside: Floats = (np.array(framing.seen) - (left, top, left, top)) * scale
    return cut_seen(near, inside, side)


def _boxes(prepared: Arrays) -> tuple[Box, Box]:
    inner, outer = (tuple(int(edge) for edge in box) for box in prepared["boxes"])
    return inner, outer  # type: ignore[return-value]
