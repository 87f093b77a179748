"""How much one client may ask for: a token bucket for each."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

MOST_CLIENTS = 10_000
"""Clients that are remembered; beyond this the one longest unheard of is forgotten."""


class Buckets:
    """Buckets of ``burst`` tokens that fill by ``rate`` a second; a rate of 0 limits nothing. Thread-safe."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, float(burst)
        self._lock = threading.Lock()
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, cost: float) -> float:
        """Take ``cost`` tokens: 0, or the seconds to wait until they would be there; then none are taken."""
        if self._rate <= 0:
            return 0.0
        now = time.monotonic()
        with self._lock:
            level, since = self._levels.pop(client, (self._burst, now))
            level = min(level + (now - since) * self._rate, self._burst)
            enough = level >= cost
            self._levels[client] = (level - cost if enough else level, now)
            while len(self._levels) > MOST_CLIENTS:
                self._levels.popitem(last=False)
        return 0.0 if enough else (cost - level) / self._rate
