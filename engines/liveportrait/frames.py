"""From implicit motion to frames: the one way for whatever drives the face."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.batches import Batches, fitting
from engines.liveportrait.crop import SIZE
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.keypoints import placed, rotation
from engines.liveportrait.painter import FRAME_BYTES, MOST_FRAMES, Painter
from engines.liveportrait.paste import Paster
from engines.liveportrait.posing import face_boxes
from engines.liveportrait.preparing import MATRIX, PHOTO, VOLUME
from engines.liveportrait.source import Source
from engines.types import Arrays, Float32, FrameSpec, FrameStream, Image

if TYPE_CHECKING:
    from engines.liveportrait import LivePortraitOptions

TITLE = "LivePortrait"
SPAN = 64
"""Frames whose keypoints are worked out at once."""


@dataclass(frozen=True)
class Stage:
    """A prepared photo before the networks: ``painter`` draws it, ``tell`` gets sentences for people."""

    painter: Painter
    prepared: Arrays
    options: LivePortraitOptions
    tell: Callable[[str], Any]

    def crops(self, implicit: Implicit) -> Iterator[Image]:
        """Every frame of ``implicit``, final values as they are to be shown, as a square about the face."""
        source = Source.from_arrays(self.prepared)
        shown = source.shown
        look = self.painter.look(self.prepared[VOLUME], shown)
        size = fitting(self.painter.device, FRAME_BYTES, MOST_FRAMES)
        batches = Batches(TITLE, size, self.tell)
        for first in range(0, len(implicit), SPAN):
            driving = list(self._driving(source, shown, implicit, slice(first, first + SPAN)))
            yield from batches.each(driving, lambda some: self.painter.draw(look, some))

    def _driving(self, source: Source, shown: Float32, implicit: Implicit, span: slice) -> Float32:
        """(B, 21, 3): where the keypoints are."""
        turns = rotation(*implicit.rotation[span].T)
        expression, scale = implicit.expression[span], implicit.scale[span]
        keypoints = np.broadcast_to(source.keypoints, expression.shape)
        driving = placed(keypoints, turns, expression, scale, implicit.translation[span]).astype(np.float32)
        return self.painter.held(shown, driving) if self.options.stitching else driving

    def paster(self) -> Paster:
        """What puts a square back into the photo."""
        return Paster(self.prepared[PHOTO], self.prepared[MATRIX], self.options.feather)


def frames(stage: Stage, implicit: Implicit) -> FrameStream:
    """The photo moved by ``implicit``, final values as they are to be shown, frame by frame.

    Only the square about the face is drawn; what else is in the photo stays.
    """
    paster = stage.paster()
    boxes = boxes_in_photo(face_boxes(implicit, Source.from_arrays(stage.prepared)), stage.prepared)
    pasted = (paster.paste(crop) for crop in stage.crops(implicit))
    return FrameStream(spec_of(stage.prepared, implicit.fps, len(implicit)), pasted, faces=boxes)


def spec_of(prepared: Arrays, fps: float, count: int) -> FrameSpec:
    """What the frames of a prepared photo will be."""
    height, width = prepared[PHOTO].shape[:2]
    return FrameSpec(width, height, fps, count)


def boxes_in_photo(boxes: Float32, prepared: Arrays) -> Float32:
    """(T, 4) boxes in units of the crop -> px of the photo: about their corners where the crop is turned."""
    matrix = prepared[MATRIX]
    left, top, right, bottom = boxes.T
    corners = np.stack(
        [np.stack(pair, 1) for pair in ((left, top), (right, top), (right, bottom), (left, bottom))], 1
    )
    middle = corners.mean(1, keepdims=True)
    # A turned box grows about its corners; an upright one of the same size is about the same face.
    turn = np.linalg.inv(matrix[:, :2])
    centre = ((middle[:, 0] + 1) * SIZE / 2 - matrix[:, 2]) @ turn.T
    half = (boxes[:, 2:] - boxes[:, :2]) / 2 * (SIZE / 2) * float(np.hypot(*turn[0]))
    return np.concatenate([centre - half, centre + half], 1).astype(np.float32)
