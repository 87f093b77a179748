"""A second place for model files: where the program's folder is wiped, they come back without the network.

The mirror lies in a folder that persists. A file is in both places as one (a hard link) where the file system
can do that, else copied. Nothing is taken back whose size and SHA-256 are not those of models/weights.toml.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from engines.errors import StudioError
from engines.files import whole_file
from engines.progress import Watch
from engines.weights import Weight, WeightStore, problem_of

_BLOCK = 16 << 20
_SPARE = 1 << 28
"""Bytes that a copy leaves free on the mirror's disk; links take no room."""


@dataclass(frozen=True)
class Mirror:
    """Keeps the files of ``store`` in ``folder`` too."""

    store: WeightStore
    folder: Path

    @property
    def needed(self) -> bool:
        """False where the store itself lies beside or in the mirror, so that it persists already."""
        return not self.store.folder.resolve().is_relative_to(self.folder.resolve().parent)

    def holds(self, name: str) -> bool:
        """Whether there is a file of the right size for ``name``; its digest is checked when it is taken."""
        weight = self.store.weight(name)
        path = self._path(weight)
        return path.is_file() and path.stat().st_size == weight.bytes

    def keep(self, name: str, watch: Watch) -> bool:
        """Put the store's file into the mirror; True if it was not there yet.

        Raises StudioError if the file is missing or wrong, or the mirror has no room for it.
        """
        weight = self.store.weight(name)
        source, copy = self.store.target_of(weight), self._path(weight)
        if _same(source, copy):
            return False
        self.store.path(name)
        _link_or_copy(source, copy, watch)
        return True

    def bring_back(self, name: str, watch: Watch) -> bool:
        """Put the mirror's file back into the store; False if the store has it or the mirror has not.

        A file that is not right is removed from the mirror: raises StudioError saying so.
        """
        weight = self.store.weight(name)
        copy, target = self._path(weight), self.store.target_of(weight)
        if not copy.is_file():
            return False
        with self.store.lock(watch):
            if not problem_of(target, weight):
                return False
            if problem_of(copy, weight):
                copy.unlink()
                raise StudioError(
                    f"The kept copy of {weight.file} was damaged and is removed; download it again."
                )
            _link_or_copy(copy, target, watch)
        return True

    def _path(self, weight: Weight) -> Path:
        return self.folder / weight.file


def _same(source: Path, copy: Path) -> bool:
    """Whether both are one file, or look like a file and its copy; spares reading gigabytes at every start."""
    if not (source.is_file() and copy.is_file()):
        return False
    first, second = source.stat(), copy.stat()
    return source.samefile(copy) or (first.st_size, first.st_mtime_ns) == (second.st_size, second.st_mtime_ns)


def _link_or_copy(source: Path, target: Path, watch: Watch) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as part:
        try:
            os.link(source, part)
        except OSError:  # another disk, or a file system without links
            _copy(source, part, watch)


def _copy(source: Path, part: Path, watch: Watch) -> None:
    """Copy with the times of the original, in blocks, so that it can be stopped."""
    if shutil.disk_usage(part.parent).free < source.stat().st_size + _SPARE:
        raise StudioError(
            f"There is no room to keep a copy of {source.name}; free some on the disk of the data."
        )
    with source.open("rb") as reader, part.open("wb") as writer:
        while block := reader.read(_BLOCK):
            watch.check()
            writer.write(block)
    shutil.copystat(source, part)
