"""What a rehearsal stands on: the networks, the cache, and who watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engines.progress import Watch
from engines.sadtalker.networks import Networks
from engines.stages import Keep

STAGE = "rehearse"


@dataclass(frozen=True)
class Stand:
    """``networks`` loads them when something is not kept yet; they are on ``device``."""

    networks: Callable[[], Networks]
    device: str
    keep: Keep
    watch: Watch

    def report(self, fraction: float) -> None:
        """Say how far the rehearsal is; raises Cancelled if nobody wants it any more."""
        self.watch.report(STAGE, fraction)
