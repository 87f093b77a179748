"""What was deleted lies here for a day, so that it can be brought back."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from engines.errors import StudioError

KEPT = 24 * 3600.0
"""Seconds until what was deleted is gone for good."""
GONE = "It cannot be brought back; what was deleted is kept for a day."
Forget = Callable[[str, str, str], None]
"""Told owner, kind and id of what is about to be deleted for good."""


class Trash:
    """Folders by owner and kind: <root>/<owner>/<kind>/<id>. ``owner`` and ``kind`` are names of folders."""

    def __init__(self, root: Path, forget: Forget) -> None:
        self._root, self._forget = root, forget

    def put(self, owner: str, kind: str, folder: Path) -> None:
        """Move ``folder`` here; what has lain here too long goes."""
        self.sweep()
        target = self._root / owner / kind / folder.name
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(target)
        os.utime(target)

    def bring_back(self, owner: str, kind: str, target: Path) -> None:
        """Move the folder called like ``target`` back to it. Raises StudioError if it is not here any more."""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            (self._root / owner / kind / target.name).rename(target)
        except OSError:
            raise StudioError(GONE) from None

    def names(self, owner: str, kind: str) -> list[str]:
        """What lies here, by id."""
        return sorted(path.name for path in (self._root / owner / kind).glob("*"))

    def owner_of(self, item_id: str) -> str:
        """Whose ``item_id`` is. Raises StudioError if it is not here."""
        for folder in self._root.glob("*/*/*"):
            if folder.name == item_id:
                return folder.parent.parent.name
        raise StudioError(GONE)

    def sweep(self) -> None:
        """Delete for good what has lain here for KEPT seconds."""
        for folder in self._root.glob("*/*/*"):
            if time.time() - folder.stat().st_mtime > KEPT:
                self._forget(folder.parent.parent.name, folder.parent.name, folder.name)
                shutil.rmtree(folder, ignore_errors=True)
