"""A driving clip on its way through an animator: read once before the frames, then mixed into every stretch of
them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from engines.digests import file_digest
from engines.liveportrait.drive_options import DriveOptions
from engines.liveportrait.driving import DRIVING_VERSION
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.mixing import Drive, fitting, mixed
from engines.liveportrait.packing import from_arrays, to_arrays
from engines.liveportrait.templates import is_template, read_template
from engines.progress import Watch
from engines.stages import Given, Keep
from engines.types import Arrays

PREFIX = "drive."
LENGTH = f"{PREFIX}seconds"
Watched = Callable[[Path, Watch], Implicit]
"""Reads the motion in a clip: see ``engines.liveportrait.driving.read_motion``."""


def rehearse_drive(options: DriveOptions, given: Given, keep: Keep, watch: Watch, watched: Watched) -> Arrays:
    """What drives the clip of ``given``, frame by frame; empty if nothing does.

    Raises StudioError for files that cannot drive a face.
    """
    if not options.drive:
        return {}
    clip = _motion_of(Path(options.drive), keep, watch, watched)
    fitted = fitting(clip, given.motion.fps, len(given.motion), options.drive_smooth)
    return {**to_arrays(fitted, PREFIX), LENGTH: np.array(len(clip) / clip.fps)}


def is_driven(prepared: Arrays) -> bool:
    """Whether ``rehearse_drive`` added something."""
    return LENGTH in prepared


def drive_notes(prepared: Arrays) -> tuple[str, ...]:
    """Sentences for the user about the driving clip."""
    if not is_driven(prepared):
        return ()
    fps, count = float(prepared[f"{PREFIX}fps"]), len(prepared[f"{PREFIX}scale"])
    seconds = float(prepared[LENGTH])
    if seconds > count / fps - 0.1:
        return ()
    return (f"The driving video lasts {seconds:.1f} s; then it goes back and forth.",)


def driven(prepared: Arrays, own: Implicit, still: Implicit, options: DriveOptions, first: int) -> Implicit:
    """``own`` with what follows the driving clip, if there is one; see ``mixing.mixed``."""
    if not is_driven(prepared):
        return own
    how = Drive(options.drive_region, options.drive_mode, options.drive_strength)
    return mixed(own, still, from_arrays(prepared, PREFIX), how, first)


def _motion_of(path: Path, keep: Keep, watch: Watch, watched: Watched) -> Implicit:
    if is_template(path):
        return read_template(path)
    parts = ("driving", DRIVING_VERSION, file_digest(path))
    return from_arrays(keep("motion", parts, lambda: to_arrays(watched(path, watch))))
