"""Files named by what is in them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

_BLOCK = 1 << 20


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hex. Raises OSError if it cannot be read."""
    found = Path(path).stat()
    return _digest(str(path), found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=128)
def _digest(path: str, _size: int, _changed: int) -> str:
    """Remembered while size and time stay: films and model files are large, and a render names them often."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
