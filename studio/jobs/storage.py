"""Where the files of jobs lie when several machines work at them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Protocol

from engines.errors import StudioError
from engines.files import whole_file


class Storage(Protocol):
    """Files by key: names joined by "/". A prefix is a whole folder of keys, without the last "/"."""

    def put(self, source: Path, key: str) -> None:
        """Keep a copy of ``source``, whole or not at all."""
        ...

    def get(self, key: str, target: Path) -> None:
        """Copy to ``target``, whole or not at all. Raises StudioError if there is no such file."""
        ...

    def keys(self, prefix: str) -> list[str]:
        """Every key below ``prefix``, sorted."""
        ...

    def drop(self, prefix: str) -> None:
        """Delete every file below ``prefix``."""
        ...


def open_storage(setting: str) -> Storage | None:
    """The storage that ``setting`` names, a folder or s3://bucket/prefix; None if it names none."""
    if not setting:
        return None
    if setting.startswith("s3://"):
        from studio.jobs.s3 import S3Storage  # boto3 takes long to import and most never need it

        return S3Storage(setting)
    return FolderStorage(Path(setting))


class FolderStorage:
    """A folder that all machines see. Raises StudioError if it cannot be written."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError:
            raise StudioError(
                f"The folder '{root}' of STUDIO_STORAGE cannot be made; name another one."
            ) from None

    def put(self, source: Path, key: str) -> None:
        """See ``Storage``."""
        copy_file(source, self._root / key)

    def get(self, key: str, target: Path) -> None:
        """See ``Storage``."""
        if not (self._root / key).is_file():
            raise StudioError("A file of this job is gone from the shared folder; render it again.")
        copy_file(self._root / key, target)

    def keys(self, prefix: str) -> list[str]:
        """See ``Storage``."""
        files = (self._root / prefix).rglob("*")
        own = (path.relative_to(self._root) for path in files if path.is_file())
        return sorted(path.as_posix() for path in own if not path.name.startswith("."))

    def drop(self, prefix: str) -> None:
        """See ``Storage``."""
        shutil.rmtree(self._root / prefix, ignore_errors=True)


def link_file(source: Path, target: Path) -> None:
    """As ``copy_file``, of a large file that nobody changes: without a second copy where that can be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as part:
        try:
            os.link(source, part)
        except OSError:
            shutil.copyfile(source, part)


def copy_file(source: Path, target: Path) -> None:
    """Copy, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as part:
        shutil.copyfile(source, part)
