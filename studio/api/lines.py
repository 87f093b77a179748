"""Face motion in chunks: what Audio2Face's streaming clients read, cut from one motion of the whole recording.

Whoever joins the chunks of one frame rate has exactly the motion of the whole, because that is where they come
from: the driver hears the recording once, and looks ahead and back as it does for a clip.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engines.motion_files import motion_document
from engines.pipeline import Pipeline
from engines.registry import get_recipe
from engines.types import AvatarRef, Expression, Motion, Output, RenderRequest, Speech, Words

CHUNK = 2.0
"""Seconds of a line."""
SLOWEST, FASTEST = 10.0, 30.0
"""Frames per second that an adapted rate moves between."""
RESERVE = 7.0
"""Frames per second that are kept back when the rate is adapted."""
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Take:
    """What is to be moved, how it should feel, and by which recipe's driver."""

    speech: Speech
    expression: Expression
    recipe: str

    @property
    def driver(self) -> str:
        """The engine that moves."""
        return get_recipe(self.recipe).driver


def adapted(current: float, chunk: float, elapsed: float) -> float:
    """The next frame rate after ``chunk`` seconds of motion took ``elapsed`` seconds at ``current``.

    a2f-client's rule for one client: alpha = chunk / elapsed, safe = max(least, floor(current * alpha - 7)),
    next = min(most, (current + safe) // 2).
    """
    safe = max(SLOWEST, math.floor(current * chunk / max(elapsed, 1e-6) - RESERVE))
    return min(FASTEST, (current + safe) // 2)


def move(pipeline: Pipeline, take: Take, fps: float) -> Motion:
    """The motion of the whole recording at ``fps``."""
    request = RenderRequest(AvatarRef(""), Words(), take.expression, take.recipe, output=Output(fps))
    motion, _ = pipeline.move(take.speech, request, get_recipe(take.recipe))
    return motion


def between(motion: Motion, start: float, end: float) -> Motion:
    """The frames whose time lies from ``start`` to before ``end`` (s)."""
    first, last = (math.ceil(moment * motion.fps - _ROUNDING) for moment in (start, end))
    return motion.cut(max(first, 0), max(last, 0))


def chunks(pipeline: Pipeline, take: Take, fps: float | None) -> Iterator[Motion]:
    """The recording in pieces of CHUNK seconds at ``fps``; without it at what this machine can do."""
    rate, start = fps or SLOWEST, 0.0
    motion: Motion | None = None
    while start < take.speech.duration:
        began = time.perf_counter()
        if motion is None or motion.fps != rate:
            motion = move(pipeline, take, rate)
        piece = between(motion, start, start + CHUNK)
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
