"""A stand-in for the judge of ``bench render`` where MediaPipe is not installed.

It is the studio's own tracker behind the same protocol: it tries the bench out, and never judges a studio.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from engines.faces import Face, face_finder
from engines.types import Float32, Image
from studio.benches.render_judge import serve


@contextmanager
def own_tracker() -> Iterator[Callable[[Image], Float32 | None]]:
    """Finds the face in the first frame and follows it."""
    last: list[Face] = []

    def find(picture: Image) -> Float32 | None:
        faces = [face_finder().track(picture, last[0])] if last else list(face_finder().find(picture))
        last[:] = faces[:1]
        return last[0].landmarks if last else None

    yield find


if __name__ == "__main__":
    serve("the studio's own tracker", own_tracker)
