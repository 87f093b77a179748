"""Downloads of model files in the background: one after the other, with bytes, time left and a way to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

from engines.errors import Cancelled, StudioError
from engines.progress import Watch
from engines.weights import WeightStore

log = logging.getLogger(__name__)

TransferState = Literal["waiting", "running", "stopping", "done", "cancelled", "failed"]
ACTIVE: tuple[TransferState, ...] = ("waiting", "running", "stopping")
UNEXPECTED = "The download failed for a reason that the studio's log tells; try it again."
STEADY = 1.0
"""Seconds after which the pace of a download says how long the rest takes."""
LEAST = 0.01
"""Share of it that must have come by then."""


@dataclass(frozen=True)
class Transfer:
    """A download: ``done`` of ``total`` bytes; ``seconds_left`` is None while nothing can be said.

    ``ended``: seconds since 1970, 0 while it goes on. ``error`` is a sentence once the state is failed.
    """

    name: str
    total: int
    state: TransferState = "waiting"
    done: int = 0
    seconds_left: float | None = None
    ended: float = 0.0
    error: str = ""

    @property
    def active(self) -> bool:
        """Whether it is not over yet."""
        return self.state in ACTIVE


class Pace:
    """How long the rest of a transfer takes, from how much came since it began or was taken up again."""

    def __init__(self) -> None:
        self._since: tuple[float, float] | None = None

    def left(self, fraction: float) -> float | None:
        """Seconds left when ``fraction`` of it is there; None until that can be told."""
        now = time.monotonic()
        if self._since is None:
            self._since = now, fraction
        elapsed, come = now - self._since[0], fraction - self._since[1]
        steady = elapsed >= STEADY and come >= LEAST
        return elapsed * (1.0 - fraction) / come if steady else None


class Downloads:
    """Fetches into ``store``; ``fetched`` is called with the name of each file that arrived."""

    def __init__(self, store: WeightStore, fetched: Callable[[str], None]) -> None:
        self._store, self._fetched = store, fetched
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="download")
        self._transfers: dict[str, Transfer] = {}
        self._watches: dict[str, Watch] = {}
        self._futures: dict[str, Future[None]] = {}

    def transfers(self) -> Mapping[str, Transfer]:
        """Every download since the studio started, by model file; of several of one file the last."""
        with self._lock:
            return dict(self._transfers)

    def start(self, name: str) -> None:
        """Fetch the model file ``name``; nothing happens if that goes on already. Raises StudioError for
        unknown names."""
        weight = self._store.weight(name)
        with self._lock:
            if name in self._transfers and self._transfers[name].active:
                return
            pace, total = Pace(), weight.transfer_bytes
            watch = Watch(lambda _, fraction: self._report(name, fraction, pace))
            self._transfers[name], self._watches[name] = Transfer(name, total), watch
            self._futures[name] = self._pool.submit(self._run, name, watch)

    def cancel(self, name: str) -> None:
        """Stop a download, or one that waits; what has come so far is kept for the next try where it can be."""
        with self._lock:
            transfer = self._transfers.get(name)
            if transfer is None or not transfer.active:
                return
            self._watches[name].cancel()
            if self._futures[name].cancel():
                self._transfers[name] = replace(transfer, state="cancelled", ended=time.time())
            else:
                self._transfers[name] = replace(transfer, state="stopping", seconds_left=None)

    def close(self) -> None:
        """Stop everything and wait until it has stopped."""
        for name in self.transfers():
            self.cancel(name)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, name: str, watch: Watch) -> None:
        self._update(name, state="running")
        try:
            self._store.ensure(name, watch)
            self._update(
                name, state="done", done=self._transfers[name].total, ended=time.time(), seconds_left=0.0
            )
            self._fetched(name)
        except Cancelled:
            self._update(name, state="cancelled", ended=time.time(), seconds_left=None)
        except StudioError as error:
            self._fail(name, str(error))
        except Exception:
            log.exception("the download of %s failed", name)
            self._fail(name, UNEXPECTED)

    def _fail(self, name: str, sentence: str) -> None:
        self._update(name, state="failed", error=sentence, ended=time.time(), seconds_left=None)

    def _report(self, name: str, fraction: float, pace: Pace) -> None:
        done = round(fraction * self._transfers[name].total)
        self._update(name, done=done, seconds_left=pace.left(fraction))

    def _update(self, name: str, **values: object) -> None:
        with self._lock:
            before = self._transfers[name]
            if before.state == "stopping" and values.get("state") == "running":
                return
            self._transfers[name] = replace(before, **values)  # type: ignore[arg-type]
