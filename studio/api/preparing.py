"""Avatars that are made ready ahead of their first clip, in the background."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from engines.errors import StudioError
from engines.pipeline import Pipeline
from engines.quality import QUALITIES
from engines.registry import get_recipe
from engines.types import AvatarRef

log = logging.getLogger(__name__)
MOST_KEPT = 1000
"""Avatars whose preparation is remembered; others are looked at again when somebody asks."""
SIZES = tuple(QUALITIES[name].size for name in ("medium", "high", "low"))
"""Long sides in pixels that are prepared, the likeliest first."""
Learn = Callable[[str, float], None]
"""Remembers for a recipe how many seconds the preparation at one size took."""
FAILED = "The picture could not be prepared; the log has the details."


@dataclass(frozen=True)
class Prepared:
    """How a preparation ended: ``problem`` is a sentence or ""; ``cached``: there was nothing to do."""

    seconds: float
    cached: bool
    problem: str = ""


class Preparer:
    """Prepares one avatar after the other. Safe for several threads."""

    def __init__(self, pipeline: Pipeline, learn: Learn) -> None:
        self._pipeline, self._learn = pipeline, learn
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[AvatarRef, str], Future[Prepared]] = OrderedDict()

    def ask(self, avatar: AvatarRef, recipe: str) -> Prepared | None:
        """How the preparation ended, or None while it goes on; starts it if that was not done yet."""
        with self._lock:
            key = (avatar, recipe)
            if key not in self._known:
                self._known[key] = self._pool.submit(self._prepare, avatar, recipe)
            self._known.move_to_end(key)
            while len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
            future = self._known[key]
        return future.result() if future.done() else None

    def close(self) -> None:
        """Prepare nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _prepare(self, avatar: AvatarRef, recipe: str) -> Prepared:
        start = time.perf_counter()
        try:
            sizes = [self._prepare_at(avatar, recipe, size) for size in SIZES]
        except StudioError as error:
            return Prepared(time.perf_counter() - start, False, str(error))
        except Exception:
            log.exception("an avatar could not be prepared")
            return Prepared(time.perf_counter() - start, False, FAILED)
        return Prepared(time.perf_counter() - start, all(sizes))

    def _prepare_at(self, avatar: AvatarRef, recipe: str, size: int | None) -> bool:
        """Whether that was done before."""
        start = time.perf_counter()
        _, cached = self._pipeline.prepare(avatar, get_recipe(recipe), size)
        if not cached:
            self._learn(recipe, time.perf_counter() - start)
        return cached
