"""The fence around diskcache.

diskcache unpickles what its database says is a pickle, so a changed database would run code. The fence is a
Disk that stores bytes under text keys, refuses all else both ways, and keeps file names in its folder.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import diskcache

MODE_RAW, MODE_BINARY = 1, 2
"""diskcache's storage modes that hold plain values; its modes 3 (text file) and 4 (pickle) are refused."""


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
