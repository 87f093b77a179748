"""A folder of the library as one TAR, and back.

An archive lies where others may write, so it is hostile until it has been looked through: before anything is
unpacked every header is read, and only plain files with plain names pass, within limits on how many and how
long they are. Its first file lists the others with their SHA-256, and says whose it is, so that an archive that
was damaged, or put under another's name, is found out even where the bucket has lost what it noted.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from engines.digests import file_digest
from engines.errors import StudioError
from studio.backup.labels import Label, UnfitError, list_files

LIST = "backup.json"
VERSION = 1
MAX_FILES = 20_000
MAX_LIST_BYTES = 8 << 20
MAX_DEPTH, MAX_NAME = 4, 100
PLAIN_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE)
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
NOT_OURS = "The archive is not one that this studio makes: "
CUT_SHORT = "The archive is cut short."
OLD_PYTHON = "This Python unpacks archives unsafely; update it to its newest 3.x release."


@dataclass(frozen=True)
class Contents:
    """The files of an archive by name, with bytes and SHA-256. ``beside``: one that lies next to it instead."""

    label: Label
    files: Mapping[str, tuple[int, str]]
    beside: str = ""


def pack(folder: Path, label: Label, beside: str, target: Path) -> Contents:
    """Write the archive of ``folder`` to ``target``: the same folder always gives the same bytes.

    The file ``beside`` is listed in it but not part of it. Raises UnfitError for what does not go into one.
    """
    files = list_files(folder)
    contents = Contents(
        label, {name: (path.stat().st_size, file_digest(path)) for name, path in files.items()}, beside
    )
    if len(files) >= MAX_FILES or LIST in files or not all(map(_is_plain, files)):
        raise UnfitError("It holds too many files, or one with a name that does not fit into an archive.")
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as archive:
        listing = json.dumps(_document(contents), indent=1).encode()
        archive.addfile(_header(LIST, len(listing)), io.BytesIO(listing))
        for name, (size, _) in contents.files.items():
            if name != beside:
                with files[name].open("rb") as file:
                    archive.addfile(_header(name, size), file)
    return contents


def unpack(archive: Path, label: Label, folder: Path, most_bytes: int) -> Contents:
    """Put the files of ``archive`` into the empty ``folder``, and check every one of them.

    Raises StudioError if it is not a whole archive of ``label`` or holds anything but plain files, and for more
    than ``most_bytes``; nothing is written outside ``folder`` whatever the archive says.
    """
    if not hasattr(tarfile, "data_filter"):
        raise StudioError(OLD_PYTHON)
    names = _look_through(archive, most_bytes)
    with tarfile.open(archive, "r:") as opened:
        contents = _read_list(opened, label)
        if set(names) != {LIST, *contents.files} - {contents.beside}:
            raise StudioError("The archive does not hold the files that it lists.")
        _extract(opened, folder)
    for name in set(contents.files) - {contents.beside}:
        check_file(folder / name, *contents.files[name])
    return contents


def check_file(path: Path, size: int, digest: str) -> None:
    """Raise StudioError if a file is not the one that was listed."""
    if path.stat().st_size != size or file_digest(path) != digest:
        raise StudioError(f"The file '{path.name}' is not the one that was backed up: its SHA-256 differs.")


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    try:
        for member in archive:
            if member.name != LIST:
                archive.extract(member, folder, set_attrs=False, filter="data")
    except (tarfile.TarError, FileExistsError, NotADirectoryError, IsADirectoryError):
        raise StudioError(f"{NOT_OURS}its files do not fit together.") from None


def _look_through(path: Path, most_bytes: int) -> list[str]:
    """The names in an archive, from its bare headers: no extension, link, device or sparse file passes."""
    length, total = path.stat().st_size, 0
    names: list[str] = []
    with path.open("rb") as file:
        while True:
            block = file.read(tarfile.BLOCKSIZE)
            if len(block) < tarfile.BLOCKSIZE:
                raise StudioError(CUT_SHORT)
            if not block.strip(b"\0"):
                return _without_doubles(names)
            member = _member(block)
            total += member.size
            if total > most_bytes:
                raise StudioError(
                    f"The archive holds more than {most_bytes / 1e6:.0f} MB; see STUDIO_BACKUP_BYTES."
                )
            names.append(member.name)
            if len(names) > MAX_FILES:
                raise StudioError(f"The archive holds more than {MAX_FILES} files.")
            end = file.tell() + -(-member.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
            if end > length:
                raise StudioError(CUT_SHORT)
            file.seek(end)


def _member(block: bytes) -> tarfile.TarInfo:
    try:
        member = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, ValueError):
        raise StudioError(f"{NOT_OURS}a header is damaged.") from None
    if member.type not in PLAIN_FILES or member.size < 0:
        raise StudioError(f"{NOT_OURS}it holds something that is no plain file.")
    if not _is_plain(member.name):
        raise StudioError(f"{NOT_OURS}it holds a file with the name {member.name[:80]!r}.")
    return member


def _is_plain(name: str) -> bool:
    parts = name.split("/")
    return len(parts) <= MAX_DEPTH and len(name) <= MAX_NAME and all(map(_PART.fullmatch, parts))


def _without_doubles(names: Collection[str]) -> list[str]:
    if len({name.casefold() for name in names}) != len(names):
        raise StudioError(f"{NOT_OURS}a name stands in it twice.")
    return list(names)


def _header(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _document(contents: Contents) -> dict[str, Any]:
    files = {name: {"bytes": size, "sha256": digest} for name, (size, digest) in contents.files.items()}
    return {"version": VERSION, **asdict(contents.label), "beside": contents.beside, "files": files}


def _read_list(archive: tarfile.TarFile, label: Label) -> Contents:
    """The list that stands first; raises StudioError if it is of something else than ``label``."""
    first = archive.next()
    file = archive.extractfile(first) if first and first.name == LIST and first.size <= MAX_LIST_BYTES else None
    if file is None:
        raise StudioError(f"{NOT_OURS}its list of files is missing.")
    try:
        document = json.loads(file.read())
        entries = document["files"].items()
        files = {name: (int(entry["bytes"]), str(entry["sha256"])) for name, entry in entries}
        known = Label(document["kind"], document["owner"], document["id"])
        contents = Contents(known, files, str(document["beside"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise StudioError(f"{NOT_OURS}its list of files cannot be read.") from None
    if known != label or document["version"] != VERSION:
        raise StudioError("The archive is of something else than its name in the backup says.")
    if contents.beside and PurePosixPath(contents.beside).name != contents.beside:
        raise StudioError(f"{NOT_OURS}its list of files cannot be read.")
    return contents
