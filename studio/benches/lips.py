"""``bench lips``: how well mouths made from sound follow real ones, and whether they move like real ones.

Human clips are measured where the environment variable STUDIO_LIPS names a folder of .npz files (see
``models.speech2face.evaluate``); the statistics of the studio's own voice need nothing.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from studio.benches.lips_clips import clip_rows
from studio.benches.lips_motion import motion_rows
from studio.benches.table import Row

FOLDER = "STUDIO_LIPS"


def run() -> tuple[Row, ...]:
    """Measure; takes about a minute, several with PocketSphinx."""
    folder = os.environ.get(FOLDER, "")
    if not folder:
        print(f"No human clips: set {FOLDER} to a folder of them to compare with real lips.")
    clips = clip_rows(Path(folder)) if folder else ()
    return (*clips, *_alignment(), *motion_rows())


def _alignment() -> tuple[Row, ...]:
    """How exactly known words are placed in time."""
    module = importlib.import_module("studio.benches.lips_alignment")
    rows: tuple[Row, ...] = module.alignment_rows()
    return rows
