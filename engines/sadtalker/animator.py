"""The animator: a photo and what is heard make frames."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import cv2
import numpy as np

from engines.batches import Batches, fitting
from engines.devices import best_device
from engines.progress import Watch
from engines.sadtalker import SadTalkerOptions
from engines.sadtalker.checkpoint import load_mapping, load_parts
from engines.sadtalker.crop import Floats
from engines.sadtalker.driving import at_rate
from engines.sadtalker.files import DRAWING, MAPPING
from engines.sadtalker.framing import Framing
from engines.sadtalker.networks import Networks
from engines.sadtalker.paste import Paste
from engines.sadtalker.photo import SIDES, framing_of, photo_arrays
from engines.sadtalker.rehearsal import DRIVING, NOTES, SOURCE, VOLUME, rehearsed
from engines.sadtalker.stand import Stand
from engines.stages import Given, Keep
from engines.types import Arrays, Float32, FrameSpec, FrameStream, Image, Motion, Portrait

COEFFICIENTS = {"sadtalker.mapping_full": 73, "sadtalker.mapping_crop": 70}
MOST_AT_ONCE = 16
FARTHEST = 0.5
"""Widths and heights of the face that it moves at most."""
BYTES_PER_PIXEL = 12_000
"""Working memory of a frame: 0.8 GB at 256 px."""


class SadTalkerAnimator:
    """Moves a photo as the sound says. ``device`` says where it computes."""

    def __init__(self) -> None:
        self.device = _device()
        self._loaded: dict[tuple[str, str], Networks] = {}
        self._lock = threading.Lock()

    def prepare(self, portrait: Portrait) -> Arrays:
        """Where the face is and what is around it."""
        return photo_arrays(portrait)

    def rehearse(self, prepared: Arrays, given: Given, keep: Keep, watch: Watch) -> Arrays:
        """The photo as the networks know it, and where its keypoints go. Raises StudioError if a model file is
        not there or not the right one."""
        stand = Stand(lambda: self._networks(given.options, watch), self.device, keep, watch)
        return rehearsed(prepared, given, stand)

    def animate(self, prepared: Arrays, motion: Motion, options: SadTalkerOptions) -> FrameStream:
        """A frame for every row of ``motion``; nothing but the photo if nothing was rehearsed, for the networks
        know no emotions and no shapes to show in a still."""
        framing = framing_of(prepared, options)
        width, height = framing.shown
        spec = FrameSpec(width, height, motion.fps, len(motion))
        if DRIVING not in prepared:
            frames = (shown_photo(prepared["rgb"], framing) for _ in range(len(motion)))
            return FrameStream(spec, frames, (), _faces(prepared, framing, np.zeros((len(motion), 2))))
        driving = at_rate(prepared[DRIVING], motion.first, len(motion), motion.fps)
        notes = tuple(filter(None, prepared[NOTES].tobytes().decode().split("\n")))
        late: list[str] = []
        drawn = self._drawn(prepared, driving, options, late)
        shown = _shown(drawn, prepared["rgb"], framing)
        # The middle of the keypoints goes where the head goes.
        moved = (driving.mean(1) - prepared[SOURCE].mean(0))[:, :2] / 2
        return FrameStream(spec, shown, notes, _faces(prepared, framing, moved), motion.first, late)

    def close(self) -> None:
        """Let go of the networks."""
        self._loaded.clear()

    def _drawn(
        self, prepared: Arrays, driving: Float32, options: SadTalkerOptions, late: list[str]
    ) -> Iterator[Image]:
        networks = self._networks(options, Watch())
        photo = networks.place(prepared[VOLUME], prepared[SOURCE])
        side = SIDES[options.size]
        size = fitting(self.device, BYTES_PER_PIXEL * side * side, options.batch or MOST_AT_ONCE)
        batches = Batches("SadTalker", size, late.append)
        yield from batches.each(list(driving), lambda some: networks.draw(photo, some))

    def _networks(self, options: SadTalkerOptions, watch: Watch) -> Networks:
        _, drawing = DRAWING.find(options.size)
        mode, mapping = MAPPING.find(options.mode)
        key = (str(drawing), str(mapping))
        with self._lock:
            if key not in self._loaded:
                watch.check()
                count = COEFFICIENTS[MAPPING.weights[mode]]
                made = Networks(load_parts(drawing), load_mapping(mapping, count), self.device)
                self._loaded = {key: made}
            return self._loaded[key]


def _shown(drawn: Iterator[Image], photo: Image, framing: Framing) -> Iterator[Image]:
    if framing.pasted:
        paste = Paste(photo, framing.seen)
        yield from (paste.put(picture) for picture in drawn)
        return
    for picture in drawn:
        yield _resized(picture, framing.shown)


def shown_photo(photo: Image, framing: Framing) -> Image:
    """What a clip in this framing shows of the ``photo`` itself."""
    left, top, right, bottom = framing.seen
    return photo.copy() if framing.pasted else _resized(photo[top:bottom, left:right], framing.shown)


def _resized(picture: Image, size: tuple[int, int]) -> Image:
    shrinks = size[0] < picture.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def _faces(prepared: Arrays, framing: Framing, moved: Floats) -> Float32:
    """(N, 4): the face in every frame, ``moved`` (N, 2) from the photo's in parts of what the networks see."""
    left, top, right, bottom = framing.seen
    seen = np.array([right - left, bottom - top])
    box = np.asarray(prepared["face"], np.float64)
    most = FARTHEST * (box[2:] - box[:2])
    places = box + np.tile(np.clip(moved * seen, -most, most), 2)
    if not framing.pasted:
        places = (places - (left, top, left, top)) * np.tile(framing.shown / seen, 2)
    return np.asarray(places, np.float32)


def _device() -> str:
    """Where it computes: not on Apple's GPUs, which lack some of what volumes take."""
    found = best_device()
    return found if found.startswith("cuda") else "cpu"


def create() -> SadTalkerAnimator:
    """The factory named in the engine's declaration."""
    return SadTalkerAnimator()
