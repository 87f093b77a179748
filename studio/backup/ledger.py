"""What is known here of the copies in the bucket: which are up to date, and which have to go.

backup/kept/<kind>/<owner>/<id>   the fingerprint of what was copied
backup/gone/<kind>/<owner>/<id>   it was deleted for good, and its copy is still to be deleted
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from engines.files import whole_file
from studio.backup.labels import Label, list_files
from studio.names import AVATARS, CLIPS, MANIFEST, is_id, is_owner


class Ledger:
    """Of the data folder ``data`` and the bucket at ``address``: another bucket begins with nothing."""

    def __init__(self, data: Path, address: str) -> None:
        self._data, self._address = data, address
        self._kept, self._gone = data / "backup" / "kept", data / "backup" / "gone"
        self.work = data / "backup" / "work"

    def folder(self, label: Label) -> Path:
        """Where the library keeps it."""
        return self._data / label.kind / label.owner / label.id

    def in_trash(self, label: Label) -> bool:
        """Whether it was deleted, and can be brought back still."""
        return (self._data / "trash" / label.owner / label.kind / label.id).is_dir()

    def items(self) -> Iterator[Label]:
        """Everything in the library."""
        for kind in (AVATARS, CLIPS):
            yield from _labels(kind, self._data / kind, f"*/*/{MANIFEST}")

    def waiting(self) -> list[Label]:
        """What has no copy yet, or changed since."""
        return [label for label in self.items() if self._note(label) != self.fingerprint(label)]

    def fingerprint(self, label: Label) -> str:
        """Tells what is in a folder: names, lengths and the manifest. "" if it is gone."""
        folder = self.folder(label)
        try:
            files = {name: path.stat().st_size for name, path in list_files(folder).items()}
            told = json.dumps([self._address, files]).encode() + (folder / MANIFEST).read_bytes()
        except OSError:
            return ""
        return hashlib.sha256(told).hexdigest()

    def keep(self, label: Label, fingerprint: str) -> None:
        """Write down that the copy is as ``fingerprint`` tells."""
        _write(_place(self._kept, label), fingerprint)

    def forget(self, label: Label) -> None:
        """Write down that it was deleted for good, if it may have a copy."""
        if self._address or _place(self._kept, label).is_file():
            _write(_place(self._gone, label), "")
        _place(self._kept, label).unlink(missing_ok=True)

    def gone(self) -> list[Label]:
        """Whose copies have to go."""
        return [label for kind in (AVATARS, CLIPS) for label in _labels(kind, self._gone / kind, "*/*")]

    def is_gone(self, label: Label) -> bool:
        """Whether it was deleted for good and its copy is still there."""
        return _place(self._gone, label).is_file()

    def dropped(self, label: Label) -> None:
        """Write down that the copy is gone."""
        _place(self._gone, label).unlink(missing_ok=True)

    def _note(self, label: Label) -> str:
        try:
            return _place(self._kept, label).read_text("utf-8")
        except (OSError, ValueError):
            return "none"


def _labels(kind: str, root: Path, pattern: str) -> Iterator[Label]:
    for path in sorted(root.glob(pattern)):
        parts = path.relative_to(root).parts
        if is_owner(parts[0]) and is_id(parts[1]):
            yield Label(kind, parts[0], parts[1])


def _place(root: Path, label: Label) -> Path:
    return root / label.kind / label.owner / label.id


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        part.write_text(text, "utf-8")
