"""Git LFS: what lies in place of a large file where only its pointer was fetched."""

from __future__ import annotations

from pathlib import Path

_BEGIN = b"version https://git-lfs.github.com/spec/"
_LONGEST = 1024
"""Bytes that a pointer has at most, by its specification."""


def is_pointer(path: Path) -> bool:
    """Whether the file at ``path`` is a Git LFS pointer; False if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(_BEGIN)) == _BEGIN and path.stat().st_size < _LONGEST
    except OSError:
        return False
