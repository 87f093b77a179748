"""LiveTalking avatars that come as one .zip: taken apart file by file, each name and size checked first."""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from engines.errors import StudioError
from engines.footage.livetalking import LINKS, MOST_FRAMES, NOT_ONE

MAX_BYTES = 8 << 30
"""Of everything unpacked."""
MAX_FILE = 60_000_000
_WANTED = re.compile(r"(?i:[^./\\][^/\\]*/)?((?i:full_imgs/\d{1,9}\.(?:png|jpe?g)|coords\.pkl|film\.json))")
DAMAGED = "The .zip is damaged; pack the avatar's folder again."


@contextmanager
def unpacked(source: Path) -> Iterator[Path]:
    """The avatar's folder: ``source`` itself, or the contents of a .zip until this is left.

    Raises StudioError if it is neither, has links, or would take too much room.
    """
    if source.is_dir():
        yield source
        return
    if not source.is_file() or not zipfile.is_zipfile(source):
        raise StudioError(NOT_ONE)
    with TemporaryDirectory() as folder:
        _unpack(source, Path(folder))
        yield Path(folder)


def _unpack(source: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            for name, entry in _wanted(archive):
                target = folder / name
                target.parent.mkdir(exist_ok=True)
                with archive.open(entry) as packed, target.open("wb") as file:
                    shutil.copyfileobj(packed, file)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        raise StudioError(DAMAGED) from None


def _wanted(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    """What belongs to an avatar, under its name in the folder; nothing else is unpacked."""
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise StudioError(LINKS)
        match = _WANTED.fullmatch(entry.filename)
        if match is not None:
            found[match[1].lower()] = entry
    sizes = [entry.file_size for entry in found.values()]
    if len(found) > MOST_FRAMES + 2 or sum(sizes) > MAX_BYTES or max(sizes, default=0) > MAX_FILE:
        raise StudioError("The .zip holds more than an avatar can have; import a shorter one.")
    return list(found.items())
