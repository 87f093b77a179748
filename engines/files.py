"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engines.errors import StudioError

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
"""Error numbers of a full disk or quota; not every system knows quotas."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to; it takes the place of ``path`` on success and vanishes on failure.

    Raises StudioError if the disk is full or the folder cannot be written.
    """
    part = path.with_name(f".{uuid.uuid4().hex}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise _disk_problem(error, path) from error
    finally:
        _forget(part)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder beside ``path`` to fill; it becomes ``path`` on success and vanishes on failure.

    Raises StudioError if the disk is full or the folder cannot be written.
    """
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.mkdir(parents=True)
        yield part
        part.rename(path)
    except OSError as error:
        raise _disk_problem(error, path) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def remove_older(folder: Path, seconds: float | None) -> None:
    """Delete the files in ``folder`` that nobody wrote to for ``seconds``; None keeps them all."""
    if seconds is None:
        return
    for path in folder.iterdir():
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > seconds:
                path.unlink()


def _forget(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except NotADirectoryError:
        return


def _disk_problem(error: OSError, path: Path) -> Exception:
    if error.errno in FULL:
        return StudioError("The disk is full; make room and try again, your words and settings are kept.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR):
        return StudioError(f"Cannot write to '{path.parent}'; choose another folder or allow writing to it.")
    return error
