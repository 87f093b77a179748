"""The files of jobs: what goes in, the pieces while it is made, and the clip.

Each job has a working folder in the library. Where machines share a storage, everything that another machine
would need to go on lies there too, under jobs/<id>/.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from string import digits
from typing import Any

from engines.errors import StudioError
from engines.requests import (
    OptionPlace,
    file_kind,
    is_transparent,
    option_files,
    parse_request,
    request_document,
    with_files,
)
from engines.sniff import sidecar
from engines.types import RenderRequest
from studio.clip_files import MANIFEST
from studio.jobs.storage import Storage, copy_file, link_file
from studio.jobs.store import JobRow
from studio.library import Library, StoredClip


class JobFiles:
    """``collects``: finished clips belong into this machine's library, not only into the storage."""

    def __init__(self, library: Library, storage: Storage | None, collects: bool) -> None:
        self._library, self._storage = library, storage
        self.collects = collects or storage is None

    def folder(self, row: JobRow) -> Path:
        """The working folder."""
        return self._library.start_clip(row.owner, row.id)

    def video(self, row: JobRow) -> Path:
        """Where the clip is made."""
        return self.folder(row) / _video_name(self.named(row))

    def take_in(self, row: JobRow, request: RenderRequest, origin: dict[str, Any]) -> JobRow:
        """Copy picture and recording, so that the originals may go away; the row then names the copies.

        Raises StudioError if one of them is gone.
        """
        self.keep(row, self._library.note_origin(row.owner, row.id, origin))
        picture = self._take(row, request.avatar.source, "picture")
        audio = request.words.audio
        recording = self._take(row, audio, "recording") if audio is not None else None
        given = {
            place: self._take(row, path, f"{_given_name(place)}{index}")
            for index, (place, path) in enumerate(option_files(request).items())
        }
        words = replace(request.words, audio=recording)
        named = replace(request, avatar=replace(request.avatar, source=picture), words=words)
        return replace(row, request=request_document(with_files(named, given)))

    def named(self, row: JobRow) -> RenderRequest:
        """The job's request with files as bare names."""
        return parse_request(row.request)

    def request(self, row: JobRow) -> RenderRequest:
        """The job's request with the copies at their place here, fetched if need be."""
        self._fetch(row)
        named, folder = self.named(row), self.folder(row)
        audio = named.words.audio and str(folder / named.words.audio)
        avatar = replace(named.avatar, source=str(folder / named.avatar.source))
        given = {place: str(folder / name) for place, name in option_files(named).items()}
        here = replace(named, avatar=avatar, words=replace(named.words, audio=audio))
        return with_files(here, given)

    def keep(self, row: JobRow, *paths: Path) -> None:
        """Let other machines have files of the working folder."""
        if self._storage is not None:
            for path in paths:
                self._storage.put(path, f"{_prefix(row)}/{path.relative_to(self.folder(row)).as_posix()}")

    def deliver(self, row: JobRow) -> None:
        """Make clip and manifest in the working folder a clip of the library, or leave them to who collects."""
        if self.collects:
            self._library.finish_clip(row.owner, row.id)
            self._forget_shared(row)
        else:
            self._library.drop_work(row.owner, row.id)

    def is_delivered(self, row: JobRow) -> bool:
        """Whether the clip is in the library of this machine already, and what it was made of gone."""
        try:
            return self._library.clip(row.owner, row.id).path.is_file()
        except StudioError:
            return False

    def collect(self, row: JobRow) -> StoredClip | None:
        """A finished clip, brought into the library if another machine made it; None if it was deleted."""
        if self._storage and self.collects and not row.collected:
            named = self.named(row)
            given = (*filter(None, (named.words.audio,)), *option_files(named).values())
            self._fetch(row, (_video_name(named), MANIFEST, *given))
            self.deliver(row)
        try:
            return self._library.clip(row.owner, row.id)
        except StudioError:
            return None

    def drop(self, row: JobRow) -> None:
        """Delete everything of a job that is no clip."""
        self._library.drop_work(row.owner, row.id)
        self._forget_shared(row)

    def _take(self, row: JobRow, source: str, what: str) -> str:
        path = Path(source)
        if not path.is_file():
            raise StudioError(f"The {what.rstrip(digits)} is gone; choose it again.")
        name = f"{what}{path.suffix.lower()[:6]}"
        arrays = sidecar(path)
        film = what == "picture" and arrays.is_file()
        for given in (path, arrays) if film else (path,):
            copy = (self.folder(row) / name).with_suffix(
                path.suffix.lower()[:6] if given == path else given.suffix
            )
            (link_file if film else copy_file)(given, copy)
            self.keep(row, copy)
        return name

    def _fetch(self, row: JobRow, names: Collection[str] = ()) -> None:
        """Bring what the storage has and this machine lacks."""
        storage = self._storage
        for key in storage.keys(_prefix(row)) if storage else ():
            name = key.removeprefix(f"{_prefix(row)}/")
            target = self.folder(row) / name
            if storage and not target.is_file() and (not names or name in names):
                target.parent.mkdir(parents=True, exist_ok=True)
                storage.get(key, target)

    def _forget_shared(self, row: JobRow) -> None:
        if self._storage:
            self._storage.drop(_prefix(row))


def _given_name(place: OptionPlace) -> str:
    return "backdrop" if file_kind(place) == "picture" else "file"


def _video_name(request: RenderRequest) -> str:
    return "clip.webm" if is_transparent(request) else "clip.mp4"


def _prefix(row: JobRow) -> str:
    return f"jobs/{row.id}"
