"""What a copy is of, and which files belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engines.errors import StudioError


class UnfitError(StudioError):
    """A folder does not fit into an archive."""


@dataclass(frozen=True)
class Label:
    """``kind`` is "avatars" or "clips", the rest names one of them."""

    kind: str
    owner: str
    id: str


def list_files(folder: Path) -> dict[str, Path]:
    """Every file of a folder by its name in an archive; what is still being written is not among them."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    named = {path.relative_to(folder).as_posix(): path for path in found}
    return {name: named[name] for name in sorted(named) if not name.startswith(".") and "/." not in name}
