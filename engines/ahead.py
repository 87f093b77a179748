"""Frames made in a thread of their own while earlier ones are being encoded."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

from engines.types import Image

DEPTH = 3
"""Frames in hand: enough to even out slow ones, few enough that memory stays flat."""


def ahead(frames: Iterator[Image], depth: int = DEPTH) -> Generator[Image, None, None]:
    """The same frames in the same order, up to ``depth`` of them made in advance.

    What making a frame raises is raised when its turn comes. Closing this stops the thread.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="frames") as worker:
        waiting = deque(worker.submit(next, frames, None) for _ in range(depth))
        try:
            while (frame := waiting.popleft().result()) is not None:
                waiting.append(worker.submit(next, frames, None))
                yield frame
        finally:
            for future in waiting:
                future.cancel()
