"""The cache of everything that can be made again: spoken words, prepared photos, motion, clips.

diskcache unpickles what its database says is a pickle, so a changed database would run code. The fence here
is a Disk that stores bytes under text keys, refuses all else both ways, and keeps file names in its folder.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import diskcache
import numpy as np

from engines.types import Arrays, Motion, Phone, Speech

Tier = Literal["photo", "speech", "motion", "clip"]
DAY = 24 * 3600.0
EXPIRY: dict[Tier, float | None] = {
    "photo": None,  # costly and small: kept until room is needed
    "speech": 30 * DAY,
    "motion": 30 * DAY,
    "clip": 14 * DAY,
}
MODE_RAW, MODE_BINARY = 1, 2
"""diskcache's storage modes that hold plain values; its modes 3 (text file) and 4 (pickle) are refused."""


@dataclass(frozen=True)
class TierStatistics:
    """What a tier holds, and how often it was asked with and without success since the cache was opened."""

    name: str
    entries: int
    bytes: int
    hits: int
    misses: int


class CacheFenceError(Exception):
    """A cache entry is not plain bytes inside the cache's folder: somebody changed it from outside."""


class PlainDisk(diskcache.Disk):  # type: ignore[misc]
    """A diskcache Disk for str keys and bytes values only."""

    def put(self, key: Any) -> Any:
        """Accept text keys only."""
        if not isinstance(key, str):
            raise CacheFenceError("Cache keys are text.")
        return super().put(key)

    def get(self, key: Any, raw: bool) -> Any:
        """Give back text keys only."""
        if not raw:
            raise CacheFenceError("The cache holds a key that is not text.")
        return super().get(key, raw)

    def store(self, value: Any, read: bool, key: Any = None) -> Any:
        """Store bytes, or a binary file when ``read`` is true."""
        if not read and not isinstance(value, bytes):
            raise CacheFenceError("Cache values are bytes.")
        return super().store(value, read, key) if key is not None else super().store(value, read)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        """Give back bytes, or an open file when ``read`` is true."""
        if mode not in (MODE_RAW, MODE_BINARY):
            raise CacheFenceError("The cache holds a value that is not plain bytes.")
        if filename is not None:
            self._inside(filename)
        found = super().fetch(mode, filename, value, read)
        if not read and not isinstance(found, bytes):
            raise CacheFenceError("The cache holds a value that is not plain bytes.")
        return found

    def remove(self, file_path: str) -> None:
        """Remove an entry's file; a name that points outside the folder is left alone."""
        with suppress(CacheFenceError):
            self._inside(file_path)
            super().remove(file_path)

    def _inside(self, filename: str) -> None:
        folder = Path(self._directory).resolve()
        if not (folder / filename).resolve().is_relative_to(folder):
            raise CacheFenceError("The cache names a file outside its folder.")


@dataclass
class _Flight:
    """One value being made: its lock and how many want it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0


class Cache:
    """Content-addressed bytes on disk, least recently used first out, each value made once.

    ``limit``: bytes the cache may take. Safe for several threads and processes on one machine.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._store = diskcache.Cache(
            str(folder),
            disk=PlainDisk,
            size_limit=limit,
            eviction_policy="least-recently-used",
            cull_limit=1,  # the default of 10 can empty a cache of few large entries at one write
            tag_index=True,
        )
        self._limit = limit
        self._flights: dict[str, _Flight] = {}
        self._guard = threading.Lock()
        self._asked: dict[Tier, list[int]] = {tier: [0, 0] for tier in EXPIRY}

    def get(self, tier: Tier, key: str) -> bytes | None:
        """The bytes under ``key``, or None. An entry that was tampered with counts as absent."""
        try:
            found = cast("bytes | None", self._store.get(f"{tier}:{key}"))
        except (CacheFenceError, OSError):
            found = None
        with self._guard:
            self._asked[tier][found is None] += 1
        return found

    def put(self, tier: Tier, key: str, value: bytes, engine: str) -> None:
        """Keep ``value``; ``engine`` (name and version) is the tag to drop entries by.

        A cache that cannot write (disk full, locked) only costs time later, so that is no error.
        """
        if len(value) <= self._limit // 2:
            with suppress(OSError, sqlite3.Error, diskcache.Timeout):
                self._store.set(f"{tier}:{key}", value, expire=EXPIRY[tier], tag=engine)

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
        return int(self._store.evict(engine))

    def size(self) -> int:
        """Bytes on disk."""
        return int(self._store.volume())

    def statistics(self) -> tuple[TierStatistics, ...]:
        """Every tier."""
        tier, held_bytes = "substr(key, 1, instr(key, ':') - 1)", "sum(size + ifnull(length(value), 0))"
        query = f"SELECT {tier}, count(*), {held_bytes} FROM Cache GROUP BY 1"  # noqa: S608 - nothing from outside
        held = {str(tier): (int(count), int(size)) for tier, count, size in self._store._sql(query)}
        return tuple(
            TierStatistics(tier, *held.get(tier, (0, 0)), *asked) for tier, asked in self._asked.items()
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
