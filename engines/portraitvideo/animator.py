"""The animator: a film and a motion make frames, the face in each drawn by LivePortrait's networks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from engines.batches import Batches
from engines.devices import best_device
from engines.footage.film import Film, read_film
from engines.footage.loop import Loop
from engines.liveportrait.animator import RESTING, SPARE
from engines.liveportrait.driven import drive_notes, driven, rehearse_drive
from engines.liveportrait.driving import read_motion
from engines.liveportrait.files import find_files
from engines.liveportrait.frames import TITLE
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.keypoints import placed, rotation
from engines.liveportrait.mapping import Part, offsets
from engines.liveportrait.models import load_networks
from engines.liveportrait.painter import Painter, Reading
from engines.liveportrait.paste import Paster
from engines.liveportrait.regions import LIPS
from engines.portraitvideo import PortraitVideoOptions
from engines.portraitvideo.reading import FilmedFrame, FilmedPortrait
from engines.progress import Watch
from engines.stages import SOURCE, Given, Keep
from engines.types import Arrays, Float32, FrameSpec, FrameStream, Image, Motion

SIZE, REST = "portraitvideo.size", "portraitvideo.rest"
USUAL_EYES = np.full(2, 0.39, np.float32)


class PortraitVideoAnimator:
    """Shows an avatar's own film, back and forth, with the face that is asked for. ``device`` says where."""

    def __init__(self) -> None:
        self.device = best_device()
        self._painter: Painter | None = None
        self._lock = threading.Lock()

    def prepare_film(self, video: Path, size: int | None) -> Arrays:
        """How the mouth of the filmed person rests; ``size`` as in Output, None for the film's own."""
        film = read_film(video)
        shown = _output_size(film, size)
        portrait = FilmedPortrait(film, shown, self.painter())
        try:
            return {SIZE: np.array(shown), REST: portrait.resting().astype(np.float32)}
        finally:
            portrait.close()

    def rehearse(self, _prepared: Arrays, given: Given, keep: Keep, watch: Watch) -> Arrays:
        """What a driving clip does, if there is one, and whether the mouth rests."""
        drive = rehearse_drive(given.options, given, keep, watch, self.watched)
        return {RESTING: np.array(given.lips_follow), **drive}

    def watched(self, clip: Path, watch: Watch) -> Implicit:
        """The motion of the face in ``clip``."""
        return read_motion(clip, self.painter().seen, watch)

    def animate(self, prepared: Arrays, motion: Motion, options: PortraitVideoOptions) -> FrameStream:
        """One frame for every row of ``motion``; ``prepared`` must say under SOURCE where the film lies."""
        film = read_film(Path(prepared[SOURCE].tobytes().decode()))
        width, height = (int(value) for value in prepared[SIZE])
        loop = Loop(film.count, film.fps, motion.fps)
        numbers = [loop.at(motion.first + index) for index in range(len(motion))]
        boxes = film.boxes[numbers].astype(np.float32) * np.float32(width / film.width)
        late: list[str] = []
        drawing = _Drawing(self.painter(), prepared, motion, options, Batches(TITLE, 1, late.append))
        spec = FrameSpec(width, height, motion.fps, len(motion))
        frames = drawing.frames(FilmedPortrait(film, (width, height), self.painter()), numbers)
        return FrameStream(spec, frames, drive_notes(prepared, options), boxes, late=late)

    def painter(self) -> Painter:
        """The networks, loaded when they are first needed."""
        with self._lock:
            if self._painter is None:
                self._painter = Painter(load_networks(find_files()), self.device)
            return self._painter

    def close(self) -> None:
        """Let go of the networks."""
        self._painter = None


class _Drawing:
    """Draws the frames of one clip."""

    def __init__(
        self,
        painter: Painter,
        prepared: Arrays,
        motion: Motion,
        options: PortraitVideoOptions,
        batches: Batches,
    ) -> None:
        self._painter, self._prepared, self._options, self._batches = painter, prepared, options, batches
        self._first = motion.first
        mouth = options.mouth * (SPARE if prepared.get(RESTING, False) else 1.0)
        strengths: dict[Part, float] = {"blink": 0, "gaze": 0, "mouth": mouth, "feeling": options.feeling}
        self._offsets = offsets(np.clip(motion.blendshapes, 0.0, 1.0), strengths, USUAL_EYES)
        self._fps = motion.fps

    def frames(self, portrait: FilmedPortrait, numbers: list[int]) -> Iterator[Image]:
        """The frames ``numbers`` of the film, drawn."""
        try:
            for index, number in enumerate(numbers):
                yield self._frame(portrait.frame(number), index)
        finally:
            portrait.close()

    def _frame(self, filmed: FilmedFrame, index: int) -> Image:
        reading = filmed.reading
        shown = _as_filmed(reading, self._fps)
        still = self._shut(shown)
        own = replace(still, expression=still.expression + self._offsets[index])
        moved = driven(self._prepared, own, still, self._options, self._first + index)
        source, driving = (_keypoints(reading, motion) for motion in (shown, moved))
        if self._options.stitching:
            driving = self._painter.held(source[0], driving)
        look = self._painter.look(reading.volume, source[0])
        crop = next(self._batches.each(list(driving), lambda some: self._painter.draw(look, some)))
        return Paster(filmed.rgb, filmed.matrix, self._options.feather).paste(crop)

    def _shut(self, shown: Implicit) -> Implicit:
        """What the film shows, but lips at rest."""
        expression = shown.expression.copy()
        expression[:, list(LIPS)] = self._prepared[REST][list(LIPS)]
        return replace(shown, expression=expression)


def _as_filmed(reading: Reading, fps: float) -> Implicit:
    """One frame: what the film shows."""
    rows = reading.expression, reading.scale[0], reading.rotation, reading.translation
    expression, scale, turn, shift = (np.asarray(row, np.float32)[None] for row in rows)
    return Implicit(fps, expression, scale, turn, shift)


def _keypoints(reading: Reading, motion: Implicit) -> Float32:
    turns = rotation(*motion.rotation.T)
    found = placed(reading.keypoints[None], turns, motion.expression, motion.scale, motion.translation)
    return found.astype(np.float32)


def _output_size(film: Film, size: int | None) -> tuple[int, int]:
    """Width and height of the frames."""
    scale = 1.0 if size is None else size / max(film.width, film.height)
    return max(2 * round(film.width * scale / 2), 2), max(2 * round(film.height * scale / 2), 2)


def create() -> PortraitVideoAnimator:
    """The factory named in the engine's declaration."""
    return PortraitVideoAnimator()
