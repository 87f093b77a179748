"""A driving clip on its way through an animator: read once before the frames, then mixed into every stretch of
them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.digests import file_digest
from engines.liveportrait.drive_options import DriveOptions
from engines.liveportrait.driving import DRIVING_VERSION
from engines.liveportrait.implicit import Implicit
from engines.liveportrait.mixing import Drive, fitting, keypoints_of, mixed
from engines.liveportrait.packing import from_arrays, to_arrays
from engines.liveportrait.regions import EYES, LIPS
from engines.liveportrait.templates import is_template, read_template
from engines.progress import Watch
from engines.stages import Given, Keep
from engines.types import Arrays

PREFIX = "drive."
LENGTH = f"{PREFIX}seconds"
OPEN_LIPS, SHUT_EYES = 0.12, 0.12
"""Height over width."""
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


def drive_notes(prepared: Arrays, options: DriveOptions) -> tuple[str, ...]:
    """Sentences for the user about the driving clip."""
    if not is_driven(prepared):
        return ()
    clip, seconds = from_arrays(prepared, PREFIX), float(prepared[LENGTH])
    notes = []
    if seconds < len(clip) / clip.fps - 0.1:
        notes.append(f"The driving video lasts {seconds:.1f} s; then it goes back and forth.")
    awake = _not_at_rest(clip, keypoints_of(options.drive_region)) if options.drive_mode == "relative" else ""
    if awake:
        notes.append(
            f"In its first frame, which counts as rest, the driving video shows {awake}: better let it begin "
            "with a face at rest."
        )
    return tuple(notes)


def _not_at_rest(clip: Implicit, taken: NDArray[np.bool_]) -> str:
    """What in the first frame would be taken for rest and is none, "" if nothing."""
    if clip.lips is not None and taken[list(LIPS)].any() and clip.lips[0] > OPEN_LIPS:
        return "an open mouth"
    if clip.eyes is not None and taken[list(EYES)].any() and clip.eyes[0].max() < SHUT_EYES:
        return "closed eyes"
    return ""


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
