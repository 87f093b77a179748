"""The cache of everything that can be made again: spoken words, prepared photos, motion, clips.

Every entry names its tier, which says how long it is kept; over the limit the least recently used goes first.
An entry that is damaged counts as absent, so it is made again and nobody notices.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from engines.cache_store import SealedStore
from engines.tiers import LIFETIMES, TIERS, Tier
from engines.types import Arrays, Motion, Phone, Speech


@dataclass(frozen=True)
class TierStatistics:
    """What a tier holds, how often it was asked with and without success since the cache was made, and for how
    many ``seconds`` its entries are kept, None: until room is needed."""

    name: str
    entries: int
    bytes: int
    hits: int
    misses: int
    seconds: float | None


@dataclass(frozen=True)
class Verified:
    """What ``Cache.verify`` found: entries that are whole, those dropped by tier, and files of no entry.

    ``rebuilt``: the database itself was damaged, and the cache begins anew.
    """

    whole: int
    dropped: Mapping[str, int]
    strays: int
    rebuilt: bool


@dataclass
class _Flight:
    """One value being made: its lock and how many want it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0


class Cache:
    """Content-addressed bytes on disk, least recently used first out, each value made once.

    ``limit``: bytes the cache may take. ``seconds``: how long the entries of each tier are kept, see LIFETIMES.
    Safe for several threads and processes on one machine.
    """

    def __init__(self, folder: Path, limit: int, seconds: Mapping[Tier, float | None] = LIFETIMES) -> None:
        self._store = SealedStore(folder, limit)
        self._limit, self._seconds = limit, seconds
        self._flights: dict[str, _Flight] = {}
        self._guard = threading.Lock()

    def get(self, tier: Tier, key: str) -> bytes | None:
        """The bytes under ``key``, or None. An entry that is damaged or was tampered with counts as absent."""
        found = self._store.get(f"{tier}:{key}")
        self._store.count(tier, found is not None)
        return found

    def put(self, tier: Tier, key: str, value: bytes, engine: str) -> None:
        """Keep ``value``; ``engine`` (name and version) is the tag to drop entries by.

        A cache that cannot write (disk full, locked) only costs time later, so that is no error.
        """
        if len(value) <= self._limit // 2:
            self._store.put(f"{tier}:{key}", value, self._seconds[tier], engine)

    def get_or_make(self, tier: Tier, key: str, engine: str, make: Callable[[], bytes]) -> tuple[bytes, bool]:
        """The value and whether it was there already; two callers at once make it once."""
        with self._single_flight(f"{tier}:{key}"):
            found = self.get(tier, key)
            if found is not None:
                return found, True
            value = make()
            self.put(tier, key, value, engine)
            return value, False

    def drop_engine(self, engine: str) -> int:
        """Forget everything that ``engine`` made; returns how many entries."""
        return self._store.evict(engine)

    def clear(self, tier: Tier | None = None) -> tuple[int, int]:
        """Forget everything, or a tier; returns how many entries and how many bytes that were."""
        held = [self._store.held().get(name, (0, 0)) for name in (TIERS if tier is None else (tier,))]
        self._store.clear(tier)
        return sum(count for count, _ in held), sum(size for _, size in held)

    def verify(self) -> Verified:
        """Read every entry and drop those that are damaged, and files that belong to none."""
        rebuilt = self._store.repair()
        whole, damaged = self._store.check_all()
        dropped: dict[str, int] = {}
        for name in damaged:
            tier = name.partition(":")[0]
            known = tier if tier in TIERS else "unknown"
            dropped[known] = dropped.get(known, 0) + 1
        return Verified(whole, dropped, self._store.tidy(), rebuilt)

    def size(self) -> int:
        """Bytes on disk."""
        return self._store.volume()

    def statistics(self) -> tuple[TierStatistics, ...]:
        """Every tier."""
        held, asked = self._store.held(), self._store.counts()
        return tuple(
            TierStatistics(tier, *held.get(tier, (0, 0)), *asked.get(tier, (0, 0)), self._seconds[tier])
            for tier in TIERS
        )

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()

    @contextmanager
    def _single_flight(self, key: str) -> Iterator[None]:
        """Hold the key's own lock; it lives as long as somebody holds it or waits for it."""
        with self._guard:
            flight = self._flights.setdefault(key, _Flight())
            flight.users += 1
        try:
            with flight.lock:
                yield
        finally:
            with self._guard:
                flight.users -= 1
                if flight.users == 0:
                    self._flights.pop(key, None)


def make_key(*parts: Any) -> str:
    """SHA-256 over JSON of the parts: numbers, text, lists, dicts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def pack_arrays(arrays: Arrays) -> bytes:
    """Named arrays as .npz bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **cast("dict[str, Any]", arrays))
    return buffer.getvalue()


def unpack_arrays(data: bytes) -> Arrays:
    """What ``pack_arrays`` packed; object arrays, which would be pickles, are refused by NumPy."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def pack_speech(speech: Speech) -> bytes:
    """A Speech as bytes: samples and, as JSON, the rest."""
    rest = {
        "sample_rate": speech.sample_rate,
        "text": speech.text,
        "language": speech.language,
        "phones": [asdict(phone) for phone in speech.phones],
        "word_starts": list(speech.word_starts),
    }
    described = np.frombuffer(json.dumps(rest).encode(), np.uint8)
    return pack_arrays({"samples": speech.samples, "rest": described})


def unpack_speech(data: bytes) -> Speech:
    """What ``pack_speech`` packed."""
    arrays = unpack_arrays(data)
    rest = json.loads(arrays["rest"].tobytes())
    phones = tuple(Phone(**phone) for phone in rest.pop("phones"))
    return Speech(samples=arrays["samples"], phones=phones, word_starts=tuple(rest.pop("word_starts")), **rest)


def pack_motion(motion: Motion) -> bytes:
    """A Motion as bytes."""
    arrays: Arrays = {
        "fps": np.array(motion.fps),
        "blendshapes": motion.blendshapes,
        "head": motion.head,
    }
    if motion.tongue is not None:
        arrays["tongue"] = motion.tongue
    return pack_arrays(arrays)


def unpack_motion(data: bytes) -> Motion:
    """What ``pack_motion`` packed."""
    arrays = unpack_arrays(data)
    return Motion(
        float(arrays["fps"]), arrays["blendshapes"], arrays["head"], cast("Any", arrays.get("tongue"))
    )
