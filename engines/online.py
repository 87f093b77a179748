"""Work that waits for another machine: it can be cancelled at any moment, and it never waits for ever."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Generic, TypeVar

from engines.progress import Watch

T = TypeVar("T")
POLL_S = 0.1


class TookTooLong(Exception):  # noqa: N818 - an event inside the engines, turned into a StudioError at their edge
    """The time for the work was over before it was done."""


def run_watched(make: Callable[[], Coroutine[Any, Any, T]], watch: Watch, seconds: float) -> T:
    """The result of the coroutine that ``make`` gives, run in a thread and an event loop of its own.

    Raises Cancelled within a moment of being cancelled, TookTooLong after ``seconds``, and whatever the work
    raises. The thread is not waited for: asking for the address of a host cannot be broken off.
    """
    work = _Work(make)
    threading.Thread(target=work.run, name="online", daemon=True).start()
    deadline = time.monotonic() + seconds
    try:
        while not concurrent.futures.wait({work.result}, POLL_S).done:
            watch.check()
            if time.monotonic() > deadline:
                raise TookTooLong
    finally:
        work.stop()
    return work.result.result()


class _Work(Generic[T]):
    """One coroutine on its way."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self.result: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._make, self._stopped = make, threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[T] | None = None

    def run(self) -> None:
        """Do it and note how it went."""
        try:
            self.result.set_result(asyncio.run(self._supervised()))
        except BaseException as error:
            self.result.set_exception(error)

    async def _supervised(self) -> T:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.ensure_future(self._make())
        if self._stopped.is_set():
            self._task.cancel()
        return await self._task

    def stop(self) -> None:
        """Break it off if it is not done."""
        self._stopped.set()
        if self._loop is not None and self._task is not None and not self.result.done():
            with suppress(RuntimeError):  # the loop closed just now: it is done
                self._loop.call_soon_threadsafe(self._task.cancel)
