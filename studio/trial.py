"""A tiny clip from a sample face and a word, all the way: the doctor makes it to see that everything plays
along."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from engines.errors import StudioError
from engines.progress import Watch
from engines.types import AvatarRef, Clip, Output, RenderRequest, Words
from studio.checks import Check
from studio.samples import SAMPLES
from studio.services import DEFAULT_RECIPE, Studio
from studio.settings import load_settings

NAME = "tiny clip"
SIZE, FPS = 128, 10.0


def render_check() -> Check:
    """Render it in a folder that is removed again; takes some seconds."""
    costs = "no clip can be made"
    remedy = "put right what is named above; STUDIO_DEBUG=1 shows where an unexpected error came from"
    start = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory(prefix="visema-doctor-") as folder:
            clip = _render(Path(folder))
    except StudioError as error:
        return Check(NAME, "wrong", str(error), costs, remedy, required=True)
    except Exception as error:  # whatever is broken here is what the doctor is asked about
        return Check(NAME, "wrong", f"{type(error).__name__}: {error}", costs, remedy, required=True)
    found = f"{clip.frames} frames of {clip.width}x{clip.height} in {time.perf_counter() - start:.1f} s"
    return Check(NAME, "ok", found, costs, remedy, required=True)


def _render(folder: Path) -> Clip:
    request = RenderRequest(
        AvatarRef(str(next(iter(sorted(SAMPLES.glob("*.jpg")))))),
        Words("Hi."),
        recipe=DEFAULT_RECIPE,
        output=Output(FPS, SIZE),
    )
    studio = Studio(load_settings(data=folder))
    try:
        return studio.pipeline.render(request, folder / "clip.mp4", Watch())
    finally:
        studio.close()
