"""The animator: a photo and a motion make frames, drawn by LivePortrait's networks."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np

from engines.devices import best_device
from engines.errors import StudioError
from engines.liveportrait import LivePortraitOptions
from engines.liveportrait.driven import drive_notes, driven, rehearse_drive
from engines.liveportrait.driving import read_motion
from engines.liveportrait.files import find_files
from engines.liveportrait.frames import Stage, frames
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.loop import LoopPlayer, has_loops, rehearse_loops
from engines.liveportrait.models import load_networks
from engines.liveportrait.painter import Painter
from engines.liveportrait.posing import at_rest, implicit_of
from engines.liveportrait.preparing import prepare
from engines.liveportrait.source import Source
from engines.progress import Watch
from engines.stages import Given, Keep
from engines.types import Arrays, FrameStream, Motion, Portrait

RESTING = "live.resting"
"""Added to what is prepared where a finisher makes the mouth: then it rests."""
NO_LIPS = (
    "In a loop of LivePortrait nobody speaks: add the finisher Wav2Lip, which makes the lips (recipe Visema), "
    "or choose the performance 'live'."
)
NO_DRIVE = (
    "A loop of LivePortrait follows no driving video: choose the performance 'live' or 'auto', which draws "
    "every frame, or leave the driving video out."
)
SPARE = 0.15
"""Of the mouth's own motion where a finisher makes the lips: the chin moves a little, the lips are closed."""


class LivePortraitAnimator:
    """Draws every frame anew. ``device`` says where."""

    def __init__(self) -> None:
        self.device = best_device()
        self._painter: Painter | None = None
        self._lock = threading.Lock()

    def prepare(self, portrait: Portrait) -> Arrays:
        """What is read in the photo. Raises StudioError if the face is too small or a model file is wrong."""
        return prepare(portrait, self.painter())

    def rehearse(self, prepared: Arrays, given: Given, keep: Keep, watch: Watch) -> Arrays:
        """The loops, if the clip is to be made of them; else what drives it, and whether the mouth rests."""
        if not self._loops(given):
            drive = rehearse_drive(given.options, given, keep, watch, self.watched)
            return {RESTING: np.array(given.lips_follow), **drive}
        if not given.lips_follow:
            raise StudioError(NO_LIPS)
        stage = Stage(self.painter(), prepared, given.options, _nobody)
        return rehearse_loops(stage, given, keep, watch)

    def animate(self, prepared: Arrays, motion: Motion, options: LivePortraitOptions) -> FrameStream:
        """One frame for every row of ``motion``, each a new array, made when it is asked for."""
        late: list[str] = []
        stage = Stage(self.painter(), prepared, options, late.append)
        if has_loops(prepared):
            return replace(LoopPlayer(stage).play(motion), late=late)
        source = Source.from_arrays(prepared)
        spoken = SPARE if prepared.get(RESTING, False) else 1.0
        own, still = (implicit_of(each, source, options, spoken) for each in (motion, at_rest(motion.fps)))
        implicit = driven(prepared, own, still, options, motion.first)
        return replace(frames(stage, implicit), late=late, notes=drive_notes(prepared, options))

    def watched(self, clip: Path, watch: Watch) -> Implicit:
        """The motion of the face in a video. Raises StudioError for one that cannot drive another."""
        return read_motion(clip, self.painter().seen, watch)

    def painter(self) -> Painter:
        """The networks, loaded when they are first needed."""
        with self._lock:
            if self._painter is None:
                self._painter = Painter(load_networks(find_files()), self.device)
            return self._painter

    def close(self) -> None:
        """Let go of the networks."""
        self._painter = None

    def _loops(self, given: Given) -> bool:
        performance = given.options.performance
        if given.options.drive:
            if performance == "loop":
                raise StudioError(NO_DRIVE)
            return False
        return performance == "loop" or (performance == "auto" and self.device == "cpu" and given.lips_follow)


def _nobody(_sentence: str) -> None:
    """Takes what is said where nobody listens."""


def create() -> LivePortraitAnimator:
    """The factory named in the engine's declaration."""
    return LivePortraitAnimator()
