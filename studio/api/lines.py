"""Face motion in chunks: what Audio2Face's streaming clients read, cut from one motion of the whole recording.

Whoever joins the chunks of one frame rate has exactly the motion of the whole: the driver hears the recording
once, and looks ahead and back as it does for a clip.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from typing import Any

from engines.motion_files import motion_document
from engines.pipeline import Pipeline
from engines.types import Motion
from studio.api.movers import Mover, Take

CHUNK = 2.0
"""Seconds of a line."""
SLOWEST, FASTEST = 10.0, 30.0
"""Frames per second that an adapted rate moves between."""
RESERVE = 7.0
"""Frames per second that are kept back when the rate is adapted."""


def adapted(current: float, chunk: float, elapsed: float) -> float:
    """The next frame rate after ``chunk`` seconds of motion took ``elapsed`` seconds at ``current``.

    a2f-client's rule for one client: alpha = chunk / elapsed, safe = max(least, floor(current * alpha - 7)),
    next = min(most, (current + safe) // 2).
    """
    safe = max(SLOWEST, math.floor(current * chunk / max(elapsed, 1e-6) - RESERVE))
    return min(FASTEST, (current + safe) // 2)


def chunks(pipeline: Pipeline, take: Take, fps: float | None) -> Iterator[Motion]:
    """The recording in pieces of CHUNK seconds at ``fps``; without it at what this machine can do."""
    rate, start, mover = fps or SLOWEST, 0.0, Mover(pipeline, take)
    while start < take.speech.duration:
        began = time.perf_counter()
        piece = mover.part(start, start + CHUNK, rate)
        elapsed = time.perf_counter() - began
        if len(piece):
            yield piece
        rate = fps or adapted(rate, CHUNK, elapsed)
        start += CHUNK


def lines(pipeline: Pipeline, take: Take, fps: float | None) -> Iterator[str]:
    """One JSON line for each chunk."""
    for number, piece in enumerate(chunks(pipeline, take, fps)):
        document: dict[str, Any] = {
            "chunk_id": number,
            "driver": take.driver,
            "result": motion_document(piece),
        }
        yield json.dumps(document, separators=(",", ":")) + "\n"
