"""What lies in the bucket: archives and videos, each with its SHA-256 noted beside it.

The SHA-256 is kept twice. The note on the object covers the whole archive and is compared before anything of it
is opened: what was damaged or cut short on its way never reaches the unpacking. The list inside covers every
file, and still holds where a copy of the bucket lost its notes. Neither is a signature: who may write to the
bucket can replace archive and notes alike, which is why archives are looked through as if strangers sent them.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engines.digests import file_digest
from engines.errors import StudioError
from engines.files import whole_folder
from studio.backup.archives import Contents, check_file, pack, unpack
from studio.backup.described import describe
from studio.backup.labels import Label, UnfitError, list_files
from studio.clip_files import video_name
from studio.jobs.s3 import S3Entry, S3Storage
from studio.manifests import read_manifest
from studio.names import AVATARS, CLIPS, is_id, is_owner

PLACES = {AVATARS: "avatars", CLIPS: "generated-videos"}
NOTE = "sha256"
VIDEOS = (".mp4", ".webm")
TRIES = 2
"""Downloads of a file that came damaged, before it is taken for damaged."""


@dataclass(frozen=True)
class Copy:
    """An avatar or clip in the bucket. ``bytes`` of all its files; ``whole``: the archive is there."""

    label: Label
    bytes: int
    changed: str
    whole: bool


class Vault:
    """The bucket of ``address``. Raises StudioError where it cannot be reached.

    ``most_bytes``: what takes more is neither kept nor brought back. ``work``: a folder to work in.
    """

    def __init__(self, address: str, most_bytes: int, work: Path) -> None:
        self._storage = S3Storage(address, "STUDIO_BACKUP", aside=True)
        self._most, self._room = most_bytes, work

    def put(self, label: Label, folder: Path, unchanged: Callable[[], bool]) -> bool:
        """Keep a copy of ``folder``; False if it is not ``unchanged`` once it was read.

        The archive comes last, so a clip with an archive is whole. Raises UnfitError for what cannot be kept.
        """
        beside = video_name(read_manifest(folder)) if label.kind == CLIPS else ""
        self._check_size(sum(path.stat().st_size for path in list_files(folder).values()), UnfitError)
        with self._work() as work:
            archive = work / "archive.tar"
            contents = pack(folder, label, beside, archive)
            if not unchanged():
                return False
            if beside:
                noted = {NOTE: contents.files[beside][1]}
                self._storage.put(folder / beside, key_of(label, Path(beside).suffix), noted)
            self._storage.put(archive, key_of(label, ".tar"), {NOTE: file_digest(archive)})
            return True

    def copies(self, kind: str, owner: str = "") -> list[Copy]:
        """Everything of a kind, or of one owner's, by name; files that are not the studio's are passed over."""
        found: dict[Label, list[S3Entry]] = {}
        place = PLACES[kind]
        for entry in self._storage.entries(f"{place}/{owner}".rstrip("/")):
            user, _, name = entry.key.removeprefix(f"{place}/").partition("/")
            stem, dot, suffix = name.partition(".")
            if is_owner(user) and is_id(stem) and dot + suffix in (".tar", *VIDEOS):
                found.setdefault(Label(kind, user, stem), []).append(entry)
        return [_copy(label, entries) for label, entries in found.items()]

    def take(self, label: Label, target: Path) -> int:
        """Bring a copy back as the folder ``target``, whole or not at all; returns its frames.

        Raises StudioError if there is none, or it is not what was kept.
        """
        with whole_folder(target) as part:
            return self._take(label, part)

    def try_out(self, label: Label) -> int:
        """Do all that ``take`` does, and leave nothing."""
        with self._work() as work:
            return self._take(label, work)

    def drop(self, label: Label) -> None:
        """Delete a copy; one that is not there is no error."""
        for suffix in (".tar", *VIDEOS):
            self._storage.remove(key_of(label, suffix))

    @contextmanager
    def _work(self) -> Iterator[Path]:
        self._room.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._room) as folder:
            yield Path(folder)

    def _take(self, label: Label, folder: Path) -> int:
        archive = folder / ".archive.tar"
        self._download(key_of(label, ".tar"), archive)
        contents = unpack(archive, label, folder, self._most)
        archive.unlink()
        if contents.beside:
            self._take_video(label, contents, folder / contents.beside)
        return describe(label.kind, folder)

    def _take_video(self, label: Label, contents: Contents, target: Path) -> None:
        if target.suffix not in VIDEOS or contents.beside not in contents.files or label.kind != CLIPS:
            raise StudioError("The archive names a video that is none.")
        self._download(key_of(label, target.suffix), target)
        check_file(target, *contents.files[contents.beside])

    def _download(self, key: str, target: Path) -> None:
        """Copy to ``target``; raises StudioError for what is too large or differs from its note."""
        if not any(self._copied(key, target) for _ in range(TRIES)):
            raise StudioError("It is not what was put there: its SHA-256 differs.")

    def _copied(self, key: str, target: Path) -> bool:
        """Whether what was copied is what its note says; without a note the list inside must do."""
        with self._storage.reading(key) as body, target.open("wb") as file:
            self._check_size(body.size)
            digest = hashlib.sha256()
            for piece in body.pieces:
                file.write(piece)
                digest.update(piece)
        return body.notes.get(NOTE, digest.hexdigest()) == digest.hexdigest()

    def _check_size(self, size: int, problem: type[StudioError] = StudioError) -> None:
        if size > self._most:
            megabytes = f"{size / 1e6:.1f} MB and the limit is {self._most / 1e6:.1f}"
            raise problem(f"It takes {megabytes}; STUDIO_BACKUP_BYTES sets it.")


def key_of(label: Label, suffix: str) -> str:
    """Where a file of a copy lies below the prefix."""
    return f"{PLACES[label.kind]}/{label.owner}/{label.id}{suffix}"


def _copy(label: Label, entries: list[S3Entry]) -> Copy:
    whole = any(entry.key.endswith(".tar") for entry in entries)
    return Copy(label, sum(entry.size for entry in entries), max(entry.changed for entry in entries), whole)
