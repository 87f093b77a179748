"""Bytes under names on disk, each with a seal, in a database that is made anew when it is damaged.

The seal is a hash of name and value, so flipped bits, a file cut short and a value under another's name are
found whenever an entry is read. Whatever a damaged database makes SQLite or diskcache raise counts as an absent
entry: all of it can be made again.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import diskcache

from engines.cache_disk import PlainDisk

log = logging.getLogger(__name__)
SEAL_BYTES = 16
_SUBFOLDER = re.compile(r"[0-9a-f]{2}")
_HARMLESS = ("locked", "busy", "full", "readonly", "read-only")
"""What SQLite says of a database that is well but cannot be used now."""
_TABLES = (
    "SELECT key, raw, expire_time, access_time, tag, size, mode, filename, value FROM Cache LIMIT 1",
    "SELECT key, value FROM Settings LIMIT 1",
    "SELECT tier, hits, misses FROM Tally LIMIT 1",
)
_TIER = "substr(key, 1, instr(key, ':') - 1)"
_HELD = (
    f"SELECT {_TIER}, count(*), sum(size + ifnull(length(value), 0)) FROM Cache"  # noqa: S608 - nothing from outside
    " WHERE typeof(key) = 'text' AND (expire_time IS NULL OR expire_time > ?) GROUP BY 1"
)
Result = TypeVar("Result")


class SealedStore:
    """A fenced diskcache in ``folder`` that takes at most ``limit`` bytes. No method raises."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder, self._limit = folder, limit
        self._making = threading.Lock()
        self._anew = False
        self._opened = self._open_or_rebuild()

    def get(self, name: str) -> bytes | None:
        """The value of ``name``, or None; one that does not fit its seal is dropped."""
        found = self._tried(lambda store: store.get(name), None)
        if found is None:
            return None
        value = _unsealed(name, found)
        if value is None:
            log.warning("a damaged entry of the cache was dropped: %s", name[:80])
            self._tried(lambda store: store.delete(name), False)
        return value

    def put(self, name: str, value: bytes, seconds: float | None, tag: str) -> None:
        """Keep ``value`` for ``seconds``, at the cost of what was not used for longest."""
        sealed = _seal(name, value) + value
        self._tried(lambda store: store.set(name, sealed, expire=seconds, tag=tag), False)
        self._tried(self._fit, None)

    def count(self, tier: str, hit: bool) -> None:
        """Count a question."""
        query = (
            "INSERT INTO Tally VALUES (?, ?, ?) ON CONFLICT (tier) DO UPDATE SET hits = hits + excluded.hits, "
            "misses = misses + excluded.misses"
        )
        self._tried(lambda store: store._sql(query, (tier, int(hit), int(not hit))), None)

    def counts(self) -> dict[str, tuple[int, int]]:
        """Hits and misses by tier."""
        rows = self._rows("SELECT tier, hits, misses FROM Tally")
        return {str(tier): (_number(hits), _number(misses)) for tier, hits, misses in rows}

    def held(self) -> dict[str, tuple[int, int]]:
        """Entries and bytes by tier, without those whose time is over."""
        rows = self._rows(_HELD, time.time())
        return {str(tier): (_number(count), _number(size)) for tier, count, size in rows}

    def volume(self) -> int:
        """Bytes on disk."""
        return self._tried(lambda store: int(store.volume()), 0)

    def evict(self, tag: str) -> int:
        """Drop what has ``tag``; returns how many entries."""
        return self._tried(lambda store: int(store.evict(tag)), 0)

    def clear(self, tier: str | None) -> None:
        """Drop everything, or a tier."""
        if tier is None:
            self._tried(lambda store: store.clear(), 0)
            return
        for rowid, key in self._rows("SELECT rowid, key FROM Cache"):
            if str(key).startswith(f"{tier}:"):
                self._drop(rowid)

    def repair(self) -> bool:
        """Make the database anew if it is damaged; True if that was done since this was asked last."""
        store = self._opened
        if store is None or not _is_well(store):
            self._rebuild(store)
        anew, self._anew = self._anew, False
        return anew

    def check_all(self) -> tuple[int, list[str]]:
        """How many entries are whole, and the names of those that were not and are dropped now."""
        self._tried(lambda store: store.expire(), 0)
        whole, damaged = 0, []
        for rowid, key in self._rows("SELECT rowid, key FROM Cache"):
            if self._row_is_whole(rowid, key):
                whole += 1
            else:
                damaged.append(str(key)[:80])
                self._drop(rowid)
        return whole, damaged

    def tidy(self) -> int:
        """Remove files of no entry and put the sums right; returns how many files."""
        found: list[Any] = self._tried(lambda store: store.check(fix=True), [])
        return sum(issubclass(entry.category, diskcache.UnknownFileWarning) for entry in found)

    def close(self) -> None:
        """Let go of the database."""
        store, self._opened = self._opened, None
        if store is not None:
            with suppress(sqlite3.Error):
                store.close()

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._tried(lambda store: store._sql(query, values).fetchall(), [])
        return found

    def _row_is_whole(self, rowid: int, name: Any) -> bool:
        return self._tried(lambda store: _is_whole(store, rowid, name), False)

    def _drop(self, rowid: int) -> None:
        self._tried(lambda store: _drop_row(store, rowid), None)

    def _fit(self, store: Any) -> None:
        """Drop what is over, then what was not used for longest, until it fits."""
        if store.volume() <= self._limit:
            return
        store.expire()
        oldest = "SELECT rowid FROM Cache ORDER BY access_time LIMIT 1"
        while store.volume() > self._limit and (row := store._sql(oldest).fetchone()):
            _drop_row(store, row[0])

    def _tried(self, act: Callable[[Any], Result], otherwise: Result) -> Result:
        """What ``act`` gives with the open store, or ``otherwise`` where that fails in whatever way."""
        store = self._opened
        if store is None:
            return otherwise
        try:
            return act(store)
        except Exception as error:
            if isinstance(error, (OSError, diskcache.Timeout)) or _is_well(store):
                log.info("the cache could not be used: %s", error)
            else:
                self._rebuild(store)
            return otherwise

    def _rebuild(self, damaged: Any) -> None:
        """Begin anew, unless another thread did so already."""
        with self._making:
            if self._opened is damaged:
                log.warning("the cache is damaged and begins anew; what was in it is made again when needed")
                if damaged is not None:
                    with suppress(Exception):
                        damaged.close()
                self._opened = self._open_anew()

    def _open_or_rebuild(self) -> Any:
        try:
            return self._open()
        except Exception as error:
            log.warning("the cache cannot be opened and begins anew: %s", error)
            return self._open_anew()

    def _open_anew(self) -> Any:
        """An empty store, or None where none can be made: then everything is made each time."""
        self._anew = True
        try:
            _wipe(self._folder)
            return self._open()
        except Exception as error:
            log.warning("there is no cache: %s", error)
            return None

    def _open(self) -> Any:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        store = diskcache.Cache(
            str(self._folder),
            disk=PlainDisk,
            size_limit=self._limit,
            eviction_policy="least-recently-used",
            cull_limit=0,  # _fit drops one by one; diskcache's own ten at a time can empty a small cache
            tag_index=True,
            sqlite_mmap_size=0,  # a mapped database that somebody cuts short would kill the process
        )
        store._sql("CREATE TABLE IF NOT EXISTS Tally (tier TEXT PRIMARY KEY, hits INTEGER, misses INTEGER)")
        store._sql("UPDATE Settings SET value = (SELECT coalesce(sum(size), 0) FROM Cache) WHERE key = 'size'")
        return store


def _seal(name: str, value: bytes) -> bytes:
    digest = hashlib.blake2b(name.encode() + b"\0", digest_size=SEAL_BYTES)
    digest.update(value)
    return digest.digest()


def _unsealed(name: str, found: bytes) -> bytes | None:
    """The value, or None if it is not what was put there under ``name``."""
    value = found[SEAL_BYTES:]
    return value if hmac.compare_digest(found[:SEAL_BYTES], _seal(name, value)) else None


def _is_whole(store: Any, rowid: int, name: Any) -> bool:
    row = store._sql("SELECT mode, filename, value FROM Cache WHERE rowid = ?", (rowid,)).fetchone()
    if row is None or not isinstance(name, str):
        return row is None
    try:
        return _unsealed(name, store._disk.fetch(*row, False)) is not None
    except Exception:
        return False


def _drop_row(store: Any, rowid: int) -> None:
    row = store._sql("SELECT filename FROM Cache WHERE rowid = ?", (rowid,)).fetchone()
    store._sql("DELETE FROM Cache WHERE rowid = ?", (rowid,))
    if row and isinstance(row[0], str):
        store._disk.remove(row[0])


def _is_well(store: Any) -> bool:
    """Whether the database is whole, or cannot be asked just now."""
    try:
        for query in _TABLES:
            store._sql(query).fetchall()
        return bool(store._sql("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.OperationalError as error:
        return any(word in str(error) for word in _HARMLESS)
    except Exception:
        return False


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _wipe(folder: Path) -> None:
    """Delete database and values, nothing else that somebody may have put there."""
    for path in list(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith("cache.db"):
            path.unlink()
        elif _SUBFOLDER.fullmatch(path.name) and path.is_dir():
            shutil.rmtree(path)
